import type { CandleMessage, MarketMessage } from '../domain/event.ts';
import { type Timeframe, timeframeMs } from '../domain/timeframe.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { ExchangeTime } from './exchange-time.ts';
import { RecentCloses } from './recent-closes.ts';

/** The latest price of a symbol: what it is, where it came from, and by whose clock. In quote currency. */
export interface BoardPrice {
  readonly symbol: string;
  readonly price: number;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly source: string;
  /** `close`: the source tells no prices, or they are stale, so that a candle's close stands in. */
  readonly kind: 'quote' | 'close';
  /** When the price was made, by the venue's clock. */
  readonly occurredAt: EpochMs;
  /** When it reached us. */
  readonly receivedAt: EpochMs;
  readonly firstPrice: number;
  /** Candles of any timeframe so far. */
  readonly candles: number;
}

/** How old a price is. */
export interface PriceReading {
  /** Since it reached us. A repeat of it does not make it younger. */
  readonly ageMs: number;
  /** Since it was made, on the venue's clock. */
  readonly exchangeAgeMs: number;
  /** One of the two is above the limit. */
  readonly isStale: boolean;
  /** It is not older than half as long again as the shortest bar, nor than 90 s. */
  readonly isConnected: boolean;
}

/** A market that was heard within this time is connected, however short its bars. */
const CONNECTED_WITHIN_MS = 90_000;
/** What the collector built itself. Its close is that of a candle which the venue told. */
const BUILT_HERE = 'aggregated:';
const MOST_CLOSES = RecentCloses.kept;

/** What is known of the price of one symbol. It moves forward only. */
export class SymbolPrice {
  readonly name: string;
  readonly #exchangeTime: ExchangeTime;
  readonly #staleAfterMs: number;
  readonly #closes = new Map<Timeframe, RecentCloses>();
  readonly #closeTimes = new Map<Timeframe, number>();
  #latest: Omit<BoardPrice, 'firstPrice' | 'candles'> | undefined;
  #firstPrice = 0;
  #candles = 0;
  #shortest: Timeframe | undefined;

  constructor(name: string, exchangeTime: ExchangeTime, staleAfterMs: number) {
    this.name = name;
    this.#exchangeTime = exchangeTime;
    this.#staleAfterMs = staleAfterMs;
  }

  get latest(): BoardPrice | undefined {
    return this.#latest && { ...this.#latest, firstPrice: this.#firstPrice, candles: this.#candles };
  }

  /** Whether the message tells a newer price. */
  take(message: MarketMessage, now: number): boolean {
    if (message.kind === 'candle') return this.#takeCandle(message.candle, now);
    const { symbol, price, bid, ask, source, occurredAt, receivedAt } = message;
    return this.#put({ symbol, price, bid, ask, source, kind: 'quote', occurredAt, receivedAt });
  }

  reading(now: number): PriceReading | undefined {
    const latest = this.#latest;
    if (latest === undefined) return undefined;
    const ageMs = Math.max(0, now - latest.receivedAt);
    const exchangeAgeMs = Math.max(0, this.#exchangeTime.at(latest.source, now) - latest.occurredAt);
    const barMs = this.#shortest === undefined ? 0 : 1.5 * timeframeMs(this.#shortest);
    // Closes come once a bar: between them they are as new as they can be.
    const limitMs = latest.kind === 'close' ? Math.max(this.#staleAfterMs, barMs) : this.#staleAfterMs;
    const lateMs = exchangeAgeMs - this.#exchangeTime.delayMs(latest.source);
    return {
      ageMs,
      exchangeAgeMs,
      isStale: ageMs > limitMs || lateMs > limitMs,
      isConnected: ageMs <= Math.max(CONNECTED_WITHIN_MS, barMs),
    };
  }

  volatility(periods: number, timeframe = this.#shortest): number | undefined {
    return timeframe && this.#closes.get(timeframe)?.volatility(periods);
  }

  takeClose(candle: CandleMessage): void {
    const closes = this.#closes.get(candle.timeframe) ?? new RecentCloses();
    this.#closes.set(candle.timeframe, closes);
    closes.take(candle);
  }

  /** Which candles of a feed to ask the store for; `undefined` when none is missing. */
  missingCloses(timeframe: Timeframe): { readonly after: number; readonly count: number } | undefined {
    const closes = this.#closes.get(timeframe);
    if (closes === undefined || !closes.lacksOlder) return undefined;
    return { after: Math.max(0, closes.newest - MOST_CLOSES), count: MOST_CLOSES };
  }

  #takeCandle(candle: CandleMessage, now: number): boolean {
    const { symbol, timeframe, close: price, closeTime, source, receivedAt } = candle;
    this.takeClose(candle);
    if (this.#shortest === undefined || timeframeMs(timeframe) < timeframeMs(this.#shortest))
      this.#shortest = timeframe;
    if (closeTime <= (this.#closeTimes.get(timeframe) ?? Number.NEGATIVE_INFINITY)) return false;
    this.#closeTimes.set(timeframe, closeTime);
    this.#candles += 1;
    // Prices of two kinds are not mixed: a close stands in for quotes only where there are none that can be used.
    const isQuoted = this.#latest?.kind === 'quote' && this.reading(now)?.isStale === false;
    if (isQuoted || (this.#latest !== undefined && source.startsWith(BUILT_HERE))) return false;
    return this.#put({ symbol, price, bid: null, ask: null, source, kind: 'close', occurredAt: closeTime, receivedAt });
  }

  #put(next: Omit<BoardPrice, 'firstPrice' | 'candles'>): boolean {
    const known = this.#latest;
    if (known !== undefined) {
      if (next.occurredAt < known.occurredAt) return false;
      const isRepeat = next.occurredAt === known.occurredAt && next.price === known.price;
      if (isRepeat && next.bid === known.bid && next.ask === known.ask && next.kind === known.kind) return false;
    } else this.#firstPrice = next.price;
    if (known === undefined || next.occurredAt > known.occurredAt || next.source !== known.source) {
      this.#exchangeTime.observe(next.source, next.occurredAt, next.receivedAt);
    }
    this.#latest = next;
    return true;
  }
}
