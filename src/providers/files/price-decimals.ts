import type { CandleColumns } from '../../market/candle-columns.ts';
import type { Decimals } from '../../market/dataset.ts';

/** Venues quote with no more decimals than this; more are the trace of float32 or of a division. */
const MOST_DECIMALS = 8;
/** Half the distance of two neighbouring float32, relative. */
const FLOAT32_HALF_STEP = 2 ** -24;

/**
 * The decimals that a venue quotes with. A file that was made from float32 (Yahoo's) shows 1319.9 as 1319.9000244140625:
 * for such a column, the fewest decimals that give the same float32 for every value; else what was seen.
 */
export function quotedDecimals(columns: CandleColumns, seen: Decimals): Decimals {
  const { open, high, low, close, volume } = columns;
  return {
    price: seen.price > MOST_DECIMALS ? decimalsOfFloat32([open, high, low, close]) : seen.price,
    quantity: seen.quantity > MOST_DECIMALS ? decimalsOfFloat32([volume]) : seen.quantity,
  };
}

function decimalsOfFloat32(columns: readonly Float64Array[]): number {
  let decimals = 0;
  for (const column of columns) {
    for (const value of column) while (decimals < MOST_DECIMALS && !fits(value, decimals)) decimals++;
  }
  return decimals;
}

function fits(value: number, decimals: number): boolean {
  const scale = 10 ** decimals;
  return Math.abs(Math.round(value * scale) / scale - value) <= Math.abs(value) * FLOAT32_HALF_STEP;
}
