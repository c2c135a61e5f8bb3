/** What the command line and the reports know of a sweep's points and figures. */
export { axisValues } from '../backtest/sweep-axis.ts';
export { SWEEP_FIGURES as SWEEP_FIGURE_KEYS, type SweepFigureKey } from '../backtest/sweep-point.ts';
export { RANKINGS, type Ranking, readRanking } from '../backtest/sweep-rank.ts';
export type { SweepRow } from '../backtest/sweep-rows.ts';
