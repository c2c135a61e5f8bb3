import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBacktest } from '../../../src/backtest/backtest.ts';
import type { SessionSpec } from '../../../src/engine/open-session.ts';
import { firstDifference } from '../../../src/engine/run-comparison.ts';
import { Random } from '../../../src/foundation/random.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { BotManager } from '../../../src/live/bot-manager.ts';
import { Collector } from '../../../src/live/collector.ts';
import { CandleColumns } from '../../../src/market/candle-columns.ts';
import { aggregateCandles } from '../../../src/market/candle-history.ts';
import { builtinStrategies } from '../../../src/strategy/builtin-strategies.ts';
import { instantsOf, specOf, venueOf } from '../engine/session-bench.ts';
import { bundledBars } from '../strategy/bars.ts';
import { HandFeed, LiveBench, leaky } from './live-bench.ts';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'] as const;
const BARS = 400;
const VENUE = { latencyMs: 500, seed: 5 } as const;

const busy: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'moving-average-cross': { fast: 3, slow: 8, stopAtr: 2, atrPeriod: 5 },
  'donchian-breakout': { entryPeriod: 5, exitPeriod: 3, atrPeriod: 5, trailingAtr: 2 },
  'bollinger-reversion': { period: 8, entryDeviations: 1.2, rsiPeriod: 5, rsiLimit: 45, atrPeriod: 5 },
  'momentum-rotation': { lookback: 12, rebalanceBars: 5, holdings: 2, onlyRising: false },
  'market-maker': { fairPeriod: 3, atrPeriod: 4, refreshBars: 5 },
};

/** Recorded minutes of which some are missing, of each symbol others: halts. */
function halting(): Map<string, CandleColumns> {
  const random = new Random(3, 'halts');
  return new Map(
    SYMBOLS.map((symbol) => {
      const bars = bundledBars(symbol).slice(1_000, 1_000 + BARS);
      const rows = Array.from({ length: BARS }, (_, row) => row).filter((row) => row < 20 || random.next() > 0.03);
      return [
        `${symbol}:1m`,
        CandleColumns.from(
          rows.map((row) => bars.candle(row)),
          bars.intervalMs,
        ),
      ];
    }),
  );
}

test('five bots, three halting symbols, two timeframes, a leaking bus, processes that come and go: the backtest, bit for bit', async (context) => {
  const bench = await LiveBench.open(context);
  const columns = halting();
  const specs: SessionSpec[] = builtinStrategies.map((definition) =>
    specOf({
      botId: definition.name,
      definition,
      parameters: busy[definition.name]!,
      symbols: (definition.symbols?.maximum ?? 1) > 1 ? SYMBOLS : ['BTCUSDT'],
      timeframe: definition.name === 'donchian-breakout' ? '5m' : '1m',
      limits: { dailyLossLimit: null },
    }),
  );
  const instants = instantsOf(columns);
  const random = new Random(11, 'chaos');
  const bus = leaky(bench.bus, () => random.integer(0, 2));
  await bench.recorder();
  const startManager = async (life: number): Promise<BotManager> => {
    const manager = new BotManager(
      specs,
      { ...bench.parts, bus, venueOf: () => venueOf(VENUE) },
      { owner: `process ${life}` },
    );
    await manager.start();
    return manager;
  };
  const startCollector = async (feed: HandFeed): Promise<Collector> => {
    const collector = new Collector(
      { ...bench.parts, bus, provider: feed },
      { symbols: SYMBOLS, timeframe: '1m', derived: ['5m'] },
    );
    await collector.start();
    return collector;
  };
  let life = 0;
  let given = 0;
  let manager = await startManager(life);
  let feed = new HandFeed(instants);
  let collector = await startCollector(feed);
  while (given < instants.length) {
    const until = Math.min(instants.length, given + random.integer(5, 60));
    await feed.giveAll(until);
    given = until;
    await bench.settle();
    await bench.clock.advance(700);
    if (random.next() < 0.5) {
      await manager.stop();
      manager = await startManager(++life);
    }
    if (random.next() < 0.5) {
      await collector.stop();
      feed = new HandFeed(instants);
      collector = await startCollector(feed);
      await feed.giveAll(given);
    }
  }
  await feed.end();
  await bench.until(() => manager.allEnded(), 'the end of all');
  await manager.stop();
  await collector.stop();
  assert.ok(life > 3, `${life} restarts`);
  assert.deepEqual(manager.failures, []);

  const all = new Map(columns);
  for (const symbol of SYMBOLS) {
    const minutes = columns.get(`${symbol}:1m`)!;
    const until = epochMs(instants.at(-1)!.time);
    all.set(`${symbol}:5m`, aggregateCandles(minutes, '5m', { until }).columns);
  }
  for (const spec of specs) {
    const { record, times, equity } = runBacktest({ session: spec, columns: all, venue: venueOf(VENUE) });
    const backtest = {
      ...record,
      equity: Array.from(times, (time, index) => ({ time: epochMs(time), equity: equity[index]! })),
    };
    const { store } = bench;
    const { botId } = spec;
    const live = {
      signals: await store.signals(botId),
      intents: await store.orderIntents(botId),
      orderEvents: await store.orderEvents(botId),
      equity: await store.equity(botId),
    };
    assert.equal(firstDifference(backtest, live), undefined, botId);
    assert.ok(record.fills.length > 5, `${botId}: ${record.fills.length} fills`);
  }
});
