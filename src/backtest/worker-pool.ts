import { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../foundation/clock.ts';
import { InvariantError, messageOf, UserError } from '../foundation/errors.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { chunkRows, type SweepChunks, type SweepPath } from './sweep-chunk.ts';
import type { PointOutcome } from './sweep-point.ts';
import { encodeRows } from './sweep-rows.ts';
import {
  ControlWords,
  type Rescue,
  type SharedColumns,
  type WorkerMessage,
  type WorkerTask,
} from './worker-message.ts';

export interface PoolRequest {
  readonly sweep: SweepChunks;
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly path: SweepPath;
  /** The module that a worker runs: it opens the sweep of its `WorkerTask` and calls `workThrough`. */
  readonly entry: URL;
  readonly workers: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** The most memory that a worker's own objects and buffers may take; shared bars do not count. */
  readonly memoryMegabytes: number;
  /** The numbers of the chunks to compute. */
  readonly chunks: readonly number[];
  /** Takes what is done, in no particular order. */
  readonly onChunk: (number: number, rows: Uint8Array) => void;
  /** Ends all work at once; chunks under way are lost. */
  readonly signal: AbortSignal;
}

const OUT_OF_MEMORY = Symbol('out of memory');
const LOOK_MS = 50;
const MEGABYTE = 2 ** 20;
/**
 * The engine's own limit ends the whole process when one allocation goes far beyond it, as that of a list that grows does.
 * So workers are looked at, and that limit is so much further up that none gets there between two looks.
 */
const HEADROOM_MEGABYTES = 2_048;

/** How often a chunk whose worker died is run again as a whole, before its points are run one by one. */
const MOST_RERUNS = 1;

/**
 * Threads that share the bars and take chunks from one counter, so that none waits for another. One that dies takes
 * nothing with it but the point at fault: its chunk is run again, then point by point.
 */
export class WorkerPool {
  readonly #request: PoolRequest;
  readonly #control: SharedArrayBuffer;
  readonly #words: ControlWords;
  readonly #queue: SharedArrayBuffer;
  readonly #columns: readonly SharedColumns[];
  readonly #workers = new Map<number, Worker>();
  /** Workers that were ended for their memory. */
  readonly #greedy = new WeakSet<Worker>();
  readonly #deaths = new Map<number, number>();
  /** Outcomes so far of the chunks whose points are run one by one. */
  readonly #outcomes = new Map<number, PointOutcome[]>();
  #failure: unknown;
  #finish: () => void = () => {};

  constructor(request: PoolRequest) {
    this.#request = request;
    this.#control = ControlWords.buffer(request.workers);
    this.#words = new ControlWords(this.#control);
    this.#queue = new SharedArrayBuffer(request.chunks.length * Int32Array.BYTES_PER_ELEMENT);
    new Int32Array(this.#queue).set(request.chunks);
    this.#columns = [...request.columns].map(([feed, { length, intervalMs, buffer }]) => ({
      feed,
      length,
      intervalMs,
      buffer,
    }));
  }

  /** How many points the workers have run so far, those of chunks under way included. */
  get points(): number {
    return this.#words.points;
  }

  /**
   * Resolves when all chunks are done, or when the signal has ended the work.
   *
   * @throws UserError when the workers can't work at all
   */
  async run(): Promise<void> {
    const { workers, chunks, signal, clock = systemClock } = this.#request;
    if (chunks.length === 0 || signal.aborted) return;
    const ended = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    const stop = (): void => void this.#stop();
    signal.addEventListener('abort', stop);
    const stopLooking = clock.every(LOOK_MS, () => this.#look());
    try {
      for (let slot = 0; slot < Math.min(workers, chunks.length); slot++) this.#start(slot);
      await ended;
    } finally {
      stopLooking();
      signal.removeEventListener('abort', stop);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #start(slot: number, rescue?: Rescue): void {
    const { sweep, path, entry, memoryMegabytes } = this.#request;
    // So that one that dies before it has begun is not taken for one that its points have killed.
    this.#words.workOn(slot, -1);
    const task: WorkerTask = {
      plan: sweep.plan,
      path,
      columns: this.#columns,
      control: this.#control,
      queue: this.#queue,
      slot,
      rescue,
    };
    const worker = new Worker(entry, {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes + HEADROOM_MEGABYTES },
      stdout: true,
    });
    // What a strategy prints, thousands of times over, would stand in the middle of the results.
    worker.stdout.resume();
    this.#workers.set(slot, worker);
    let cause: unknown;
    worker.on('message', (message: WorkerMessage) => {
      try {
        this.#hear(message);
      } catch (error) {
        this.#fail(error);
      }
    });
    worker.on('error', (error: unknown) => {
      cause = error;
    });
    worker.on('exit', () => this.#ended(slot, this.#greedy.has(worker) ? OUT_OF_MEMORY : cause));
  }

  /** Ends workers that have taken too much memory. */
  #look(): void {
    const most = this.#request.memoryMegabytes * MEGABYTE;
    for (const worker of this.#workers.values()) {
      worker.getHeapStatistics().then(
        ({ used_heap_size: objects, external_memory: buffers }) => {
          if (objects + buffers <= most) return;
          this.#greedy.add(worker);
          void worker.terminate();
        },
        // It is over.
        () => {},
      );
    }
  }

  #hear(message: WorkerMessage): void {
    switch (message.kind) {
      case 'chunk':
        this.#request.onChunk(message.number, message.rows);
        break;
      case 'point':
        this.#outcomes.get(message.chunk)?.push(message.outcome);
        break;
      case 'points done':
        this.#assemble(message.chunk);
        break;
      case 'refused':
        this.#fail(new UserError(message.message));
    }
  }

  /** A worker is gone: it was through, was told to stop, or died. */
  #ended(slot: number, cause: unknown): void {
    this.#workers.delete(slot);
    const chunk = this.#words.workedOn(slot);
    const isOver = this.#failure !== undefined || this.#request.signal.aborted;
    if (isOver || (chunk < 0 && cause === undefined)) {
      if (this.#workers.size === 0) this.#finish();
      return;
    }
    if (chunk < 0)
      this.#fail(new InvariantError('A worker of a sweep ended without work', { cause: messageOf(cause) }));
    else this.#start(slot, this.#rescueOf(chunk, cause));
    if (this.#workers.size === 0) this.#finish();
  }

  #rescueOf(chunk: number, cause: unknown): Rescue {
    const outcomes = this.#outcomes.get(chunk);
    if (outcomes !== undefined) {
      outcomes.push({ ok: false, message: causeOfDeath(cause) });
      return { chunk, from: outcomes.length };
    }
    const deaths = (this.#deaths.get(chunk) ?? 0) + 1;
    this.#deaths.set(chunk, deaths);
    if (deaths <= MOST_RERUNS) return { chunk, from: 'whole' };
    this.#outcomes.set(chunk, []);
    return { chunk, from: 0 };
  }

  #assemble(chunk: number): void {
    const outcomes = this.#outcomes.get(chunk) ?? [];
    this.#outcomes.delete(chunk);
    this.#request.onChunk(chunk, encodeRows(chunkRows(this.#request.sweep, chunk, () => outcomes)));
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure;
    void this.#stop();
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.terminate()));
  }
}

/** Says no number of it, so that a point has the same words on every machine. */
function causeOfDeath(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (cause === OUT_OF_MEMORY || code === 'ERR_WORKER_OUT_OF_MEMORY') return 'The strategy ran out of memory.';
  return cause === undefined ? 'The strategy ended its thread.' : `The strategy ended its thread: ${messageOf(cause)}`;
}
