import type { Clock } from '../../foundation/clock.ts';
import { UserError } from '../../foundation/errors.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import type { RealTimeStream } from './real-time-stream.ts';

/** Candles as a program reads them that waits for the next one: the same from a live market and from history. */
export interface DataAdapter {
  /** The candles so far, oldest first, in the backtester's columns. */
  data(): CandleColumns;
  /** The last `windowSize` candles; `undefined` while there are not as many. */
  latestState(windowSize?: number): CandleColumns | undefined;
  /**
   * True when a candle has come since it was last true, or since the adapter was opened; waits for one. False when none
   * came in time, or none will come any more.
   *
   * @param timeoutMs default 300,000
   */
  waitForUpdate(timeoutMs?: number): Promise<boolean>;
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 300_000;
const DEFAULT_WINDOW = 10;

/** A live market, read as history is. */
export class LiveDataAdapter implements DataAdapter {
  readonly #stream: RealTimeStream;
  readonly #clock: Clock;
  /** Of the last candle that was told of. */
  #seen: number;

  /** @param stream has begun; it ends with the adapter */
  constructor(stream: RealTimeStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#seen = stream.latestCandle()?.sequence ?? 0;
  }

  data(): CandleColumns {
    return this.#stream.currentData();
  }

  latestState(windowSize = DEFAULT_WINDOW): CandleColumns | undefined {
    if (windowSize > this.#stream.bufferSize) {
      throw new UserError(
        `A window of ${windowSize} candles is more than the ${this.#stream.bufferSize} that are kept: give the stream a bufferSize of ${windowSize}.`,
      );
    }
    const columns = this.#stream.latestCandles(windowSize);
    return columns.length < windowSize ? undefined : columns;
  }

  waitForUpdate(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<boolean> {
    if (this.#takeNews()) return Promise.resolve(true);
    if (!this.#isLive) return Promise.resolve(false);
    return new Promise((resolve) => {
      const finish = (isNews: boolean): void => {
        cancelTimer();
        cancelListener();
        resolve(isNews);
      };
      const cancelTimer = this.#clock.after(timeoutMs, () => finish(false));
      const cancelListener = this.#stream.onChange(() => {
        if (this.#takeNews()) finish(true);
        else if (!this.#isLive) finish(false);
      });
    });
  }

  close(): Promise<void> {
    return this.#stream.stop();
  }

  get #isLive(): boolean {
    const { state } = this.#stream.status();
    return state === 'running' || state === 'starting';
  }

  #takeNews(): boolean {
    const newest = this.#stream.latestCandle()?.sequence ?? 0;
    if (newest <= this.#seen) return false;
    this.#seen = newest;
    return true;
  }
}

/** History, read as a live market is: `waitForUpdate` shows the next bar at once, and is false after the last. */
export class RecordedDataAdapter implements DataAdapter {
  readonly #columns: CandleColumns;
  #shown: number;

  /** @param shown how many bars there are at the beginning */
  constructor(columns: CandleColumns, shown = 0) {
    this.#columns = columns;
    this.#shown = Math.min(shown, columns.length);
  }

  data(): CandleColumns {
    return this.#columns.slice(0, this.#shown);
  }

  latestState(windowSize = DEFAULT_WINDOW): CandleColumns | undefined {
    return this.#shown < windowSize ? undefined : this.#columns.slice(this.#shown - windowSize, this.#shown);
  }

  async waitForUpdate(): Promise<boolean> {
    if (this.#shown >= this.#columns.length) return false;
    this.#shown += 1;
    return true;
  }

  async close(): Promise<void> {
    this.#shown = this.#columns.length;
  }
}
