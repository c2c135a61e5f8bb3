import {
  barOpenTime,
  divides,
  TIMEFRAMES,
  type Timeframe,
  timeframeMs,
  timeframeOfLength,
} from '../../domain/timeframe.ts';
import { UserError } from '../../foundation/errors.ts';
import { epochMs, toIso } from '../../foundation/time.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import { aggregateCandles } from '../../market/candle-history.ts';
import type { Dataset, DatasetQuality } from '../../market/dataset.ts';
import { commonSpacing, findGaps, leastSpacing, spacingInWords } from './bar-spacing.ts';
import type { CandleRows, OnDefect } from './candle-rows.ts';
import { type FileRows, type OnProgress, readCsv } from './csv-reader.ts';
import { readFileContent } from './file-content.ts';
import { readParquet } from './parquet-reader.ts';
import { quotedDecimals } from './price-decimals.ts';

export interface LoadOptions {
  readonly path: string;
  /** By default the file's own, or what its name says. */
  readonly symbol?: string;
  /** By default the file's own, told by the most common distance of its bars. A longer one is aggregated. */
  readonly timeframe?: Timeframe;
  /** What the file's times stand for: `'open'` (the default) as every exchange writes them. */
  readonly timestampMeans?: 'open' | 'close';
  /** `'refuse'` (the default): a file with an unsound row is a UserError. `'drop'`: such rows are left out and counted. */
  readonly onDefect?: OnDefect;
  readonly onProgress?: OnProgress;
}

/** The bars of a file, and the file. */
export interface LoadedCandles extends Dataset {
  readonly path: string;
}

/**
 * Loads a file of bars: CSV (plain, gzip, zip) or Parquet, recognised by what is in it.
 *
 * Everything that can be wrong with a file is a UserError with its path and line: no such file, not a table of bars,
 * missing columns, rows too short, values missing or impossible, times out of order or twice, another timeframe than
 * `timeframe`, an archive that is cut off. Nothing is put right in silence.
 */
export async function loadCandles(options: LoadOptions): Promise<LoadedCandles> {
  return (await loadCandlesWithSource(options)).loaded;
}

/** The same, and with it the file's own words for each bar, `null` where there are none (Parquet, aggregated bars). */
export async function loadCandlesWithSource(
  options: LoadOptions,
): Promise<{ readonly loaded: LoadedCandles; readonly rawLine: (row: number) => string | null }> {
  const { path, onDefect = 'refuse', onProgress } = options;
  const content = await readFileContent(path);
  const file =
    content.kind === 'parquet'
      ? await readParquet(path, onProgress)
      : readCsv(content, path, options.symbol, onProgress);
  checkTimeMeaning(file, options);
  if (file.rows.length === 0 && file.rows.defects === 0) throw new UserError(`${path}: has a header but no rows.`);
  file.rows.refuseDefects(path, onDefect);
  if (file.rows.length === 0) {
    throw new UserError(`${path}: has no sound row.\n  ${file.rows.told.join('\n  ')}`);
  }
  const timeframe = timeframeOf(file.rows.times, options);
  const rows = withoutOverlaps(file.rows, timeframeMs(timeframe));
  rows.refuseDefects(path, onDefect);
  const own = rows.build(timeframeMs(timeframe));
  if (options.timestampMeans === 'close') shiftToOpenTimes(own);
  const wanted = options.timeframe ?? timeframe;
  const made = wanted === timeframe ? undefined : aggregate(own, timeframe, wanted, path);
  const symbol = options.symbol ?? file.symbol ?? symbolOfName(path);
  const loaded: LoadedCandles = {
    path,
    columns: made?.columns ?? own,
    timeframe: wanted,
    ...(symbol !== undefined && { symbol }),
    decimals: quotedDecimals(own, file.decimals),
    format: file.format,
    quality: {
      ...qualityOf(own, rows),
      aggregatedFrom: made && timeframe,
      lackingBars: made?.parts.filter((parts) => parts < made.wholeParts!).length ?? 0,
    },
  };
  return { loaded, rawLine: (row) => (made ? null : file.rawLine(rows.positionOf(row))) };
}

