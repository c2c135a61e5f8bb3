import { TIMEFRAMES, type Timeframe, timeframeMs, timeframeOfLength } from '../../domain/timeframe.ts';
import { messageOf, UserError } from '../../foundation/errors.ts';
import { epochMs } from '../../foundation/time.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import type { Dataset, DatasetQuality } from '../../market/dataset.ts';
import { commonSpacing, findGaps, leastSpacing, NO_GAPS, spacingInWords } from './bar-spacing.ts';
import type { CandleRows, DefectKind, OnDefect } from './candle-rows.ts';
import { type FileRows, type OnProgress, readCsv } from './csv-reader.ts';
import { DATASET_ENDING, readDatasetFile } from './dataset-file.ts';
import { fileContentOf, readBytes } from './file-content.ts';
import { inTimeframe } from './longer-candles.ts';
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
  /** The bytes of the file, where they were read already. */
  readonly bytes?: Buffer;
}

/** The bars of a file, and the file. */
export interface LoadedCandles extends Dataset {
  readonly path: string;
}

/** The bars of a file in its own timeframe, and how they hang together with the file. */
export interface OwnCandles {
  readonly loaded: LoadedCandles;
  /** What the file or its name says, whatever symbol it was asked for. */
  readonly ownSymbol: string | undefined;
  /** Whether another `symbol` would have given other bars. */
  readonly dependsOnSymbol: boolean;
  /** How many rows are not sound, by what is wrong with them. */
  readonly defects: ReadonlyMap<DefectKind, number>;
  /** The file's own words for a bar, `null` where there are none (Parquet). */
  readonly rawLine: (row: number) => string | null;
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
  const own = await loadOwnCandles(options);
  const loaded = inTimeframe(own.loaded, options.timeframe);
  return { loaded, rawLine: loaded === own.loaded ? own.rawLine : () => null };
}

/** The bars as they are in the file. `timeframe` is only asked where there is but one. */
export async function loadOwnCandles(options: LoadOptions): Promise<OwnCandles> {
  if (options.path.endsWith(DATASET_ENDING)) return loadDataset(options);
  const { path, onDefect = 'refuse', onProgress } = options;
  const content = await fileContentOf(options.bytes ?? (await readBytes(path)), path);
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
  const timeframe = timeframeOf(file.rows, options);
  const rows = withoutOverlaps(file.rows, timeframeMs(timeframe));
  rows.refuseDefects(path, onDefect);
  const columns = rows.build(timeframeMs(timeframe));
  if (options.timestampMeans === 'close') shiftToOpenTimes(columns);
  const ownSymbol = file.symbol ?? symbolOfName(path);
  const symbol = options.symbol ?? ownSymbol;
  const loaded: LoadedCandles = {
    path,
    ...(symbol !== undefined && { symbol }),
    timeframe,
    columns,
    decimals: quotedDecimals(columns, file.decimals),
    format: file.format,
    quality: qualityOf(columns, rows),
  };
  const { dependsOnSymbol } = file;
  return {
    loaded,
    ownSymbol,
    dependsOnSymbol,
    defects: rows.kinds,
    rawLine: (row) => file.rawLine(rows.positionOf(row)),
  };
}

/** A dataset of the local library, or of another machine's. */
async function loadDataset({ path, symbol: wanted, timestampMeans }: LoadOptions): Promise<OwnCandles> {
  let read: Awaited<ReturnType<typeof readDatasetFile>>;
  try {
    read = await readDatasetFile(path, '');
  } catch (error) {
    throw new UserError(`${path}: can't be read (${messageOf(error)}).`);
  }
  if (read === undefined) throw new UserError(`${path}: there is no such file.`);
  if (!read.ok) throw new UserError(`${path}: ${read.error.message}; import it again.`);
  if (timestampMeans === 'close') throw new UserError(`${path}: its times are of the open, as in every dataset.`);
  const { symbol: ownSymbol, ...dataset } = read.value;
  const symbol = wanted ?? ownSymbol;
  const loaded = { ...dataset, path, ...(symbol !== undefined && { symbol }) };
  return { loaded, ownSymbol, dependsOnSymbol: false, defects: new Map(), rawLine: () => null };
}

function checkTimeMeaning({ timeNamed }: FileRows, { path, timestampMeans = 'open' }: LoadOptions): void {
  if (timeNamed === undefined || timeNamed === timestampMeans) return;
  throw new UserError(
    `${path}: its time column is named after ${timeNamed} times, and timestampMeans says ${timestampMeans}; give timestampMeans: ${timeNamed}.`,
  );
}

/** The file's own timeframe. */
function timeframeOf(rows: CandleRows, { path, timeframe: wanted }: LoadOptions): Timeframe {
  const spacing = rows.regularSpacing ?? commonSpacing(rows.times);
  if (spacing === undefined) {
    if (wanted !== undefined) return wanted;
    throw new UserError(
      `${path}: has one row, which does not tell its timeframe; give one (${TIMEFRAMES.join(', ')}).`,
    );
  }
  const own = timeframeOfLength(spacing);
  if (own !== undefined) return own;
  throw new UserError(
    `${path}: its bars are ${spacingInWords(spacing)} apart, which is not a known timeframe (${TIMEFRAMES.join(', ')}).`,
  );
}

/** The rows without those that begin before the bar above them is over; these are defects. */
function withoutOverlaps(rows: CandleRows, intervalMs: number): CandleRows {
  const least = leastSpacing(intervalMs);
  if ((rows.regularSpacing ?? 0) >= least) return rows;
  const openTime = rows.times;
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

function qualityOf(columns: CandleColumns, rows: CandleRows): DatasetQuality {
  return {
    ...(rows.regularSpacing === columns.intervalMs ? NO_GAPS : findGaps(columns)),
    rows: columns.length,
    first: epochMs(columns.openTime[0]!),
    last: columns.closeTime(columns.length - 1),
    zeroVolumeBars: rows.zeroVolumes,
    droppedRows: rows.defects,
    defects: rows.told,
    aggregatedFrom: undefined,
    lackingBars: 0,
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
