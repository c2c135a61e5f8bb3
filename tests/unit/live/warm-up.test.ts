import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InProcessBus } from '../../../src/bus/in-process-bus.ts';
import { topicPatterns } from '../../../src/bus/topics.ts';
import type { SessionSpec, VenueFactory } from '../../../src/engine/open-session.ts';
import { nextTurn, VirtualClock } from '../../../src/foundation/clock.ts';
import { warmUp } from '../../../src/live/warm-up.ts';
import { builtinStrategies } from '../../../src/strategy/builtin-strategies.ts';
import { type Decision, defineStrategy, type Market, Strategy } from '../../../src/strategy/strategy.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { specOf, venueOf } from '../engine/session-bench.ts';

class Eager extends Strategy {
  override process(market: Market): Decision {
    const symbol = market.symbols[0]!;
    if (market.position(symbol) !== 0) return { kind: 'exit', symbol, reason: 'in' };
    return { kind: 'enter', side: 'long', symbol, reason: 'out' };
  }
}

const eager = defineStrategy({
  name: 'eager',
  title: 'Eager',
  description: 'In and out.',
  parameters: {},
  feeds: (_, symbols, timeframe) => [
    { symbol: symbols[0]!, timeframe },
    { symbol: symbols[0]!, timeframe: '5m' },
  ],
  create: () => new Eager(),
});

/** Warms up, and counts the orders that reached the simulated venue. */
async function warm(specs: readonly SessionSpec[], options: Parameters<typeof warmUp>[2]) {
  const logger = new RecordingLogger();
  let orders = 0;
  const counted = (): VenueFactory => (instruments, account, emit) => {
    const venue = venueOf()(instruments, account, emit);
    const submit = venue.submit.bind(venue);
    venue.submit = (order, now) => {
      orders += 1;
      submit(order, now);
    };
    return venue;
  };
  const clock = new VirtualClock();
  const bus = new InProcessBus({ clock, logger });
  const heard: string[] = [];
  await bus.subscribe(topicPatterns.candles, ({ channel }) => heard.push(channel));
  const report = await warmUp(specs, { clock, logger, venueOf: counted, bus, processName: 'bots@here/1' }, options);
  await nextTurn();
  // Nobody else hears of it.
  assert.deepEqual(heard, []);
  await bus.close();
  return { report, orders, logger };
}

describe('warming up', () => {
  test('shows each strategy its feeds; orders go all the way, whatever the limits count', async () => {
    const spec = specOf({ definition: eager, limits: { maximumTradesPerDay: 1, maximumOrdersPerMinute: 1 } });
    const { report, orders } = await warm([spec], { instants: 400 });
    assert.ok(report.instants >= 390 && report.instants <= 400, `${report.instants}`);
    assert.ok(orders >= 350, `${orders}`);
  });

  test('takes one bot of each strategy', async () => {
    const specs = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'].map((symbol) =>
      specOf({ definition: eager, symbols: [symbol], botId: `bot-${symbol}` }),
    );
    const { report } = await warm(specs, { instants: 64 });
    assert.ok(report.instants <= 64);
  });

  for (const definition of builtinStrategies) {
    test(`does for ${definition.name}`, async () => {
      const symbols = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'].slice(0, Math.max(1, definition.symbols?.minimum ?? 1));
      const { report, logger } = await warm([specOf({ definition, symbols })], { instants: 200 });
      assert.ok(report.instants >= 190, `${report.instants}`);
      assert.deepEqual(logger.of('warn'), []);
    });
  }

  test('leaves a strategy alone that fails on made-up candles, and goes on with the next', async () => {
    const failing = defineStrategy({
      ...eager,
      name: 'failing',
      create: () => {
        throw new Error('not these');
      },
    });
    const { report } = await warm([specOf({ definition: failing }), specOf({ definition: eager })], { instants: 64 });
    assert.ok(report.instants > 0);
  });

  test('is over in time, also where a strategy is slow', async () => {
    const clock = new VirtualClock();
    let elapsed = 0;
    clock.monotonic = () => elapsed as ReturnType<VirtualClock['monotonic']>;
    class Slow extends Strategy {
      override process(): Decision {
        elapsed += 100;
        return undefined;
      }
    }
    const slow = defineStrategy({ ...eager, name: 'slow', create: () => new Slow() });
    const logger = new RecordingLogger();
    const bus = new InProcessBus({ clock, logger });
    const parts = { clock, logger, venueOf: () => venueOf(), bus, processName: 'bots@here/1' };
    const report = await warmUp([specOf({ definition: slow })], parts, { instants: 100_000, withinMs: 5_000 });
    assert.ok(report.instants >= 50 && report.instants < 80, `${report.instants}`);
  });
});
