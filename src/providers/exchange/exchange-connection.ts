import type { Candle, Feed, Trade } from '../../domain/candle.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { timeframeMs } from '../../domain/timeframe.ts';
import { type EpochMs, epochMs } from '../../foundation/time.ts';
import type { LatestPrice } from '../../market/market-data.ts';

/** What an exchange says about one candle: a row of its history, or a message of its stream. */
export interface CandleRow {
  /** The start of the interval, as exchanges key their candles. */
  readonly openTime: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In units of base. */
  readonly volume: number;
  /** Whether the exchange says that it has closed; `undefined` where it says neither. */
  readonly isClosed: boolean | undefined;
  /** The exchange's own words. */
  readonly raw: string | null;
}

/** A message of a candle stream. */
export interface CandleFrame extends CandleRow {
  readonly feed: Feed;
  /** When the exchange sent it, by its clock; `undefined` where the message does not say. */
  readonly exchangeTime: EpochMs | undefined;
}

/** What can be subscribed to. */
export type Topic =
  | { readonly kind: 'candles'; readonly feed: Feed }
  | { readonly kind: 'price'; readonly symbol: string }
  | { readonly kind: 'trades'; readonly symbol: string };

/** What a connection tells, as it comes. None of it may throw. A line is a socket with its subscriptions: 0, 1, 2 … */
export interface ExchangeListener {
  /** Something came, whatever it is, an answer to a ping too: the socket lives. */
  heard(line: number): void;
  candle(frame: CandleFrame): void;
  price(price: LatestPrice): void;
  trade(symbol: string, trade: Trade): void;
  /** A message that is none of the exchange's documented ones, or holds impossible values. */
  malformed(reason: string): void;
  /** The exchange refused, or did not take, a subscription; the socket stays. */
  subscriptionFailed(line: number, topics: readonly Topic[], failure: ExchangeFailure): void;
  /** The line's socket is gone, and all its subscriptions with it. */
  down(line: number, failure: ExchangeFailure): void;
}

/** How an exchange behaves, where exchanges differ. All durations in milliseconds. */
export interface ExchangeTraits {
  /** Stands as the source of every candle and price. */
  readonly name: string;
  readonly delayMs: number;
  /** Whether candles are streamed; else they are asked for as soon as they have closed. */
  readonly streamsCandles: boolean;
  readonly streamsPrices: boolean;
  /** Whether trades are streamed one by one. */
  readonly streamsTrades: boolean;
  /** Whether intervals without a trade have no candle. */
  readonly isSparse: boolean;
  /** After a candle's end its row of the history may still change for so long. */
  readonly settleMs: number;
  /** After a candle's end the stream may take so long to say that it has closed. */
  readonly graceMs: number;
  /** Of a sparse exchange: so long after its end a candle that the history lacks does not come any more. */
  readonly absenceMs: number;
  /** A candle that the history should have and lacks is looked for again after so long, and then less often. */
  readonly lookAgainMs: number;
  /** A price whose own time does not move on for so long is asked for. */
  readonly quietMs: number;
  /** A socket on which nothing comes for so long, no answer to a ping either, is dead. */
  readonly silenceMs: number;
  /** Prices are asked for so often while no stream brings them. */
  readonly pricePollMs: number;
  /** The most rows of history in one answer. */
  readonly pageSize: number;
  /** The most symbols whose topics share a socket. */
  readonly symbolsPerSocket: number;
  /** The most sockets that may be opened in a window of time, and the least time between two. */
  readonly connections: { readonly most: number; readonly windowMs: number; readonly spacingMs: number };
}

/**
 * PORT: the network of an exchange, as small as it can be, so that a simulation can stand in for it. It keeps no state
 * that matters: what was missed, what is late and when to connect anew is known by the {@link ExchangeFeed} above it.
 */
export interface ExchangeConnection {
  readonly traits: ExchangeTraits;
  /**
   * Learns what is traded. Called before everything else, and again after it failed.
   *
   * @throws UserError when a symbol or timeframe is not offered; ExchangeFailure when the exchange can't be asked now
   */
  open(feeds: readonly Feed[], listener: ExchangeListener): Promise<void>;
  /** Of the opened feeds, in their order. */
  instruments(): readonly Instrument[];
  /** The exchange's clock. @throws ExchangeFailure */
  time(): Promise<EpochMs>;
  /**
   * Rows of history in rising open time: those of the `traits.pageSize` intervals from `from` on, and the running candle
   * where it is among them.
   *
   * @param count fewer rows than a page, where no more are wanted
   * @throws ExchangeFailure
   */
  candles(feed: Feed, from: EpochMs, count?: number): Promise<readonly CandleRow[]>;
  /** The latest prices of these symbols, as far as there are any. @throws ExchangeFailure */
  prices(symbols: readonly string[]): Promise<readonly LatestPrice[]>;
  /** Connects the line where that is needed, and subscribes on it. What comes of it is told to the listener. */
  subscribe(line: number, topics: readonly Topic[]): void;
  /** Subscribes anew to what fell silent, without harm to the rest; false where that can't be done. */
  resubscribe(line: number, topic: Topic): Promise<boolean>;
  /** Cuts the line's socket; nothing of it is told afterwards. */
  disconnect(line: number): void;
  /** Ends everything. Harmless when it was never opened. */
  close(): Promise<void>;
}

/** Why an exchange could not do something. */
export type FailureKind =
  /** No answer, a cut connection, a server's error: it may work the next time. */
  | 'network'
  /** Too many requests: it works later. */
  | 'rate-limited'
  /** Understood and turned down: it will not work the next time. */
  | 'refused';

/** A failure that is expected of a network and an exchange now and then. */
export class ExchangeFailure extends Error {
  override readonly name = 'ExchangeFailure';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The candle of a row. */
export function candleOf({ openTime, open, high, low, close, volume }: CandleRow, feed: Feed): Candle {
  return { openTime, closeTime: epochMs(openTime + timeframeMs(feed.timeframe)), open, high, low, close, volume };
}

/** Whether two candles of one interval say the same. */
export function isSameCandle(left: Candle, right: Candle): boolean {
  return (
    left.open === right.open &&
    left.high === right.high &&
    left.low === right.low &&
    left.close === right.close &&
    left.volume === right.volume
  );
}

export function symbolOf(topic: Topic): string {
  return topic.kind === 'candles' ? topic.feed.symbol : topic.symbol;
}

/** `candles BTCUSDT:1m`: a topic for people. */
export function topicName(topic: Topic): string {
  return topic.kind === 'candles'
    ? `candles ${topic.feed.symbol}:${topic.feed.timeframe}`
    : `${topic.kind} ${topic.symbol}`;
}
