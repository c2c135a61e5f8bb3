import type { JobResult } from '../harness/contender.ts';

/** What a job is asked for; jobs read the fields that concern them. */
export interface JobRequest {
  readonly job: string;
  readonly bars: number;
  /** Six columns of float64. */
  readonly file: string;
  readonly csv: string;
  /** In one sample. */
  readonly repetitions: number;
  readonly threads: number;
  readonly symbols: number;
  readonly points: number;
  readonly fast: number;
  readonly slow: number;
  readonly fee: number;
  readonly indicator: string;
}

/** What a sample measured: the job's own time of each repetition, and what it came to. */
export interface JobSample {
  readonly milliseconds: readonly number[];
  readonly result: JobResult;
}

/** Readies data (not timed) and returns what makes one sample. */
export type Job = (request: JobRequest) => Promise<() => JobSample | Promise<JobSample>>;

/** A job whose repetitions are calls of one function. */
export function timed(repetitions: number, run: () => JobResult): JobSample {
  const milliseconds: number[] = [];
  let result: JobResult = {};
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const began = performance.now();
    result = run();
    milliseconds.push(performance.now() - began);
  }
  return { milliseconds, result };
}
