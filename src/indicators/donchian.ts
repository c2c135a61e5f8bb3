import type { BandColumns } from './bollinger.ts';
import { Indicator, requireFinite } from './indicator.ts';
import { RollingMax, RollingMin } from './rolling-extremes.ts';

/**
 * Donchian channel: `upper` = highest high and `lower` = lowest low of the last `period` bars, the newest included;
 * `middle` = halfway. A close can therefore never be beyond the channel of its own bar: a breakout is a close beyond
 * the channel of the bar before (which is what Skender's library calls the channel).
 */
export class Donchian extends Indicator {
  readonly highest: RollingMax;
  readonly lowest: RollingMin;
  upper = Number.NaN;
  middle = Number.NaN;
  lower = Number.NaN;

  constructor(period: number) {
    super(period);
    this.highest = new RollingMax(period);
    this.lowest = new RollingMin(period);
  }

  updateBar(high: number, low: number): void {
    requireFinite(this, high + low);
    this.upper = this.highest.update(high);
    this.lower = this.lowest.update(low);
    this.middle = (this.upper + this.lower) / 2;
    this.ready = this.highest.ready;
  }
}

/** {@link Donchian} of whole columns, NaN during warm-up. */
export function donchianColumns(
  bars: { readonly high: Float64Array; readonly low: Float64Array },
  period: number,
): BandColumns {
  const indicator = new Donchian(period);
  const { length } = bars.high;
  const upper = new Float64Array(length);
  const middle = new Float64Array(length);
  const lower = new Float64Array(length);
  for (let index = 0; index < length; index += 1) {
    indicator.updateBar(bars.high[index]!, bars.low[index]!);
    upper[index] = indicator.upper;
    middle[index] = indicator.middle;
    lower[index] = indicator.lower;
  }
  return { upper, middle, lower };
}
