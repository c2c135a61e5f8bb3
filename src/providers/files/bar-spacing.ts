import { DAY_MS, type DurationMs, durationMs, epochMs, HOUR_MS } from '../../foundation/time.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import type { Gaps } from '../../market/dataset.ts';

/** The most common distance from one time to the next, the shorter among equals; `undefined` for fewer than two. */
export function commonSpacing(openTime: Float64Array): DurationMs | undefined {
  const counts = new Map<number, number>();
  // Bars follow each other at one distance for long.
  for (let row = 1; row < openTime.length; ) {
    const spacing = openTime[row]! - openTime[row - 1]!;
    const first = row;
    while (row < openTime.length && openTime[row]! - openTime[row - 1]! === spacing) row++;
    counts.set(spacing, (counts.get(spacing) ?? 0) + row - first);
  }
  let common: number | undefined;
  let most = 0;
  for (const [spacing, count] of counts) {
    if (count > most || (count === most && spacing < common!)) [common, most] = [spacing, count];
  }
  return common === undefined ? undefined : durationMs(common);
}

/**
 * The least distance that bars of a length may have. Daily bars that begin at a city's midnight are 23 hours apart when
 * its summer time begins.
 */
export function leastSpacing(intervalMs: number): number {
  return intervalMs >= DAY_MS ? intervalMs - HOUR_MS : intervalMs;
}

export const NO_GAPS: Gaps = { gaps: 0, missingBars: 0, largestGap: undefined };

export function findGaps({ openTime, length, intervalMs }: CandleColumns): Gaps {
  let gaps = 0;
  let missingBars = 0;
  let largestGap: Gaps['largestGap'];
  for (let row = 1; row < length; row++) {
    const spacing = openTime[row]! - openTime[row - 1]!;
    if (spacing === intervalMs) continue;
    const missing = Math.round(spacing / intervalMs) - 1;
    if (missing <= 0) continue;
    gaps++;
    missingBars += missing;
    if (missing > (largestGap?.missingBars ?? 0)) {
      largestGap = { after: epochMs(openTime[row - 1]! + intervalMs), missingBars: missing };
    }
  }
  return { gaps, missingBars, largestGap };
}

/** `1h`-like words for any length of time: `90 minutes`, `31 days`. */
export function spacingInWords(length: number): string {
  const units = [
    [DAY_MS, 'day'],
    [HOUR_MS, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second'],
  ] as const;
  const [unit, name] = units.find(([size]) => length % size === 0) ?? [1, 'millisecond'];
  const count = length / unit;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
