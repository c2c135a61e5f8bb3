/*
 * How a bar is told as trades, in whole numbers: prices in ticks, sizes in units of volume. Whole float64 numbers are exact
 * up to 2^53 and far quicker than bigint; a market of hundreds of symbols is played by them.
 */

/** A bar in whole numbers. */
export interface WholeBar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly units: number;
}

/**
 * The prices of a bar's trades: `count` of them, or as many as the bar has units, but at least one for each turning point.
 * Straight lines from the open to the extreme on the far side of the close, to the other extreme, to the close.
 */
export function pricesOf({ open, high, low, close, units }: WholeBar, count: number): readonly number[] {
  const extremes = close >= open ? [low, high] : [high, low];
  const turning = [open, ...extremes, close].filter((price, i, all) => i === 0 || price !== all[i - 1]);
  const prints = Math.min(count, units);
  if (prints <= turning.length) return turning;
  const legs = turning.length - 1;
  const prices = new Array<number>(prints).fill(open);
  // Each corner has a print of its own; between two of them the price goes straight.
  const place = (corner: number): number => Math.round((corner * (prints - 1)) / legs);
  for (let leg = 0; leg < legs; leg++) {
    const [from, to] = [turning[leg]!, turning[leg + 1]!];
    const [first, last] = [place(leg), place(leg + 1)];
    for (let i = first; i <= last; i++) prices[i] = Math.round(from + ((to - from) * (i - first)) / (last - first));
  }
  return prices;
}

/** The size of the print `index` of `count`: equal shares, what is left over one by one to the first. */
export function sizeOf(units: number, count: number, index: number): number {
  return Math.floor(units / count) + (index < units % count ? 1 : 0);
}

/** The sum of price × size of a bar's trades, in ticks × units. Exact. */
export function turnoverOf(bar: WholeBar, count: number): bigint {
  const prices = pricesOf(bar, count);
  let sum = 0;
  for (let i = 0; i < prices.length; i++) sum += prices[i]! * sizeOf(bar.units, prices.length, i);
  if (Number.isSafeInteger(sum)) return BigInt(sum);
  return prices.reduce((exact, price, i) => exact + BigInt(price) * BigInt(sizeOf(bar.units, prices.length, i)), 0n);
}
