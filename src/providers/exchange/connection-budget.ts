import type { CancelTimer, Clock } from '../../foundation/clock.ts';

export interface ConnectionTerms {
  readonly most: number;
  readonly windowMs: number;
  readonly spacingMs: number;
}

/**
 * How many sockets may still be opened: exchanges ban who opens too many in a window of time. All lines of a feed share
 * one budget; who may not yet waits in line, and none jumps it.
 */
export class ConnectionBudget {
  readonly #clock: Clock;
  readonly #terms: ConnectionTerms;
  /** When each of the last `most` was opened, by the monotonic clock. */
  readonly #opened: number[] = [];
  readonly #waiting = new Set<() => void>();
  #cancelTimer: CancelTimer | undefined;

  constructor(clock: Clock, terms: ConnectionTerms) {
    this.#clock = clock;
    this.#terms = terms;
  }

  /** How many lines wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls `open` once, as soon as a socket may be opened: at once, or later. */
  whenAllowed(open: () => void): CancelTimer {
    const turn = (): void => open();
    this.#waiting.add(turn);
    this.#serve();
    return () => {
      this.#waiting.delete(turn);
      if (this.#waiting.size > 0) return;
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
    };
  }

  #serve(): void {
    if (this.#cancelTimer !== undefined) return;
    for (const turn of this.#waiting) {
      const wait = this.#waitMs();
      if (wait > 0) {
        this.#cancelTimer = this.#clock.after(wait, () => {
          this.#cancelTimer = undefined;
          this.#serve();
        });
        return;
      }
      this.#waiting.delete(turn);
      this.#opened.push(this.#clock.monotonic());
      if (this.#opened.length > this.#terms.most) this.#opened.shift();
      turn();
    }
  }

  #waitMs(): number {
    const { most, windowMs, spacingMs } = this.#terms;
    const now = this.#clock.monotonic();
    const last = this.#opened.at(-1) ?? Number.NEGATIVE_INFINITY;
    const oldest = this.#opened.length < most ? Number.NEGATIVE_INFINITY : this.#opened[0]!;
    return Math.max(0, last + spacingMs - now, oldest + windowMs - now);
  }
}
