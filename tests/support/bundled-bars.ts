import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { BarColumns } from '../../src/exchange/market/market-tape.ts';

/** The first `count` one-minute bars of a symbol that lies in `data/`, read apart from the product's own loader. */
export function bundledBars(symbol: string, count: number): BarColumns {
  const file = new URL(`../../data/${symbol}-1m.csv.gz`, import.meta.url);
  const rows = gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n', count + 1)
    .slice(1)
    .map((line) => line.split(',').map(Number));
  const column = (index: number): readonly number[] => rows.map((row) => row[index]!);
  return {
    length: rows.length,
    openTime: column(0),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  };
}
