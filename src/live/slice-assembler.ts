import { type Feed, feedName } from '../domain/candle.ts';
import type { CandleMessage } from '../domain/event.ts';
import { barOpenTime, timeframeMs } from '../domain/timeframe.ts';
import { invariant } from '../foundation/errors.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';

/** What closed at one instant: a message for each feed that has one, at the feed's index. */
export interface Slice {
  readonly time: EpochMs;
  readonly candles: readonly (CandleMessage | undefined)[];
}

/**
 * Puts the candles of several feeds together, instant by instant, exactly as a backtest walks them: a slice is given
 * when every feed is known through its time, however the messages of different feeds were mixed on their way.
 *
 * A feed is known through a time when its next bar could only close later, or when a watermark says so. Candles of one
 * feed must come in order, without a hole.
 */
export class SliceAssembler {
  readonly #feeds: readonly Feed[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #queues: CandleMessage[][];
  /** The close time of the newest candle of each feed, or the time until which all are known; −∞ before the first. */
  readonly #newest: Float64Array;
  /** The last sequence taken in, by feed. */
  readonly #sequences: number[];
  #watermark = Number.NEGATIVE_INFINITY;

  /**
   * @param sequences the last sequence already processed, by feed name; absent feeds begin at 1
   * @param processedThrough every candle of these feeds that closes at or before this time was processed
   */
  constructor(
    feeds: readonly Feed[],
    sequences: ReadonlyMap<string, number>,
    processedThrough: number = Number.NEGATIVE_INFINITY,
  ) {
    this.#feeds = feeds;
    this.#indexOf = new Map(feeds.map((feed, index) => [feedName(feed), index]));
    this.#queues = feeds.map(() => []);
    this.#newest = new Float64Array(feeds.length).fill(processedThrough);
    this.#sequences = feeds.map((feed) => sequences.get(feedName(feed)) ?? 0);
    this.#watermark = processedThrough;
  }

  /** The last sequence that was taken in of a feed; 0 for none. */
  sequence(name: string): number {
    return this.#sequences[this.#indexOf.get(name)!]!;
  }

  /** `taken`, or `known` for a repeated message, or `gap` for one after a hole, which is left out; `foreign` for another's feed. */
  push(message: CandleMessage): 'taken' | 'known' | 'gap' | 'foreign' {
    const index = this.#indexOf.get(feedName(message));
    if (index === undefined) return 'foreign';
    const last = this.#sequences[index]!;
    if (message.sequence <= last) return 'known';
    if (message.sequence > last + 1) return 'gap';
    invariant(message.closeTime > this.#newest[index]!, 'Candles of a feed came out of order', {
      feed: feedName(message),
      closeTime: message.closeTime,
      newest: this.#newest[index],
    });
    this.#sequences[index] = message.sequence;
    this.#newest[index] = message.closeTime;
    this.#queues[index]!.push(message);
    return 'taken';
  }

  /** Every candle of these feeds that closes at or before `time` has been pushed. */
  advanceWatermark(time: number): void {
    this.#watermark = Math.max(this.#watermark, time);
  }

  /** No more will come: what has been pushed is all there is. */
  finish(): void {
    this.#watermark = Math.max(this.#watermark, ...this.#newest);
  }

  /** The next complete slice, oldest first; `undefined` when there is none yet. */
  next(): Slice | undefined {
    let time = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues) if (queue.length > 0) time = Math.min(time, queue[0]!.closeTime);
    if (time === Number.POSITIVE_INFINITY) return undefined;
    for (let index = 0; index < this.#feeds.length; index++) if (!this.#knownThrough(index, time)) return undefined;
    const candles = this.#queues.map((queue) => (queue[0]?.closeTime === time ? queue.shift() : undefined));
    return { time: epochMs(time), candles };
  }

  /** How many candles wait. */
  get pending(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.length, 0);
  }

  #knownThrough(index: number, time: number): boolean {
    if (this.#watermark >= time) return true;
    const newest = this.#newest[index]!;
    if (newest === Number.NEGATIVE_INFINITY) return false;
    const { timeframe } = this.#feeds[index]!;
    const nextClose = barOpenTime(epochMs(newest), timeframe) + timeframeMs(timeframe);
    return time < nextClose || newest >= time;
  }
}
