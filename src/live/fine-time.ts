import type { Clock } from '../foundation/clock.ts';

/** Turns of the first look at the clock: on a machine's own clock about 1 ms at most. */
const FIRST_LOOKS = 20_000;

/**
 * The wall clock with fractions of a millisecond, for latencies between processes. `Clock.now()` counts whole milliseconds
 * and may step; the monotonic clock has fractions and no date. Each reading of the first says that the true time lies
 * within that millisecond; so the offset between the two is known the better the more often both are read, and follows the
 * wall clock where that steps. Processes of one machine agree to some microseconds, others as well as their clocks do.
 */
export class FineTime {
  readonly #clock: Clock;
  /** Wall minus monotonic. */
  #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    const first = clock.now();
    const since = clock.monotonic();
    this.#offset = first - since;
    // The moment at which the millisecond turns is the offset itself. A clock that stands still has none to wait for.
    for (let look = 0; look < FIRST_LOOKS && clock.now() === first; look++) {
      if (look === 1_000 && clock.monotonic() === since) return;
    }
    this.now();
  }

  /** Epoch milliseconds with fractions. */
  now(): number {
    const monotonic = this.#clock.monotonic();
    const wall = this.#clock.now();
    const fine = monotonic + this.#offset;
    if (fine < wall) this.#offset = wall - monotonic;
    else if (fine >= wall + 1) this.#offset = wall + 1 - monotonic;
    return monotonic + this.#offset;
  }
}
