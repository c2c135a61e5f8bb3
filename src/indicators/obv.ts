import { Indicator, requireFinite, requireVolume } from './indicator.ts';

/**
 * On-balance volume: the running sum of volume, added when the close is above the previous one, subtracted when below.
 * Starts at the first bar's volume, as TA-Lib OBV does (Skender's library starts at 0).
 */
export class Obv extends Indicator {
  previousClose = Number.NaN;
  value = Number.NaN;

  update(close: number, volume: number): number {
    requireFinite(this, close);
    requireVolume(this, volume);
    const previous = this.previousClose;
    this.previousClose = close;
    if (!this.ready) {
      this.ready = true;
      this.value = volume;
    } else if (close > previous) this.value += volume;
    else if (close < previous) this.value -= volume;
    return this.value;
  }
}

/** {@link Obv} of whole columns. */
export function obvColumn(bars: { readonly close: Float64Array; readonly volume: Float64Array }): Float64Array {
  const indicator = new Obv();
  const column = new Float64Array(bars.close.length);
  for (let index = 0; index < column.length; index += 1) {
    column[index] = indicator.update(bars.close[index]!, bars.volume[index]!);
  }
  return column;
}
