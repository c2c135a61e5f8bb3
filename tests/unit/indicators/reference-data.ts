import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { sharedData } from '../../support/shared-data.ts';

/** Bars as columns, oldest first; `closeTime` in epoch milliseconds. */
export interface Bars {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly closeTime: Float64Array;
}

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** The text of a file, decompressed when its name ends in `.gz`. */
function textOf(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** The bars of a CSV file `open time,open,high,low,close,volume`; from the line that starts with `first`, if given. */
export function readBars(path: string, timeframeMs: number, first?: string, count?: number): Bars {
  const text = textOf(path).trim();
  const start = text.indexOf(first === undefined ? '\n' : `\n${first},`) + 1;
  const rows = text
    .slice(start, count === undefined ? undefined : start + count * 120)
    .split('\n', count)
    .map((line) => line.trim().split(','));
  const column = (index: number) => Float64Array.from(rows, (row) => Number(row[index]));
  const openTimeOf = (time: string) => (/^\d+$/.test(time) ? Number(time) : Date.parse(time));
  return {
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
    closeTime: Float64Array.from(rows, (row) => openTimeOf(row[0]!) + timeframeMs),
  };
}

/** The three series that TA-Lib's columns were computed on. */
export const TALIB_SERIES = [
  {
    name: 'S&P 500 ETF daily',
    barsPath: sharedData('reference/skender/default.csv'),
    columnsPath: sharedData('reference/talib/skender-default-502.csv.gz'),
    read: (path: string) => readBars(path, DAY_MS),
  },
  {
    name: 'BTCUSDT 1m',
    barsPath: sharedData('binance-spot-1m/BTCUSDT-1m-20240701-20250630.csv.gz'),
    columnsPath: sharedData('reference/talib/BTCUSDT-1m-20250624.csv.gz'),
    read: (path: string) => readBars(path, MINUTE_MS, '1750723200000', 2000),
  },
  {
    name: 'RELIANCE.NS daily',
    barsPath: sharedData('nse-equity-1d/RELIANCE.NS-1d.csv.gz'),
    columnsPath: sharedData('reference/talib/RELIANCE.NS-1d.csv.gz'),
    read: (path: string) => readBars(path, DAY_MS),
  },
] as const;

/** TA-Lib's columns by name, NaN where blank (warm-up). */
export function readTalibColumns(path: string): Map<string, Float64Array> {
  const [header, ...rows] = textOf(path)
    .trim()
    .split('\n')
    .map((line) => line.trim().split(','));
  return new Map(
    header!.map((name, index) => [
      name,
      Float64Array.from(rows, (row) => (row[index] ? Number(row[index]) : Number.NaN)),
    ]),
  );
}

/** One field of Skender's expected results, NaN where null (warm-up). */
export function skenderColumn(path: string, field: string): Float64Array {
  const rows = JSON.parse(textOf(path)) as readonly Record<string, number | null>[];
  return Float64Array.from(rows, (row) => row[field] ?? Number.NaN);
}

/** How two columns differ over the bars where `expected` has a value, from bar `from` on. */
export interface Difference {
  readonly compared: number;
  /** The worst relative error; infinite where a value is missing. */
  readonly worst: number;
}

export function compareColumns(actual: Float64Array, expected: Float64Array, from = 0): Difference {
  let compared = 0;
  let worst = 0;
  for (let index = from; index < expected.length; index += 1) {
    const wanted = expected[index]!;
    if (Number.isNaN(wanted)) continue;
    compared += 1;
    const error = Math.abs(actual[index]! - wanted);
    if (error !== 0) worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / Math.abs(wanted));
  }
  return { compared, worst };
}
