import type { Candle } from '../domain/candle.ts';
import { InvariantError, invariant } from '../foundation/errors.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';

/** Each column begins at a multiple of this, a line of the processor's cache. */
const COLUMN_ALIGNMENT = 64;

/**
 * A series of bars as six float64 columns over one piece of shared memory, oldest first, `closeTime` strictly rising.
 * A bar is a row number. Workers get the `buffer` and see the same memory.
 */
export class CandleColumns {
  readonly length: number;
  readonly buffer: SharedArrayBuffer;
  readonly openTime: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** The length of a bar in milliseconds: `closeTime = openTime + intervalMs`. */
  readonly intervalMs: number;

  /**
   * @param buffer holds {@link CandleColumns.byteLength} bytes: openTime, open, high, low, close, volume, each of
   *   `length` float64 and filled up with zeros to a multiple of 64 bytes; made when absent
   */
  constructor(length: number, intervalMs: number, buffer?: SharedArrayBuffer) {
    const bytes = CandleColumns.byteLength(length);
    invariant(buffer === undefined || buffer.byteLength === bytes, 'A buffer of another length', { length });
    this.length = length;
    this.intervalMs = intervalMs;
    this.buffer = buffer ?? new SharedArrayBuffer(bytes);
    const column = (index: number): Float64Array => new Float64Array(this.buffer, (index * bytes) / 6, length);
    this.openTime = column(0);
    this.open = column(1);
    this.high = column(2);
    this.low = column(3);
    this.close = column(4);
    this.volume = column(5);
  }

  /** The bytes of the buffer of `length` bars. */
  static byteLength(length: number): number {
    return 6 * Math.ceil((length * Float64Array.BYTES_PER_ELEMENT) / COLUMN_ALIGNMENT) * COLUMN_ALIGNMENT;
  }

  static from(candles: readonly Candle[], intervalMs: number): CandleColumns {
    const columns = new CandleColumns(candles.length, intervalMs);
    for (let row = 0; row < candles.length; row++) columns.set(row, candles[row]!);
    return columns;
  }

  set(row: number, candle: Candle): void {
    this.openTime[row] = candle.openTime;
    this.open[row] = candle.open;
    this.high[row] = candle.high;
    this.low[row] = candle.low;
    this.close[row] = candle.close;
    this.volume[row] = candle.volume;
  }

  closeTime(row: number): EpochMs {
    return epochMs(this.openTime[row]! + this.intervalMs);
  }

  candle(row: number): Candle {
    if (row < 0 || row >= this.length) throw new InvariantError('No such row', { row, length: this.length });
    return {
      openTime: epochMs(this.openTime[row]!),
      closeTime: this.closeTime(row),
      open: this.open[row]!,
      high: this.high[row]!,
      low: this.low[row]!,
      close: this.close[row]!,
      volume: this.volume[row]!,
    };
  }

  /** A copy of rows [from, to). */
  slice(from: number, to: number): CandleColumns {
    const start = Math.max(0, from);
    const part = new CandleColumns(Math.max(0, Math.min(this.length, to) - start), this.intervalMs);
    for (let row = 0; row < part.length; row++) {
      part.openTime[row] = this.openTime[start + row]!;
      part.open[row] = this.open[start + row]!;
      part.high[row] = this.high[start + row]!;
      part.low[row] = this.low[start + row]!;
      part.close[row] = this.close[start + row]!;
      part.volume[row] = this.volume[start + row]!;
    }
    return part;
  }
}
