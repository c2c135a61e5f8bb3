import { present } from './arithmetic-ratios.ts';
import { ratio } from './compounded-ratios.ts';
import { covariance, mean, quantile, sum, variance } from './descriptive.ts';

/**
 * The shape of a series of periodic returns, in empyrical's definitions (`empyrical/stats.py`). Fractions in and out;
 * NaN returns are left out.
 */

/** Σ of returns above `threshold` over Σ of those below it; NaN of fewer than two returns or when none is below. */
export function omegaRatio(returns: ArrayLike<number>, threshold = 0): number {
  if (returns.length < 2) return Number.NaN;
  const excess = present(returns).map((value) => value - threshold);
  return ratio(sum(excess.filter((value) => value > 0)), -sum(excess.filter((value) => value < 0)));
}

/** `|95th percentile| / |5th percentile|`: above 1, the gains have the longer tail. */
export function tailRatio(returns: ArrayLike<number>): number {
  const values = present(returns);
  return ratio(Math.abs(quantile(values, 0.95)), Math.abs(quantile(values, 0.05)));
}

/** R² of the straight line through the cumulated log returns over time: 1 is steady growth (or steady decline). */
export function stability(returns: ArrayLike<number>): number {
  const values = present(returns);
  if (values.length < 2) return Number.NaN;
  const cumulated = new Float64Array(values.length);
  let total = 0;
  for (let index = 0; index < values.length; index++) {
    total += Math.log1p(values[index]!);
    cumulated[index] = total;
  }
  const time = Float64Array.from(values, (_, index) => index);
  return ratio(covariance(time, cumulated) ** 2, variance(time, 1) * variance(cumulated, 1));
}

/** The return that is undercut in `share` of the periods: the 5th percentile by default; negative is a loss. */
export function valueAtRisk(returns: ArrayLike<number>, share = 0.05): number {
  return quantile(present(returns), share);
}

/** The mean of the worst `⌊(n − 1) · share⌋ + 1` returns: what is lost on average when the value at risk is undercut. */
export function conditionalValueAtRisk(returns: ArrayLike<number>, share = 0.05): number {
  const sorted = present(returns).sort();
  return mean(sorted.subarray(0, Math.floor((sorted.length - 1) * share) + 1));
}
