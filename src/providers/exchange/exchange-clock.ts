import type { Clock } from '../../foundation/clock.ts';
import { type EpochMs, epochMs } from '../../foundation/time.ts';

/** A message says a time that is further ahead of what is known than this: a false one, or this machine slept. */
export const MOST_AHEAD_MS = 900_000;

/**
 * The exchange's clock, as far as it is known: never ahead of the true one as long as both run equally fast, since an
 * answer is older when it arrives than when it was given. So what has ended by this clock has ended. Steps of this
 * machine's wall clock don't move it.
 */
export class ExchangeClock {
  readonly #clock: Clock;
  #anchor: number;
  #anchoredAt: number;

  /** Until the exchange is asked the machine's wall clock has to do. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#anchor = clock.now();
    this.#anchoredAt = clock.monotonic();
  }

  now(): EpochMs {
    return epochMs(Math.floor(this.#anchor + this.#clock.monotonic() - this.#anchoredAt));
  }

  /** The exchange answered the question for its time. */
  set(exchangeTime: EpochMs): void {
    this.#anchor = exchangeTime;
    this.#anchoredAt = this.#clock.monotonic();
  }

  /**
   * The exchange sent something at that time: it is not earlier.
   *
   * @returns false when that is so far ahead that it is not believed: the exchange should be asked
   */
  observe(exchangeTime: EpochMs): boolean {
    const now = this.now();
    if (exchangeTime > now + MOST_AHEAD_MS) return false;
    if (exchangeTime > now) this.set(exchangeTime);
    return true;
  }
}
