import type { LibraryDataset } from '../app/data-library.ts';
import { toIso } from '../foundation/time.ts';
import type { Terminal } from './console.ts';
import { painter } from './terminal-text.ts';
import { textTable } from './text-table.ts';

/** So much of a hash tells datasets apart for people. */
const SHOWN_HASH = 12;

export function datasetTable(datasets: readonly LibraryDataset[], { colour, width }: Terminal): string {
  const paint = painter(colour);
  return textTable(
    datasets.map(({ name, dataset, size, hash }) => {
      const { symbol = '', timeframe, columns, quality } = dataset;
      const [from, to] = [minute(quality.first), minute(quality.last)];
      const gaps = `${quality.gaps}`;
      return [name, symbol, timeframe, `${columns.length}`, from, to, gaps, megabytes(size), hash.slice(0, SHOWN_HASH)];
    }),
    {
      width: width(),
      heads: ['Name', 'Symbol', 'Bars of', 'Bars', 'From', 'To', 'Gaps', 'Size', 'Hash'],
      right: new Set([3, 6, 7]),
      paint: (text, column, isHead) => (isHead ? paint('dim', text) : column === 0 ? paint('bold', text) : text),
    },
  );
}

export function datasetRow({ name, dataset, size, hash }: LibraryDataset): string {
  const { columns, quality } = dataset;
  const dropped = quality.droppedRows > 0 ? `, ${quality.droppedRows} unsound rows left out` : '';
  return `${name}: ${columns.length} bars from ${minute(quality.first)} to ${minute(quality.last)}, ${quality.gaps} gaps${dropped}, ${megabytes(size)}, ${hash.slice(0, SHOWN_HASH)}`;
}

export function datasetDocument({ name, path, dataset, size, hash }: LibraryDataset): object {
  const { symbol, timeframe, columns, quality, format } = dataset;
  const { first, last, ...rest } = quality;
  return {
    name,
    symbol,
    timeframe,
    bars: columns.length,
    from: toIso(first),
    to: toIso(last),
    bytes: size,
    hash,
    path,
    format,
    quality: rest,
  };
}

function minute(time: Parameters<typeof toIso>[0]): string {
  return toIso(time).slice(0, 16).replace('T', ' ');
}

function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
