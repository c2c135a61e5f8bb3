import type { Timeframe } from '../../domain/timeframe.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import type { MarketDataSink } from '../../market/market-data.ts';
import type { ExchangeClock } from './exchange-clock.ts';
import type { ExchangeConnection } from './exchange-connection.ts';
import type { FeedCounts } from './feed-counts.ts';

export interface ExchangeFeedOptions {
  readonly connection: ExchangeConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** With how many closed candles a feed begins that has no resume point. Default 0: with the next that closes. */
  readonly history?: number;
  /** A history begins with the start of a bar of each of these as well. */
  readonly alignTo?: readonly Timeframe[];
  /** The most symbols on one socket; default: as the exchange likes it. */
  readonly symbolsPerSocket?: number;
  /** Of the stream's candles: so many are compared with the history, 0 to 1. Default 0.01. */
  readonly crossCheckShare?: number;
  /** Whose candle holds where stream and history differ. Default `history`. */
  readonly authority?: 'stream' | 'history';
  /** Build candles from the trades too, and count differences. */
  readonly compareTrades?: boolean;
}

/** What the parts of a feed that has begun share. */
export interface FeedRunParts extends ExchangeFeedOptions {
  readonly exchangeClock: ExchangeClock;
  readonly counts: FeedCounts;
  readonly sink: MarketDataSink;
}
