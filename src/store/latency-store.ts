import type { HistogramJson } from '../foundation/histogram.ts';
import type { EpochMs } from '../foundation/time.ts';

/** The part of the {@link Store} that keeps how long each stage from a price to an order took. */
export interface LatencyStore {
  /** Writes windows, each in place of what it was before. */
  saveLatencies(windows: readonly LatencyWindow[]): Promise<void>;
  /** All that begin at `since` or later, of every process, oldest first. */
  latencies(since: EpochMs): Promise<readonly LatencyWindow[]>;
  /** Forgets those that began before `before`. */
  forgetLatencies(before: EpochMs): Promise<void>;
}

/** What one process measured of one stage in one window of time. */
export interface LatencyWindow {
  readonly process: string;
  readonly stage: string;
  readonly windowStart: EpochMs;
  /** In microseconds. */
  readonly histogram: HistogramJson;
}
