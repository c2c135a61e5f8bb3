import { type HighLowCloseColumns, Indicator, requireFinite } from './indicator.ts';
import { RollingMax, RollingMin } from './rolling-extremes.ts';
import { Sma } from './sma.ts';

/**
 * Slow stochastic oscillator, 0 to 100. Raw k = `100 × (close − lowest low) / (highest high − lowest low)` over
 * `kPeriod` bars; `k` = mean of the last `kSmooth` raw ones, `d` = mean of the last `dPeriod` of k. TA-Lib STOCH with
 * simple averages, but for a window without any range: raw k is 50, where TA-Lib says 0. `ready` waits for d.
 */
export class Stochastic extends Indicator {
  readonly highest: RollingMax;
  readonly lowest: RollingMin;
  readonly kAverage: Sma;
  readonly dAverage: Sma;
  k = Number.NaN;
  d = Number.NaN;

  constructor(kPeriod: number, kSmooth: number, dPeriod: number) {
    super(kPeriod, kSmooth, dPeriod);
    this.highest = new RollingMax(kPeriod);
    this.lowest = new RollingMin(kPeriod);
    this.kAverage = new Sma(kSmooth);
    this.dAverage = new Sma(dPeriod);
  }

  updateBar(high: number, low: number, close: number): void {
    requireFinite(this, high + low + close);
    const highest = this.highest.update(high);
    const lowest = this.lowest.update(low);
    if (!this.highest.ready) return;
    const range = highest - lowest;
    this.k = this.kAverage.update(range === 0 ? 50 : (100 * (close - lowest)) / range);
    if (!this.kAverage.ready) return;
    this.d = this.dAverage.update(this.k);
    this.ready = this.dAverage.ready;
  }
}

/** {@link Stochastic} of whole columns, NaN during warm-up. */
export function stochasticColumns(
  bars: HighLowCloseColumns,
  kPeriod: number,
  kSmooth: number,
  dPeriod: number,
): { readonly k: Float64Array; readonly d: Float64Array } {
  const indicator = new Stochastic(kPeriod, kSmooth, dPeriod);
  const { length } = bars.close;
  const k = new Float64Array(length);
  const d = new Float64Array(length);
  for (let index = 0; index < length; index += 1) {
    indicator.updateBar(bars.high[index]!, bars.low[index]!, bars.close[index]!);
    k[index] = indicator.k;
    d[index] = indicator.d;
  }
  return { k, d };
}
