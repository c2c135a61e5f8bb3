import { snapPrice } from '../domain/instrument.ts';
import type { EngineListener } from '../engine/engine.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { type OpenPosition, openPositionsOf } from '../statistics/open-position.ts';
import type { BacktestResult } from './backtest.ts';

type Run = BacktestResult<EngineListener>;

/** When each bar closed. */
export function closeTimesOf(columns: CandleColumns): Float64Array {
  return columns.openTime.map((time) => time + columns.intervalMs);
}

/** For each of `closeTimes` the row of `times` at which it stands; every one does. Both rise. */
function rowsAt(times: Float64Array, closeTimes: Float64Array): Int32Array {
  const rows = new Int32Array(closeTimes.length);
  let row = 0;
  for (let index = 0; index < closeTimes.length; index++) {
    while (times[row]! < closeTimes[index]!) row += 1;
    rows[index] = row;
  }
  return rows;
}

/** Gives what was sampled at each instant of a run at the closes of its main feed only. */
export function samplerAt(times: Float64Array, closeTimes: Float64Array): (values: Float64Array) => Float64Array {
  // Every close of the main feed is an instant of the run: as many of both are the same.
  if (times.length === closeTimes.length) return (values) => values;
  const rows = rowsAt(times, closeTimes);
  return (values) => {
    const sampled = new Float64Array(rows.length);
    for (let index = 0; index < rows.length; index++) sampled[index] = values[rows[index]!]!;
    return sampled;
  };
}

/** Equity at the close of each bar of the main feed: what is reported. */
export function equityAt(result: Pick<Run, 'times' | 'equity'>, closeTimes: Float64Array): Float64Array {
  const equity = samplerAt(result.times, closeTimes)(result.equity);
  // Other feeds may have gone on after the main one's last bar; what is left at the end counts.
  if (equity.length > 0) equity[equity.length - 1] = result.equity.at(-1)!;
  return equity;
}

/** What a run has left open, at the latest closes. */
export function leftOpen({ portfolio, session }: Pick<Run, 'portfolio' | 'session'>): OpenPosition[] {
  return openPositionsOf(portfolio, (symbol) =>
    snapPrice(portfolio.instrument(symbol), session.engine.account.mark(symbol), 'nearest'),
  );
}
