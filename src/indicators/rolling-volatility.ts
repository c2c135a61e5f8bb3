import { invariant } from '../foundation/errors.ts';
import { Indicator, refuseInput, requireFinite } from './indicator.ts';
import { StandardDeviation } from './standard-deviation.ts';

/**
 * Realised volatility: the sample standard deviation (ddof 1) of the last `period` log returns `ln(close / previous)`,
 * times `√barsPerYear`. With `barsPerYear` 1, the default, it is per bar; 365 annualises daily bars of a market that
 * never closes, 252 those of a stock exchange. Hull, Options, Futures, and Other Derivatives, "Estimating volatility
 * from historical data". Values must be positive.
 */
export class RollingVolatility extends Indicator {
  readonly scale: number;
  readonly deviation: StandardDeviation;
  /** 0 before the first value. */
  previous = 0;
  value = Number.NaN;

  constructor(period: number, barsPerYear = 1) {
    super(period, barsPerYear);
    requireFinite(this, barsPerYear);
    invariant(barsPerYear > 0, 'A year must have bars', { barsPerYear });
    this.scale = Math.sqrt(barsPerYear);
    this.deviation = new StandardDeviation(period, 1);
  }

  update(close: number): number {
    if (!(close > 0 && close < Number.POSITIVE_INFINITY)) refuseInput(this, close);
    const previous = this.previous;
    this.previous = close;
    if (previous === 0) return this.value;
    this.value = this.scale * this.deviation.update(Math.log(close / previous));
    this.ready = this.deviation.ready;
    return this.value;
  }
}

/** {@link RollingVolatility} of a whole column, NaN during warm-up. */
export function rollingVolatilityColumn(closes: Float64Array, period: number, barsPerYear = 1): Float64Array {
  const indicator = new RollingVolatility(period, barsPerYear);
  const column = new Float64Array(closes.length);
  for (let index = 0; index < closes.length; index += 1) column[index] = indicator.update(closes[index]!);
  return column;
}
