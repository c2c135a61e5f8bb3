import { Indicator, requireFinite, requirePeriod } from './indicator.ts';

/**
 * Linearly weighted moving average: weight `period` for the newest value down to 1 for the oldest, divided by
 * `period × (period + 1) / 2`. TA-Lib WMA.
 *
 * Works in blocks like {@link Sma}: weighted tail sums of the last whole block plus the head of the growing one.
 */
export class Wma extends Indicator {
  readonly period: number;
  readonly totalWeight: number;
  /** Below `position` the growing block's values; from there on the weighted tail sums of the last whole block. */
  slots: Float64Array;
  position = 0;
  anchor = 0;
  headSum = 0;
  /** The head's values weighted 1, 2, 3 … from its oldest. */
  headWeightedSum = 0;
  value = Number.NaN;

  constructor(period: number) {
    super(period);
    requirePeriod(period);
    this.period = period;
    this.totalWeight = (period * (period + 1)) / 2;
    this.slots = new Float64Array(period);
  }

  update(value: number): number {
    requireFinite(this, value);
    const slots = this.slots;
    slots[this.position] = value;
    this.position += 1;
    const position = this.position;
    if (position === this.period) return this.closeBlock(value);
    const distance = value - this.anchor;
    this.headSum += distance;
    this.headWeightedSum += position * distance;
    if (this.ready) {
      const head = (this.period - position) * this.headSum + this.headWeightedSum;
      this.value = this.anchor + (slots[position]! + head) / this.totalWeight;
    }
    return this.value;
  }

  /** The growing block is full: its newest value is the next anchor, and its values become weighted tail sums. */
  private closeBlock(anchor: number): number {
    const slots = this.slots;
    let sum = 0;
    let weightedSum = 0;
    for (let index = this.period - 1; index >= 0; index -= 1) {
      sum += slots[index]! - anchor;
      weightedSum += sum; // weight 1 for the value at `index`, as for the oldest of a window, one more for each after it
      slots[index] = weightedSum;
    }
    this.anchor = anchor;
    this.position = 0;
    this.headSum = 0;
    this.headWeightedSum = 0;
    this.ready = true;
    this.value = anchor + weightedSum / this.totalWeight;
    return this.value;
  }
}

/** {@link Wma} of a whole column, NaN during warm-up. */
export function wmaColumn(values: Float64Array, period: number): Float64Array {
  const indicator = new Wma(period);
  const column = new Float64Array(values.length);
  for (let index = 0; index < values.length; index += 1) column[index] = indicator.update(values[index]!);
  return column;
}
