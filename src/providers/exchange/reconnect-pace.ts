import type { Clock } from '../../foundation/clock.ts';
import type { Random } from '../../foundation/random.ts';

/** Waits that double with each attempt, and differ from those of others who failed at the same moment. */
export interface BackoffTerms {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** How long to wait before attempt `attempt` (0 is the first repeat): a random half to the whole of the doubled wait. */
export function backoffMs(attempt: number, { firstMs, longestMs }: BackoffTerms, random: Random): number {
  const whole = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30));
  return whole * (0.5 + random.next() / 2);
}

/** How many connections may still be opened: exchanges ban who opens too many in a window of time. */
export class ConnectionBudget {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #windowMs: number;
  readonly #opened: number[] = [];

  constructor(clock: Clock, { most, windowMs }: { readonly most: number; readonly windowMs: number }) {
    this.#clock = clock;
    this.#most = most;
    this.#windowMs = windowMs;
  }

  /** Milliseconds until one may be opened; 0 at once. */
  waitMs(): number {
    const now = this.#clock.monotonic();
    while (this.#opened.length > 0 && this.#opened[0]! <= now - this.#windowMs) this.#opened.shift();
    if (this.#opened.length < this.#most) return 0;
    return this.#opened[this.#opened.length - this.#most]! + this.#windowMs - now;
  }

  take(): void {
    this.#opened.push(this.#clock.monotonic());
  }
}
