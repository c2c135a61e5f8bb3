/**
 * Descriptive statistics over plain arrays of float64. Sums carry their rounding error along (Neumaier 1974, "Rundungs-
 * fehleranalyse einiger Verfahren zur Summation endlicher Summen"), so that half a million bars lose nothing that shows.
 * An empty array, or one too short for what is asked, gives NaN, never an exception.
 */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  let lost = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  // With an infinity among the values the correction is NaN, but the plain total says what it is.
  return Number.isFinite(total) ? total + lost : total;
}

export function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length;
}

/**
 * Σ(x − x̄)² / (n − `freedom`), in two passes, corrected for the rounding of the mean.
 *
 * @param freedom 1: of a sample (pandas, empyrical); 0: of a population (`numpy.std`, freqtrade)
 */
export function variance(values: ArrayLike<number>, freedom: 0 | 1 = 1): number {
  const count = values.length;
  if (count <= freedom) return Number.NaN;
  // Exactly: the mean of n equal values may be off by a rounding, and a ratio over that deviation would be nonsense.
  if (largest(values) === smallest(values)) return 0;
  const centre = mean(values);
  const squares = new Float64Array(count);
  const residuals = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const residual = values[index]! - centre;
    residuals[index] = residual;
    squares[index] = residual * residual;
  }
  const drift = sum(residuals);
  return (sum(squares) - (drift * drift) / count) / (count - freedom);
}

export function standardDeviation(values: ArrayLike<number>, freedom: 0 | 1 = 1): number {
  return Math.sqrt(Math.max(0, variance(values, freedom)));
}

/** Σ(x − x̄)(y − ȳ) / (n − 1) of two arrays of one length. */
export function covariance(left: ArrayLike<number>, right: ArrayLike<number>): number {
  const count = left.length;
  if (count < 2 || right.length !== count) return Number.NaN;
  const leftMean = mean(left);
  const rightMean = mean(right);
  const products = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    products[index] = (left[index]! - leftMean) * (right[index]! - rightMean);
  }
  return sum(products) / (count - 1);
}

/**
 * The quantile by linear interpolation between order statistics (`numpy.percentile`, Hyndman & Fan type 7).
 *
 * @param share 0 … 1: 0.05 is the 5th percentile
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const weight = position - below;
  return weight < 0.5 ? low + (high - low) * weight : high - (high - low) * (1 - weight);
}

/** The middle value; of an even count, the mean of the two in the middle. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** The greatest value; NaN of nothing. A loop: spreading half a million values into `Math.max` overflows the stack. */
export function largest(values: ArrayLike<number>): number {
  let found = Number.NaN;
  for (let index = 0; index < values.length; index++) if (!(values[index]! <= found)) found = values[index]!;
  return found;
}

/** The least value; NaN of nothing. */
export function smallest(values: ArrayLike<number>): number {
  let found = Number.NaN;
  for (let index = 0; index < values.length; index++) if (!(values[index]! >= found)) found = values[index]!;
  return found;
}
