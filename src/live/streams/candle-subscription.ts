import { type Feed, feedName } from '../../domain/candle.ts';
import type { CandleMessage } from '../../domain/event.ts';
import { CandleFollower, type FollowerParts } from '../candle-follower.ts';

/** More confirmed candles than these do not wait in memory for one subscriber. */
const DEFAULT_LIMIT = 256;

/**
 * The queue of one subscriber to the confirmed candles of a feed: each once, in order, none left out. Memory is bounded:
 * what does not fit is counted and read from the log and the store when the subscriber comes to it, so that one that is
 * slow, or stuck, delays nobody and loses nothing.
 */
export class CandleSubscription implements AsyncIterableIterator<CandleMessage> {
  readonly feed: Feed;
  readonly #parts: FollowerParts;
  readonly #limit: number;
  readonly #onEnd: () => void;
  #queue: CandleMessage[] = [];
  /** Of the last candle that was queued, or before which the subscription began. */
  #newest: Pick<CandleMessage, 'sequence' | 'closeTime'> | undefined;
  /** The newest candle that did not fit; 0 while all do. */
  #missingUntil = 0;
  #follower: CandleFollower | undefined;
  #isComplete = false;
  #failure: Error | undefined;
  #isOver = false;
  #wake: (() => void) | undefined;
  /** Candles that the subscriber took. */
  delivered = 0;
  /** Candles that did not fit into the queue and were read again. */
  backFilled = 0;

  /**
   * @param after the last candle before the first to be given; `undefined` for a feed that has none yet
   * @param onEnd is called when the subscriber wants nothing more
   */
  constructor(
    parts: FollowerParts,
    feed: Feed,
    after: Pick<CandleMessage, 'sequence' | 'closeTime'> | undefined,
    { limit = DEFAULT_LIMIT, onEnd = () => {} }: { readonly limit?: number; readonly onEnd?: () => void } = {},
  ) {
    this.#parts = parts;
    this.feed = feed;
    this.#newest = after;
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  /** How many candles wait, in memory or to be read again. */
  get waiting(): number {
    const unread = Math.max(0, this.#missingUntil - (this.#newest?.sequence ?? 0));
    return this.#queue.length + unread;
  }

  /** The next confirmed candle of the feed. */
  offer(candle: CandleMessage): void {
    if (this.#isOver || candle.sequence <= (this.#newest?.sequence ?? 0)) return;
    if (this.#missingUntil > 0 || this.#queue.length >= this.#limit) this.#missingUntil = candle.sequence;
    else this.#push(candle);
    this.#wakeUp();
  }

  /** What closes up to and with `candle` is not given. To be called before the first is offered. */
  skipThrough(candle: CandleMessage): void {
    this.#newest = candle;
  }

  /** No more will come: the subscription ends when all was taken, with `failure` where there is one. */
  complete(failure?: Error): void {
    this.#isComplete = true;
    this.#failure = failure;
    this.#wakeUp();
  }

  /** Ends it at once. Harmless when it has ended. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue = [];
    void this.#follower?.stop();
    this.#onEnd();
    this.#wakeUp();
  }

  /** Not to be called again before the last call has resolved. Rejects where the feed failed. */
  async next(): Promise<IteratorResult<CandleMessage, undefined>> {
    while (!this.#isOver) {
      const candle = this.#queue.shift();
      if (candle !== undefined) {
        this.delivered += 1;
        return { done: false, value: candle };
      }
      if (this.#missingUntil > 0) await this.#readMissing();
      else if (this.#isComplete) {
        this.end();
        if (this.#failure !== undefined) throw this.#failure;
      } else await this.#sleep();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<CandleMessage, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A page of what did not fit. When it reaches the newest, candles are queued as they come again. */
  async #readMissing(): Promise<void> {
    this.#follower ??= await this.#follow();
    for (const { candles } of await this.#follower.take(this.#limit)) {
      for (const candle of candles) {
        if (candle === undefined) continue;
        this.#push(candle);
        this.backFilled += 1;
      }
    }
    if ((this.#newest?.sequence ?? 0) < this.#missingUntil && !this.#isOver) return;
    this.#missingUntil = 0;
    await this.#follower.stop();
    this.#follower = undefined;
  }

  async #follow(): Promise<CandleFollower> {
    const { sequence = 0, closeTime = Number.NEGATIVE_INFINITY } = this.#newest ?? {};
    const sequences = new Map([[feedName(this.feed), sequence]]);
    const follower = new CandleFollower(this.#parts, { feeds: [this.feed], sequences, processedThrough: closeTime });
    await follower.start();
    return follower;
  }

  #push(candle: CandleMessage): void {
    this.#queue.push(candle);
    this.#newest = candle;
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
