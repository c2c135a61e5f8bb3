import type { Timeframe } from '../domain/timeframe.ts';
import { UserError } from '../foundation/errors.ts';
import type { LoadOptions } from '../providers/files/load-candles.ts';
import { loadOwnCandles } from '../providers/files/load-candles.ts';
import { inTimeframe } from '../providers/files/longer-candles.ts';
import type { DataLibrary, LibraryDataset } from './data-library.ts';
import type { Reading } from './data-reader.ts';

export interface ImportRequest {
  /** Absolute. */
  readonly path: string;
  /** Default: the file's, or what its name says. */
  readonly symbol?: string | undefined;
  /** Default: the file's own. */
  readonly timeframe?: Timeframe | undefined;
  readonly reading: Reading;
  /** Whether other bars of that name may be replaced. */
  readonly replace: boolean;
  readonly onProgress?: LoadOptions['onProgress'];
}

/**
 * Reads a file of any kind into the library.
 *
 * @throws UserError when it is missing or unsound, says no symbol, or would replace other bars
 */
export async function importData(
  library: DataLibrary,
  { path, symbol: wanted, timeframe, reading, replace, onProgress }: ImportRequest,
): Promise<LibraryDataset & { readonly isNew: boolean }> {
  const own = await loadOwnCandles({
    path,
    ...reading,
    ...(wanted !== undefined && { symbol: wanted }),
    ...(timeframe !== undefined && { timeframe }),
    ...(onProgress && { onProgress }),
  });
  const { symbol, ...loaded } = { symbol: undefined, ...inTimeframe(own.loaded, timeframe) };
  if (symbol === undefined) throw new UserError(`What symbol is in ${path}? Say it with --symbol.`);
  const { timeframe: found, columns, decimals, format, quality } = loaded;
  return library.add({ symbol, timeframe: found, columns, decimals, format, quality }, replace);
}
