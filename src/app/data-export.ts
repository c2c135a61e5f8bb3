import { messageOf, UserError } from '../foundation/errors.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { writeCandles } from '../providers/files/write-candles.ts';

/**
 * Writes bars to a file of the kind that its name ends with; see `writeCandles`.
 *
 * @throws UserError when it can't be written
 */
export async function exportCandles(
  columns: CandleColumns,
  path: string,
  onProgress: (at: { readonly done: number; readonly total: number }) => void,
): Promise<void> {
  try {
    await writeCandles(columns, path, (done) => onProgress({ done, total: columns.length }));
  } catch (error) {
    throw new UserError(`${path}: can't be written (${messageOf(error)}).`);
  }
}
