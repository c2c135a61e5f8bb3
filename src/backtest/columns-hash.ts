import { createHash } from 'node:crypto';
import type { CandleColumns } from '../market/candle-columns.ts';

/** By this the bars of a feed are known to plans and workers: SHA-256 of their number, interval and columns. */
export function columnsHash(columns: CandleColumns): string {
  return createHash('sha256')
    .update(`columns 1 ${columns.length} ${columns.intervalMs}\n`)
    .update(new Uint8Array(columns.buffer))
    .digest('hex');
}
