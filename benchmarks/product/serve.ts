/**
 * The product's side of the benchmarks: a process of its own that answers one job a line, as the peers' serve.py does.
 * Each line of input is a {@link JobRequest}; each line of output the median time of its repetitions, what it came to, and
 * the most memory that the process has had.
 */
import { createInterface } from 'node:readline';
import { median } from '../harness/statistics.ts';
import type { Job, JobRequest, JobSample } from './jobs.ts';

/** Loaded when first asked for, so that a job's start is its own. */
const JOBS: Readonly<Record<string, () => Promise<Job>>> = {
  single: async () => (await import('./event-cross.ts')).single,
  engine: async () => (await import('./four-indicators.ts')).engine,
  singleColumns: async () => (await import('./columns.ts')).singleColumns,
  sweepColumns: async () => (await import('./columns.ts')).sweepColumns,
  csv: async () => (await import('./data.ts')).csv,
  cache: async () => (await import('./data.ts')).cache,
  costs: async () => (await import('./costs.ts')).costs,
  indicators: async () => (await import('./indicators.ts')).indicators,
};

let readied: { readonly key: string; readonly run: () => JobSample | Promise<JobSample> } | undefined;

async function answer(line: string): Promise<unknown> {
  const request = JSON.parse(line) as JobRequest;
  const load = JOBS[request.job];
  if (load === undefined) return { error: `no job ${request.job}` };
  try {
    const job = await load();
    if (readied?.key !== line) readied = { key: line, run: await job(request) };
    const { milliseconds, result } = await readied.run();
    // In kilobytes.
    const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
    return { milliseconds: median(milliseconds), result, peakMemoryBytes };
  } catch (error) {
    console.error(error);
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

function write(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

write({ peer: 'tradewind', runtime: `Node ${process.versions.node}` });
for await (const line of createInterface({ input: process.stdin })) write(await answer(line));
