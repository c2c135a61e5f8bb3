import type { OrderTerms } from '../../../src/domain/order.ts';
import { openSession, type SessionSpec, type VenueFactory } from '../../../src/engine/open-session.ts';
import type { RunTrace } from '../../../src/engine/run-comparison.ts';
import { RunRecord } from '../../../src/engine/run-record.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { CandleColumns } from '../../../src/market/candle-columns.ts';
import { CandleWindow, moveWindow } from '../../../src/market/candle-window.ts';

export interface ReplayedRun {
  readonly session: SessionSpec;
  /** Of the only feed of the strategy. */
  readonly columns: CandleColumns;
  readonly venue: VenueFactory;
  /** How old the price was at each instant at which the bot decided, in milliseconds. Elsewhere it was too old to act on. */
  readonly ages: ReadonlyMap<number, number>;
}

/** What a bot must have done that was given these candles, each when its price was so old: from the beginning, undisturbed. */
export function replayRun({ session: spec, columns, venue, ages }: ReplayedRun): RunTrace {
  const record = new RunRecord();
  const makeWindow = (feed: CandleWindow['feed'], lookback: number): CandleWindow =>
    CandleWindow.overColumns(feed, lookback, columns);
  const session = openSession(spec, makeWindow, venue, record);
  const { market, account } = session.engine;
  const equity: RunTrace['equity'][number][] = [];
  for (let row = 0; row < columns.length; row++) {
    moveWindow(market.windows[0]!, row);
    market.fresh[0] = 1;
    const time = epochMs(columns.closeTime(row));
    session.engine.lag = ages.get(time) ?? Number.POSITIVE_INFINITY;
    session.slice(time);
    equity.push({ time, equity: account.equity });
  }
  const intents: readonly OrderTerms[] = record.intents;
  return { signals: record.signals, intents, orderEvents: record.orderEvents, equity };
}
