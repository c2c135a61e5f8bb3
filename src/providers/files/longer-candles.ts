import { barOpenTime, divides, type Timeframe } from '../../domain/timeframe.ts';
import { UserError } from '../../foundation/errors.ts';
import { epochMs, toIso } from '../../foundation/time.ts';
import { aggregateCandles } from '../../market/candle-history.ts';
import type { Dataset } from '../../market/dataset.ts';
import { spacingInWords } from './bar-spacing.ts';

interface FileBars extends Dataset {
  readonly path: string;
}

/**
 * The bars of a file, or longer ones made of them.
 *
 * @throws UserError when `wanted` is not made of whole bars of the file's own timeframe, or no bar comes of it
 */
export function inTimeframe(own: FileBars, wanted: Timeframe = own.timeframe): FileBars {
  const { path, columns, timeframe: from } = own;
  if (wanted === from) return own;
  if (!divides(from, wanted)) {
    throw new UserError(
      `${path}: its bars are ${spacingInWords(columns.intervalMs)} apart; bars of ${wanted} can't be made of them. Give a timeframe that is a multiple of ${from}.`,
    );
  }
  for (const openTime of columns.openTime) {
    if (barOpenTime(epochMs(openTime), from) === openTime) continue;
    throw new UserError(
      `${path}: its ${from} bars begin off the ${from} grid of UTC (${toIso(epochMs(openTime))}), so bars of ${wanted} can't be made of them.`,
    );
  }
  const made = aggregateCandles(columns, wanted);
  if (made.columns.length === 0) {
    throw new UserError(`${path}: its ${columns.length} bars of ${from} do not make one whole bar of ${wanted}.`);
  }
  const lackingBars = made.parts.filter((parts) => parts < made.wholeParts!).length;
  const quality = { ...own.quality, aggregatedFrom: from, lackingBars };
  return { ...own, timeframe: wanted, columns: made.columns, quality };
}
