import type { CandleMessage } from '../domain/event.ts';
import { invariant } from '../foundation/errors.ts';
import { rollingVolatilityColumn } from '../indicators/rolling-volatility.ts';

/** One more than the most periods: a return needs two closes. */
const KEPT = 501;
export const MOST_VOLATILITY_PERIODS = KEPT - 1;

interface Close {
  readonly sequence: number;
  readonly close: number;
}

/** The latest closes of a feed, by the sequence of their candles: a hole shows, and can be filled later. */
export class RecentCloses {
  /** How many closes are kept at most. */
  static readonly kept = KEPT;
  /** By sequence, oldest first. */
  #closes: Close[] = [];

  take({ sequence, close }: CandleMessage): void {
    let place = this.#closes.length;
    while (place > 0 && this.#closes[place - 1]!.sequence > sequence) place -= 1;
    const before = this.#closes[place - 1];
    // The newest revision of a candle counts.
    if (before?.sequence === sequence) this.#closes[place - 1] = { sequence, close };
    else this.#closes.splice(place, 0, { sequence, close });
    if (this.#closes.length > KEPT) this.#closes = this.#closes.slice(-KEPT);
  }

  /** Of the newest candle; 0 before the first. */
  get newest(): number {
    return this.#closes.at(-1)?.sequence ?? 0;
  }

  /** How many closes there are without a hole, the newest included. */
  get unbroken(): number {
    const closes = this.#closes;
    let count = Math.min(1, closes.length);
    while (count < closes.length && closes.at(-count - 1)!.sequence === closes.at(-count)!.sequence - 1) count += 1;
    return count;
  }

  /** Whether candles that were published before the newest one are missing here. */
  get lacksOlder(): boolean {
    return this.unbroken < Math.min(KEPT, this.newest);
  }

  /** The volatility of a bar over the last `periods` returns; `undefined` while there are not as many. */
  volatility(periods: number): number | undefined {
    const isCount = Number.isInteger(periods) && periods >= 2 && periods <= MOST_VOLATILITY_PERIODS;
    invariant(isCount, `Volatility is over 2 to ${MOST_VOLATILITY_PERIODS} periods`, { periods });
    if (this.unbroken <= periods) return undefined;
    const closes = Float64Array.from(this.#closes.slice(-periods - 1), ({ close }) => close);
    return rollingVolatilityColumn(closes, periods)[periods];
  }
}
