import { measure } from '../columns.ts';
import type { Job } from './jobs.ts';

/** One backtest from signals that are columns, with its equity curve and all figures: the job of single.c. */
export const singleColumns: Job = async ({ file, repetitions }) => {
  return () => measured({ job: 'single', rounds: repetitions, file });
};

/** The sweep of 1,000 pairs from signals that are columns: the job of sweep.c. */
export const sweepColumns: Job = async ({ file, repetitions, threads }) => {
  return () => measured({ job: 'sweep', rounds: repetitions, threads, file });
};

async function measured(options: Parameters<typeof measure>[0]) {
  const { milliseconds, result } = await measure(options);
  return { milliseconds, result: { ...result } };
}
