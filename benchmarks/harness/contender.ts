/** One side of a comparison: something that can do a job again and again, in a process of its own. */

/** What a job came to, for the check that both sides did the same work. */
export type JobResult = Readonly<Record<string, number>>;

export interface Sample {
  /** Of the job alone, without start, data and warm-up. The median where one sample holds several repetitions. */
  readonly milliseconds: number;
  readonly result: JobResult;
  /** The most memory that the process has had resident so far. */
  readonly peakMemoryBytes?: number;
}

export interface Contender {
  readonly name: string;
  run(): Promise<Sample>;
  close(): Promise<void>;
}

/** A job that cannot be done: the sentence goes into the results as it is. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}
