import { type Candle, type Feed, feedName } from '../../domain/candle.ts';
import type { CandleMessage } from '../../domain/event.ts';
import { type Timeframe, timeframeMs } from '../../domain/timeframe.ts';
import { invariant, messageOf } from '../../foundation/errors.ts';
import { RingBuffer } from '../../foundation/ring-buffer.ts';
import { epochMs } from '../../foundation/time.ts';
import { CandleColumns } from '../../market/candle-columns.ts';
import { CandleFollower, type FollowerParts } from '../candle-follower.ts';
import { type Cancel, callForEach, type LatestValues } from '../latest-values.ts';
import { type BoardPrice, PriceBoard } from '../price-board.ts';
import { CandleSubscription } from './candle-subscription.ts';

/** What a stream is made of: the bus and the store of a running system. */
export interface StreamParts extends FollowerParts {
  /** The prices of the system; where it is absent, the stream keeps a board of its own. */
  readonly prices?: PriceBoard;
}

export interface StreamOptions {
  readonly symbol: string;
  /** Default `1m`. It must be one that the system collects or builds. */
  readonly timeframe?: Timeframe;
  /** How many candles are kept in memory. Default 500. */
  readonly bufferSize?: number;
  /** How many candles may wait in memory for one subscriber; what is beyond is read again later. Default 256. */
  readonly queueLimit?: number;
}

/** `ended`: the market said that no more will come. */
export type StreamState = 'idle' | 'starting' | 'running' | 'ended' | 'stopped' | 'failed';

/** What one subscriber did so far. */
export interface SubscriberStatus {
  readonly kind: 'candles' | 'prices';
  readonly waiting: number;
  readonly delivered: number;
  /** Prices that gave way to newer ones, or candles that did not fit into the queue and were read again. */
  readonly overflowed: number;
}

export interface StreamStatus {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly state: StreamState;
  /** Why it failed. */
  readonly reason: string | null;
  /** Candles that came since the start. */
  readonly candles: number;
  /** How many are in memory, of at most `bufferSize`, and the bytes that these take. */
  readonly buffered: number;
  readonly bufferSize: number;
  readonly bufferBytes: number;
  readonly latestCloseTime: number | null;
  readonly price: BoardPrice | null;
  readonly priceAgeMs: number | null;
  readonly exchangeAgeMs: number | null;
  readonly isStale: boolean;
  /** How often candles that the bus had lost were read from the store. */
  readonly repairs: number;
  readonly subscribers: readonly SubscriberStatus[];
  /** How often a callback threw. */
  readonly callbackErrors: number;
}

const DEFAULT_BUFFER_SIZE = 500;
const FIELDS = 6;
const PAGE = 256;

/**
 * One symbol as it happens: its confirmed candles, each once and in order whatever the bus loses, and its latest price.
 * The last candles are kept in shared memory, so that other threads may read them too. Every subscriber has a queue of
 * its own: see {@link CandleSubscription} and {@link LatestValues} for what becomes of what a slow one can't take.
 */
export class RealTimeStream {
  readonly feed: Feed;
  readonly bufferSize: number;
  readonly #parts: StreamParts;
  readonly #prices: PriceBoard;
  readonly #queueLimit: number | undefined;
  readonly #ring: RingBuffer;
  readonly #candleQueues = new Set<CandleSubscription>();
  readonly #priceQueues = new Set<LatestValues<string, BoardPrice>>();
  readonly #changeListeners = new Set<() => void>();
  #follower: CandleFollower | undefined;
  #pump: Promise<void> = Promise.resolve();
  #state: StreamState = 'idle';
  #reason: string | null = null;
  #latest: CandleMessage | undefined;
  #candles = 0;
  #callbackErrors = 0;

  constructor(parts: StreamParts, options: StreamOptions) {
    const { symbol, timeframe = '1m', bufferSize = DEFAULT_BUFFER_SIZE, queueLimit } = options;
    this.#parts = parts;
    this.#prices = parts.prices ?? new PriceBoard(parts.bus, parts.clock, parts);
    this.feed = { symbol, timeframe };
    this.bufferSize = bufferSize;
    this.#queueLimit = queueLimit;
    this.#ring = RingBuffer.create(bufferSize, FIELDS);
  }

