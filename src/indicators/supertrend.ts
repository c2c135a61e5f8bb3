import { Atr } from './atr.ts';
import { type HighLowCloseColumns, Indicator, requireFinite } from './indicator.ts';

/**
 * Supertrend (Olivier Seban): a trailing stop at `multiplier` × ATR from the middle of the bar; commonly 10, 3.
 *
 * The `upper` band only falls and the `lower` only rises, until the previous close was beyond it; then it starts anew at
 * (high + low) / 2 ± multiplier × ATR. A falling trend turns when the close is above the upper band, a rising one when
 * it is below the lower. `value` is the band on the far side: the lower while rising. The first trend is falling unless
 * the close is above the upper band. TradingView's ta.supertrend with the ATR of {@link Atr}.
 */
export class Supertrend extends Indicator {
  readonly multiplier: number;
  readonly atr: Atr;
  previousClose = 0;
  upper = Number.NaN;
  lower = Number.NaN;
  value = Number.NaN;
  /** 1 rising, −1 falling, 0 not known yet. */
  direction = 0;

  constructor(period: number, multiplier: number) {
    super(period, multiplier);
    requireFinite(this, multiplier);
    this.multiplier = multiplier;
    this.atr = new Atr(period);
  }

  updateBar(high: number, low: number, close: number): number {
    const reach = this.multiplier * this.atr.updateBar(high, low, close);
    if (!this.atr.ready) return this.value;
    const middle = (high + low) / 2;
    this.moveBands(middle + reach, middle - reach);
    this.previousClose = close;
    const rising = this.direction === 1 ? close >= this.lower : close > this.upper;
    this.direction = rising ? 1 : -1;
    this.value = rising ? this.lower : this.upper;
    this.ready = true;
    return this.value;
  }

  private moveBands(upper: number, lower: number): void {
    const previousClose = this.previousClose;
    if (!this.ready || upper < this.upper || previousClose > this.upper) this.upper = upper;
    if (!this.ready || lower > this.lower || previousClose < this.lower) this.lower = lower;
  }
}

/** The outputs of {@link Supertrend} as columns; `direction` is 1 rising, −1 falling, 0 during warm-up. */
export interface SupertrendColumns {
  readonly value: Float64Array;
  readonly direction: Float64Array;
  readonly upper: Float64Array;
  readonly lower: Float64Array;
}

/** {@link Supertrend} of whole columns, NaN (and direction 0) during warm-up. */
export function supertrendColumns(bars: HighLowCloseColumns, period: number, multiplier: number): SupertrendColumns {
  const indicator = new Supertrend(period, multiplier);
  const { length } = bars.close;
  const value = new Float64Array(length);
  const direction = new Float64Array(length);
  const upper = new Float64Array(length);
  const lower = new Float64Array(length);
  for (let index = 0; index < length; index += 1) {
    value[index] = indicator.updateBar(bars.high[index]!, bars.low[index]!, bars.close[index]!);
    direction[index] = indicator.direction;
    upper[index] = indicator.upper;
    lower[index] = indicator.lower;
  }
  return { value, direction, upper, lower };
}
