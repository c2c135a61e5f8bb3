import type { Feed } from '../../domain/candle.ts';
import { type Instrument, instrument } from '../../domain/instrument.ts';
import { timeframeMs } from '../../domain/timeframe.ts';
import type { Clock } from '../../foundation/clock.ts';
import { messageOf, UserError } from '../../foundation/errors.ts';
import { type EpochMs, epochMs, MINUTE_MS, SECOND_MS } from '../../foundation/time.ts';
import type { LatestPrice } from '../../market/market-data.ts';
import {
  type CandleRow,
  type ExchangeConnection,
  ExchangeFailure,
  type ExchangeListener,
  type ExchangeTraits,
} from '../exchange/exchange-connection.ts';
import { Pauses } from '../exchange/pauses.ts';
import { readYahooChart, YAHOO_INTERVALS, type YahooChart } from './yahoo-chart.ts';

/** The network of the chart service: one page by its address. */
export type FetchPage = (
  url: string,
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly text: () => Promise<string> }>;

export interface YahooConnectionOptions {
  /** Stands in for Yahoo's host. */
  readonly baseUrl: string | null;
  readonly clock: Clock;
  /** Default: the machine's network. */
  readonly fetchPage?: FetchPage;
  /** Between two requests. Default: one a second, as a person would. */
  readonly paceMs?: number;
}

const HOST = 'https://query2.finance.yahoo.com';
const ANSWER_WITHIN_MS = 15_000;
/** While a person waits for the start. */
const OPENING_ANSWER_WITHIN_MS = 4_000;
/** What many exchanges ask for; others are real time. It is not said in the answer. */
const DELAY_MS = 15 * MINUTE_MS;
/** A symbol's price is asked for so often. */
const PRICE_EVERY_MS = MINUTE_MS;
/** A candle that is not there yet is asked for again after so long. */
const LOOK_AGAIN_MS = 15_000;
/** Stocks trade on sessions: what has no candle half an hour later had no trade. */
const ABSENCE_MS = 30 * MINUTE_MS;

/**
 * Yahoo Finance by polling its chart service: unofficial, delayed, and labelled so by its name. Nothing is streamed, so
 * that candles are read from the history as soon as they have closed there. Requests follow each other at a person's pace.
 */
