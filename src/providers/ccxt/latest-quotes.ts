import { type EpochMs, epochMs } from '../../foundation/time.ts';
import type { LatestPrice } from '../../market/market-data.ts';
import type { PriceWords } from './venue-message.ts';

interface Quote {
  last: number | undefined;
  bid: number | null;
  ask: number | null;
  occurredAt: number;
}

/** Exchanges tell what changed of a price; this puts it together. Of a market without a trade yet there is no price. */
export class LatestQuotes {
  readonly #source: string;
  readonly #quotes = new Map<string, Quote>();

  constructor(source: string) {
    this.#source = source;
  }

  /** @param now stands in where the exchange does not say when */
  take(symbol: string, words: PriceWords, now: EpochMs): LatestPrice | undefined {
    const quote = this.#quotes.get(symbol) ?? { last: undefined, bid: null, ask: null, occurredAt: 0 };
    this.#quotes.set(symbol, quote);
    quote.last = words.last ?? quote.last;
    quote.bid = words.bid ?? quote.bid;
    quote.ask = words.ask ?? quote.ask;
    quote.occurredAt = Math.max(quote.occurredAt, words.exchangeTime ?? now);
    const { last, bid, ask, occurredAt } = quote;
    if (last === undefined) return undefined;
    return { symbol, price: last, bid, ask, occurredAt: epochMs(occurredAt), source: this.#source };
  }

  /** Begins anew with a symbol: after a break what did not change is not known. */
  forget(symbol: string): void {
    this.#quotes.delete(symbol);
  }
}
