import type { Feed } from '../../domain/candle.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { isTimeframe, TIMEFRAMES, timeframeMs } from '../../domain/timeframe.ts';
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
import { type CcxtExchange, loadCcxtExchange } from './ccxt-exchange.ts';
import { exchangeFailure } from './ccxt-failure.ts';
import { CcxtLine } from './ccxt-line.ts';
import { type CcxtMarket, findMarket, instrumentOf, readMarkets } from './ccxt-market.ts';
import { LatestQuotes } from './latest-quotes.ts';
import { decimal, type Fields, isFields, time, type VenueMessage } from './venue-message.ts';
import type { MarketKind, Venue } from './venues.ts';

export interface CcxtConnectionOptions {
  readonly venue: Venue;
  readonly kind: MarketKind;
  /** Stands in for the exchange's hosts; `null` for the exchange itself. */
  readonly baseUrl: string | null;
  /** `poll`: no sockets, requests alone, for networks that let no WebSocket through. Default `stream`. */
  readonly transport?: 'stream' | 'poll';
  readonly clock: Clock;
  readonly logger: Logger;
}

const NO_STREAMS = { streamsCandles: false, streamsPrices: false, streamsTrades: false } as const;
/** Whether an exchange can be reached a person is told soon: a small question first, before the long list of markets. */
const FIRST_ANSWER_WITHIN_MS = 3_000;
const ANSWER_WITHIN_MS = 10_000;
/** The prices of so many symbols are asked for one by one; of more, all in one request. */
const MOST_SINGLE_PRICES = 3;

interface Opened {
  readonly exchange: CcxtExchange;
  readonly feeds: readonly Feed[];
  readonly markets: ReadonlyMap<string, CcxtMarket>;
  /** The exchange's name of a market → ours. */
  readonly symbols: ReadonlyMap<string, string>;
  /** ccxt's name of a market → ours. */
  readonly unified: ReadonlyMap<string, string>;
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
  /** For requests, and for the sockets of the first line. */
  #exchange: CcxtExchange | undefined;
  #opened: Opened | undefined;
  readonly #lines = new Map<number, CcxtLine>();
  readonly #linesUnderWay = new Map<number, Promise<CcxtLine>>();
  /** What is subscribed on each line; a line that was cut has another one, or none. */
  readonly #subscribed = new Map<number, readonly Topic[]>();
  #isClosed = false;

  constructor(options: CcxtConnectionOptions) {
    this.#options = options;
    const streams = options.transport === 'poll' ? NO_STREAMS : {};
    this.traits = { ...options.venue.traits, ...streams, name: options.venue.id, delayMs: 0 };
    this.#quotes = new LatestQuotes(options.venue.id);
  }

