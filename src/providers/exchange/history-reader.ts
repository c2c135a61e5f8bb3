import { barOpenTime, timeframeMs } from '../../domain/timeframe.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { type EpochMs, epochMs } from '../../foundation/time.ts';
import type { CandleTrack } from './candle-track.ts';
import type { ExchangeClock } from './exchange-clock.ts';
import { type CandleRow, type ExchangeConnection, ExchangeFailure } from './exchange-connection.ts';
import { Pauses } from './pauses.ts';
import { type BackoffTerms, backoffMs } from './reconnect-pace.ts';

export interface HistoryReaderParts {
  readonly connection: ExchangeConnection;
  readonly exchangeClock: ExchangeClock;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether its stream is at work, so that a candle is waited for a little longer. */
  readonly isStreamed: (track: CandleTrack) => boolean;
  /** One more request was made. */
  readonly onRequest: () => void;
  readonly onUnanswered: (track: CandleTrack) => void;
  /** The track may have something to give; resolves when it may be filled further. */
  readonly onFilled: (track: CandleTrack) => Promise<void>;
  /** The exchange will not give this history. */
  readonly onRefused: (failure: Error) => void;
}

const FAILURE_PACE: BackoffTerms = { firstMs: 500, longestMs: 30_000 };
const RATE_LIMIT_PACE: BackoffTerms = { firstMs: 10_000, longestMs: 120_000 };
/** Of a history that does not have yet what must be there. */
const LONGEST_LAG_MS = 30_000;
/** A history that still ends before a candle that the stream gave, after so many looks, will not get what it lacks. */
const MOST_LAGGING_LOOKS = 8;
/** In a row, and the exchange means it. */
const MOST_REFUSALS = 3;

interface Progress {
  failures: number;
  refusals: number;
  /** Looks that brought nothing though something is missing. */
  idleLooks: number;
  /** The last answer held a candle that can't be. */
  sawImpossible: boolean;
  isReading: boolean;
  /** Of the monotonic clock: not before this. */
  nextLookAt: number;
}

/** Reads an exchange's history to fill what its stream did not bring: one request of a feed at a time. */
export class HistoryReader {
  readonly #parts: HistoryReaderParts;
  readonly #progress = new Map<CandleTrack, Progress>();
  readonly #pauses: Pauses;
  #stopped = false;

  constructor(parts: HistoryReaderParts) {
    this.#parts = parts;
    this.#pauses = new Pauses(parts.clock);
  }

  stop(): void {
    this.#stopped = true;
    this.#pauses.end();
  }

  /** Looks whether a track lacks something, and reads until it does not. Harmless when it is being read. */
  look(track: CandleTrack): void {
    const progress = this.#progressOf(track);
    if (this.#stopped || progress.isReading || this.#parts.clock.monotonic() < progress.nextLookAt) return;
    if (!this.#lacks(track)) return;
    progress.isReading = true;
    void this.#read(track, progress).finally(() => {
      progress.isReading = false;
    });
  }

  /** Looks at once, whatever the pace: something new is known. */
  lookNow(track: CandleTrack): void {
    this.#progressOf(track).nextLookAt = 0;
    this.look(track);
  }

