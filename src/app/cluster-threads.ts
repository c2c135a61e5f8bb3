import { Worker } from 'node:worker_threads';
import type { SweepChunks } from '../backtest/sweep-chunk.ts';
import type { SharedColumns } from '../backtest/worker-message.ts';
import { WorkerPool } from '../backtest/worker-pool.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import type { ThreadAnswer, ThreadTask } from './cluster-thread.ts';

/** A sweep that this process has all for. */
export interface ReadySweep {
  readonly id: string;
  readonly sweep: SweepChunks;
  readonly columns: ReadonlyMap<string, CandleColumns>;
}

const ENTRY = new URL('./cluster-thread.ts', import.meta.url);
/** Of the pool that finds out which point of a chunk kills its thread. */
const RESCUE_ENTRY = new URL('./sweep-worker.ts', import.meta.url);
const THREAD_MEGABYTES = 2_048;

/** One thread, with the sweep that it was started for. */
interface Slot {
  readonly id: string;
  readonly worker: Worker;
}

/**
 * Threads that compute chunks for whoever asks, each for one sweep at a time. A thread that dies takes its chunk's points
 * one after the other in threads of their own, so that the rows are those of a single machine.
 */
export class ClusterThreads {
  readonly #count: number;
  readonly #idle: Slot[] = [];
  readonly #all = new Set<Worker>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /**
   * The rows of a chunk.
   *
   * @throws Error with the thread's message when the sweep can't be opened, or when `signal` ended it
   */
  async run(ready: ReadySweep, chunk: number, signal: AbortSignal): Promise<Uint8Array> {
    await this.#turn(signal);
    try {
      signal.throwIfAborted();
      const slot = this.#slotFor(ready);
      const answer = await answerOf(slot.worker, chunk, signal);
      if (answer === 'died') return await rescue(ready, chunk, signal);
      this.#idle.push(slot);
      if (!answer.ok) throw new Error(answer.message);
      return answer.rows;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#busy -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#busy < this.#count) {
      this.#busy += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
      reject(signal.reason);
    };
    this.#waiting.push(resolve);
    signal.addEventListener('abort', giveUp);
    // Who ends a turn hands it over, so that `busy` stays as it is.
    await promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  #slotFor(ready: ReadySweep): Slot {
    const own = this.#idle.findIndex(({ id }) => id === ready.id);
    if (own >= 0) return this.#idle.splice(own, 1)[0]!;
    if (this.#all.size >= this.#count) void this.#idle.shift()?.worker.terminate();
    const task: ThreadTask = { plan: ready.sweep.plan, columns: shared(ready.columns) };
    const worker = new Worker(ENTRY, {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_MEGABYTES },
    });
    this.#all.add(worker);
    worker.on('error', () => {}); // It ends with it, and `exit` tells.
    worker.once('exit', () => {
      this.#all.delete(worker);
      const place = this.#idle.findIndex((slot) => slot.worker === worker);
      if (place >= 0) this.#idle.splice(place, 1);
    });
    return { id: ready.id, worker };
  }
}

/** Aborting ends the thread: nothing else stops a strategy that is at work. */
async function answerOf(worker: Worker, chunk: number, signal: AbortSignal): Promise<ThreadAnswer | 'died'> {
  const { promise, resolve } = Promise.withResolvers<ThreadAnswer | 'died'>();
  const onExit = (): void => resolve('died');
  const onAbort = (): void => void worker.terminate();
  worker.on('message', resolve);
  worker.on('exit', onExit);
  signal.addEventListener('abort', onAbort);
  worker.postMessage(chunk);
  try {
    const answer = await promise;
    if (answer === 'died') signal.throwIfAborted();
    return answer;
  } finally {
    worker.off('message', resolve);
    worker.off('exit', onExit);
    signal.removeEventListener('abort', onAbort);
  }
}

/** The pool of a single machine, for one chunk: it runs it again, then point by point. */
async function rescue({ sweep, columns }: ReadySweep, chunk: number, signal: AbortSignal): Promise<Uint8Array> {
  let found: Uint8Array | undefined;
  const pool = new WorkerPool({
    sweep,
    columns,
    path: 'auto',
    entry: RESCUE_ENTRY,
    workers: 1,
    memoryMegabytes: THREAD_MEGABYTES,
    chunks: [chunk],
    onChunk: (_, rows) => {
      found = rows;
    },
    signal,
  });
  await pool.run();
  signal.throwIfAborted();
  if (!found) throw new Error(`Chunk ${chunk} ended without its rows`);
  return found;
}

function shared(columns: ReadonlyMap<string, CandleColumns>): readonly SharedColumns[] {
  return [...columns].map(([feed, { length, intervalMs, buffer }]) => ({ feed, length, intervalMs, buffer }));
}
