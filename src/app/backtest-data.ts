import { type Feed, feedName } from '../domain/candle.ts';
import type { Instrument } from '../domain/instrument.ts';
import { UserError } from '../foundation/errors.ts';
import { type EpochMs, toIso } from '../foundation/time.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { inferInstrument } from '../providers/files/infer-instrument.ts';
import type { LoadedCandles } from '../providers/files/load-candles.ts';
import { DataReader, type Reading } from './data-reader.ts';

/** Where the bars of a symbol are. */
export interface DataSource {
  readonly symbol: string;
  readonly path: string;
}

/** The part of history that is traded: bars that open at `from` or later and close at `to` or earlier. */
export interface Period {
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
}

/** Tells how far a long step is, 0 … 1. */
export type Progress = (step: string, fraction: number) => void;

export interface DataOptions {
  readonly period: Period;
  readonly reading?: Reading | undefined;
  readonly onProgress?: Progress | undefined;
  /** Default: one of its own, without a cache. */
  readonly reader?: DataReader | undefined;
}

export interface BacktestData {
  /** By feed name. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly instruments: readonly Instrument[];
  /** What the reader of a report should know of the data. */
  readonly notes: readonly string[];
}

/**
 * Loads what the feeds need, longer bars made of the files' own, cut to the period, and all to the moment at which the
 * first of the symbols ends.
 *
 * @throws UserError when a file is missing or unsound, or when nothing of it lies in the period
 */
export async function loadBacktestData(
  feeds: readonly Feed[],
  sources: readonly DataSource[],
  { period, reading = {}, onProgress, reader = new DataReader() }: DataOptions,
): Promise<BacktestData> {
  const columns = new Map<string, CandleColumns>();
  const instruments: Instrument[] = [];
  const notes: string[] = [];
  for (const source of sources) {
    const needed = feeds.filter((feed) => feed.symbol === source.symbol);
    const loaded = await loadFeeds(source, needed, { reader, reading, onProgress });
    instruments.push(inferInstrument(source.symbol, loaded[0]!));
    for (const [index, feed] of needed.entries()) {
      columns.set(feedName(feed), inPeriod(loaded[index]!, period, source));
      notes.push(...qualityNotes(feed, loaded[index]!));
    }
  }
  return { columns: cutToCommonEnd(feeds, columns, notes), instruments, notes };
}

async function loadFeeds(
  { symbol, path }: DataSource,
  feeds: readonly Feed[],
  { reader, reading, onProgress }: Required<Pick<DataOptions, 'reader' | 'reading'>> & Pick<DataOptions, 'onProgress'>,
): Promise<readonly LoadedCandles[]> {
  const loaded: LoadedCandles[] = [];
  for (const { timeframe } of feeds) {
    const report =
      onProgress && ((at: { done: number; total: number }) => onProgress(`reading ${symbol}`, at.done / at.total));
    loaded.push(await reader!.load({ path, symbol, timeframe, reading, onProgress: report }));
  }
  return loaded;
}

function inPeriod({ columns }: LoadedCandles, { from, to }: Period, { symbol, path }: DataSource): CandleColumns {
  let first = 0;
  let end = columns.length;
  if (from !== undefined) while (first < end && columns.openTime[first]! < from) first += 1;
  if (to !== undefined) while (end > first && columns.closeTime(end - 1) > to) end -= 1;
  if (first < end) return first === 0 && end === columns.length ? columns : columns.slice(first, end);
  const begins = toIso(columns.openTime[0]! as EpochMs);
  const ends = toIso(columns.closeTime(columns.length - 1));
  throw new UserError(
    `${path} has no bar of ${symbol} in the period that is asked for: it goes from ${begins} to ${ends}.`,
  );
}

/** Without this a run would go on after its first symbol has ended, with prices that no longer move. */
function cutToCommonEnd(
  feeds: readonly Feed[],
  columns: ReadonlyMap<string, CandleColumns>,
  notes: string[],
): ReadonlyMap<string, CandleColumns> {
  const lastClose = (feed: Feed): number => {
    const own = columns.get(feedName(feed))!;
    return own.closeTime(own.length - 1);
  };
  const main = feeds.filter(({ timeframe }) => timeframe === feeds[0]!.timeframe);
  const end = Math.min(...main.map(lastClose));
  if (main.some((feed) => lastClose(feed) > end)) {
    const shortest = main.find((feed) => lastClose(feed) === end)!;
    notes.push(`All symbols end at ${toIso(end as EpochMs)}, where the bars of ${shortest.symbol} end.`);
  }
  return new Map([...columns].map(([name, own]) => [name, before(own, end)]));
}

function before(columns: CandleColumns, end: number): CandleColumns {
  let length = columns.length;
  while (length > 0 && columns.closeTime(length - 1) > end) length -= 1;
  return length === columns.length ? columns : columns.slice(0, length);
}

function qualityNotes({ symbol, timeframe }: Feed, { quality }: LoadedCandles): readonly string[] {
  const notes: string[] = [];
  if (quality.lackingBars > 0) {
    notes.push(
      `${quality.lackingBars} of the ${timeframe} bars of ${symbol} lack some of their ${quality.aggregatedFrom} bars.`,
    );
  }
  if (quality.droppedRows > 0) {
    const rows = quality.droppedRows === 1 ? 'row' : 'rows';
    notes.push(`${quality.droppedRows} unsound ${rows} of ${symbol} ${rows === 'row' ? 'was' : 'were'} left out.`);
  }
  return notes;
}
