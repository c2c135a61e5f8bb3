import type { Random } from '../../foundation/random.ts';

/** Waits that double with each attempt, and differ from those of others who failed at the same moment. */
export interface BackoffTerms {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** How long to wait before attempt `attempt` (0 is the first repeat): a random half to the whole of the doubled wait. */
export function backoffMs(attempt: number, { firstMs, longestMs }: BackoffTerms, random: Random): number {
  const whole = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30));
  return whole * (0.5 + random.next() / 2);
}
