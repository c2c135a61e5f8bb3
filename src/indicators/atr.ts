import { type Ema, wilderAverage } from './ema.ts';
import { type HighLowCloseColumns, Indicator, requireFinite } from './indicator.ts';

/**
 * True range: how far the price can have gone since the previous close, `max(high, previous close) − min(low, previous
 * close)`. The first bar has none. TA-Lib TRANGE; Wilder 1978.
 */
export class TrueRange extends Indicator {
  previousClose = Number.NaN;
  value = Number.NaN;

  updateBar(high: number, low: number, close: number): number {
    requireFinite(this, high + low + close);
    const previous = this.previousClose;
    this.previousClose = close;
    if (Number.isNaN(previous)) return this.value;
    this.ready = true;
    this.value = Math.max(previous, high) - Math.min(previous, low);
    return this.value;
  }
}

/**
 * Average true range: Wilder average of {@link TrueRange}, seeded with the mean of the first `period` true ranges, that
 * is at bar `period + 1`. TA-Lib ATR.
 */
export class Atr extends Indicator {
  readonly range: TrueRange;
  readonly average: Ema;
  value = Number.NaN;

  constructor(period: number) {
    super(period);
    this.range = new TrueRange();
    this.average = wilderAverage(period);
  }

  updateBar(high: number, low: number, close: number): number {
    const range = this.range.updateBar(high, low, close);
    if (!this.range.ready) return this.value;
    this.value = this.average.update(range);
    this.ready = this.average.ready;
    return this.value;
  }
}

/** {@link TrueRange} of whole columns, NaN for the first bar. */
export function trueRangeColumn(bars: HighLowCloseColumns): Float64Array {
  const indicator = new TrueRange();
  const column = new Float64Array(bars.close.length);
  for (let index = 0; index < column.length; index += 1) {
    column[index] = indicator.updateBar(bars.high[index]!, bars.low[index]!, bars.close[index]!);
  }
  return column;
}

/** {@link Atr} of whole columns, NaN during warm-up. */
export function atrColumn(bars: HighLowCloseColumns, period: number): Float64Array {
  const indicator = new Atr(period);
  const column = new Float64Array(bars.close.length);
  for (let index = 0; index < column.length; index += 1) {
    column[index] = indicator.updateBar(bars.high[index]!, bars.low[index]!, bars.close[index]!);
  }
  return column;
}
