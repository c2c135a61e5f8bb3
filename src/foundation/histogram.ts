import { invariant } from './errors.ts';

/**
 * Buckets in each doubling of the value: a quantile is off by at most half a bucket, 1/128 of the value. Below twice this,
 * every whole number has a bucket of its own.
 */
const BUCKETS_IN_A_DOUBLING = 64;
const EXACT_BELOW = 2 * BUCKETS_IN_A_DOUBLING;
/** Values from here on share the last bucket: 2^40, of microseconds 12 days. */
const LONGEST_BITS = 40;
const BUCKETS = EXACT_BELOW + (LONGEST_BITS - 7) * BUCKETS_IN_A_DOUBLING;

/** A histogram as JSON: `counts` is pairs of bucket and count, rising, without empty ones. */
export interface HistogramJson {
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly counts: readonly number[];
}

/**
 * Counts of values in buckets that grow with the value, log-linear as in Gil Tene's HdrHistogram: quantiles of any number
 * of values in 18 KB, each to 1 part in 128, and histograms of several processes can be added up. Values are not
 * negative, and are rounded to whole numbers: so choose a unit in which 1 is small.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #minimum = Number.POSITIVE_INFINITY;
  #maximum = 0;

  static fromJson({ sum, minimum, maximum, counts }: HistogramJson): Histogram {
    const histogram = new Histogram();
    for (let at = 0; at < counts.length; at += 2) {
      const [bucket, count] = [counts[at]!, counts[at + 1]];
      invariant(Number.isInteger(bucket) && bucket >= 0 && bucket < BUCKETS, 'No bucket of a histogram', { bucket });
      invariant(Number.isInteger(count) && count! > 0, 'No count of a histogram', { bucket, count });
      histogram.#counts[bucket]! += count!;
      histogram.#count += count!;
    }
    if (histogram.#count === 0) return histogram;
    histogram.#sum = sum;
    histogram.#minimum = minimum;
    histogram.#maximum = maximum;
    return histogram;
  }

  get count(): number {
    return this.#count;
  }

  /** Exact; NaN of nothing. */
  get minimum(): number {
    return this.#count === 0 ? Number.NaN : this.#minimum;
  }

  /** Exact; NaN of nothing. */
  get maximum(): number {
    return this.#count === 0 ? Number.NaN : this.#maximum;
  }

  /** Exact; NaN of nothing. */
  get mean(): number {
    return this.#sum / this.#count;
  }

  record(value: number): void {
    invariant(value >= 0 && value < Number.POSITIVE_INFINITY, 'A histogram counts what is not negative', { value });
    const whole = Math.round(value);
    this.#counts[bucketOf(whole)]! += 1;
    this.#count += 1;
    this.#sum += whole;
    if (whole < this.#minimum) this.#minimum = whole;
    if (whole > this.#maximum) this.#maximum = whole;
  }

  /** The value below or at which this share of all values lies, by nearest rank; NaN of nothing. */
  quantile(share: number): number {
    invariant(share >= 0 && share <= 1, 'A quantile is a share from 0 to 1', { share });
    if (this.#count === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= rank) return Math.min(Math.max(middleOf(bucket), this.#minimum), this.#maximum);
    }
    return this.#maximum;
  }

  /** Adds what another has counted. */
  add(other: Histogram): void {
    if (other.#count === 0) return;
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#counts[bucket]! += other.#counts[bucket]!;
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#minimum = Math.min(this.#minimum, other.#minimum);
    this.#maximum = Math.max(this.#maximum, other.#maximum);
  }

  toJson(): HistogramJson {
    const counts: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#counts[bucket]!;
      if (count > 0) counts.push(bucket, count);
    }
    const isEmpty = this.#count === 0;
    return { sum: this.#sum, minimum: isEmpty ? 0 : this.#minimum, maximum: this.#maximum, counts };
  }
}

function bucketOf(value: number): number {
  if (value < EXACT_BELOW) return value;
  if (value >= 2 ** LONGEST_BITS) return BUCKETS - 1;
  // The power of two at or below the value. The logarithm of a whole number so small rounds to none that is too large.
  const power = Math.floor(Math.log2(value));
  const within = Math.floor(value / 2 ** (power - 6)) - BUCKETS_IN_A_DOUBLING;
  return EXACT_BELOW + (power - 7) * BUCKETS_IN_A_DOUBLING + within;
}

function middleOf(bucket: number): number {
  if (bucket < EXACT_BELOW) return bucket;
  const doubling = Math.floor((bucket - EXACT_BELOW) / BUCKETS_IN_A_DOUBLING);
  const width = 2 ** (doubling + 1);
  const lowest = (BUCKETS_IN_A_DOUBLING + ((bucket - EXACT_BELOW) % BUCKETS_IN_A_DOUBLING)) * width;
  return lowest + (width - 1) / 2;
}
