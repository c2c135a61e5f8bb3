import type { CandleMessage } from '../../domain/event.ts';
import type { Timeframe } from '../../domain/timeframe.ts';
import { sleep } from '../../foundation/clock.ts';
import { UserError } from '../../foundation/errors.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import type { Cancel } from '../latest-values.ts';
import { type BoardPrice, PriceBoard } from '../price-board.ts';
import { RealTimeStream, type StreamParts, type StreamStatus } from './real-time-stream.ts';
import { SharedLogBus } from './shared-log.ts';

export interface MultiTickerOptions {
  readonly symbols: readonly string[];
  /** Default `1m`. */
  readonly timeframe?: Timeframe;
  /** Candles in memory of each symbol. Default 500. */
  readonly bufferSize?: number;
  /** How long after one symbol the next begins, in milliseconds, so that their reads do not come all at once. Default 100. */
  readonly staggerMs?: number;
  readonly queueLimit?: number;
}

const DEFAULT_STAGGER_MS = 100;

/** Several symbols at once: a {@link RealTimeStream} for each, none of which waits for another, and one price board. */
export class MultiTickerStream {
  readonly #parts: StreamParts;
  readonly #prices: PriceBoard;
  readonly #staggerMs: number;
  readonly #streams: ReadonlyMap<string, RealTimeStream>;
  #isStopped = false;

  constructor(parts: StreamParts, { symbols, staggerMs = DEFAULT_STAGGER_MS, ...options }: MultiTickerOptions) {
    this.#parts = parts;
    this.#prices = parts.prices ?? new PriceBoard(parts.bus, parts.clock, parts);
    this.#staggerMs = staggerMs;
    const shared = { ...parts, bus: new SharedLogBus(parts.bus, parts.clock), prices: this.#prices };
    this.#streams = new Map(symbols.map((symbol) => [symbol, new RealTimeStream(shared, { symbol, ...options })]));
  }

  get symbols(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** Begins with one symbol after the other. When one can't begin, all end. */
  async startAll(): Promise<void> {
    try {
      const stored = await this.#parts.store.newestCandles();
      let isFirst = true;
      for (const stream of this.#streams.values()) {
        if (!isFirst) await sleep(this.#parts.clock, this.#staggerMs);
        if (this.#isStopped) return;
        await stream.start(stored);
        isFirst = false;
      }
    } catch (thrown) {
      await this.stopAll();
      throw thrown;
    }
  }

  async stopAll(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#streams.values()].map((stream) => stream.stop()));
    if (this.#parts.prices === undefined) await this.#prices.stop();
  }

  /** The stream of one symbol. @throws UserError for a symbol that is not among them */
  stream(symbol: string): RealTimeStream {
    const stream = this.#streams.get(symbol);
    if (stream !== undefined) return stream;
    throw new UserError(`${symbol} is not among the symbols of this stream: ${this.symbols.join(', ')}.`);
  }

  /** The latest price of each symbol that has one. */
  latestPrices(): ReadonlyMap<string, number> {
    const prices = new Map<string, number>();
    for (const [symbol, stream] of this.#streams) {
      const price = stream.latestPrice();
      if (price !== undefined) prices.set(symbol, price);
    }
    return prices;
  }

  /** The candles in memory of a symbol, oldest first. @throws UserError as {@link stream} */
  data(symbol: string): CandleColumns {
    return this.stream(symbol).currentData();
  }

  /** Calls `callback` with every confirmed candle. Each symbol has its own queue: a slow one delays no other. */
  onCandle(callback: (candle: CandleMessage) => unknown): Cancel {
    return together([...this.#streams.values()].map((stream) => stream.onCandle(callback)));
  }

  /** Calls `callback` with every new price; of each symbol the latest waits. */
  onPrice(callback: (price: BoardPrice) => unknown): Cancel {
    return together([...this.#streams.values()].map((stream) => stream.onPrice(callback)));
  }

  /** Of every symbol, in their order. */
  status(): readonly StreamStatus[] {
    return [...this.#streams.values()].map((stream) => stream.status());
  }
}

function together(cancels: readonly Cancel[]): Cancel {
  return () => {
    for (const cancel of cancels) cancel();
  };
}
