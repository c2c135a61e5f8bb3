import { type HighLowCloseVolumeColumns, Indicator, requireFinite, requireVolume } from './indicator.ts';
import { Sma } from './sma.ts';

/**
 * Money flow index, 0 to 100: of the money flow (typical price × volume, typical price = (high + low + close) / 3) of
 * the last `period` bars, the percentage that came on bars whose typical price rose; bars where it did not change count
 * for neither. TA-Lib MFI, but for a window without any flow: 50, where TA-Lib says 0.
 */
export class Mfi extends Indicator {
  readonly positive: Sma;
  readonly negative: Sma;
  previousTypical = Number.NaN;
  value = Number.NaN;

  constructor(period: number) {
    super(period);
    this.positive = new Sma(period);
    this.negative = new Sma(period);
  }

  updateBar(high: number, low: number, close: number, volume: number): number {
    requireFinite(this, high + low + close);
    requireVolume(this, volume);
    const typical = (high + low + close) / 3;
    const previous = this.previousTypical;
    this.previousTypical = typical;
    if (Number.isNaN(previous)) return this.value;
    const flow = typical * volume;
    const positive = this.positive.update(typical > previous ? flow : 0);
    const negative = this.negative.update(typical < previous ? flow : 0);
    if (!this.positive.ready) return this.value;
    this.ready = true;
    const total = positive + negative;
    this.value = total === 0 ? 50 : (100 * positive) / total;
    return this.value;
  }
}

/** {@link Mfi} of whole columns, NaN during warm-up. */
export function mfiColumn(bars: HighLowCloseVolumeColumns, period: number): Float64Array {
  const { high, low, close, volume } = bars;
  const indicator = new Mfi(period);
  const column = new Float64Array(close.length);
  for (let index = 0; index < column.length; index += 1) {
    column[index] = indicator.updateBar(high[index]!, low[index]!, close[index]!, volume[index]!);
  }
  return column;
}
