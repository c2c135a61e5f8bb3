import type { Candle, Feed } from '../../domain/candle.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { EpochMs } from '../../foundation/time.ts';
import type { CandleRevision, MarketDataSink } from '../../market/market-data.ts';

/**
 * Between what happens at any moment and a sink that takes one call at a time: the calls wait in line. A sink that
 * throws is told so once, with `end`, and gets nothing more.
 */
export class SinkQueue {
  readonly #sink: MarketDataSink;
  readonly #onEnd: () => void;
  readonly #calls: (() => Promise<void>)[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  /** @param onEnd the sink was told the end */
  constructor(sink: MarketDataSink, onEnd: () => void) {
    this.#sink = sink;
    this.#onEnd = onEnd;
  }

  candle(feed: Feed, candle: Candle, raw: string | null): void {
    this.#push(() => this.#sink.candle(feed, candle, raw));
  }

  revised(feed: Feed, revision: CandleRevision, raw: string | null): void {
    this.#push(async () => this.#sink.revised?.(feed, revision, raw));
  }

  watermark(closeTime: EpochMs): void {
    this.#push(() => this.#sink.watermark(closeTime));
  }

  /** After everything that waits. */
  end(failure?: Error): void {
    this.#push(async () => {
      this.#closed = true;
      this.#onEnd();
      await this.#sink.end(failure);
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  /** Throws away what waits; resolves when no call is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#calls.length = 0;
    await this.#draining;
  }

  #push(call: () => Promise<void>): void {
    if (this.#closed) return;
    this.#calls.push(call);
    this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // What is pushed while this is set up has its turn in the same loop.
    await Promise.resolve();
    while (this.#calls.length > 0) {
      try {
        await this.#calls.shift()!();
      } catch (thrown) {
        await this.#fail(thrown);
      }
    }
    this.#draining = undefined;
  }

  /** What the sink makes of its own failure is not its affair any more, nor ours. */
  async #fail(thrown: unknown): Promise<void> {
    this.#calls.length = 0;
    if (this.#closed) return;
    this.#closed = true;
    this.#onEnd();
    await this.#sink.end(thrown instanceof Error ? thrown : new Error(messageOf(thrown))).catch(() => {});
  }
}
