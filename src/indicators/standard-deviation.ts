import { invariant } from '../foundation/errors.ts';
import { Indicator, requireFinite, requirePeriod } from './indicator.ts';

/**
 * Standard deviation (`value`) and mean (`mean`) of the last `period` values: `√(Σ(x − mean)² / (period − ddof))`.
 * `ddof` 0 (the default) is the population's, as TA-Lib STDDEV and Bollinger use it; 1 is the sample's.
 *
 * Works in blocks like {@link Sma}: tail sums of the last whole block plus the head of the growing one, of distances
 * (and their squares) from an anchor that is itself in the window. So nothing drifts, a wild value that has left leaves
 * no trace, the cancellation in `Σd² − (Σd)² / period` costs at most a factor `period + 1` of the rounding error
 * whatever the price level, and a flat window gives exactly 0.
 */
export class StandardDeviation extends Indicator {
  readonly period: number;
  readonly ddof: number;
  /** Below `position` the growing block's values; from there on the tail sums of the last whole block's distances. */
  slots: Float64Array;
  /** The tail sums of the last whole block's squared distances. */
  tailSquares: Float64Array;
  position = 0;
  anchor = 0;
  headSum = 0;
  headSquares = 0;
  /** Mean − anchor: exact to more digits than the mean itself when the window is narrow. */
  offset = Number.NaN;
  mean = Number.NaN;
  value = Number.NaN;

  constructor(period: number, ddof: 0 | 1 = 0) {
    super(period, ddof);
    requirePeriod(period, ddof + 1);
    invariant(ddof === 0 || ddof === 1, 'ddof must be 0 (population) or 1 (sample)', { ddof });
    this.period = period;
    this.ddof = ddof;
    this.slots = new Float64Array(period);
    this.tailSquares = new Float64Array(period);
  }

  update(value: number): number {
    requireFinite(this, value);
    this.slots[this.position] = value;
    this.position += 1;
    if (this.position === this.period) this.closeBlock(value);
    else {
      const distance = value - this.anchor;
      this.headSum += distance;
      this.headSquares += distance * distance;
    }
    if (this.ready) this.measure();
    return this.value;
  }

  private measure(): void {
    const sum = this.slots[this.position]! + this.headSum;
    const squares = this.tailSquares[this.position]! + this.headSquares;
    const scatter = squares - (sum * sum) / this.period;
    this.offset = sum / this.period;
    this.mean = this.anchor + this.offset;
    this.value = scatter > 0 ? Math.sqrt(scatter / (this.period - this.ddof)) : 0;
  }

  /** The growing block is full: its newest value is the next anchor, and its values become tail sums. */
  private closeBlock(anchor: number): void {
    const slots = this.slots;
    let sum = 0;
    let squares = 0;
    for (let index = this.period - 1; index >= 0; index -= 1) {
      const distance = slots[index]! - anchor;
      sum += distance;
      squares += distance * distance;
      slots[index] = sum;
      this.tailSquares[index] = squares;
    }
    this.anchor = anchor;
    this.position = 0;
    this.headSum = 0;
    this.headSquares = 0;
    this.ready = true;
  }
}

/** {@link StandardDeviation} of a whole column, NaN during warm-up. */
export function standardDeviationColumn(values: Float64Array, period: number, ddof: 0 | 1 = 0): Float64Array {
  const indicator = new StandardDeviation(period, ddof);
  const column = new Float64Array(values.length);
  for (let index = 0; index < values.length; index += 1) column[index] = indicator.update(values[index]!);
  return column;
}
