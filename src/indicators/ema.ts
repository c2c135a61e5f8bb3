import { Indicator, requireFinite, requirePeriod } from './indicator.ts';

/**
 * Exponential moving average, seeded with the mean of the first `period` values, then
 * `ema += smoothing × (value − ema)` with smoothing 2 / (period + 1). TA-Lib EMA.
 *
 * With smoothing 1 / period it is Wilder's average (New Concepts in Technical Trading Systems, 1978), seed and all.
 */
export class Ema extends Indicator {
  readonly period: number;
  readonly smoothing: number;
  seen = 0;
  first = 0;
  /** Sum of the distances from the first value: the seed of equal values is exactly that value. */
  seedSum = 0;
  value = Number.NaN;

  constructor(period: number, smoothing = 2 / (period + 1)) {
    super(period, smoothing);
    requirePeriod(period);
    requireFinite(this, smoothing);
    this.period = period;
    this.smoothing = smoothing;
  }

  update(value: number): number {
    requireFinite(this, value);
    if (this.ready) this.value += this.smoothing * (value - this.value);
    else this.seed(value);
    return this.value;
  }

  private seed(value: number): void {
    if (this.seen === 0) this.first = value;
    this.seedSum += value - this.first;
    this.seen += 1;
    if (this.seen < this.period) return;
    this.value = this.first + this.seedSum / this.period;
    this.ready = true;
  }
}

/** An {@link Ema} with Wilder's smoothing 1 / period. */
export function wilderAverage(period: number): Ema {
  return new Ema(period, 1 / period);
}

/** {@link Ema} of a whole column, NaN during warm-up. */
export function emaColumn(values: Float64Array, period: number): Float64Array {
  const indicator = new Ema(period);
  const column = new Float64Array(values.length);
  for (let index = 0; index < values.length; index += 1) column[index] = indicator.update(values[index]!);
  return column;
}
