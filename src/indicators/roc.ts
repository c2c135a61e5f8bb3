import { Indicator, requireFinite, requirePeriod } from './indicator.ts';

/** Rate of change in percent: `100 × (value / value of period bars ago − 1)`, 0 where that was 0. TA-Lib ROC. */
export class Roc extends Indicator {
  readonly period: number;
  /** The last `period` values, the oldest at `position`. */
  ring: Float64Array;
  position = 0;
  seen = 0;
  value = Number.NaN;

  constructor(period: number) {
    super(period);
    requirePeriod(period);
    this.period = period;
    this.ring = new Float64Array(period);
  }

  update(value: number): number {
    requireFinite(this, value);
    const earlier = this.ring[this.position]!;
    this.ring[this.position] = value;
    this.position = this.position + 1 === this.period ? 0 : this.position + 1;
    if (this.seen < this.period) {
      this.seen += 1;
      return this.value;
    }
    this.ready = true;
    this.value = earlier === 0 ? 0 : 100 * (value / earlier - 1);
    return this.value;
  }
}

/** {@link Roc} of a whole column, NaN during warm-up. */
export function rocColumn(values: Float64Array, period: number): Float64Array {
  const indicator = new Roc(period);
  const column = new Float64Array(values.length);
  for (let index = 0; index < values.length; index += 1) column[index] = indicator.update(values[index]!);
  return column;
}
