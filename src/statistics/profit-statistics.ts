import { DAY_MS } from '../foundation/time.ts';
import { ratio } from './compounded-ratios.ts';
import { standardDeviation, sum } from './descriptive.ts';

/**
 * freqtrade's figures (`freqtrade/data/metrics.py`): everything from the profits of closed trades, in money, in the order
 * in which they closed; what happens while a trade is open isn't seen. Where freqtrade gives a marker (−100, 100) for
 * "undefined", these give NaN.
 */
export interface Expectancy {
  /** `W · average win − L · average loss`: what a trade is expected to bring, in money. */
  readonly expectancy: number;
  /** `(1 + average win / average loss) · W − 1`: what a unit at risk is expected to bring. NaN without a loss. */
  readonly ratio: number;
}

export function expectancyOf(profits: ArrayLike<number>): Expectancy {
  const all = Float64Array.from(profits);
  const wins = all.filter((profit) => profit > 0);
  const losses = all.filter((profit) => profit < 0);
  const averageWin = wins.length > 0 ? sum(wins) / wins.length : 0;
  const averageLoss = losses.length > 0 ? -sum(losses) / losses.length : 0;
  const winShare = wins.length / all.length;
  return {
    expectancy: winShare * averageWin - (losses.length / all.length) * averageLoss,
    ratio: (1 + ratio(averageWin, averageLoss)) * winShare - 1,
  };
}

export interface ProfitDrawdown {
  /** In money; 0 when the sum never fell from a peak it had reached. */
  readonly absolute: number;
  /** Of the account at the peak before the greatest absolute drawdown, 0 … 1. */
  readonly relative: number;
}

/** The greatest fall of the running sum of profits below its own peak; the first sum is the first peak. */
export function drawdownOfProfits(profits: ArrayLike<number>, startingBalance: number): ProfitDrawdown {
  let total = 0;
  let peak = Number.NEGATIVE_INFINITY;
  let absolute = 0;
  let relative = 0;
  for (let index = 0; index < profits.length; index++) {
    total += profits[index]!;
    if (total > peak) peak = total;
    if (peak - total > absolute) {
      absolute = peak - total;
      relative = absolute / (startingBalance + peak);
    }
  }
  return { absolute, relative };
}

/**
 * `(Σ p / days) / s · √365` with p the profits over the starting balance, s their population deviation, days whole and
 * at least 1. NaN without trades or deviation.
 */
export function sharpeOfProfits(profits: ArrayLike<number>, startingBalance: number, durationMs: number): number {
  return dailyProfitRatio(profits, profits, startingBalance, durationMs);
}

/** The same over the deviation of the losing profits alone; NaN with fewer than two different losses. */
export function sortinoOfProfits(profits: ArrayLike<number>, startingBalance: number, durationMs: number): number {
  const losses = Float64Array.from(profits).filter((profit) => profit < 0);
  return dailyProfitRatio(profits, losses, startingBalance, durationMs);
}

function dailyProfitRatio(
  profits: ArrayLike<number>,
  spread: ArrayLike<number>,
  startingBalance: number,
  durationMs: number,
): number {
  const days = Math.max(1, Math.floor(durationMs / DAY_MS));
  const perDay = sum(profits) / startingBalance / days;
  return ratio(perDay, standardDeviation(spread, 0) / startingBalance) * Math.sqrt(365);
}
