import type { Clock } from '../../foundation/clock.ts';
import type { EpochMs } from '../../foundation/time.ts';
import type { LatestPrice } from '../../market/market-data.ts';
import { type ExchangeConnection, ExchangeFailure } from './exchange-connection.ts';

export interface PriceWatchParts {
  readonly connection: ExchangeConnection;
  /** Whether the exchange's time of a price can be believed. */
  readonly observe: (exchangeTime: EpochMs) => boolean;
  readonly clock: Clock;
  /** Whether the symbol's prices come by themselves at the moment, as far as is known. */
  readonly isStreamed: (symbol: string) => boolean;
  readonly onPrice: (price: LatestPrice) => void;
  /** One more request was made. */
  readonly onRequest: () => void;
  readonly onUnanswered: (symbol: string) => void;
  /** The exchange has a newer and other price than its stream told. */
  readonly onSilent: (symbol: string) => void;
}

interface Watched {
  last: LatestPrice | undefined;
  /** Of the monotonic clock: when the exchange's own time of the price moved on, or it was last looked at. */
  movedAt: number;
}

/**
 * The latest price of each symbol. Staleness is seen by the exchange's time of a price, not by its arrival: a stream that
 * repeats the same price again and again is silent. Then the exchange is asked, and goes on being asked while it is;
 * where there is no stream it is asked for at its pace. One request asks for all symbols that are due.
 */
export class PriceWatch {
  readonly #parts: PriceWatchParts;
  readonly #watched = new Map<string, Watched>();
  #isLooking = false;

  constructor(parts: PriceWatchParts, symbols: readonly string[]) {
    this.#parts = parts;
    const movedAt = parts.clock.monotonic();
    for (const symbol of symbols) this.#watched.set(symbol, { last: undefined, movedAt });
  }

  /** What became of a price: news, no news (the same, or an older one), or impossible. */
  take(price: LatestPrice): 'new' | 'old' | 'impossible' {
    const watched = this.#watched.get(price.symbol);
    if (watched === undefined) return 'old';
    if (!isSound(price) || !this.#parts.observe(price.occurredAt)) return 'impossible';
    const { last } = watched;
    if (last !== undefined && price.occurredAt < last.occurredAt) return 'old';
    const isNew = last === undefined || price.occurredAt > last.occurredAt;
    if (isNew) watched.movedAt = this.#parts.clock.monotonic();
    if (!isNew && isSamePrice(price, last)) return 'old';
    watched.last = price;
    this.#parts.onPrice(price);
    return isNew ? 'new' : 'old';
  }

  /** Called now and then. */
  check(): void {
    if (this.#isLooking) return;
    const now = this.#parts.clock.monotonic();
    const { quietMs, pricePollMs } = this.#parts.connection.traits;
    const due: string[] = [];
    for (const [symbol, { movedAt }] of this.#watched) {
      const patience = this.#parts.isStreamed(symbol) ? quietMs : pricePollMs;
      if (now - movedAt >= patience) due.push(symbol);
    }
    if (due.length > 0) void this.#look(due);
  }

  async #look(symbols: readonly string[]): Promise<void> {
    this.#isLooking = true;
    try {
      this.#parts.onRequest();
      for (const price of await this.#parts.connection.prices(symbols)) {
        const before = this.#watched.get(price.symbol)?.last;
        // The same price, only later, is a quiet market.
        const isNews = before !== undefined && !isSamePrice(price, before);
        if (this.take(price) === 'new' && isNews) this.#parts.onSilent(price.symbol);
      }
    } catch (thrown) {
      // There is no newer price then; its age tells.
      if (!(thrown instanceof ExchangeFailure)) throw thrown;
      for (const symbol of symbols) this.#parts.onUnanswered(symbol);
    } finally {
      const now = this.#parts.clock.monotonic();
      for (const symbol of symbols) this.#watched.get(symbol)!.movedAt = now;
      this.#isLooking = false;
    }
  }
}

function isSamePrice(one: LatestPrice, other: LatestPrice): boolean {
  return one.price === other.price && one.bid === other.bid && one.ask === other.ask;
}

function isSound({ price, bid, ask, occurredAt }: LatestPrice): boolean {
  const isPrice = (value: number | null): boolean => value === null || (Number.isFinite(value) && value > 0);
  return isPrice(price) && isPrice(bid) && isPrice(ask) && Number.isSafeInteger(occurredAt) && occurredAt > 0;
}
