import { invariant } from '../foundation/errors.ts';
import { DAY_MS } from '../foundation/time.ts';
import { type HighLowCloseVolumeColumns, Indicator, requireFinite, requireVolume } from './indicator.ts';

/** Where a {@link Vwap} starts anew: never, or with every UTC day. */
export type VwapReset = 'never' | 'daily';

/**
 * Volume-weighted average price: `Σ(typical price × volume) / Σ volume`, typical price = (high + low + close) / 3, over
 * all bars so far or (`daily`) over those of the current UTC day. A bar belongs to the day it lies in: one that closes
 * at midnight to the day that ends there. NaN and not ready until there is volume. Skender's Vwap; Berkowitz, Logue and
 * Noser, The Total Cost of Transactions on the NYSE (1988).
 */
export class Vwap extends Indicator {
  readonly daily: boolean;
  /** Days since 1970-01-01 of the current session. */
  session = Number.NaN;
  turnover = 0;
  volume = 0;
  value = Number.NaN;

  constructor(reset: VwapReset = 'never') {
    super(reset);
    invariant(reset === 'never' || reset === 'daily', 'A VWAP starts anew never or daily', { reset });
    this.daily = reset === 'daily';
  }

  /** `closeTime` in epoch milliseconds UTC; bars come in its order. */
  updateBar(high: number, low: number, close: number, volume: number, closeTime: number): number {
    requireFinite(this, high + low + close + closeTime);
    requireVolume(this, volume);
    if (this.daily) this.enterSession(Math.floor((closeTime - 1) / DAY_MS));
    this.turnover += ((high + low + close) / 3) * volume;
    this.volume += volume;
    this.ready = this.volume > 0;
    this.value = this.ready ? this.turnover / this.volume : Number.NaN;
    return this.value;
  }

  private enterSession(session: number): void {
    if (session === this.session) return;
    this.session = session;
    this.turnover = 0;
    this.volume = 0;
  }
}

/** {@link Vwap} of whole columns; NaN where there is no volume yet. */
export function vwapColumn(
  bars: HighLowCloseVolumeColumns & { readonly closeTime: Float64Array },
  reset: VwapReset = 'never',
): Float64Array {
  const { high, low, close, volume, closeTime } = bars;
  const indicator = new Vwap(reset);
  const column = new Float64Array(close.length);
  for (let index = 0; index < column.length; index += 1) {
    column[index] = indicator.updateBar(high[index]!, low[index]!, close[index]!, volume[index]!, closeTime[index]!);
  }
  return column;
}
