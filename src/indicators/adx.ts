import { trueRange } from './atr.ts';
import { type HighLowCloseColumns, Indicator, requireFinite, requirePeriod, STANDSTILL } from './indicator.ts';

/**
 * Wilder's directional movement system: `plusDi`, `minusDi` and their average directional index `value`, 0 to 100.
 * TA-Lib PLUS_DI, MINUS_DI and ADX, seeds and all: the smoothed sums of true range and movement start as plain sums of
 * the first `period − 1` bars' (Wilder's worksheet and Skender's library take `period`), the DIs begin at bar
 * `period + 1`, and ADX begins at bar `2 × period` as the mean of the first `period` DX values. Where nothing moves
 * there is no DX, and ADX stays. `ready` waits for ADX.
 */
export class Adx extends Indicator {
  readonly period: number;
  readonly smoothing: number;
  /** Bars taken while warming up. */
  seen = 0;
  previousHigh = 0;
  previousLow = 0;
  previousClose = 0;
  rangeSum = 0;
  plusSum = 0;
  minusSum = 0;
  directionalSum = 0;
  plusDi = Number.NaN;
  minusDi = Number.NaN;
  value = Number.NaN;

  constructor(period: number) {
    super(period);
    requirePeriod(period, 2);
    this.period = period;
    this.smoothing = 1 / period;
  }

  updateBar(high: number, low: number, close: number): number {
    requireFinite(this, high + low + close);
    const rise = high - this.previousHigh;
    const drop = this.previousLow - low;
    const range = trueRange(high, low, this.previousClose);
    this.previousHigh = high;
    this.previousLow = low;
    this.previousClose = close;
    if (this.seen < 2 * this.period) {
      this.seen += 1;
      if (this.seen === 1) return this.value;
    }
    this.accumulate(range, rise > 0 && rise > drop ? rise : 0, drop > 0 && drop > rise ? drop : 0);
    if (this.seen > this.period) this.measure();
    return this.value;
  }

  private accumulate(range: number, plus: number, minus: number): void {
    if (this.seen > this.period) {
      this.rangeSum -= this.smoothing * this.rangeSum;
      this.plusSum -= this.smoothing * this.plusSum;
      this.minusSum -= this.smoothing * this.minusSum;
    }
    this.rangeSum += range;
    this.plusSum += plus;
    this.minusSum += minus;
  }

  private measure(): void {
    const unit = this.rangeSum < STANDSTILL ? 0 : 100 / this.rangeSum;
    this.plusDi = unit * this.plusSum;
    this.minusDi = unit * this.minusSum;
    const movement = this.plusDi + this.minusDi;
    const moved = movement !== 0;
    const directional = moved ? (100 * Math.abs(this.plusDi - this.minusDi)) / movement : 0;
    if (this.ready) {
      if (moved) this.value += this.smoothing * (directional - this.value);
      return;
    }
    this.directionalSum += directional;
    if (this.seen < 2 * this.period) return;
    this.value = this.directionalSum / this.period;
    this.ready = true;
  }
}

/** The outputs of {@link Adx} as columns. */
export interface AdxColumns {
  readonly adx: Float64Array;
  readonly plusDi: Float64Array;
  readonly minusDi: Float64Array;
}

/** {@link Adx} of whole columns, NaN during warm-up. */
export function adxColumns(bars: HighLowCloseColumns, period: number): AdxColumns {
  const indicator = new Adx(period);
  const { length } = bars.close;
  const adx = new Float64Array(length);
  const plusDi = new Float64Array(length);
  const minusDi = new Float64Array(length);
  for (let index = 0; index < length; index += 1) {
    adx[index] = indicator.updateBar(bars.high[index]!, bars.low[index]!, bars.close[index]!);
    plusDi[index] = indicator.plusDi;
    minusDi[index] = indicator.minusDi;
  }
  return { adx, plusDi, minusDi };
}