export class YahooConnection implements ExchangeConnection {
  readonly traits: ExchangeTraits = {
    name: 'yahoo-delayed',
    delayMs: DELAY_MS,
    streamsCandles: false,
    streamsPrices: false,
    streamsTrades: false,
    isSparse: true,
    settleMs: 2_000,
    graceMs: 2_000,
    absenceMs: ABSENCE_MS,
    lookAgainMs: LOOK_AGAIN_MS,
    quietMs: PRICE_EVERY_MS,
    silenceMs: PRICE_EVERY_MS,
    pricePollMs: PRICE_EVERY_MS,
    pageSize: 1_000,
    symbolsPerSocket: 1,
    connections: { most: 1, windowMs: SECOND_MS, spacingMs: 0 },
  };
  readonly #options: YahooConnectionOptions;
  readonly #pauses: Pauses;
  readonly #charts = new Map<string, YahooChart>();
  #feeds: readonly Feed[] = [];
  /** The requests, one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #abort = new AbortController();
  #answerWithinMs = OPENING_ANSWER_WITHIN_MS;

  constructor(options: YahooConnectionOptions) {
    this.#options = options;
    this.#pauses = new Pauses(options.clock);
  }

  async open(feeds: readonly Feed[], _listener: ExchangeListener): Promise<void> {
    for (const { symbol, timeframe } of feeds) {
      if (YAHOO_INTERVALS[timeframe] === undefined) {
        throw new UserError(
          `Yahoo has no candles of ${timeframe} that fit; it has ${Object.keys(YAHOO_INTERVALS).join(', ')}. Set market.timeframe to one of them: bigger ones are made of it.`,
        );
      }
      if (this.#charts.has(symbol)) continue;
      const now = this.#options.clock.now();
      const chart = await this.#ask({ symbol, timeframe }, epochMs(now - timeframeMs(timeframe)), now).catch(
        (thrown: unknown) => {
          if (!(thrown instanceof ExchangeFailure) || thrown.kind !== 'refused') throw thrown;
          throw new UserError(`Yahoo has no symbol ${symbol} (${thrown.message}).`);
        },
      );
      this.#charts.set(symbol, chart);
    }
    this.#feeds = feeds;
    this.#answerWithinMs = ANSWER_WITHIN_MS;
  }

  /** Shares and the like: whole units, and the decimals in which prices are shown. */
  instruments(): readonly Instrument[] {
    return this.#feeds.map(({ symbol }) => {
      const { currency, priceDecimals } = this.#charts.get(symbol)!;
      const tickSize = (10 ** -priceDecimals).toFixed(priceDecimals);
      return instrument({
        symbol,
        baseCurrency: symbol,
        quoteCurrency: currency,
        tickSize,
        stepSize: '1',
        shortable: false,
      });
    });
  }

  /** Yahoo does not say what time it is: the machine's clock has to do, which is ahead of delayed candles anyway. */
  async time(): Promise<EpochMs> {
    return this.#options.clock.now();
  }

  async candles(feed: Feed, from: EpochMs, count = this.traits.pageSize): Promise<readonly CandleRow[]> {
    const length = timeframeMs(feed.timeframe);
    const until = epochMs(from + count * length);
    const { rows } = await this.#ask(feed, from, until);
    // The running candle stands at the time of the last trade.
    const isOnGrid = (openTime: number): boolean => openTime % length === 0;
    return rows.filter(({ openTime }) => openTime >= from && openTime < until && isOnGrid(openTime));
  }

  /** One after the other, at the pace of all requests; a symbol without a price is left out. */
  async prices(symbols: readonly string[]): Promise<readonly LatestPrice[]> {
    const prices: LatestPrice[] = [];
    for (const symbol of symbols) {
      const price = await this.#price(symbol);
      if (price !== undefined) prices.push(price);
    }
    return prices;
  }

  async #price(symbol: string): Promise<LatestPrice | undefined> {
    const feed = this.#feeds.find((one) => one.symbol === symbol)!;
    const now = this.#options.clock.now();
    const { price } = await this.#ask(feed, epochMs(now - timeframeMs(feed.timeframe)), now);
    if (price === undefined) return undefined;
    return { symbol, price: price.value, bid: null, ask: null, occurredAt: price.time, source: this.traits.name };
  }

  subscribe(): void {}

  async resubscribe(): Promise<boolean> {
    return false;
  }

  disconnect(): void {}

  async close(): Promise<void> {
    this.#abort.abort();
    this.#pauses.end();
  }

  /** One request after the other, with a pause between two. */
  #ask(feed: Feed, from: EpochMs, until: EpochMs): Promise<YahooChart> {
    const turn = this.#last.then(() => this.#askNow(feed, from, until));
    this.#last = turn.catch(() => {}).then(() => this.#pauses.pause(this.#options.paceMs ?? SECOND_MS));
    return turn;
  }

  async #askNow({ symbol, timeframe }: Feed, from: EpochMs, until: EpochMs): Promise<YahooChart> {
    const { baseUrl, fetchPage = fetchFromNetwork } = this.#options;
    const period = { period1: String(Math.floor(from / SECOND_MS)), period2: String(Math.ceil(until / SECOND_MS)) };
    const query = new URLSearchParams({ interval: YAHOO_INTERVALS[timeframe]!, ...period, includePrePost: 'false' });
    const base = (baseUrl ?? HOST).replace(/\/+$/, '');
    const text = await this.#fetch(`${base}/v8/finance/chart/${encodeURIComponent(symbol)}?${query}`, fetchPage);
    const chart = readYahooChart(parsed(text), timeframeMs(timeframe));
    if (chart.ok) return chart.value;
    throw new ExchangeFailure(chart.error.kind === 'refused' ? 'refused' : 'network', chart.error.message);
  }

  async #fetch(url: string, fetchPage: FetchPage): Promise<string> {
    const timeout = new AbortController();
    const cancel = this.#options.clock.after(this.#answerWithinMs, () => timeout.abort());
    try {
      const page = await fetchPage(url, AbortSignal.any([timeout.signal, this.#abort.signal]));
      if (page.status === 429) throw new ExchangeFailure('rate-limited', 'Yahoo has had too many requests');
      if (page.status >= 500) throw new ExchangeFailure('network', `Yahoo answers with ${page.status}`);
      // An unknown symbol is told with 404, and in the answer's own words.
      return await page.text();
    } catch (thrown) {
      if (thrown instanceof ExchangeFailure) throw thrown;
      throw new ExchangeFailure('network', messageOf(thrown));
    } finally {
      cancel();
    }
  }
}

const fetchFromNetwork: FetchPage = (url, signal) => fetch(url, { signal });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ExchangeFailure('network', `an answer that is no JSON: ${text.slice(0, 100)}`);
  }
}
