import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { topics } from '../../../src/bus/topics.ts';
import { epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import { Bot } from '../../../src/live/bot.ts';
import {
  type AnyStrategyDefinition,
  type Decision,
  defineStrategy,
  type Market,
  Strategy,
} from '../../../src/strategy/strategy.ts';
import { minutes } from '../engine/scripted-strategy.ts';
import { specOf, venueOf } from '../engine/session-bench.ts';
import { HandFeed, LiveBench, lease } from './live-bench.ts';

/* A whole bot on the bus that decides between bars: the price is the news, the bars are its features. */

const FROM = 1_750_003_200_000;
const [BTC, ETH] = ['BTCUSDT', 'ETHUSDT'];

/** Goes with a price that is half as high again as the mean of the last three closes. */
class Leap extends Strategy {
  override process(): Decision {
    return undefined;
  }

  override onPrice(market: Market, symbol: string): Decision {
    const window = market.window(symbol);
    const price = market.price(symbol);
    const mean = (window.close(0) + window.close(1) + window.close(2)) / 3;
    if (price < 1.5 * mean || market.position(symbol) !== 0) return undefined;
    return { kind: 'enter', side: 'long', symbol, reason: `${price} against a mean of ${mean}` };
  }
}

const leap = defineStrategy({
  name: 'leap',
  title: 'Leap',
  description: 'Buys a leap.',
  parameters: {},
  symbols: { minimum: 1, maximum: 2 },
  lookback: () => 3,
  create: () => new Leap(),
}) as unknown as AnyStrategyDefinition;

describe('a bot that decides on prices', () => {
  test('decides at once, on that symbol alone, by the price that came and the bars before it; a leap is no error', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(minutes({ [BTC]: [100, 103, 106, 180], [ETH]: [50, 50, 50, 50] }, FROM));
    await bench.collector(feed, [BTC, ETH]);
    const spec = { ...specOf({ definition: leap, symbols: [BTC, ETH] }), priceTriggerMs: 250 };
    const bot = new Bot(spec, { ...bench.parts, venue: venueOf() });
    await bot.start((await lease(spec, bench))!);
    const ended = bot.run();
    await feed.giveAll(3);
    const signals = () => bench.store.signals(spec.botId);
    const equity = async () => (await bench.store.equity(spec.botId)).length;
    await bench.until(async () => (await equity()) === 3, 'three bars');

    const at = epochMs(FROM + 3 * MINUTE_MS + 4_000);
    const tell = (time: number, price: number): Promise<void> => {
      const told = { symbol: BTC, price, bid: null, ask: null, source: 'hand' };
      return bench.bus.publish(topics.market(BTC), {
        kind: 'price',
        ...told,
        occurredAt: epochMs(time),
        receivedAt: epochMs(time),
      });
    };
    await tell(at - 1_000, 110);
    await bench.settle();
    const before = bench.clock.now();
    await tell(at, 180);
    await bench.settle();
    const [signal, ...more] = await signals();
    assert.equal(bench.clock.now(), before, 'no time had to pass');
    assert.deepEqual(more, []);
    assert.deepEqual(
      [signal?.signal.reason, signal?.price, signal?.priceSource, signal?.decisionTime, signal?.outcome.kind],
      ['180 against a mean of 103', 180, 'price:hand', at, 'executed'],
    );

    // On paper it fills within the bar that holds its moment, which is known when it has closed.
    await feed.give();
    await bench.until(async () => (await bench.store.fills(spec.botId)).length === 1, 'the fill');
    const [fill] = await bench.store.fills(spec.botId);
    assert.deepEqual([fill?.symbol, fill?.time], [BTC, at]);
    assert.equal((await signals()).length, 1);
    await feed.end();
    await bench.until(() => bot.lifecycle === 'finished');
    await ended;
  });
});
