import { downsideDeviation, ratio } from './compounded-ratios.ts';
import { mean, standardDeviation } from './descriptive.ts';
import { maximumDrawdownOfReturns } from './drawdown.ts';
import { totalReturn } from './returns.ts';

/**
 * The ratios as empyrical defines them (`empyrical/stats.py`): the arithmetic mean of periodic returns over their simple
 * deviation, scaled by √A. Fractions in, fractions out. A NaN return is a period without a return: it counts in the
 * length of the series and nowhere else, as in empyrical. Rates given (`riskFree`, `required`) are per period.
 */
export function annualReturn(returns: ArrayLike<number>, periodsPerYear: number): number {
  const wealth = 1 + totalReturn(returns);
  return wealth <= 0 ? -1 : wealth ** (periodsPerYear / returns.length) - 1;
}

/** `s · √A` with s the sample deviation; NaN of fewer than two returns. */
export function annualVolatility(returns: ArrayLike<number>, periodsPerYear: number): number {
  return returns.length < 2 ? Number.NaN : standardDeviation(present(returns), 1) * Math.sqrt(periodsPerYear);
}

/** `mean(r − riskFree) / s · √A`; NaN of fewer than two returns or without any deviation. */
export function arithmeticSharpeRatio(returns: ArrayLike<number>, periodsPerYear: number, riskFree = 0): number {
  if (returns.length < 2) return Number.NaN;
  const excess = present(returns).map((value) => value - riskFree);
  return ratio(mean(excess), standardDeviation(excess, 1)) * Math.sqrt(periodsPerYear);
}

/** `mean(r − required) · A / downside risk`; NaN of fewer than two returns or without a return below `required`. */
export function arithmeticSortinoRatio(returns: ArrayLike<number>, periodsPerYear: number, required = 0): number {
  if (returns.length < 2) return Number.NaN;
  const excess = present(returns).map((value) => value - required);
  return ratio(mean(excess) * periodsPerYear, downsideRisk(returns, periodsPerYear, required));
}

/** `√mean(min(r − required, 0)²) · √A`, the mean over all returns. */
export function downsideRisk(returns: ArrayLike<number>, periodsPerYear: number, required = 0): number {
  return downsideDeviation(present(returns), required) * Math.sqrt(periodsPerYear);
}

/** `annual return / |maximum drawdown|` of the wealth curve that starts at 1; NaN without a drawdown. */
export function arithmeticCalmarRatio(returns: ArrayLike<number>, periodsPerYear: number): number {
  return ratio(annualReturn(returns, periodsPerYear), Math.abs(maximumDrawdownOfReturns(returns)));
}

/** The returns that are there. */
export function present(returns: ArrayLike<number>): Float64Array {
  return Float64Array.from(returns).filter((value) => !Number.isNaN(value));
}
