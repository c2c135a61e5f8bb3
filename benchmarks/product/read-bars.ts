import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { MINUTE_MS } from '../../src/foundation/time.ts';
import { CandleColumns } from '../../src/market/candle-columns.ts';

/** The first `length` bars of a file of the benchmarks, as the product holds bars. */
export function readBars(path: string, length: number): CandleColumns {
  const file = openSync(path, 'r');
  try {
    const stored = fstatSync(file).size / 48;
    const bars = new CandleColumns(Math.min(length, stored), MINUTE_MS);
    const { openTime, open, high, low, close, volume } = bars;
    for (const [index, column] of [openTime, open, high, low, close, volume].entries()) {
      readSync(file, column, 0, column.byteLength, index * stored * 8);
    }
    return bars;
  } finally {
    closeSync(file);
  }
}
