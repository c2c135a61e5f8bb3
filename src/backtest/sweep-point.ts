import type { FigureKey } from '../statistics/figures.ts';
import type { CheckedParameters } from '../strategy/feeds.ts';

/**
 * The figures of one point of a sweep, in the order of the columns of its table. Each is the figure of that key in the
 * report of `tradewind backtest` with the point's parameters, to the last bit, whichever way the point was computed.
 */
export const SWEEP_FIGURES = [
  'finalPortfolioValue',
  'totalProfit',
  'returnPercent',
  'annualReturnPercent',
  'annualVolatilityPercent',
  'sharpeRatio',
  'sortinoRatio',
  'calmarRatio',
  'maximumDrawdownPercent',
  'roundTrips',
  'winRatePercent',
  'moneyProfitFactor',
  'averageProfit',
  'fees',
  'fills',
  'turnover',
  'timeInMarketPercent',
  'signalsRefused',
] as const satisfies readonly FigureKey[];

export type SweepFigureKey = (typeof SWEEP_FIGURES)[number];

/** In the order of {@link SWEEP_FIGURES}; NaN where a figure is undefined. */
export type SweepFigures = Float64Array;

/** What became of a point: its figures, or in one sentence why it has none (a strategy that threw). */
export type PointOutcome =
  | { readonly ok: true; readonly figures: SweepFigures }
  | { readonly ok: false; readonly message: string };

/** Computes points of one sweep, one thread's share of them. Deterministic: the same point gives the same bits. */
export interface PointRunner {
  /** How it goes about it: bar by bar through the engine, or from signals that are columns. */
  readonly path: 'event' | 'columns';
  /** One outcome for each point, in their order. */
  run(points: readonly CheckedParameters[]): readonly PointOutcome[];
}
