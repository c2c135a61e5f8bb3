import type { SweepRow } from '../backtest/sweep-rows.ts';
import { runBacktestPlan } from './backtest-run.ts';
import type { DataReader } from './data-reader.ts';
import type { PreparedSweep } from './sweep-prepare.ts';

/** A point run again as a backtest of its own, for its curve. */
export interface BestRun {
  readonly row: SweepRow;
  /** When each bar of the main feed closed, and equity then. */
  readonly closeTimes: Float64Array;
  readonly equity: Float64Array;
  /** The first symbol's close at each of them. */
  readonly market: Float64Array;
}

/** Runs points again with all that a backtest records. Those that have no figures are left out. */
export async function runBest(
  { backtest, space }: Pick<PreparedSweep, 'backtest' | 'space'>,
  rows: readonly SweepRow[],
  reader: DataReader,
): Promise<readonly BestRun[]> {
  const runs: BestRun[] = [];
  for (const row of rows) {
    if (!row.outcome.ok) continue;
    const plan = { ...backtest, parameters: space.parameters(row.point) };
    const { report } = await runBacktestPlan(plan, undefined, reader);
    const market = Float64Array.from(report.candles[0]!.columns.close);
    runs.push({ row, closeTimes: report.closeTimes, equity: report.equity, market });
  }
  return runs;
}
