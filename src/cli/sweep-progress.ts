import type { PreparedSweep } from '../app/sweep-prepare.ts';
import type { SweepProgress } from '../app/sweep-run.ts';
import { formatDuration } from './report/figure-format.ts';

/** `1,024 points  152 points/s  15.2M bars/s  12 s left`. */
export function describeProgress({ points, elapsedMs, ownFraction }: SweepProgress, prepared: PreparedSweep): string {
  const bars = [...prepared.columns.values()].reduce((sum, { length }) => sum + length, 0);
  const rate = (points * 1_000) / elapsedMs;
  const left = ownFraction > 0 ? (elapsedMs * (1 - ownFraction)) / ownFraction : Number.NaN;
  const parts = [`${points.toLocaleString('en-US')} points`];
  if (points > 0) parts.push(`${compact(rate)} points/s`, `${compact(rate * bars)} bars/s`);
  if (left >= 1_000) parts.push(`${formatDuration(Math.ceil(left / 1_000) * 1_000)} left`);
  return parts.join('  ');
}

/** `152`, `15.2M`. */
export function compact(value: number): string {
  return new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
}
