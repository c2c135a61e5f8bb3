import { UserError } from '../../foundation/errors.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import type { MultiTickerStream } from './multi-ticker-stream.ts';
import type { RealTimeStream } from './real-time-stream.ts';

/** The candles of one symbol that features are made of. */
export interface BufferStatus {
  /** Candles in memory. */
  readonly bufferSize: number;
  /** `filling`: fewer than a whole buffer. `holes`: bars are missing among them, as in a halt of the market. */
  readonly status: 'complete' | 'filling' | 'holes';
  /** Bars that there are none of between the first candle and the last. */
  readonly missingBars: number;
  readonly latestCloseTime: number | null;
}

const DEFAULT_LENGTH = 500;

/**
 * The history for features, apart from prices: the streams' candles, which roll forward with each confirmed one, so that
 * features are never older than the last closed bar. No candle is lost on its way to it; bars that the market itself
 * does not have are told of.
 */
export class FeatureHistory {
  readonly #streams: MultiTickerStream;

  /** @param streams have begun, with a buffer that is long enough */
  constructor(streams: MultiTickerStream) {
    this.#streams = streams;
  }

  /**
   * The candles in memory of a symbol, oldest first; `undefined` where there are fewer than `minimumLength`.
   *
   * @throws UserError for more than the streams keep, or another symbol than theirs
   */
  historyForFeatures(symbol: string, minimumLength = DEFAULT_LENGTH): CandleColumns | undefined {
    const stream = this.#streamFor(symbol, minimumLength);
    const columns = stream.currentData();
    return columns.length < minimumLength ? undefined : columns;
  }

  /** Whether there are `minimumLength` candles of a symbol without a missing bar among the last so many. */
  hasSufficientHistory(symbol: string, minimumLength = DEFAULT_LENGTH): boolean {
    const columns = this.#streamFor(symbol, minimumLength).latestCandles(minimumLength);
    return columns.length === minimumLength && missingBars(columns) === 0;
  }

  /** Of every symbol. */
  bufferStatus(): ReadonlyMap<string, BufferStatus> {
    const statuses = new Map<string, BufferStatus>();
    for (const symbol of this.#streams.symbols) {
      const stream = this.#streams.stream(symbol);
      const columns = stream.currentData();
      const missing = missingBars(columns);
      const isWhole = columns.length === stream.bufferSize;
      statuses.set(symbol, {
        bufferSize: columns.length,
        status: missing > 0 ? 'holes' : isWhole ? 'complete' : 'filling',
        missingBars: missing,
        latestCloseTime: columns.length === 0 ? null : columns.closeTime(columns.length - 1),
      });
    }
    return statuses;
  }

  #streamFor(symbol: string, length: number): RealTimeStream {
    const stream = this.#streams.stream(symbol);
    if (length <= stream.bufferSize) return stream;
    throw new UserError(
      `Features want ${length} candles of ${symbol}, and ${stream.bufferSize} are kept: give the streams a bufferSize of ${length}.`,
    );
  }
}

function missingBars({ length, openTime, intervalMs }: CandleColumns): number {
  if (length === 0) return 0;
  return Math.round((openTime[length - 1]! - openTime[0]!) / intervalMs) + 1 - length;
}
