import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import { CandleColumns } from '../../../src/market/candle-columns.ts';

/** The bars of a CSV file of time, open, high, low, close, volume; gzipped or not; time in milliseconds or as a date. */
export function readBars(path: string, intervalMs: number): CandleColumns {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.trim().split('\n').slice(1);
  const columns = new CandleColumns(lines.length, intervalMs);
  for (const [row, line] of lines.entries()) {
    const [time, ...numbers] = line.split(',') as [string, ...string[]];
    const [open, high, low, close, volume] = numbers.map(Number) as [number, number, number, number, number];
    const openTime = epochMs(/^\d+$/.test(time) ? Number(time) : Date.parse(`${time.replace(' ', 'T')}Z`));
    columns.set(row, { openTime, closeTime: epochMs(openTime + intervalMs), open, high, low, close, volume });
  }
  return columns;
}

/** Bars of the bundled market: 16 days of one-minute bars from 2025-05-05 00:00 UTC on. */
export function bundledBars(symbol: 'BTCUSDT' | 'ETHUSDT' | 'SOLUSDT'): CandleColumns {
  return readBars(fileURLToPath(new URL(`../../../data/${symbol}-1m.csv.gz`, import.meta.url)), MINUTE_MS);
}

/** Bars of `factor` bars each, of a series without gaps that begins on a boundary. */
export function everyNth(bars: CandleColumns, factor: number): CandleColumns {
  const intervalMs = bars.intervalMs * factor;
  const columns = new CandleColumns(Math.floor(bars.length / factor), intervalMs);
  for (let row = 0; row < columns.length; row += 1) {
    const first = row * factor;
    const openTime = epochMs(bars.openTime[first]!);
    columns.set(row, {
      openTime,
      closeTime: epochMs(openTime + intervalMs),
      open: bars.open[first]!,
      high: Math.max(...bars.high.subarray(first, first + factor)),
      low: Math.min(...bars.low.subarray(first, first + factor)),
      close: bars.close[first + factor - 1]!,
      volume: bars.volume.subarray(first, first + factor).reduce((sum, volume) => sum + volume, 0),
    });
  }
  return columns;
}

/** Flat bars at the given closes: each opens at the close before it and spans just the two. */
export function barsOfCloses(closes: readonly number[]): CandleColumns {
  const columns = new CandleColumns(closes.length, MINUTE_MS);
  for (const [row, close] of closes.entries()) {
    const open = closes[Math.max(0, row - 1)]!;
    const openTime = epochMs(row * MINUTE_MS);
    const [high, low] = [Math.max(open, close), Math.min(open, close)];
    columns.set(row, { openTime, closeTime: epochMs(openTime + MINUTE_MS), open, high, low, close, volume: 1 });
  }
  return columns;
}
