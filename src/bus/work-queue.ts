/**
 * PORT: jobs for whoever is free. At least once: a job whose worker died is given to another, so a handler must be able
 * to run twice for the same job without harm. Jobs carry names and numbers only; data and results go through the store.
 */
export interface WorkQueue {
  /** Adds jobs; one whose id is waiting, running or done already is left alone. */
  add(jobs: readonly WorkJob[]): Promise<void>;
  /**
   * Takes jobs, `concurrency` at a time, until the returned worker is closed. A handler that throws has its job tried
   * again, up to `attempts` times; then it is failed.
   */
  work(options: WorkOptions, handle: (job: WorkJob, signal: AbortSignal) => Promise<void>): WorkerHandle;
  /** How many jobs of a group stand where. */
  progress(group: string): Promise<WorkProgress>;
  /** Takes back what waits and aborts what runs, in all processes. */
  cancel(group: string): Promise<void>;
  close(): Promise<void>;
}

export interface WorkJob {
  /** `{group}/{number}`: unique for ever. */
  readonly id: string;
  readonly group: string;
  readonly number: number;
}

export interface WorkOptions {
  readonly concurrency: number;
}

export interface WorkerHandle {
  /** Takes no more, lets what runs end, and resolves then. */
  close(): Promise<void>;
}

export interface WorkProgress {
  readonly waiting: number;
  readonly running: number;
  readonly done: number;
  /** With the last error of each. */
  readonly failed: readonly { readonly number: number; readonly message: string }[];
}
