import { Indicator } from './indicator.ts';
import { StandardDeviation } from './standard-deviation.ts';

/**
 * How many population standard deviations (ddof 0) the newest value lies from the mean of the last `period`, itself
 * included; 0 when all of them are equal.
 */
export class ZScore extends Indicator {
  readonly deviation: StandardDeviation;
  value = Number.NaN;

  constructor(period: number) {
    super(period);
    this.deviation = new StandardDeviation(period);
  }

  update(value: number): number {
    const deviation = this.deviation;
    const unit = deviation.update(value);
    this.ready = deviation.ready;
    this.value = unit === 0 ? 0 : (value - deviation.anchor - deviation.offset) / unit;
    return this.value;
  }
}

/** {@link ZScore} of a whole column, NaN during warm-up. */
export function zScoreColumn(values: Float64Array, period: number): Float64Array {
  const indicator = new ZScore(period);
  const column = new Float64Array(values.length);
  for (let index = 0; index < values.length; index += 1) column[index] = indicator.update(values[index]!);
  return column;
}
