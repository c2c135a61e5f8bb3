import type { Candle, Feed } from '../../domain/candle.ts';
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
  | { readonly kind: 'price'; readonly symbol: string };

/** What a connection tells, as it comes. None of it may throw. */
export interface ExchangeListener {
  /** Something came, whatever it is: the socket lives. */
  heard(): void;
  candle(frame: CandleFrame): void;
  price(price: LatestPrice): void;
  /** A message that is none of the exchange's documented ones, or holds impossible values. */
  malformed(reason: string): void;
  /** The exchange refused, or did not take, a subscription; the socket stays. */
  subscriptionFailed(topics: readonly Topic[], failure: ExchangeFailure): void;
  /** The sockets are gone, and all subscriptions with them. */
  down(failure: ExchangeFailure): void;
}

/** How an exchange behaves, where exchanges differ. All durations in milliseconds. */
export interface ExchangeTraits {
  /** Stands as the source of every candle and price. */
  readonly name: string;
  readonly delayMs: number;
  /** Whether candles are streamed; else they are asked for as soon as they have closed. */
  readonly streamsCandles: boolean;
  readonly streamsPrices: boolean;
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
  /** A connection on which nothing comes for so long is dead; so is the topic of a price that does not move on. */
  readonly quietMs: number;
  /** The most rows of history in one answer. */
  readonly pageSize: number;
  /** The most sockets that may be opened in a window of time. */
  readonly connections: { readonly most: number; readonly windowMs: number };
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
   * where it is among them. @throws ExchangeFailure
   */
  candles(feed: Feed, from: EpochMs): Promise<readonly CandleRow[]>;
  /** @throws ExchangeFailure */
  price(symbol: string): Promise<LatestPrice>;
  /** Connects where that is needed, and subscribes. What comes of it is told to the listener. */
  subscribe(topics: readonly Topic[]): void;
  /** Subscribes anew to what fell silent, without harm to the rest; false where that can't be done. */
  resubscribe(topic: Topic): Promise<boolean>;
  /** Cuts the sockets; nothing of them is told afterwards. */
  disconnect(): void;
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

/** `candles BTCUSDT:1m`: a topic for people. */
export function topicName(topic: Topic): string {
  return topic.kind === 'price' ? `price ${topic.symbol}` : `candles ${topic.feed.symbol}:${topic.feed.timeframe}`;
}
