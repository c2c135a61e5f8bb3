import { Indicator, requireFinite, requirePeriod, STANDSTILL } from './indicator.ts';

/**
 * Relative strength index, 0 to 100: `100 × gain / (gain + loss)`, where gain and loss are Wilder averages of the rises
 * and falls from value to value, seeded with the mean of the first `period` of them. TA-Lib RSI, but for a market that
 * has not moved at all: 50, where TA-Lib says 0.
 */
export class Rsi extends Indicator {
  readonly period: number;
  readonly smoothing: number;
  /** Values taken while warming up; `period + 1` are needed. */
  seen = 0;
  previous = 0;
  /** While warming up the sums, then the Wilder averages. */
  gain = 0;
  loss = 0;
  value = Number.NaN;

  constructor(period: number) {
    super(period);
    requirePeriod(period);
    this.period = period;
    this.smoothing = 1 / period;
  }

  update(value: number): number {
    requireFinite(this, value);
    const change = value - this.previous;
    this.previous = value;
    // Without a branch, which no processor can foretell: one of the two is 0, the other the size, both exactly.
    const size = Math.abs(change);
    const rise = (size + change) * 0.5;
    const fall = (size - change) * 0.5;
    if (this.ready) {
      this.gain += this.smoothing * (rise - this.gain);
      this.loss += this.smoothing * (fall - this.loss);
    } else if (!this.seed(rise, fall)) return this.value;
    const movement = this.gain + this.loss;
    this.value = movement < STANDSTILL ? 50 : (100 * this.gain) / movement;
    return this.value;
  }

  /** True once `period` changes are summed and made averages. */
  private seed(rise: number, fall: number): boolean {
    this.seen += 1;
    if (this.seen === 1) return false;
    this.gain += rise;
    this.loss += fall;
    if (this.seen <= this.period) return false;
    this.gain /= this.period;
    this.loss /= this.period;
    this.ready = true;
    return true;
  }
}

/** {@link Rsi} of a whole column, NaN during warm-up. */
export function rsiColumn(values: Float64Array, period: number): Float64Array {
  const indicator = new Rsi(period);
  const column = new Float64Array(values.length);
  for (let index = 0; index < values.length; index += 1) column[index] = indicator.update(values[index]!);
  return column;
}
