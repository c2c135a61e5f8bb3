import { mean, sum, variance } from './descriptive.ts';

/**
 * The ratios as backtesting.py defines them (`backtesting/_stats.py`): everything is compounded. These are the ones a
 * run's summary shows under the plain names Sharpe, Sortino and Calmar; `arithmetic-ratios.ts` has empyrical's.
 * All take fractions (0.01 is one per cent) and give fractions.
 */

/**
 * `(Π(1 + r))^(1/n) − 1`. A return of −1 or below has lost everything, and so has the mean: −1 (backtesting.py says 0
 * there). NaN of nothing.
 */
export function geometricMeanReturn(returns: ArrayLike<number>): number {
  if (returns.length === 0) return Number.NaN;
  const logarithms = new Float64Array(returns.length);
  for (let index = 0; index < returns.length; index++) {
    if (returns[index]! <= -1) return -1;
    logarithms[index] = Math.log1p(returns[index]!);
  }
  return Math.expm1(sum(logarithms) / returns.length);
}

/** `(1 + g)^A − 1` with g the geometric mean of periodic returns and A periods in a year. */
export function compoundedAnnualReturn(
  returns: ArrayLike<number>,
  periodsPerYear: number,
  meanReturn = geometricMeanReturn(returns),
): number {
  return (1 + meanReturn) ** periodsPerYear - 1;
}

/**
 * `√((s² + (1 + g)²)^A − (1 + g)^(2A))`: the deviation of a product of A independent returns of mean g and sample
 * variance s² (https://dx.doi.org/10.2139/ssrn.3054517). Computed without the cancellation that the formula shows.
 *
 * @param meanReturn their {@link geometricMeanReturn}, where it is known
 */
export function compoundedAnnualVolatility(
  returns: ArrayLike<number>,
  periodsPerYear: number,
  meanReturn = geometricMeanReturn(returns),
): number {
  const growth = 1 + meanReturn;
  const spread = variance(returns, 1);
  if (growth <= 0) return Math.sqrt(spread ** periodsPerYear);
  return growth ** periodsPerYear * Math.sqrt(Math.expm1(periodsPerYear * Math.log1p(spread / growth ** 2)));
}

/** `(compounded annual return − risk-free rate) / compounded annual volatility`; NaN without volatility. */
export function compoundedSharpeRatio(returns: ArrayLike<number>, periodsPerYear: number, riskFreeRate = 0): number {
  const excess = compoundedAnnualReturn(returns, periodsPerYear) - riskFreeRate;
  return ratio(excess, compoundedAnnualVolatility(returns, periodsPerYear));
}

/** `(compounded annual return − risk-free rate) / (√mean(min(r, 0)²) · √A)`; NaN without a losing period. */
export function compoundedSortinoRatio(returns: ArrayLike<number>, periodsPerYear: number, riskFreeRate = 0): number {
  const excess = compoundedAnnualReturn(returns, periodsPerYear) - riskFreeRate;
  return ratio(excess, downsideDeviation(returns) * Math.sqrt(periodsPerYear));
}

/** `annual return / maximum drawdown`, the drawdown as a positive fraction; NaN without a drawdown. */
export function calmarRatio(annualReturn: number, maximumDrawdown: number): number {
  return ratio(annualReturn, Math.abs(maximumDrawdown));
}

/** `√mean(min(r − required, 0)²)`, the mean over all returns, per period. */
export function downsideDeviation(returns: ArrayLike<number>, required = 0): number {
  const squares = new Float64Array(returns.length);
  for (let index = 0; index < returns.length; index++) squares[index] = Math.min(returns[index]! - required, 0) ** 2;
  return Math.sqrt(mean(squares));
}

/**
 * `(end / start)^(1 / years) − 1`. backtesting.py counts a year as 365.25 days, freqtrade as 365. All lost is −1; NaN
 * without time or a positive start.
 */
export function compoundAnnualGrowthRate(start: number, end: number, years: number): number {
  if (!(start > 0 && years > 0) || Number.isNaN(end)) return Number.NaN;
  return end <= 0 ? -1 : (end / start) ** (1 / years) - 1;
}

/** A quotient that is undefined, not infinite, over nothing. */
export function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? Number.NaN : numerator / denominator;
}
