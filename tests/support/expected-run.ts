import { readMarket, sessionSpecs } from '../../src/app/compose.ts';
import type { Configuration } from '../../src/app/configuration.ts';
import { simulatedVenue } from '../../src/app/simulated-venue.ts';
import { runBacktest } from '../../src/backtest/backtest.ts';
import { feedName } from '../../src/domain/candle.ts';
import type { RunTrace } from '../../src/engine/run-comparison.ts';
import type { EpochMs } from '../../src/foundation/time.ts';
import type { CandleColumns } from '../../src/market/candle-columns.ts';
import { loadCandles } from '../../src/providers/files/load-candles.ts';
import type { Store } from '../../src/store/store.ts';
import { strategyFeeds } from '../../src/strategy/feeds.ts';

/** What every bot of a configuration must come to, by the backtester: bot id → its run. */
export async function expectedRuns(configuration: Configuration): Promise<ReadonlyMap<string, RunTrace>> {
  const { instruments } = await readMarket(configuration);
  const runs = new Map<string, RunTrace>();
  for (const session of sessionSpecs(configuration, instruments)) {
    const columns = new Map<string, CandleColumns>();
    for (const feed of strategyFeeds(session.definition, session.parameters, session.symbols, session.timeframe)) {
      const path = configuration.market.data.get(feed.symbol)!;
      columns.set(feedName(feed), (await loadCandles({ path, ...feed })).columns);
    }
    const { record, times, equity } = runBacktest({ session, columns, venue: simulatedVenue(configuration.costs) });
    runs.set(session.botId, {
      signals: record.signals,
      intents: record.intents,
      orderEvents: record.orderEvents,
      equity: Array.from(times, (time, index) => ({ time: time as EpochMs, equity: equity[index]! })),
    });
  }
  return runs;
}

/** What the store holds of a bot's run. */
export async function recordedRun(store: Store, botId: string): Promise<RunTrace> {
  return {
    signals: await store.signals(botId),
    intents: await store.orderIntents(botId),
    orderEvents: await store.orderEvents(botId),
    equity: await store.equity(botId),
  };
}