  async open(feeds: readonly Feed[], listener: ExchangeListener): Promise<void> {
    const { venue, kind } = this.#options;
    this.#exchange ??= await this.#load();
    const exchange = this.#exchange;
    checkTimeframes(feeds, exchange, venue);
    exchange.timeout = FIRST_ANSWER_WITHIN_MS;
    await ask(() => exchange.fetchTime());
    exchange.timeout = ANSWER_WITHIN_MS;
    const all = readMarkets(await ask(() => exchange.loadMarkets(true)), kind);
    if (all.length === 0) throw new ExchangeFailure('network', `${venue.title} told no ${kind} markets`);
    const markets = new Map(feeds.map(({ symbol }) => [symbol, findMarket(symbol, all, venue, kind)]));
    const intervals = Object.entries(exchange.timeframes).map(([ours, theirs]) => [String(theirs), ours] as const);
    this.#opened = {
      exchange,
      feeds,
      markets,
      symbols: new Map([...markets].map(([symbol, market]) => [market.id, symbol])),
      unified: new Map([...markets].map(([symbol, market]) => [market.unified, symbol])),
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

  async candles(feed: Feed, from: EpochMs, count?: number): Promise<readonly CandleRow[]> {
    const { exchange, markets } = this.#need();
    const { unified } = markets.get(feed.symbol)!;
    const limit = count ?? this.traits.pageSize;
    const rows = await ask(() => exchange.fetchOHLCV(unified, feed.timeframe, from, limit));
    if (!Array.isArray(rows)) throw new ExchangeFailure('network', 'the history is no list');
    return rows
      .map(rowOf)
      .filter(({ openTime }) => openTime >= from)
      .sort((a, b) => a.openTime - b.openTime);
  }

  async prices(symbols: readonly string[]): Promise<readonly LatestPrice[]> {
    const { exchange, markets, unified } = this.#need();
    // Where the exchange does not say when, a price is at least as young as the question.
    const askedAt = this.#options.venue.datesTickers ? undefined : await this.time();
    const names = symbols.map((symbol) => markets.get(symbol)!.unified);
    const tickers =
      names.length > MOST_SINGLE_PRICES
        ? Object.values(fieldsOf(await ask(() => exchange.fetchTickers(names))))
        : await Promise.all(names.map((name) => ask(() => exchange.fetchTicker(name))));
    return tickers.flatMap((ticker) => {
      const told = fieldsOf(ticker);
      const symbol = unified.get(String(told.symbol));
      const [last, occurredAt] = [decimal(told.last), time(told.timestamp) ?? askedAt];
      if (symbol === undefined || last === undefined || occurredAt === undefined) return [];
      const [bid, ask_] = [decimal(told.bid) ?? null, decimal(told.ask) ?? null];
      return [{ symbol, price: last, bid, ask: ask_, occurredAt, source: this.traits.name }];
    });
  }

  subscribe(line: number, topics: readonly Topic[]): void {
    const before = this.#subscribed.get(line);
    const wanted = before === undefined ? topics : before;
    this.#subscribed.set(line, wanted);
    void this.#line(line).then(
      (opened) => {
        // Cut, or cut and opened anew, while it was made.
        if (!this.#isClosed && this.#subscribed.get(line) === wanted) opened.subscribe(topics);
      },
      (thrown: unknown) => this.#opened?.listener.down(line, exchangeFailure(thrown)),
    );
  }

  async resubscribe(line: number, topic: Topic): Promise<boolean> {
    return (await this.#line(line)).resubscribe(topic);
  }

  disconnect(line: number): void {
    for (const topic of this.#subscribed.get(line) ?? []) if (topic.kind === 'price') this.#quotes.forget(topic.symbol);
    this.#subscribed.delete(line);
    this.#lines.get(line)?.disconnect();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#linesUnderWay.values());
    for (const line of this.#lines.values()) await line.close();
    await this.#exchange?.close();
  }

  #load(): Promise<CcxtExchange> {
    const { venue, kind, baseUrl, logger } = this.#options;
    return loadCcxtExchange(venue.id, venue.options(kind), baseUrl, logger);
  }

  /** A line is an exchange of ccxt's, which has one socket for each address; they share what was learnt of the markets. */
  async #line(line: number): Promise<CcxtLine> {
    const known = this.#lines.get(line);
    if (known !== undefined) return known;
    const making = this.#linesUnderWay.get(line) ?? this.#makeLine(line);
    this.#linesUnderWay.set(line, making);
    try {
      const made = await making;
      this.#lines.set(line, made);
      return made;
    } finally {
      this.#linesUnderWay.delete(line);
    }
  }

  async #makeLine(line: number): Promise<CcxtLine> {
    const { exchange: first, markets, listener } = this.#need();
    const exchange = line === 0 ? first : await this.#load();
    if (exchange !== first) exchange.setMarketsFromExchange(first);
    const { venue, kind, clock } = this.#options;
    return new CcxtLine({
      ...{ exchange, venue, kind, clock },
      unified: (symbol) => markets.get(symbol)!.unified,
      onHeard: () => listener.heard(line),
      onMessage: (message) => this.#hear(message),
      onMalformed: (reason) => listener.malformed(reason),
      onDown: (failure) => listener.down(line, failure),
      onSubscriptionFailed: (topics, failure) => listener.subscriptionFailed(line, topics, failure),
    });
  }

  #hear(message: unknown): boolean {
    const opened = this.#opened;
    if (opened === undefined) return false;
    const words = this.#options.venue.read(message);
    for (const one of words) this.#tell(one, message, opened);
    return words.length > 0;
  }

  #tell(words: VenueMessage, message: unknown, { symbols, intervals, listener }: Opened): void {
    if (words.kind === 'malformed') {
      listener.malformed(words.reason);
      return;
    }
    const symbol = symbols.get(words.market);
    if (symbol === undefined) return;
    if (words.kind === 'trade') {
      listener.trade(symbol, { time: words.time, price: words.price, quantity: words.quantity });
      return;
    }
    if (words.kind === 'price') {
      const price = this.#quotes.take(symbol, words, this.#options.clock.now());
      if (price !== undefined) listener.price(price);
      return;
    }
    const timeframe = intervals.get(words.interval);
    if (timeframe === undefined || !isTimeframe(timeframe)) return;
    const { openTime, endTime, open, high, low, close, volume, isClosed, exchangeTime } = words;
    if (endTime !== undefined && endTime !== openTime + timeframeMs(timeframe) - 1) {
      listener.malformed(`a candle of ${timeframe} from ${openTime} to ${endTime}`);
      return;
    }
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

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
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
