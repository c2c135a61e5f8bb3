/**
 * PORT: jobs for whoever is free. At least once: a job whose worker died is given to another, so a handler must be able
 * to run twice for the same job without harm. Jobs carry names and numbers only; data and results go through the store,
 * and the store alone says what is done: a queue forgets a job with its success, and may lose jobs with its memory.
 */
export interface WorkQueue {
  /**
   * Adds jobs; one that is waiting, running or failed is left alone. One that is done is not known any more and would be
   * done again, so whoever adds looks at the results first.
   */
  add(jobs: readonly WorkJob[]): Promise<void>;
  /**
   * Takes jobs, oldest first and `concurrency` at a time, until the returned worker is closed. A handler that rejects has
   * its job tried again, up to the queue's `attempts` times; then the job is failed, and kept with the last error.
   */
  work(options: WorkOptions, handle: WorkHandler): WorkerHandle;
  /** How the jobs of a group stand that are not done. */
  progress(group: string): Promise<WorkProgress>;
  /**
   * Takes back what waits, forgets what failed and aborts what runs, in all processes, within a second. Jobs of the
   * group that are added afterwards are dropped when it is their turn, until {@link allow}.
   */
  cancel(group: string): Promise<void>;
  /** Takes a cancellation back. */
  allow(group: string): Promise<void>;
  /** Forgets the jobs of a group that failed, so that they can be added again. */
  forgetFailed(group: string): Promise<void>;
  /** Gives everything up that it holds; what its workers run is given to others after a while. */
  close(): Promise<void>;
}

export interface WorkJob {
  /** Letters, digits, `-` and `_`. */
  readonly group: string;
  /** 0, 1, 2 …; a job is known by its group and its number. */
  readonly number: number;
}

/** Rejects when the job is to be tried again. `signal` tells it that its result is not wanted, or not from here. */
export type WorkHandler = (job: WorkJob, signal: AbortSignal) => Promise<void>;

export interface WorkOptions {
  readonly concurrency: number;
}

export interface WorkerHandle {
  /**
   * Takes no more and lets what runs end; what still runs after `withinMs` is aborted and given back to the queue, for
   * others and without counting as an attempt.
   */
  close(withinMs: number): Promise<void>;
}

export interface WorkProgress {
  /** The numbers of the jobs that wait for a worker, or for their next attempt. */
  readonly waiting: readonly number[];
  readonly running: readonly number[];
  /** With the last error of each. */
  readonly failed: readonly FailedJob[];
}

export interface FailedJob {
  readonly number: number;
  readonly message: string;
}

/** How often a job is tried, and how long after a failure. */
export interface RetryTerms {
  readonly attempts: number;
  readonly retryAfterMs: number;
}

export const DEFAULT_RETRIES: RetryTerms = { attempts: 3, retryAfterMs: 1_000 };

/** Why a handler's signal was aborted. */
export type AbortReason = 'cancelled' | 'closing';
