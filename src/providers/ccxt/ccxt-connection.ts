import type { Feed } from '../../domain/candle.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { isTimeframe, TIMEFRAMES } from '../../domain/timeframe.ts';
import type { Clock } from '../../foundation/clock.ts';
import { UserError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { EpochMs } from '../../foundation/time.ts';
import type { LatestPrice } from '../../market/market-data.ts';
import {
  type CandleRow,
  type ExchangeConnection,
  ExchangeFailure,
  type ExchangeListener,
  type ExchangeTraits,
  type Topic,
} from '../exchange/exchange-connection.ts';
import { type CcxtClient, type CcxtExchange, loadCcxtExchange } from './ccxt-exchange.ts';
import { exchangeFailure, isSocketEnd } from './ccxt-failure.ts';
import { type CcxtMarket, findMarket, instrumentOf, readMarkets } from './ccxt-market.ts';
import { LatestQuotes } from './latest-quotes.ts';
import { decimal, isFields, time, type VenueMessage } from './venue-message.ts';
import type { MarketKind, Venue } from './venues.ts';

export interface CcxtConnectionOptions {
  readonly venue: Venue;
  readonly kind: MarketKind;
  /** Stands in for the exchange's hosts; `null` for the exchange itself. */
  readonly baseUrl: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** So long an exchange may take to confirm that a topic is not subscribed any more. */
const UNSUBSCRIBE_WITHIN_MS = 5_000;

interface Opened {
  readonly exchange: CcxtExchange;
  readonly feeds: readonly Feed[];
  readonly markets: ReadonlyMap<string, CcxtMarket>;
  /** The exchange's name of a market → ours. */
  readonly symbols: ReadonlyMap<string, string>;
  /** The exchange's name of an interval → ours. */
  readonly intervals: ReadonlyMap<string, string>;
  readonly listener: ExchangeListener;
}

/**
 * An exchange over ccxt. ccxt connects, subscribes, signs and paces; the messages of its sockets are read here before
 * ccxt reads them, because what it makes of a candle has lost whether the candle has closed.
 */
export class CcxtConnection implements ExchangeConnection {
  readonly traits: ExchangeTraits;
  readonly #options: CcxtConnectionOptions;
  readonly #quotes: LatestQuotes;
  #exchange: CcxtExchange | undefined;
  #opened: Opened | undefined;
  #isClosed = false;

  constructor(options: CcxtConnectionOptions) {
    this.#options = options;
    this.traits = { ...options.venue.traits, name: options.venue.id, delayMs: 0 };
    this.#quotes = new LatestQuotes(options.venue.id);
  }

  async open(feeds: readonly Feed[], listener: ExchangeListener): Promise<void> {
    const { venue, kind, baseUrl, logger } = this.#options;
    this.#exchange ??= this.#hooked(await loadCcxtExchange(venue.id, venue.options(kind), baseUrl, logger));
    const exchange = this.#exchange;
    checkTimeframes(feeds, exchange, venue);
    const all = readMarkets(await ask(() => exchange.loadMarkets()), kind);
    if (all.length === 0) throw new ExchangeFailure('network', `${venue.title} told no ${kind} markets`);
    const markets = new Map(feeds.map(({ symbol }) => [symbol, findMarket(symbol, all, venue, kind)]));
    const intervals = Object.entries(exchange.timeframes).map(([ours, theirs]) => [String(theirs), ours] as const);
    this.#opened = {
      exchange,
      feeds,
      markets,
      symbols: new Map([...markets].map(([symbol, market]) => [market.id, symbol])),
      intervals: new Map(intervals.filter(([, ours]) => isTimeframe(ours))),
      listener,
    };
  }

  instruments(): readonly Instrument[] {
    const { markets, exchange } = this.#need();
    return [...markets].map(([symbol, market]) =>
      instrumentOf(symbol, market, exchange.precisionMode, this.#options.kind),
    );
  }

  async time(): Promise<EpochMs> {
    const { exchange } = this.#need();
    const told = time(await ask(() => exchange.fetchTime()));
    if (told === undefined) throw new ExchangeFailure('network', 'the exchange does not say what time it is');
    return told;
  }

  async candles(feed: Feed, from: EpochMs): Promise<readonly CandleRow[]> {
    const { exchange, markets } = this.#need();
    const { unified } = markets.get(feed.symbol)!;
    const { pageSize } = this.traits;
    const rows = await ask(() => exchange.fetchOHLCV(unified, feed.timeframe, from, pageSize));
    if (!Array.isArray(rows)) throw new ExchangeFailure('network', 'the history is no list');
    return rows
      .map(rowOf)
      .filter(({ openTime }) => openTime >= from)
      .sort((a, b) => a.openTime - b.openTime);
  }

  async price(symbol: string): Promise<LatestPrice> {
    const { exchange, markets } = this.#need();
    const ticker = await ask(() => exchange.fetchTicker(markets.get(symbol)!.unified));
    const last = isFields(ticker) ? decimal(ticker.last) : undefined;
    if (!isFields(ticker) || last === undefined) throw new ExchangeFailure('network', `there is no price of ${symbol}`);
    // Where the exchange does not say when, the price is as old as the answer.
    const occurredAt = time(ticker.timestamp) ?? (await this.time());
    const [bid, ask_] = [decimal(ticker.bid) ?? null, decimal(ticker.ask) ?? null];
    return { symbol, price: last, bid, ask: ask_, occurredAt, source: this.traits.name };
  }

  subscribe(topics: readonly Topic[]): void {
    const { venue, kind } = this.#options;
    const { exchange } = this.#need();
    const candles = topics.filter((topic) => topic.kind === 'candles');
    const prices = topics.filter((topic) => topic.kind === 'price');
    for (const some of chunks(candles, venue.topicsPerRequest)) {
      this.#watch(some, () => exchange.watchOHLCVForSymbols(some.map(({ feed }) => this.#pair(feed))));
    }
    for (const some of chunks(prices, venue.topicsPerRequest)) {
      const symbols = some.map(({ symbol }) => this.#unified(symbol));
      if (venue.priceCall === 'watchTickers') this.#watch(some, () => exchange.watchTickers(symbols));
      else for (const symbol of symbols) this.#watch(some, () => exchange.watchTicker(symbol));
      if (venue.asksForBook(kind)) this.#watch(some, () => exchange.watchBidsAsks(symbols));
    }
  }

  async resubscribe(topic: Topic): Promise<boolean> {
    const { exchange } = this.#need();
    const gone =
      topic.kind === 'candles'
        ? exchange.unWatchOHLCVForSymbols?.([this.#pair(topic.feed)])
        : exchange.unWatchTickers?.([this.#unified(topic.symbol)]);
    if (gone === undefined || this.#options.venue.priceCall === 'watchTicker') return false;
    const isGone = await this.#within(gone, UNSUBSCRIBE_WITHIN_MS);
    if (isGone) this.subscribe([topic]);
    return isGone;
  }

  disconnect(): void {
    const { exchange } = this.#opened ?? {};
    if (exchange === undefined) return;
    this.#quotes.clear();
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
    await this.#exchange?.close();
  }

  /** Puts our ears on ccxt's sockets. */
  #hooked(exchange: CcxtExchange): CcxtExchange {
    const { handleMessage, onClose, onError } = exchange;
    const isCurrent = (client: CcxtClient): boolean => exchange.clients?.[client.url] === client;
    const tellDown = (wasCurrent: boolean, error: unknown): void => {
      if (wasCurrent && !this.#isClosed) this.#opened?.listener.down(exchangeFailure(error));
    };
    exchange.handleMessage = (client, message) => {
      if (!isCurrent(client)) return undefined;
      this.#hear(message);
      return handleMessage.call(exchange, client, message);
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
    return exchange;
  }

  #hear(message: unknown): void {
    const opened = this.#opened;
    if (opened === undefined) return;
    opened.listener.heard();
    const words = this.#options.venue.read(message);
    for (const one of words) this.#tell(one, message, opened);
  }

  #tell(words: VenueMessage, message: unknown, { symbols, intervals, listener }: Opened): void {
    if (words.kind === 'malformed') {
      listener.malformed(words.reason);
      return;
    }
    const symbol = symbols.get(words.market);
    if (symbol === undefined) return;
    if (words.kind === 'price') {
      const price = this.#quotes.take(symbol, words, this.#options.clock.now());
      if (price !== undefined) listener.price(price);
      return;
    }
    const timeframe = intervals.get(words.interval);
    if (timeframe === undefined || !isTimeframe(timeframe)) return;
    const { openTime, open, high, low, close, volume, isClosed, exchangeTime } = words;
    // Only what is given is recorded: the text of a forming candle is not needed.
    const raw = isClosed === false ? null : JSON.stringify(message);
    listener.candle({
      feed: { symbol, timeframe },
      openTime,
      open,
      high,
      low,
      close,
      volume,
      isClosed,
      exchangeTime,
      raw,
    });
  }

  /** ccxt subscribes when it is asked to watch; what it gives is not needed, only what the exchange refuses. */
  #watch(topics: readonly Topic[], call: () => Promise<unknown>): void {
    const { listener } = this.#need();
    call().catch((thrown: unknown) => {
      // A socket that ended says so itself.
      if (this.#isClosed || isSocketEnd(thrown)) return;
      listener.subscriptionFailed(topics, new ExchangeFailure('refused', exchangeFailure(thrown).message));
    });
  }

  async #within(work: Promise<unknown>, duration: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(duration, () => resolve(false));
      work
        .then(
          () => resolve(true),
          () => resolve(false),
        )
        .finally(cancel);
    });
  }

  #pair(feed: Feed): readonly [string, string] {
    return [this.#unified(feed.symbol), feed.timeframe];
  }

  #unified(symbol: string): string {
    return this.#need().markets.get(symbol)!.unified;
  }

  #need(): Opened {
    if (this.#opened === undefined) throw new ExchangeFailure('network', 'the exchange is not open');
    return this.#opened;
  }
}

/** @throws ExchangeFailure instead of what ccxt throws */
async function ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (thrown) {
    throw exchangeFailure(thrown);
  }
}

/** ccxt's row of a history: `[openTime, open, high, low, close, volume]`. */
function rowOf(row: unknown): CandleRow {
  const [start, open, high, low, close, volume] = Array.isArray(row) ? row.map(decimal) : [];
  const openTime = time(start);
  if (
    openTime === undefined ||
    open === undefined ||
    high === undefined ||
    low === undefined ||
    close === undefined ||
    volume === undefined
  ) {
    throw new ExchangeFailure('network', `a row of the history is none: ${JSON.stringify(row)?.slice(0, 200)}`);
  }
  return { openTime, open, high, low, close, volume, isClosed: undefined, raw: JSON.stringify(row) };
}

function checkTimeframes(feeds: readonly Feed[], exchange: CcxtExchange, venue: Venue): void {
  const offered = TIMEFRAMES.filter((one) => one in exchange.timeframes && !venue.unfitTimeframes.includes(one));
  const unknown = feeds.find(({ timeframe }) => !offered.includes(timeframe));
  if (unknown === undefined) return;
  throw new UserError(
    `${venue.title} has no candles of ${unknown.timeframe} that fit; it has ${offered.join(', ')}. Set market.timeframe to one of them: bigger ones are made of it.`,
  );
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
