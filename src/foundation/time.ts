import type { Brand } from './brand.ts';

/** Milliseconds since 1970-01-01T00:00:00Z, always UTC, always a whole number. */
export type EpochMs = Brand<number, 'EpochMs'>;

/** A length of time in milliseconds. */
export type DurationMs = Brand<number, 'DurationMs'>;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Marks a number as a point in time. The caller vouches that it is whole milliseconds, UTC. */
export function epochMs(value: number): EpochMs {
  return value as EpochMs;
}

/** Marks a number as a length of time in milliseconds. */
export function durationMs(value: number): DurationMs {
  return value as DurationMs;
}

/** `2025-06-24T10:31:00.000Z`. */
export function toIso(time: EpochMs): string {
  return new Date(time).toISOString();
}
