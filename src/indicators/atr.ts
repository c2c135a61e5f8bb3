import { type Ema, wilderAverage } from './ema.ts';
import { type HighLowCloseColumns, Indicator, requireFinite } from './indicator.ts';

/** `max(high, previous close) − min(low, previous close)`, in the price's unit. */
export function trueRange(high: number, low: number, previousClose: number): number {
  // Comparisons: Math.max and Math.min, with their rules for NaN and −0, cost ADX and Supertrend half as much again.
  let top = high;
  let bottom = low;
  if (previousClose > top) top = previousClose;
  else if (previousClose < bottom) bottom = previousClose;
  return top - bottom;
}

/**
 * True range: how far the price can have gone since the previous close, see {@link trueRange}. The first bar has none.
 * TA-Lib TRANGE; Wilder, New Concepts in Technical Trading Systems (1978).
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
    this.value = trueRange(high, low, previous);
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
