import type { Feed } from '../../domain/candle.ts';
import type { Clock } from '../../foundation/clock.ts';
import { ExchangeFailure, type Topic } from '../exchange/exchange-connection.ts';
import type { CcxtClient, CcxtExchange } from './ccxt-exchange.ts';
import { exchangeFailure, isSocketEnd } from './ccxt-failure.ts';
import type { MarketKind, Venue } from './venues.ts';

export interface CcxtLineParts {
  /** An exchange of its own: ccxt opens one socket for each address. */
  readonly exchange: CcxtExchange;
  readonly venue: Venue;
  readonly kind: MarketKind;
  readonly clock: Clock;
  /** ccxt's name of a symbol. */
  readonly unified: (symbol: string) => string;
  readonly onHeard: () => void;
  /** A message, before ccxt reads it. @returns whether it was understood, so that ccxt need not read it again */
  readonly onMessage: (message: unknown) => boolean;
  readonly onMalformed: (reason: string) => void;
  readonly onDown: (failure: ExchangeFailure) => void;
  readonly onSubscriptionFailed: (topics: readonly Topic[], failure: ExchangeFailure) => void;
}

/** So long an exchange may take to confirm that a topic is not subscribed any more. */
const UNSUBSCRIBE_WITHIN_MS = 5_000;

/** One line of an exchange over ccxt: its socket (some exchanges need two), and what is subscribed on it. */
export class CcxtLine {
  readonly #parts: CcxtLineParts;
  readonly #heardPongs = new WeakSet<CcxtClient>();
  #isClosed = false;

  constructor(parts: CcxtLineParts) {
    this.#parts = parts;
    this.#hook(parts.exchange);
  }

  subscribe(topics: readonly Topic[]): void {
    const { venue, kind, exchange, unified } = this.#parts;
    const candles = topics.filter((topic) => topic.kind === 'candles');
    const prices = topics.filter((topic) => topic.kind === 'price');
    const trades = topics.filter((topic) => topic.kind === 'trades');
    for (const some of chunks(candles, venue.topicsPerRequest)) {
      this.#watch(some, () => exchange.watchOHLCVForSymbols(some.map(({ feed }) => this.#pair(feed))));
    }
    for (const some of chunks(prices, venue.topicsPerRequest)) {
      const symbols = some.map(({ symbol }) => unified(symbol));
      if (venue.priceCall === 'watchTickers') this.#watch(some, () => exchange.watchTickers(symbols));
      else for (const topic of some) this.#watch([topic], () => exchange.watchTicker(unified(topic.symbol)));
      if (venue.asksForBook(kind)) this.#watch(some, () => exchange.watchBidsAsks(symbols));
    }
    for (const some of chunks(trades, venue.topicsPerRequest)) {
      this.#watch(some, () => exchange.watchTradesForSymbols(some.map(({ symbol }) => unified(symbol))));
    }
  }

  async resubscribe(topic: Topic): Promise<boolean> {
    const gone = this.#unwatch(topic);
    if (gone === undefined) return false;
    const isGone = await this.#within(gone, UNSUBSCRIBE_WITHIN_MS);
    if (isGone) this.subscribe([topic]);
    return isGone;
  }

  disconnect(): void {
    const { exchange } = this.#parts;
    for (const [url, client] of Object.entries(exchange.clients ?? {})) {
      // Off the list first: what it still says is not heard any more.
      delete exchange.clients[url];
      client.close();
      client.connection?.terminate?.();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.disconnect();
    await this.#parts.exchange.close();
  }

  #unwatch(topic: Topic): Promise<unknown> | undefined {
    const { exchange, venue, unified } = this.#parts;
    if (topic.kind === 'candles') return exchange.unWatchOHLCVForSymbols?.([this.#pair(topic.feed)]);
    if (topic.kind === 'trades') return exchange.unWatchTradesForSymbols?.([unified(topic.symbol)]);
    return venue.priceCall === 'watchTicker' ? undefined : exchange.unWatchTickers?.([unified(topic.symbol)]);
  }

  /** Puts our ears on ccxt's sockets. */
  #hook(exchange: CcxtExchange): void {
    const { handleMessage, onClose, onError, client: clientOf } = exchange;
    const isCurrent = (client: CcxtClient): boolean => exchange.clients?.[client.url] === client;
    const tellDown = (wasCurrent: boolean, error: unknown): void => {
      if (wasCurrent && !this.#isClosed) this.#parts.onDown(exchangeFailure(error));
    };
    exchange.client = (url) => {
      const client = clientOf.call(exchange, url);
      this.#hearPongs(client, () => isCurrent(client));
      return client;
    };
    exchange.handleMessage = (client, message) => {
      if (!isCurrent(client)) return undefined;
      this.#parts.onHeard();
      if (isBroken(message)) {
        this.#parts.onMalformed(`a text that is no JSON: ${message.slice(0, 100)}`);
        return undefined;
      }
      return this.#parts.onMessage(message) ? undefined : handleMessage.call(exchange, client, message);
    };
    exchange.onError = (client, error) => {
      const wasCurrent = isCurrent(client);
      onError.call(exchange, client, error);
      tellDown(wasCurrent, error);
    };
    exchange.onClose = (client, error) => {
      const wasCurrent = isCurrent(client);
      onClose.call(exchange, client, error);
      tellDown(wasCurrent, client.error ?? new ExchangeFailure('network', 'the exchange closed the connection'));
    };
  }

  /** A quiet socket is told from a dead one by its answers to pings. */
  #hearPongs(client: CcxtClient, isCurrent: () => boolean): void {
    if (this.#heardPongs.has(client)) return;
    this.#heardPongs.add(client);
    const { onPong } = client;
    client.onPong = () => {
      onPong.call(client);
      if (isCurrent()) this.#parts.onHeard();
    };
  }

  /** ccxt subscribes when it is asked to watch; what it gives is not needed, only what the exchange refuses. */
  #watch(topics: readonly Topic[], call: () => Promise<unknown>): void {
    call().catch((thrown: unknown) => {
      // A socket that ended says so itself; a topic that was given up for another try is no refusal.
      if (this.#isClosed || isSocketEnd(thrown)) return;
      this.#parts.onSubscriptionFailed(topics, new ExchangeFailure('refused', exchangeFailure(thrown).message));
    });
  }

  async #within(work: Promise<unknown>, duration: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(duration, () => resolve(false));
      work
        .then(
          () => resolve(true),
          () => resolve(false),
        )
        .finally(cancel);
    });
  }

  #pair(feed: Feed): readonly [string, string] {
    return [this.#parts.unified(feed.symbol), feed.timeframe];
  }
}

/** Texts that should be JSON and could not be read reach us as they came; ccxt gives up on everything when it meets one. */
function isBroken(message: unknown): message is string {
  return typeof message === 'string' && /^\s*[[{]/.test(message);
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