function checkTimeMeaning({ timeNamed }: FileRows, { path, timestampMeans = 'open' }: LoadOptions): void {
  if (timeNamed === undefined || timeNamed === timestampMeans) return;
  throw new UserError(
    `${path}: its time column is named after ${timeNamed} times, and timestampMeans says ${timestampMeans}; give timestampMeans: ${timeNamed}.`,
  );
}

/** The file's own timeframe, checked against the one that is wanted. */
function timeframeOf(openTime: Float64Array, { path, timeframe: wanted }: LoadOptions): Timeframe {
  const spacing = commonSpacing(openTime);
  if (spacing === undefined) {
    if (wanted !== undefined) return wanted;
    throw new UserError(
      `${path}: has one row, which does not tell its timeframe; give one (${TIMEFRAMES.join(', ')}).`,
    );
  }
  const own = timeframeOfLength(spacing);
  const found = `${path}: its bars are ${spacingInWords(spacing)} apart`;
  if (own === undefined) {
    throw new UserError(`${found}, which is not a known timeframe (${TIMEFRAMES.join(', ')}).`);
  }
  if (wanted === undefined || divides(own, wanted)) return own;
  throw new UserError(
    `${found}; bars of ${wanted} can't be made of them. Give a timeframe that is a multiple of ${own}.`,
  );
}

/** The rows without those that begin before the bar above them is over; these are defects. */
function withoutOverlaps(rows: CandleRows, intervalMs: number): CandleRows {
  const openTime = rows.times;
  const least = leastSpacing(intervalMs);
  const overlapping: number[] = [];
  for (let row = 1, last = openTime[0]!; row < openTime.length; row++) {
    if (openTime[row]! - last < least) overlapping.push(row);
    else last = openTime[row]!;
  }
  return overlapping.length === 0 ? rows : rows.without(overlapping, 'begins before the bar above it is over');
}

/** Exchanges write a close time as the last millisecond of the bar (…59999): it stands for the next one. */
function shiftToOpenTimes({ openTime, intervalMs }: CandleColumns): void {
  for (let row = 0; row < openTime.length; row++) {
    const time = openTime[row]!;
    openTime[row] = (time % 1_000 === 999 ? time + 1 : time) - intervalMs;
  }
}

function aggregate(
  columns: CandleColumns,
  from: Timeframe,
  to: Timeframe,
  path: string,
): ReturnType<typeof aggregateCandles> {
  for (const openTime of columns.openTime) {
    if (barOpenTime(epochMs(openTime), from) === openTime) continue;
    throw new UserError(
      `${path}: its ${from} bars begin off the ${from} grid of UTC (${toIso(epochMs(openTime))}), so bars of ${to} can't be made of them.`,
    );
  }
  const made = aggregateCandles(columns, to);
  if (made.columns.length > 0) return made;
  throw new UserError(`${path}: its ${columns.length} bars of ${from} do not make one whole bar of ${to}.`);
}

function qualityOf(columns: CandleColumns, rows: CandleRows): Omit<DatasetQuality, 'aggregatedFrom' | 'lackingBars'> {
  return {
    ...findGaps(columns),
    rows: columns.length,
    first: epochMs(columns.openTime[0]!),
    last: columns.closeTime(columns.length - 1),
    zeroVolumeBars: columns.volume.filter((volume) => volume === 0).length,
    droppedRows: rows.defects,
    defects: rows.told,
  };
}

/** `BTCUSDT` of `BTCUSDT-PERP-1m.csv.gz`, `GOOG` of `GOOG.csv`; `undefined` where a name says nothing. */
function symbolOfName(path: string): string | undefined {
  const stem = path
    .split(/[\\/]/)
    .at(-1)!
    .split(/\.(?:csv|txt|tsv|parquet|zip|gz)/i)[0]!;
  const named = /^([A-Za-z0-9.^=]+(?:[-_/][A-Z]{3,4})?)[-_](?:PERP[-_])?(?:\d+(?:m|min|h|d|w))(?![a-z0-9])/.exec(stem);
  if (named) return named[1]!.replace(/[-_]PERP$/, '');
  return /^[A-Z0-9.^=-]{1,20}$/.test(stem) ? stem : undefined;
}
