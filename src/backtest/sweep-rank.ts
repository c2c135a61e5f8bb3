import { closestName } from '../foundation/closest-name.ts';
import { UserError } from '../foundation/errors.ts';
import { SWEEP_FIGURES, type SweepFigureKey } from './sweep-point.ts';
import type { SweepRow } from './sweep-rows.ts';

/** What points can be ranked by: a short name to type, and which end is the better one. */
const RANKS: Readonly<Record<SweepFigureKey, { readonly short: string; readonly better: 'higher' | 'lower' }>> = {
  finalPortfolioValue: { short: 'value', better: 'higher' },
  totalProfit: { short: 'profit', better: 'higher' },
  returnPercent: { short: 'return', better: 'higher' },
  annualReturnPercent: { short: 'annual-return', better: 'higher' },
  annualVolatilityPercent: { short: 'volatility', better: 'lower' },
  sharpeRatio: { short: 'sharpe', better: 'higher' },
  sortinoRatio: { short: 'sortino', better: 'higher' },
  calmarRatio: { short: 'calmar', better: 'higher' },
  // It is 0 or below: −5 % is better than −20 %.
  maximumDrawdownPercent: { short: 'drawdown', better: 'higher' },
  roundTrips: { short: 'trades', better: 'higher' },
  winRatePercent: { short: 'win-rate', better: 'higher' },
  moneyProfitFactor: { short: 'profit-factor', better: 'higher' },
  averageProfit: { short: 'average-profit', better: 'higher' },
  fees: { short: 'fees', better: 'lower' },
  fills: { short: 'fills', better: 'higher' },
  turnover: { short: 'turnover', better: 'lower' },
  timeInMarketPercent: { short: 'time-in-market', better: 'lower' },
  signalsRefused: { short: 'refused', better: 'lower' },
};

/** The figure that points are ranked by. */
export interface Ranking {
  readonly key: SweepFigureKey;
  readonly short: string;
  readonly better: 'higher' | 'lower';
  /** Its place among the figures. */
  readonly column: number;
}

export const RANKINGS: readonly Ranking[] = SWEEP_FIGURES.map((key, column) => ({ key, column, ...RANKS[key] }));

/** @throws UserError when no figure has this key or short name */
export function readRanking(text: string): Ranking {
  const found = RANKINGS.find(({ key, short }) => key === text || short === text.toLowerCase());
  if (found !== undefined) return found;
  const shorts = RANKINGS.map(({ short }) => short);
  const near = closestName(text, [...shorts, ...SWEEP_FIGURES]);
  const guess = near === undefined ? '' : ` Did you mean ${near}?`;
  throw new UserError(`Points can't be ranked by ${JSON.stringify(text)}.${guess} There are ${shorts.join(', ')}.`);
}

/** The best so far, so that a table of any length is ranked in little memory. */
export class BestRows {
  readonly #ranking: Ranking;
  readonly #most: number;
  #rows: SweepRow[] = [];

  constructor(ranking: Ranking, most: number) {
    this.#ranking = ranking;
    this.#most = most;
  }

  add(row: SweepRow): void {
    this.#rows.push(row);
    if (this.#rows.length >= 2 * this.#most + 1_024) this.#cut();
  }

  /** Best first; points without the figure after all others, then those that failed; equals by their place in the grid. */
  rows(): readonly SweepRow[] {
    this.#cut();
    return this.#rows;
  }

  #cut(): void {
    this.#rows = this.#rows.sort((a, b) => compareRows(this.#ranking, a, b)).slice(0, this.#most);
  }
}

export function compareRows(ranking: Ranking, a: SweepRow, b: SweepRow): number {
  if (a.outcome.ok !== b.outcome.ok) return a.outcome.ok ? -1 : 1;
  if (a.outcome.ok && b.outcome.ok) {
    const [left, right] = [a.outcome.figures[ranking.column]!, b.outcome.figures[ranking.column]!];
    if (Number.isNaN(left) !== Number.isNaN(right)) return Number.isNaN(left) ? 1 : -1;
    if (left < right) return ranking.better === 'higher' ? 1 : -1;
    if (left > right) return ranking.better === 'higher' ? -1 : 1;
  }
  return a.point - b.point;
}
