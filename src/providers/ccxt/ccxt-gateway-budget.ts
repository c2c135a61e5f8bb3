import type { Clock } from '../../foundation/clock.ts';
import type { Pauses } from '../exchange/pauses.ts';

/** What a request is for. When requests are scarce, cancels go before questions, and questions before new orders. */
export type CallKind = 'order' | 'cancel' | 'query';

export interface BudgetTerms {
  /** Requests of a kind in a second. */
  readonly perSecond: Readonly<Record<CallKind, number>>;
  /** What the exchange lets one address ask of everything together. */
  readonly together: { readonly most: number; readonly windowMs: number };
}

/** The part of all requests that new orders may use, and orders and questions together; the rest is for cancels. */
const SHARE_OF_ORDERS = 0.5;
const SHARE_WITHOUT_CANCELS = 0.8;
/** The exchange's second is not ours: requests that left within one may arrive within less. */
const SECOND_MS = 1_100;
/** So long a request may wait for its turn; after that it is told when to come again. */
const PATIENCE_MS: Readonly<Record<CallKind, number>> = { order: 300, cancel: 1_000, query: 5_000 };

/** So many requests within any window of time. */
export class RequestWindow {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #windowMs: number;
  readonly #taken: number[] = [];

  constructor(clock: Clock, most: number, windowMs: number) {
    this.#clock = clock;
    this.#most = Math.max(1, Math.floor(most));
    this.#windowMs = windowMs;
  }

  /** Milliseconds until one may be taken; 0 at once. */
  waitMs(): number {
    const now = this.#clock.monotonic();
    while (this.#taken.length > 0 && this.#taken[0]! <= now - this.#windowMs) this.#taken.shift();
    if (this.#taken.length < this.#most) return 0;
    return this.#taken[this.#taken.length - this.#most]! + this.#windowMs - now;
  }

  take(): void {
    this.#taken.push(this.#clock.monotonic());
  }
}

/**
 * Who may ask the exchange, and when: so many requests of a kind in a second, with shares kept for what is more urgent,
 * and a circuit breaker for when the exchange says that it was too much.
 */
export class RequestBudget {
  readonly #clock: Clock;
  readonly #pauses: Pauses;
  readonly #windows: Readonly<Record<CallKind, readonly RequestWindow[]>>;
  readonly #pausedUntil: Record<CallKind, number> = { order: 0, cancel: 0, query: 0 };

  constructor(clock: Clock, pauses: Pauses, { perSecond, together }: BudgetTerms) {
    this.#clock = clock;
    this.#pauses = pauses;
    const window = (most: number, windowMs: number): RequestWindow => new RequestWindow(clock, most, windowMs);
    const all = window(together.most, together.windowMs);
    const withoutCancels = window(together.most * SHARE_WITHOUT_CANCELS, together.windowMs);
    const orders = window(together.most * SHARE_OF_ORDERS, together.windowMs);
    this.#windows = {
      order: [window(perSecond.order, SECOND_MS), orders, withoutCancels, all],
      cancel: [window(perSecond.cancel, SECOND_MS), all],
      query: [window(perSecond.query, SECOND_MS), withoutCancels, all],
    };
  }

  /** Waits for its turn, not long. 0: go; else the milliseconds after which it is worth another try. */
  async take(kind: CallKind): Promise<number> {
    const begun = this.#clock.monotonic();
    for (;;) {
      const wait = this.#waitMs(kind);
      if (wait <= 0) break;
      if (this.#clock.monotonic() + wait - begun > PATIENCE_MS[kind]) return Math.ceil(wait);
      const paused = this.#clock.monotonic();
      await this.#pauses.pause(wait);
      // The pause was ended early: the account is being closed.
      if (this.#clock.monotonic() - paused < wait / 2) return Math.ceil(wait);
    }
    for (const window of this.#windows[kind]) window.take();
    return 0;
  }

  /** The exchange refused to look: nothing of these kinds for a while. */
  pause(kinds: readonly CallKind[], duration: number): void {
    const until = this.#clock.monotonic() + duration;
    for (const kind of kinds) this.#pausedUntil[kind] = Math.max(this.#pausedUntil[kind], until);
  }

  #waitMs(kind: CallKind): number {
    const waits = this.#windows[kind].map((window) => window.waitMs());
    return Math.max(this.#pausedUntil[kind] - this.#clock.monotonic(), ...waits);
  }
}
