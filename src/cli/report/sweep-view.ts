import type { PreparedSweep } from '../../app/sweep-prepare.ts';
import type { Ranking } from '../../app/sweep-ranking.ts';
import type { SweepTable, SweepTiming } from '../../app/sweep-run.ts';

/** A sweep as its reports show it. */
export interface SweepView {
  readonly prepared: PreparedSweep;
  readonly table: SweepTable;
  readonly ranking: Ranking;
  readonly timing: SweepTiming;
}