  /** A candle waits for an earlier one, or one should have come by now. */
  #lacks(track: CandleTrack): boolean {
    if (track.waitingFrom !== undefined) return true;
    const { graceMs, settleMs } = this.#parts.connection.traits;
    return this.#parts.exchangeClock.now() >= track.nextClose + (this.#parts.isStreamed(track) ? graceMs : settleMs);
  }

  async #read(track: CandleTrack, progress: Progress): Promise<void> {
    while (!this.#stopped && this.#lacks(track)) {
      const before = track.completeUntil;
      const failure = await this.#readPage(track, progress);
      if (this.#stopped) return;
      const wait =
        failure === undefined ? this.#afterAnswer(track, before, progress) : this.#afterFailure(failure, progress);
      if (failure !== undefined) this.#parts.onUnanswered(track);
      if (wait === 0) continue;
      progress.nextLookAt = this.#parts.clock.monotonic() + wait;
      // A look of the watch-dog goes on where nothing waits for it.
      if (track.waitingFrom === undefined && failure === undefined) return;
      await this.#pauses.pause(wait);
    }
  }

  async #readPage(track: CandleTrack, progress: Progress): Promise<ExchangeFailure | undefined> {
    const { connection, exchangeClock, logger } = this.#parts;
    const askedAt = exchangeClock.now();
    const from = track.completeUntil;
    let rows: readonly CandleRow[];
    this.#parts.onRequest();
    try {
      rows = await connection.candles(track.feed, from);
    } catch (thrown) {
      if (thrown instanceof ExchangeFailure) return thrown;
      throw thrown;
    }
    if (this.#stopped) return undefined;
    const { settleMs } = connection.traits;
    const impossible = track.fill(rows, epochMs(askedAt - settleMs), this.#coverage(track, rows, askedAt));
    progress.sawImpossible = impossible.length > 0;
    for (const row of impossible) logger.warn('the history has an impossible candle', { ...track.feed, row: row.raw });
    await this.#parts.onFilled(track);
    return undefined;
  }

  /**
   * Up to where an answer tells what exists: to its last row. A sparse exchange that has no row after that had no trade,
   * once enough time has passed; any other is late with its history.
   */
  #coverage(track: CandleTrack, rows: readonly CandleRow[], askedAt: EpochMs): EpochMs {
    const { isSparse, absenceMs, pageSize } = this.#parts.connection.traits;
    const { timeframe } = track.feed;
    const last = rows.at(-1)?.openTime ?? track.completeUntil;
    if (!isSparse) return last;
    const settled = barOpenTime(epochMs(askedAt - absenceMs), timeframe);
    const pageEnd = track.completeUntil + pageSize * timeframeMs(timeframe);
    return epochMs(Math.max(last, Math.min(settled, pageEnd)));
  }

  #afterAnswer(track: CandleTrack, before: EpochMs, progress: Progress): number {
    progress.failures = 0;
    progress.refusals = 0;
    if (track.completeUntil > before) {
      progress.idleLooks = 0;
      return 0;
    }
    progress.idleLooks += 1;
    const { feed } = track;
    const waitingFrom = track.waitingFrom ?? (progress.sawImpossible ? track.nextClose : undefined);
    if (waitingFrom !== undefined && progress.idleLooks >= MOST_LAGGING_LOOKS) {
      this.#parts.logger.warn('the history lacks what came before a candle; going on without it', {
        ...feed,
        from: track.completeUntil,
        to: waitingFrom,
      });
      track.fill([], epochMs(0), waitingFrom);
      void this.#parts.onFilled(track);
      progress.idleLooks = 0;
      return 0;
    }
    const { lookAgainMs } = this.#parts.connection.traits;
    const longestMs = Math.max(lookAgainMs, Math.min(LONGEST_LAG_MS, timeframeMs(feed.timeframe) / 2));
    return backoffMs(progress.idleLooks - 1, { firstMs: lookAgainMs, longestMs }, this.#parts.random);
  }

  #afterFailure(failure: ExchangeFailure, progress: Progress): number {
    this.#parts.logger.warn('the history could not be read; trying again', {
      kind: failure.kind,
      error: failure.message,
    });
    progress.refusals = failure.kind === 'refused' ? progress.refusals + 1 : 0;
    if (progress.refusals >= MOST_REFUSALS) {
      this.#stopped = true;
      this.#parts.onRefused(failure);
    }
    const pace = failure.kind === 'rate-limited' ? RATE_LIMIT_PACE : FAILURE_PACE;
    return backoffMs(progress.failures++, pace, this.#parts.random);
  }

  #progressOf(track: CandleTrack): Progress {
    let progress = this.#progress.get(track);
    if (progress === undefined) {
      progress = { failures: 0, refusals: 0, idleLooks: 0, sawImpossible: false, isReading: false, nextLookAt: 0 };
      this.#progress.set(track, progress);
    }
    return progress;
  }
}
