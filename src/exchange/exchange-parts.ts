import type { Clock } from '../foundation/clock.ts';
import type { DisconnectProtection } from './bybit/disconnect-protection.ts';
import type { PrivateFeed } from './bybit/private-feed.ts';
import type { PublicFeed } from './bybit/public-feed.ts';
import type { RateLimiter } from './bybit/rate-limiter.ts';
import type { FaultBoard } from './faults/fault-board.ts';
import type { CandleBoard } from './market/candle-board.ts';
import type { RecordedMarket } from './market/market.ts';
import type { Print } from './market/tape.ts';
import type { Account } from './trading/account.ts';
import type { LookUpWindow } from './trading/look-up-window.ts';
import type { Venue } from './trading/venue.ts';

/** What the faces of the exchange work on. */
export interface ExchangeParts {
  /** The market's time. */
  readonly clock: Clock;
  /** The world's time: where the market runs at its own speed, requests may be signed by either. */
  readonly wallClock: Clock;
  readonly markets: readonly RecordedMarket[];
  readonly candles: CandleBoard;
  readonly venue: Venue;
  readonly faults: FaultBoard;
  readonly publicFeed: PublicFeed;
  readonly privateFeed: PrivateFeed;
  readonly accounts: ReadonlyMap<string, Account>;
  /** `undefined`: nobody counts. */
  readonly rateLimiter: RateLimiter | undefined;
  readonly counts: CallCounts;
  readonly lookUps: LookUpWindow;
  readonly protection: DisconnectProtection;
  /** Others who are told of every trade of the market. */
  readonly listeners: PrintListeners;
}

export interface PrintListener {
  onPrint(market: RecordedMarket, print: Print): void;
}

/** Who comes and goes while the market plays. */
export class PrintListeners {
  readonly #all = new Set<PrintListener>();

  /** Gives what ends it. */
  add(listener: PrintListener): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  onPrint(market: RecordedMarket, print: Print): void {
    for (const listener of this.#all) listener.onPrint(market, print);
  }
}

/** How often each path and each operation of a socket was asked for. */
export class CallCounts {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)));
  }
}
