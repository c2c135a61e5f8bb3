import type { Clock } from '../../foundation/clock.ts';
import type { LatestPrice } from '../../market/market-data.ts';
import type { ExchangeClock } from './exchange-clock.ts';
import { type ExchangeConnection, ExchangeFailure } from './exchange-connection.ts';

export interface PriceWatchParts {
  readonly connection: ExchangeConnection;
  readonly exchangeClock: ExchangeClock;
  readonly clock: Clock;
  readonly onPrice: (price: LatestPrice) => void;
  /** The exchange has a newer price than its stream told. */
  readonly onSilent: (symbol: string) => void;
}

interface Watched {
  last: LatestPrice | undefined;
  /** Of the monotonic clock: when the exchange's own time of the price moved on, or it was last looked at. */
  movedAt: number;
  isLooking: boolean;
}

/**
 * The latest price of each symbol. Staleness is seen by the exchange's time of a price, not by its arrival: a stream that
 * repeats the same price again and again is silent. Then the exchange is asked, and goes on being asked while it is.
 */
export class PriceWatch {
  readonly #parts: PriceWatchParts;
  readonly #watched = new Map<string, Watched>();

  constructor(parts: PriceWatchParts, symbols: readonly string[]) {
    this.#parts = parts;
    const movedAt = parts.clock.monotonic();
    for (const symbol of symbols) this.#watched.set(symbol, { last: undefined, movedAt, isLooking: false });
  }

  /** @returns false when the price is impossible */
  take(price: LatestPrice): boolean {
    const watched = this.#watched.get(price.symbol);
    if (watched === undefined) return true;
    if (!isSound(price)) return false;
    const { last } = watched;
    if (last !== undefined && price.occurredAt < last.occurredAt) return true;
    const isNew = last === undefined || price.occurredAt > last.occurredAt;
    if (isNew) watched.movedAt = this.#parts.clock.monotonic();
    if (!isNew && price.price === last.price && price.bid === last.bid && price.ask === last.ask) return true;
    watched.last = price;
    this.#parts.exchangeClock.observe(price.occurredAt);
    this.#parts.onPrice(price);
    return true;
  }

  /** Called now and then. */
  check(): void {
    const now = this.#parts.clock.monotonic();
    for (const [symbol, watched] of this.#watched) {
      if (now - watched.movedAt >= this.#parts.connection.traits.quietMs) void this.#look(symbol, watched);
    }
  }

  async #look(symbol: string, watched: Watched): Promise<void> {
    if (watched.isLooking) return;
    watched.isLooking = true;
    try {
      const before = watched.last?.occurredAt;
      const price = await this.#parts.connection.price(symbol);
      this.take(price);
      if (before !== undefined && price.occurredAt > before) this.#parts.onSilent(symbol);
    } catch (thrown) {
      // There is no newer price then; its age tells.
      if (!(thrown instanceof ExchangeFailure)) throw thrown;
    } finally {
      watched.movedAt = this.#parts.clock.monotonic();
      watched.isLooking = false;
    }
  }
}

function isSound({ price, bid, ask, occurredAt }: LatestPrice): boolean {
  const isPrice = (value: number | null): boolean => value === null || (Number.isFinite(value) && value > 0);
  return isPrice(price) && isPrice(bid) && isPrice(ask) && Number.isSafeInteger(occurredAt) && occurredAt > 0;
}
