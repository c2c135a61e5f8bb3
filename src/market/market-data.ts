import type { Candle, Feed } from '../domain/candle.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import type { EpochMs } from '../foundation/time.ts';

/**
 * PORT: where closed candles come from, one by one, as time goes on: an exchange, a market-data service, a replay of
 * recorded files. The contract, for all adapters:
 *
 * - Only closed candles are given. Each has its close time as its timestamp; providers convert at the edge.
 * - Per feed, candles come in strictly rising close time, none twice, the first one after `resumeAfter`. What the source
 *   lacks (an exchange's halt) is left out, never made up.
 * - Over all feeds they come in rising close time, those of one close time in the order in which the feeds were given.
 *   A source that can't promise this across feeds (a live exchange) promises it per feed, and says with `watermark` when
 *   a moment is complete.
 * - The sink's promises are awaited: a slow consumer slows the source down. No two calls are under way at once.
 */
export interface MarketDataFeed {
  readonly name: string;
  /** How late the source is known to be, in milliseconds: 0 is real time, 900,000 a quote delayed by 15 minutes. */
  readonly delayMs: number;
  /**
   * Begins to give candles of `feeds`; resolves when it has begun, and rejects with a UserError when it can't.
   *
   * @param resumeAfter feed name (see `feedName`) → close time of the last candle that was taken; feeds that are absent
   *   begin at the source's own beginning
   */
  start(feeds: readonly Feed[], resumeAfter: ReadonlyMap<string, EpochMs>, sink: MarketDataSink): Promise<void>;
  /** Ends it: when the promise resolves the sink is not called again. Harmless when it has not begun or has ended. */
  stop(): Promise<void>;
  /** How it is at the moment. Sources without connections have none to tell of. */
  status?(): MarketDataStatus;
}

/** The latest price of a symbol, as its venue tells it. In quote currency. */
export interface LatestPrice {
  readonly symbol: string;
  /** Of the last trade. */
  readonly price: number;
  readonly bid: number | null;
  readonly ask: number | null;
  /** The venue's clock. */
  readonly occurredAt: EpochMs;
  readonly source: string;
}

/** What takes the candles of a {@link MarketDataFeed}. */
export interface MarketDataSink {
  /** @param raw the source's own words (a line of a file, a message), for the record; `null` where there are none */
  candle(feed: Feed, candle: Candle, raw: string | null): Promise<void>;
  /** Every candle of every feed that closes at or before `closeTime` has been given. */
  watermark(closeTime: EpochMs): Promise<void>;
  /**
   * A price, as soon as it is known: between candles, and while another call is under way. Only the latest counts.
   * Sources without prices never call it, and where it is absent they don't ask for any.
   */
  price?(price: LatestPrice): void;
  /**
   * A candle that was given has other values now: in line with the candles, never for one that was not given, and never
   * a reason to decide again.
   *
   * @param raw the source's own words of the revision
   */
  revised?(feed: Feed, revision: CandleRevision, raw: string | null): Promise<void>;
  /** Something that a person should know. */
  notice?(notice: MarketNotice): void;
  /** The source is exhausted, or is broken for good: `failure` says how. Nothing comes after it; not called by `stop`. */
  end(failure?: Error): Promise<void>;
}

/** What became of a candle after it was given. */
export interface CandleRevision {
  readonly before: Candle;
  readonly candle: Candle;
  /** 2 for the first revision of a candle. */
  readonly version: number;
}

/** Something about market data that a person should know. */
export type MarketNotice =
  /** Stream and history tell different candles; `kept` is the one that holds, by the configured authority. */
  | {
      readonly kind: 'conflict';
      readonly feed: Feed;
      readonly stream: Candle;
      readonly history: Candle;
      readonly kept: 'stream' | 'history';
    }
  /** The candles that open from `from` up to and without `to` are not to be had, where there should be some. */
  | { readonly kind: 'incomplete'; readonly feed: Feed; readonly from: EpochMs; readonly to: EpochMs }
  /** A candle that was built from trades is not the one that the venue gave. */
  | { readonly kind: 'rebuilt-differs'; readonly feed: Feed; readonly given: Candle; readonly rebuilt: Candle };

/** How a source of market data is at the moment: plain JSON. All times in milliseconds since 1970. */
export interface MarketDataStatus {
  readonly source: string;
  readonly delayMs: number;
  /** `stream`: sockets, and requests where they fail; `poll`: requests alone. */
  readonly transport: 'stream' | 'poll';
  /** The venue's clock, as far as it is known. */
  readonly exchangeTime: EpochMs;
  /** Every candle of every feed until then has been given; `null` before the start. */
  readonly completeUntil: EpochMs | null;
  readonly connections: readonly ConnectionStatus[];
  readonly topics: readonly TopicStatus[];
  readonly counts: MarketDataCounts;
}

/** `down`: it waits to be opened anew. `connecting`: nothing was heard on it yet. */
export type ConnectionState = 'off' | 'connecting' | 'live' | 'down';

/** One socket. */
export interface ConnectionStatus {
  /** 0, 1, 2 … */
  readonly line: number;
  readonly state: ConnectionState;
  /** Our clock; `null` while it is not live. */
  readonly connectedSince: EpochMs | null;
  /** Our clock. */
  readonly lastMessageAt: EpochMs | null;
  /** How often it was opened. */
  readonly connects: number;
  readonly symbols: readonly string[];
  /** Why it broke the last time. */
  readonly lastFailure: string | null;
}

/**
 * `waiting`: it has brought nothing yet. `stale`: its own time stands still though the venue's goes on, or its
 * connection is away; requests bring what it does not. `refused`: the venue did not take the subscription, requests
 * stand in. `polled`: requests are all there is.
 */
export type TopicState = 'waiting' | 'live' | 'stale' | 'refused' | 'polled';

/** One subscription, or what is asked for in its place. */
export interface TopicStatus {
  readonly kind: 'candles' | 'price' | 'trades';
  readonly symbol: string;
  /** Of candles. */
  readonly timeframe: Timeframe | null;
  /** The connection that carries it. */
  readonly line: number | null;
  readonly state: TopicState;
  /** When the last message came that was news, by our clock. */
  readonly lastMessageAt: EpochMs | null;
  /** The venue's time of that news. */
  readonly lastExchangeTime: EpochMs | null;
  readonly resubscriptions: number;
}

/** What happened since the start. */
export interface MarketDataCounts {
  /** Candles given; `fromHistory` of them were asked for. */
  readonly given: number;
  readonly fromHistory: number;
  /** How often candles that the stream did not bring were filled in. */
  readonly gapsFilled: number;
  /** Messages of candles and of prices. */
  readonly frames: number;
  readonly prices: number;
  /** Requests for candles and prices. */
  readonly polls: number;
  readonly reconnects: number;
  /** Topics that were found stale. */
  readonly stale: number;
  /** Subscriptions that the venue did not take. */
  readonly refused: number;
  readonly repeated: number;
  readonly revised: number;
  readonly closedTooEarly: number;
  readonly impossible: number;
  readonly malformed: number;
  /** Candles of the stream that were compared with the history, and how many differed. */
  readonly crossChecks: number;
  readonly conflicts: number;
  /** Candles that are not to be had though there should be some. */
  readonly missing: number;
  /** Candles that were compared with the ones built from trades, and how many differed. */
  readonly rebuilt: number;
  readonly rebuiltDifferent: number;
}
