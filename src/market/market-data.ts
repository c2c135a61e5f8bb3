import type { Candle, Feed } from '../domain/candle.ts';
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
  /** The source is exhausted, or is broken for good: `failure` says how. Nothing comes after it; not called by `stop`. */
  end(failure?: Error): Promise<void>;
}
