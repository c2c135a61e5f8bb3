import type { Clock } from '../../foundation/clock.ts';

const WINDOW_MS = 1_000;
/** Bybit's limit of an address: 600 requests in 5 s, then shut out for 10 minutes. */
const ADDRESS_REQUESTS = 600;
const ADDRESS_WINDOW_MS = 5_000;
const ADDRESS_BAN_MS = 600_000;
/** New sockets of an address: 500 in five minutes. */
const CONNECTIONS = 500;
const CONNECTION_WINDOW_MS = 300_000;

export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  readonly left: number;
  /** When the next request is allowed; now, where one is. */
  readonly resetAt: number;
}

/** Counts requests in windows that roll on. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #times = new Map<string, number[]>();
  readonly #bannedUntil = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A request of one account to one endpoint: at most `limit` in a second. A refused one does not count. */
  take(key: string, limit: number): Allowance {
    const now = this.#clock.now();
    const times = this.#recent(key, now - WINDOW_MS);
    if (times.length >= limit) return { allowed: false, limit, left: 0, resetAt: times[0]! + WINDOW_MS };
    times.push(now);
    return { allowed: true, limit, left: limit - times.length, resetAt: now };
  }

  /** A request of an address. `false`: it is shut out. */
  takeAddress(address: string): boolean {
    const now = this.#clock.now();
    if (now < (this.#bannedUntil.get(address) ?? 0)) return false;
    const times = this.#recent(`address/${address}`, now - ADDRESS_WINDOW_MS);
    times.push(now);
    if (times.length <= ADDRESS_REQUESTS) return true;
    this.#bannedUntil.set(address, now + ADDRESS_BAN_MS);
    return false;
  }

  /** A new socket of an address. `false`: there have been too many. */
  takeConnection(address: string): boolean {
    const now = this.#clock.now();
    const times = this.#recent(`connection/${address}`, now - CONNECTION_WINDOW_MS);
    times.push(now);
    return times.length <= CONNECTIONS;
  }

  #recent(key: string, after: number): number[] {
    const times = this.#times.get(key) ?? [];
    this.#times.set(key, times);
    let old = 0;
    while (old < times.length && times[old]! <= after) old += 1;
    times.splice(0, old);
    return times;
  }
}
