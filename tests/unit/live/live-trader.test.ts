import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Fill } from '../../../src/domain/fill.ts';
import type { SignalRecord } from '../../../src/domain/signal.ts';
import { ActionBox } from '../../../src/live/streams/action-box.ts';
import { LiveTrader, type LiveTraderOptions } from '../../../src/live/streams/live-trader.ts';
import { agentStrategy, type TradingAgent } from '../../../src/strategy/agent-strategy.ts';
import type { AnyStrategyDefinition } from '../../../src/strategy/strategy.ts';
import { type Minute, minutes } from '../engine/scripted-strategy.ts';
import { type SpecTerms, specOf, venueOf } from '../engine/session-bench.ts';
import { HandFeed, LiveBench } from './live-bench.ts';

const FROM = 1_750_003_200_000;

/** Buys when a close is the highest of three bars, sells when it is the lowest. */
const swinging: TradingAgent = {
  name: 'swinging',
  lookback: 3,
  act(window) {
    const before = [window.close(1), window.close(2)];
    if (window.close() > Math.max(...before)) return 'buy';
    return window.close() < Math.min(...before) ? 'sell' : 'hold';
  },
};

async function traded(
  context: TestContext,
  agent: TradingAgent,
  options: Partial<LiveTraderOptions> = {},
  terms: Partial<SpecTerms> = {},
) {
  const bench = await LiveBench.open(context);
  const path: Minute[] = Array.from({ length: 200 }, (_, index) => {
    const close = 100 + 8 * Math.sin(index / 2.7);
    return [close, close + 1, close - 1, close];
  });
  const feed = new HandFeed(minutes({ BTCUSDT: path }, FROM));
  await bench.recorder();
  await bench.collector(feed, ['BTCUSDT']);
  const open = (changes: Partial<SpecTerms> = {}): LiveTrader => {
    const definition = agentStrategy(agent) as unknown as AnyStrategyDefinition;
    const spec = specOf({ definition, botId: 'swing', ...terms, ...changes });
    const trader = new LiveTrader(
      spec,
      { ...bench.parts, store: bench.store, venueOf: () => venueOf() },
      { owner: 'test', ...options },
    );
    bench.onClose(() => trader.stop());
    return trader;
  };
  const give = async (count: number, trader: LiveTrader): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const before = trader.status()!.slices;
      await feed.give();
      await bench.until(() => trader.status()!.slices > before, 'the decision on a candle');
    }
    await bench.settle();
  };
  return { bench, feed, open, give };
}

test('an agent trades on paper through the gate, and its statistics are those of its account', async (context) => {
  const { bench, open, give } = await traded(context, swinging);
  const trader = open();
  assert.equal(trader.status(), undefined);
  assert.throws(() => trader.statistics(), /has not begun/);
  const [decisions, fills]: [SignalRecord[], Fill[]] = [[], []];
  trader.onDecision(() => {
    throw new Error('not mine');
  });
  trader.onDecision((record) => decisions.push(record));
  trader.onFill((fill) => fills.push(fill));
  await trader.start();
  await bench.until(() => trader.status()?.lifecycle === 'running', 'the start');
  await give(120, trader);
  assert.deepEqual(decisions, await bench.store.signals('swing'));
  assert.deepEqual(fills, await bench.store.fills('swing'));
  const { roundTrips, winningRoundTrips, winRate, profit, portfolioValue, balance, returnFraction } =
    trader.statistics();
  assert.equal(trader.statistics().fills, fills.length);
  assert.ok(roundTrips > 5 && winningRoundTrips > 0 && winningRoundTrips <= roundTrips);
  assert.equal(winRate, winningRoundTrips / roundTrips);
  assert.equal(profit, portfolioValue - 10_000);
  assert.equal(returnFraction, portfolioValue / 10_000 - 1);
  assert.ok(Number.isFinite(balance));
  assert.equal(trader.portfolioValue(), portfolioValue);
  assert.equal(
    bench.logger.lines.filter(({ message }) => message === 'a listener of a trader failed').length,
    decisions.length,
  );

  // The next life goes on with the same account; another one under its name is refused.
  await trader.stop();
  assert.equal(trader.status()?.lifecycle, 'stopped');
  const again = open();
  await again.start();
  await bench.until(() => again.status()?.lifecycle === 'running', 'the second start');
  assert.equal(again.statistics().fills, fills.length);
  await again.stop();
  await assert.rejects(open({ balance: '5000' }).start(), /was recorded with another strategy/);
});

test('by hand: an action is decided at the next bar, and its record tells what became of it', async (context) => {
  const actions = new ActionBox();
  const { bench, open, give } = await traded(context, actions, { actions });
  const trader = open();
  await trader.start();
  await bench.until(() => trader.status()?.lifecycle === 'running', 'the start');
  await give(3, trader);
  assert.equal(await trader.executeAction('hold'), undefined);
  assert.throws(() => trader.executeAction('buy', 'XRPUSDT'), /swing trades BTCUSDT, not XRPUSDT/);

  const bought = trader.executeAction('buy');
  await give(1, trader);
  const record = (await bought)!;
  assert.equal(record.outcome.kind, 'executed');
  assert.equal(record.signal.kind, 'enter');
  assert.equal(record.price, 100 + 8 * Math.sin(3 / 2.7));
  await give(1, trader);
  const quantity = trader.statistics().inventory.BTCUSDT!;
  assert.ok(quantity > 0);
  const { price } = trader.status()!.positions[0]!;
  const dearer = trader.portfolioValue(new Map([['BTCUSDT', price + 10]])) - trader.portfolioValue();
  assert.ok(Math.abs(dearer - 10 * quantity) < 1e-9);

  // Twice the same is no more than once; what is flat can't be sold.
  const [twice, sold, nothing] = [
    trader.executeAction('buy'),
    trader.executeAction('sell'),
    trader.executeAction('sell'),
  ];
  await give(5, trader);
  assert.equal((await twice)!.outcome.kind, 'ignored');
  assert.equal((await sold)!.outcome.kind, 'executed');
  assert.equal((await nothing)!.outcome.kind, 'ignored');
  assert.deepEqual(trader.statistics().inventory, {});
  assert.equal(trader.statistics().roundTrips, 1);
  const never = trader.executeAction('buy');
  await trader.stop();
  assert.equal(await never, undefined);
});

test('a strategy that decides by itself takes no actions', async (context) => {
  const { open } = await traded(context, swinging);
  assert.throws(() => open().executeAction('buy'), /decides by itself/);
});

test('a trader stops by itself when it has had its fills, and the gate refuses what is too much', async (context) => {
  const { bench, open, give } = await traded(
    context,
    swinging,
    { maximumFills: 4 },
    { limits: { maximumTradesPerDay: 10 } },
  );
  const trader = open();
  await trader.start();
  await bench.until(() => trader.status()?.lifecycle === 'running', 'the start');
  for (let index = 0; index < 100 && trader.status()?.lifecycle === 'running'; index++) await give(1, trader);
  await bench.until(() => trader.status()?.lifecycle === 'stopped', 'the stop');
  assert.equal(trader.statistics().fills, 4);
  assert.equal((await bench.store.fills('swing')).length, 4);
});
