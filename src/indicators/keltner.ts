import { Atr } from './atr.ts';
import type { BandColumns } from './bollinger.ts';
import { Ema } from './ema.ts';
import { type HighLowCloseColumns, Indicator, requireFinite } from './indicator.ts';

/**
 * Keltner channel in Linda Raschke's form: `middle` = EMA of the close, `upper` and `lower` = middle ± `multiplier` ×
 * ATR; commonly 20, 10, 2. Seeds are those of {@link Ema} and {@link Atr}.
 */
export class Keltner extends Indicator {
  readonly multiplier: number;
  readonly average: Ema;
  readonly atr: Atr;
  upper = Number.NaN;
  middle = Number.NaN;
  lower = Number.NaN;

  constructor(emaPeriod: number, atrPeriod: number, multiplier: number) {
    super(emaPeriod, atrPeriod, multiplier);
    requireFinite(this, multiplier);
    this.multiplier = multiplier;
    this.average = new Ema(emaPeriod);
    this.atr = new Atr(atrPeriod);
  }

  updateBar(high: number, low: number, close: number): void {
    const reach = this.multiplier * this.atr.updateBar(high, low, close);
    this.middle = this.average.update(close);
    this.upper = this.middle + reach;
    this.lower = this.middle - reach;
    this.ready = this.average.ready && this.atr.ready;
  }
}

/** {@link Keltner} of whole columns, NaN during warm-up. */
export function keltnerColumns(
  bars: HighLowCloseColumns,
  emaPeriod: number,
  atrPeriod: number,
  multiplier: number,
): BandColumns {
  const indicator = new Keltner(emaPeriod, atrPeriod, multiplier);
  const { length } = bars.close;
  const upper = new Float64Array(length);
  const middle = new Float64Array(length);
  const lower = new Float64Array(length);
  for (let index = 0; index < length; index += 1) {
    indicator.updateBar(bars.high[index]!, bars.low[index]!, bars.close[index]!);
    upper[index] = indicator.upper;
    middle[index] = indicator.middle;
    lower[index] = indicator.lower;
  }
  return { upper, middle, lower };
}
