import { Indicator, requireFinite, requirePeriod } from './indicator.ts';

/**
 * Simple moving average: the mean of the last `period` values. TA-Lib SMA.
 *
 * Nothing is ever subtracted when a value leaves, so nothing drifts and a wild value that has left leaves no trace.
 * Bars come in blocks of `period`: the window is always a tail of the last whole block plus the head of the growing one.
 * When a block is full its tail sums replace its values in place (`period` additions once every `period` bars); the
 * growing head is one running sum. Sums are of distances from `anchor`, the newest value of the whole block, which is
 * in the window throughout: on a flat market the mean is exactly that price.
 */
export class Sma extends Indicator {
  readonly period: number;
  /** Below `position` the growing block's values; from there on the tail sums of the last whole block. */
  slots: Float64Array;
  position = 0;
  anchor = 0;
  headSum = 0;
  value = Number.NaN;

  constructor(period: number) {
    super(period);
    requirePeriod(period);
    this.period = period;
    this.slots = new Float64Array(period);
  }

  update(value: number): number {
    requireFinite(this, value);
    const slots = this.slots;
    slots[this.position] = value;
    this.position += 1;
    if (this.position === this.period) return this.closeBlock(value);
    this.headSum += value - this.anchor;
    if (this.ready) this.value = this.anchor + (slots[this.position]! + this.headSum) / this.period;
    return this.value;
  }

  /** The growing block is full: its newest value is the next anchor, and its values become tail sums. */
  private closeBlock(anchor: number): number {
    const slots = this.slots;
    let sum = 0;
    for (let index = this.period - 1; index >= 0; index -= 1) {
      sum += slots[index]! - anchor;
      slots[index] = sum;
    }
    this.anchor = anchor;
    this.position = 0;
    this.headSum = 0;
    this.ready = true;
    this.value = anchor + sum / this.period;
    return this.value;
  }
}

/** {@link Sma} of a whole column, NaN during warm-up. */
export function smaColumn(values: Float64Array, period: number): Float64Array {
  const indicator = new Sma(period);
  const column = new Float64Array(values.length);
  for (let index = 0; index < values.length; index += 1) column[index] = indicator.update(values[index]!);
  return column;
}