  /**
   * Fills the buffer with the candles before now, and begins to listen. What comes from then on is told to subscribers,
   * also to those that came before the start.
   *
   * @param stored the newest candle of each feed in the store, where the caller has asked for it already
   */
  async start(stored?: readonly CandleMessage[]): Promise<void> {
    invariant(this.#state === 'idle', 'A stream begins once', { feed: feedName(this.feed), state: this.#state });
    this.#state = 'starting';
    const { symbol, timeframe } = this.feed;
    await this.#prices.start([symbol]);
    const ends = stored ?? (await this.#parts.store.newestCandles());
    const newest = ends.find((one) => one.symbol === symbol && one.timeframe === timeframe)?.sequence ?? 0;
    const sequences = new Map([[feedName(this.feed), Math.max(0, newest - this.bufferSize)]]);
    const begin = { feeds: [this.feed], sequences, processedThrough: Number.NEGATIVE_INFINITY };
    const follower = new CandleFollower(this.#parts, begin);
    this.#follower = follower;
    await follower.start();
    for (;;) {
      const slices = await follower.takeNow(PAGE);
      if (slices.length === 0) break;
      for (const { candles } of slices) for (const candle of candles) if (candle) this.#keep(candle);
    }
    for (const queue of this.#candleQueues) this.#beginAt(queue);
    if (this.#isStopped) return;
    this.#state = 'running';
    this.#pump = this.#run(follower);
  }

  /** Ends it and all subscriptions; the buffer can still be read. Harmless when it has ended. */
  async stop(): Promise<void> {
    if (this.#state !== 'ended' && this.#state !== 'failed') this.#state = 'stopped';
    await this.#follower?.stop();
    await this.#pump;
    for (const queue of this.#candleQueues) queue.end();
    for (const queue of this.#priceQueues) queue.end();
    if (this.#parts.prices === undefined) await this.#prices.stop();
    this.#tellChange();
  }

  /** The candles in memory, oldest first, as the backtester takes them. */
  currentData(): CandleColumns {
    return this.latestCandles(this.bufferSize);
  }

  /** The last `count` candles, or as many as are in memory, oldest first. */
  latestCandles(count: number): CandleColumns {
    const records = this.#ring.latest(count);
    const columns = new CandleColumns(records.length, timeframeMs(this.feed.timeframe));
    for (const [row, record] of records.entries()) columns.set(row, candleOf(record, columns.intervalMs));
    return columns;
  }

  /** The memory of the ring of candles (open time, open, high, low, close, volume), for a reader in another thread. */
  get sharedBuffer(): SharedArrayBuffer {
    return this.#ring.buffer;
  }

  /** The latest price of the symbol, or the close of its latest candle where there is no price; `undefined` before both. */
  latestPrice(): number | undefined {
    return this.#prices.price(this.feed.symbol)?.price ?? this.#latest?.close;
  }

  /** The latest confirmed candle. */
  latestCandle(): CandleMessage | undefined {
    return this.#latest;
  }

  /** New confirmed candles, for `for await`: each once, in order. */
  candles(): CandleSubscription {
    const queue: CandleSubscription = new CandleSubscription(this.#parts, this.feed, this.#latest, {
      ...(this.#queueLimit !== undefined && { limit: this.#queueLimit }),
      onEnd: () => this.#candleQueues.delete(queue),
    });
    if (this.#isOver) queue.complete();
    this.#candleQueues.add(queue);
    return queue;
  }

  /** New prices, for `for await`: the latest, where the reader is slower than they are. */
  prices(): LatestValues<string, BoardPrice> {
    const queue = this.#prices.prices([this.feed.symbol]);
    this.#priceQueues.add(queue);
    if (this.#isOver) queue.end();
    return queue;
  }

  /** Calls `callback` with every confirmed candle, one after another; a promise that it gives is waited for. */
  onCandle(callback: (candle: CandleMessage) => unknown): Cancel {
    const queue = this.candles();
    this.#call(queue, callback);
    return () => queue.end();
  }

  /** Calls `callback` with every new price; while a promise that it gave is open, only the latest waits. */
  onPrice(callback: (price: BoardPrice) => unknown): Cancel {
    const queue = this.prices();
    this.#call(queue, callback);
    return () => queue.end();
  }

  /** Calls `listener`, at once, whenever a candle came or the stream is over. It must not wait and must not throw. */
  onChange(listener: () => void): Cancel {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  status(): StreamStatus {
    const { symbol, timeframe } = this.feed;
    const reading = this.#prices.reading(symbol);
    return {
      symbol,
      timeframe,
      state: this.#state,
      reason: this.#reason,
      candles: this.#candles,
      buffered: this.#ring.length,
      bufferSize: this.bufferSize,
      bufferBytes: this.#ring.buffer.byteLength,
      latestCloseTime: this.#latest?.closeTime ?? null,
      price: this.#prices.price(symbol) ?? null,
      priceAgeMs: reading?.ageMs ?? null,
      exchangeAgeMs: reading?.exchangeAgeMs ?? null,
      isStale: reading?.isStale ?? true,
      repairs: this.#follower?.repairs ?? 0,
      subscribers: this.#subscribers(),
      callbackErrors: this.#callbackErrors,
    };
  }

  get #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  get #isOver(): boolean {
    return this.#state === 'stopped' || this.#state === 'ended' || this.#state === 'failed';
  }

  async #run(follower: CandleFollower): Promise<void> {
    let failure: Error | undefined;
    try {
      while (!this.#isStopped) {
        const slices = await follower.take(PAGE);
        if (slices.length === 0) break;
        for (const { candles } of slices) for (const candle of candles) if (candle) this.#tell(candle);
      }
    } catch (thrown) {
      failure = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#reason = failure.message;
      this.#parts.logger.error('a stream of candles failed', { feed: feedName(this.feed), error: failure.message });
    }
    if (this.#state === 'running') this.#state = failure === undefined ? 'ended' : 'failed';
    for (const queue of this.#candleQueues) queue.complete(failure);
    this.#tellChange();
  }

  #tell(candle: CandleMessage): void {
    this.#keep(candle);
    this.#candles += 1;
    for (const queue of this.#candleQueues) queue.offer(candle);
    this.#tellChange();
  }

  #keep(candle: CandleMessage): void {
    const { openTime, open, high, low, close, volume } = candle;
    this.#ring.append([openTime, open, high, low, close, volume]);
    this.#latest = candle;
  }

  /** Who subscribed before the start hears what comes after it, not the past. */
  #beginAt(queue: CandleSubscription): void {
    if (this.#latest !== undefined) queue.skipThrough(this.#latest);
  }

  #tellChange(): void {
    for (const listener of this.#changeListeners) listener();
  }

  #call<Item>(items: AsyncIterable<Item>, callback: (item: Item) => unknown): void {
    const onError = (thrown: unknown): void => {
      this.#callbackErrors += 1;
      const fields = { feed: feedName(this.feed), error: messageOf(thrown) };
      this.#parts.logger.error('a callback of a stream failed', fields);
    };
    // That the feed failed is told once, by the stream.
    callForEach(items, callback, onError).catch(() => {});
  }

  #subscribers(): SubscriberStatus[] {
    const statuses: SubscriberStatus[] = [];
    for (const { waiting, delivered, backFilled: overflowed } of this.#candleQueues) {
      statuses.push({ kind: 'candles', waiting, delivered, overflowed });
    }
    for (const { waiting, delivered, conflated: overflowed } of this.#priceQueues) {
      statuses.push({ kind: 'prices', waiting, delivered, overflowed });
    }
    return statuses;
  }
}

function candleOf(record: Float64Array, intervalMs: number): Candle {
  const [openTime, open, high, low, close, volume] = record as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { openTime: epochMs(openTime), closeTime: epochMs(openTime + intervalMs), open, high, low, close, volume };
}
