import { ratio } from './compounded-ratios.ts';
import { covariance, mean, variance } from './descriptive.ts';

/**
 * `cov(r, m) / var(m)` over the periods in which both have a return; NaN when the market did not move.
 *
 * @param returns and `market` of one length, the same periods
 */
export function beta(returns: ArrayLike<number>, market: ArrayLike<number>): number {
  const [mine, theirs] = paired(returns, market);
  const spread = variance(theirs, 1);
  // Below this, the deviation is rounding (empyrical `beta_aligned`).
  return spread < 1e-30 ? Number.NaN : ratio(covariance(mine, theirs), spread);
}

/**
 * Jensen's alpha of a whole run, as in backtesting.py: `R − f − β · (M − f)` with R and M the total returns of the run and of
 * holding the market, f the risk-free rate; not annualised. Can be large when β is negative and the market rose.
 */
export function jensenAlpha(totalReturn: number, marketReturn: number, marketBeta: number, riskFreeRate = 0): number {
  return totalReturn - riskFreeRate - marketBeta * (marketReturn - riskFreeRate);
}

/** `(1 + mean(r − f − β · (m − f)))^A − 1` with f per period: empyrical's annualised alpha. */
export function annualisedAlpha(
  returns: ArrayLike<number>,
  market: ArrayLike<number>,
  periodsPerYear: number,
  riskFree = 0,
): number {
  const slope = beta(returns, market);
  const [mine, theirs] = paired(returns, market);
  if (mine.length < 2) return Number.NaN;
  const residuals = mine.map((value, index) => value - riskFree - slope * (theirs[index]! - riskFree));
  return (1 + mean(residuals)) ** periodsPerYear - 1;
}

/** The values of both at the places where both have one. Loops: this is asked for every bar of a long run. */
function paired(left: ArrayLike<number>, right: ArrayLike<number>): [Float64Array, Float64Array] {
  const mine = new Float64Array(left.length);
  const theirs = new Float64Array(left.length);
  let count = 0;
  for (let index = 0; index < left.length; index++) {
    if (Number.isNaN(left[index]! + right[index]!)) continue;
    mine[count] = left[index]!;
    theirs[count] = right[index]!;
    count += 1;
  }
  return [mine.subarray(0, count), theirs.subarray(0, count)];
}
