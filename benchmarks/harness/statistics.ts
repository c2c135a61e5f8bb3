/** What becomes of the times of alternating rounds. */

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** @throws RangeError when there is nothing to take the median of */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('The median of no values');
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median, and the quartiles as low and high: a round that a neighbour disturbed moves none of the three far. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return { median: median(values), low: at(0.25), high: at(0.75) };
}

/**
 * How many times as fast `own` was as `other`, round by round: both times of a ratio are from the same minute. Above 1:
 * `own` is the faster one. Of speed against C it is the share of C's speed.
 */
export function speedRatio(own: readonly number[], other: readonly number[]): Spread {
  const rounds = Math.min(own.length, other.length);
  return spread(Array.from({ length: rounds }, (_, round) => other[round]! / own[round]!));
}
