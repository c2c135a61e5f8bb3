import type { Candle, Feed } from '../domain/candle.ts';
import { InvariantError, invariant } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import type { CandleColumns } from './candle-columns.ts';

let place: (window: CandleWindow, row: number) => void;
let push: (window: CandleWindow, candle: Candle) => void;

/**
 * What a strategy sees of one feed: the latest closed bars, `ago` 0 being the newest. Backtest and live read through
 * this same class: over whole columns by a cursor, or over a ring that is filled as candles arrive. What has not closed
 * is not reachable, and no more than `lookback` bars ever are, so that both see exactly the same.
 */
export class CandleWindow {
  readonly feed: Feed;
  /** The most bars that can be looked back at, the newest included. */
  readonly lookback: number;
  readonly #openTime: Float64Array;
  readonly #open: Float64Array;
  readonly #high: Float64Array;
  readonly #low: Float64Array;
  readonly #close: Float64Array;
  readonly #volume: Float64Array;
  readonly #intervalMs: number;
  /** −1 for columns, capacity − 1 for a ring: `row & mask` is where a row lies. */
  readonly #mask: number;
  #row = -1;
  #length = 0;

  static {
    place = (window, row) => {
      window.#row = row;
      window.#length = row < window.lookback ? row + 1 : window.lookback;
    };
    push = (window, candle) => {
      place(window, window.#row + 1);
      const at = window.#row & window.#mask;
      window.#openTime[at] = candle.openTime;
      window.#open[at] = candle.open;
      window.#high[at] = candle.high;
      window.#low[at] = candle.low;
      window.#close[at] = candle.close;
      window.#volume[at] = candle.volume;
    };
  }

  private constructor(feed: Feed, lookback: number, columns: CandleColumns, mask: number) {
    invariant(Number.isInteger(lookback) && lookback >= 1, 'A lookback is at least one bar', { lookback });
    this.feed = feed;
    this.lookback = lookback;
    this.#openTime = columns.openTime;
    this.#open = columns.open;
    this.#high = columns.high;
    this.#low = columns.low;
    this.#close = columns.close;
    this.#volume = columns.volume;
    this.#intervalMs = columns.intervalMs;
    this.#mask = mask;
  }

  /** A window that walks over whole columns. */
  static overColumns(feed: Feed, lookback: number, columns: CandleColumns): CandleWindow {
    return new CandleWindow(feed, lookback, columns, -1);
  }

  /** A window that keeps the last `lookback` candles pushed into it. */
  static overRing(feed: Feed, lookback: number, makeColumns: (length: number) => CandleColumns): CandleWindow {
    let capacity = 1;
    while (capacity < lookback) capacity *= 2;
    return new CandleWindow(feed, lookback, makeColumns(capacity), capacity - 1);
  }

  /** How many bars can be read now: 0 before the first candle, at most `lookback`. */
  get length(): number {
    return this.#length;
  }

  /** How many bars of this feed have closed so far. */
  get seen(): number {
    return this.#row + 1;
  }

  open(ago = 0): number {
    return this.#open[this.#at(ago)]!;
  }

  high(ago = 0): number {
    return this.#high[this.#at(ago)]!;
  }

  low(ago = 0): number {
    return this.#low[this.#at(ago)]!;
  }

  close(ago = 0): number {
    return this.#close[this.#at(ago)]!;
  }

  volume(ago = 0): number {
    return this.#volume[this.#at(ago)]!;
  }

  openTime(ago = 0): EpochMs {
    return epochMs(this.#openTime[this.#at(ago)]!);
  }

  closeTime(ago = 0): EpochMs {
    return epochMs(this.#openTime[this.#at(ago)]! + this.#intervalMs);
  }

  /** A bar as an object: for display and tests. In `process`, read the fields one by one: it costs nothing. */
  candle(ago = 0): Candle {
    return {
      openTime: this.openTime(ago),
      closeTime: this.closeTime(ago),
      open: this.open(ago),
      high: this.high(ago),
      low: this.low(ago),
      close: this.close(ago),
      volume: this.volume(ago),
    };
  }

  /** A window held by a strategy is no part of its state: the engine fills it again. */
  snapshot(): Json {
    return null;
  }

  restore(): void {}

  #at(ago: number): number {
    if (!(ago >= 0 && ago < this.#length)) this.#refuse(ago);
    return (this.#row - ago) & this.#mask;
  }

  #refuse(ago: number): never {
    throw new InvariantError(
      `A strategy asked for the bar ${ago} ago of ${this.feed.symbol} ${this.feed.timeframe}, but can see ${this.length}. Declare a longer lookback, or wait until window.length is enough.`,
      { ago, length: this.length, lookback: this.lookback },
    );
  }
}

/** For drivers only, never for strategies: moves a window over columns to `row`. */
export function moveWindow(window: CandleWindow, row: number): void {
  place(window, row);
}

/** For drivers only: adds the newest candle to a ring window. */
export function pushCandle(window: CandleWindow, candle: Candle): void {
  push(window, candle);
}

/** For drivers only: gives a new ring window the bars that it held, and how many had closed in all. */
export function refillWindow(window: CandleWindow, candles: readonly Candle[], seen: number): void {
  place(window, seen - candles.length - 1);
  for (const candle of candles) push(window, candle);
}
