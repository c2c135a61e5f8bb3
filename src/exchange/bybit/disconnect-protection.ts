import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { Account, ProtectedProduct } from '../trading/account.ts';
import type { Venue } from '../trading/venue.ts';

const TOPICS: Readonly<Record<ProtectedProduct, readonly string[]>> = {
  DERIVATIVES: ['dcp', 'dcp.future'],
  SPOT: ['dcp', 'dcp.spot'],
};
const CATEGORIES: Readonly<Record<ProtectedProduct, string>> = { DERIVATIVES: 'linear', SPOT: 'spot' };
const PRODUCTS = Object.keys(TOPICS) as readonly ProtectedProduct[];

export const PROTECTION_TOPICS = ['dcp', 'dcp.future', 'dcp.spot', 'dcp.option'];

/**
 * Disconnect cancel all ("DCP"): once every private connection that listened to a product's `dcp` topic is gone, and none
 * is back within the account's window, the open orders of the product are cancelled.
 */
export class DisconnectProtection {
  readonly #clock: Clock;
  readonly #venue: Venue;
  readonly #waiting = new Map<Account, Map<ProtectedProduct, CancelTimer>>();

  constructor(clock: Clock, venue: Venue) {
    this.#clock = clock;
    this.#venue = venue;
  }

  /** Somebody listens to these topics: what waited for that product waits no more. */
  joined(account: Account, topic: string): void {
    for (const product of PRODUCTS) if (TOPICS[product].includes(topic)) this.#stopWaiting(account, product);
  }

  /** A connection that listened to `topics` is gone; `left` are those of the account's other connections. */
  gone(account: Account, topics: ReadonlySet<string>, left: ReadonlySet<string>): void {
    for (const product of PRODUCTS) {
      const seconds = account.disconnectWindows.get(product);
      const listened = TOPICS[product].some((topic) => topics.has(topic));
      if (seconds === undefined || !listened || TOPICS[product].some((topic) => left.has(topic))) continue;
      this.#stopWaiting(account, product);
      const ofAccount = this.#waiting.get(account) ?? new Map<ProtectedProduct, CancelTimer>();
      this.#waiting.set(account, ofAccount);
      ofAccount.set(
        product,
        this.#clock.after(seconds * 1_000, () => {
          this.#venue.cancelFor(account, 'CancelByDCP', ({ category }) => category === CATEGORIES[product]);
        }),
      );
    }
  }

  stop(): void {
    for (const ofAccount of this.#waiting.values()) for (const cancel of ofAccount.values()) cancel();
  }

  #stopWaiting(account: Account, product: ProtectedProduct): void {
    this.#waiting.get(account)?.get(product)?.();
    this.#waiting.get(account)?.delete(product);
  }
}
