import { Indicator, requireFinite } from './indicator.ts';
import { StandardDeviation } from './standard-deviation.ts';

/**
 * Bollinger bands: `middle` = mean of the last `period` values, `upper` and `lower` = middle ± `multiplier` population
 * standard deviations (ddof 0). Bollinger on Bollinger Bands (2001); TA-Lib BBANDS with a simple average.
 */
export class Bollinger extends Indicator {
  readonly multiplier: number;
  readonly deviation: StandardDeviation;
  upper = Number.NaN;
  middle = Number.NaN;
  lower = Number.NaN;

  constructor(period: number, multiplier: number) {
    super(period, multiplier);
    requireFinite(this, multiplier);
    this.multiplier = multiplier;
    this.deviation = new StandardDeviation(period);
  }

  update(value: number): void {
    const deviation = this.deviation;
    const reach = this.multiplier * deviation.update(value);
    this.middle = deviation.mean;
    this.upper = deviation.mean + reach;
    this.lower = deviation.mean - reach;
    this.ready = deviation.ready;
  }
}

/** The outputs of a band or channel as columns. */
export interface BandColumns {
  readonly upper: Float64Array;
  readonly middle: Float64Array;
  readonly lower: Float64Array;
}

/** {@link Bollinger} of a whole column, NaN during warm-up. */
export function bollingerColumns(values: Float64Array, period: number, multiplier: number): BandColumns {
  const indicator = new Bollinger(period, multiplier);
  const { length } = values;
  const upper = new Float64Array(length);
  const middle = new Float64Array(length);
  const lower = new Float64Array(length);
  for (let index = 0; index < length; index += 1) {
    indicator.update(values[index]!);
    upper[index] = indicator.upper;
    middle[index] = indicator.middle;
    lower[index] = indicator.lower;
  }
  return { upper, middle, lower };
}
