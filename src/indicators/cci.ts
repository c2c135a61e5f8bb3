import { type HighLowCloseColumns, Indicator } from './indicator.ts';
import { Sma } from './sma.ts';

/**
 * Commodity channel index (Lambert 1980): `(typical price − its mean) / (0.015 × mean absolute deviation)` over
 * `period` bars, typical price = (high + low + close) / 3; 0 when all of them are equal. TA-Lib CCI.
 *
 * The one indicator here whose update costs `period` steps: every bar moves the mean, and with it each of the absolute
 * deviations, for which no recurrence exists.
 */
export class Cci extends Indicator {
  readonly period: number;
  readonly average: Sma;
  /** The last `period` typical prices, in no order that matters. */
  ring: Float64Array;
  position = 0;
  value = Number.NaN;

  constructor(period: number) {
    super(period);
    this.period = period;
    this.average = new Sma(period);
    this.ring = new Float64Array(period);
  }

  updateBar(high: number, low: number, close: number): number {
    const typical = (high + low + close) / 3;
    const mean = this.average.update(typical);
    this.ring[this.position] = typical;
    this.position = this.position + 1 === this.period ? 0 : this.position + 1;
    if (!this.average.ready) return this.value;
    this.ready = true;
    const deviation = this.meanDeviation(mean);
    this.value = deviation === 0 ? 0 : (typical - mean) / (0.015 * deviation);
    return this.value;
  }

  private meanDeviation(mean: number): number {
    const ring = this.ring;
    let sum = 0;
    for (let index = 0; index < ring.length; index += 1) sum += Math.abs(ring[index]! - mean);
    return sum / this.period;
  }
}

/** {@link Cci} of whole columns, NaN during warm-up. */
export function cciColumn(bars: HighLowCloseColumns, period: number): Float64Array {
  const indicator = new Cci(period);
  const column = new Float64Array(bars.close.length);
  for (let index = 0; index < column.length; index += 1) {
    column[index] = indicator.updateBar(bars.high[index]!, bars.low[index]!, bars.close[index]!);
  }
  return column;
}
