import { invariant } from '../foundation/errors.ts';
import { Ema } from './ema.ts';
import { Indicator, requireFinite } from './indicator.ts';

/**
 * Moving average convergence/divergence: `line` = EMA(fast) − EMA(slow), `signal` = EMA of the line, `histogram` =
 * line − signal. TA-Lib MACD: both averages start together at the slow one's first value (the fast one is seeded with
 * the `fast` values before it), the signal with the mean of the line's first `signal` values. The line is shown as soon
 * as it exists, `ready` waits for the signal.
 */
export class Macd extends Indicator {
  readonly fast: Ema;
  readonly slow: Ema;
  readonly signalAverage: Ema;
  /** Values the fast average still has to sit out. */
  fastDelay: number;
  line = Number.NaN;
  signal = Number.NaN;
  histogram = Number.NaN;

  constructor(fastPeriod: number, slowPeriod: number, signalPeriod: number) {
    super(fastPeriod, slowPeriod, signalPeriod);
    invariant(fastPeriod < slowPeriod, 'The fast period must be the shorter one', { fastPeriod, slowPeriod });
    this.fast = new Ema(fastPeriod);
    this.slow = new Ema(slowPeriod);
    this.signalAverage = new Ema(signalPeriod);
    this.fastDelay = slowPeriod - fastPeriod;
  }

  update(value: number): void {
    requireFinite(this, value);
    const slow = this.slow.update(value);
    if (this.fastDelay > 0) {
      this.fastDelay -= 1;
      return;
    }
    const fast = this.fast.update(value);
    if (!this.slow.ready) return;
    this.line = fast - slow;
    this.signal = this.signalAverage.update(this.line);
    this.histogram = this.line - this.signal;
    this.ready = this.signalAverage.ready;
  }
}

/** The outputs of {@link Macd} as columns. */
export interface MacdColumns {
  readonly line: Float64Array;
  readonly signal: Float64Array;
  readonly histogram: Float64Array;
}

/** {@link Macd} of a whole column, NaN during warm-up. */
export function macdColumns(
  values: Float64Array,
  fastPeriod: number,
  slowPeriod: number,
  signalPeriod: number,
): MacdColumns {
  const indicator = new Macd(fastPeriod, slowPeriod, signalPeriod);
  const { length } = values;
  const line = new Float64Array(length);
  const signal = new Float64Array(length);
  const histogram = new Float64Array(length);
  for (let index = 0; index < length; index += 1) {
    indicator.update(values[index]!);
    line[index] = indicator.line;
    signal[index] = indicator.signal;
    histogram[index] = indicator.histogram;
  }
  return { line, signal, histogram };
}
