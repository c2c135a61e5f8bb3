import type { WorkJob, WorkProgress, WorkQueue } from '../bus/work-queue.ts';
import { type Clock, sleep } from '../foundation/clock.ts';
import { messageOf, UserError } from '../foundation/errors.ts';
import { StoreUnavailableError } from '../store/store-error.ts';
import type { SweepStore } from '../store/sweep-store.ts';

export interface ClusterParts {
  readonly store: SweepStore;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  /** Told in a sentence what a person should know. */
  readonly onNotice: (sentence: string) => void;
}

/** What is watched: its name and the number of its chunks. */
export interface WatchedSweep {
  readonly id: string;
  readonly chunks: number;
}

/**
 * How it came to its end: `done`, all chunks are in the store; `left`, the signal ended the watching and the workers go
 * on; `cancelled`, somebody cancelled the sweep.
 */
export type ClusterEnd = 'done' | 'left' | 'cancelled';

export interface ClusterProgress {
  readonly done: number;
  readonly chunks: number;
  /** Chunks under way; `null` while Redis does not answer. */
  readonly running: number | null;
}

export interface WatchOptions {
  /** Chunks that the caller has already. */
  readonly known: ReadonlySet<number>;
  /** Each further chunk once, in no particular order. */
  readonly onChunk: (number: number, rows: Uint8Array) => void;
  readonly onProgress?: (progress: ClusterProgress) => void;
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 250;
/** A look at the store may take a tenth of the time. */
const LOOK_SHARE = 10;
/** Jobs of a sweep that are in the queue at a time; more follow as these are done. */
const MOST_QUEUED = 20_000;
/** So often the queue is compared with the store, for jobs that a Redis has lost. */
const RECONCILE_EVERY_MS = 3_000;
/** An answer that takes longer is told of. */
const PATIENCE_MS = 2_000;
/** Chunks that are read from the store at a time. */
const READ_AT_ONCE = 64;
/** Failed chunks that are named in the end. */
const MOST_NAMED = 3;

/**
 * Watches a submitted sweep until all its chunks are in the store. Chunks that are neither there nor in the queue are put
 * into the queue, at the beginning and again whenever some are missing: whatever a Redis forgets is done all the same.
 *
 * @throws UserError when nothing is left but chunks that failed on the workers each time
 */
export function watchSweep(parts: ClusterParts, sweep: WatchedSweep, options: WatchOptions): Promise<ClusterEnd> {
  return new SweepWatch(parts, sweep, options).run();
}

class SweepWatch {
  readonly #parts: ClusterParts;
  readonly #sweep: WatchedSweep;
  readonly #options: WatchOptions;
  readonly #done: Set<number>;
  #queueLook: Promise<void> | undefined;
  #queueAskedAt = 0;
  #reconciledAt = Number.NEGATIVE_INFINITY;
  #progress: WorkProgress | undefined;
  #isQueueSilent = false;
  #isStoreAway = false;
  #lastFailure = '';
  #hasTaken = false;
  #startedAt = 0;

  constructor(parts: ClusterParts, sweep: WatchedSweep, options: WatchOptions) {
    this.#parts = parts;
    this.#sweep = sweep;
    this.#options = options;
    this.#done = new Set(options.known);
  }

  async run(): Promise<ClusterEnd> {
    const { clock } = this.#parts;
    const { signal } = this.#options;
    this.#startedAt = clock.monotonic();
    for (;;) {
      const began = clock.monotonic();
      const end = await this.#look();
      if (end) return end;
      if (signal.aborted) return 'left';
      this.#lookAtQueue();
      await sleep(clock, Math.max(LOOK_EVERY_MS, (clock.monotonic() - began) * LOOK_SHARE));
    }
  }

  /** At the store, which alone says what is done. */
  async #look(): Promise<ClusterEnd | undefined> {
    const { store, onNotice } = this.#parts;
    const { id, chunks } = this.#sweep;
    try {
      await this.#takeChunks();
      if (this.#done.size >= chunks) return 'done';
      const record = await store.sweep(id);
      if (this.#isStoreAway) onNotice('The store is back.');
      this.#isStoreAway = false;
      if (record?.cancelled) return 'cancelled';
    } catch (error) {
      if (!(error instanceof StoreUnavailableError && error.isPassing)) throw error;
      if (!this.#isStoreAway) onNotice(`${error.message} Nothing is lost; the sweep goes on when it is back.`);
      this.#isStoreAway = true;
      return undefined;
    }
    this.#refuseFailed();
    return undefined;
  }

  async #takeChunks(): Promise<void> {
    const { store } = this.#parts;
    const { id } = this.#sweep;
    const { onChunk } = this.#options;
    const fresh = (await store.chunksDone(id)).filter((number) => !this.#done.has(number));
    for (let from = 0; from < fresh.length; from += READ_AT_ONCE) {
      const wanted = fresh.slice(from, from + READ_AT_ONCE);
      // Neighbours are read together, and known ones between them not twice.
      for (const [first, end] of runsOf(wanted)) {
        for (const { number, rows } of await store.chunks(id, first, end)) {
          this.#done.add(number);
          onChunk(number, rows);
        }
      }
      this.#tell();
    }
    this.#tell();
  }

  #tell(): void {
    const running = this.#isQueueSilent ? null : (this.#progress?.running.length ?? 0);
    this.#options.onProgress?.({ done: this.#done.size, chunks: this.#sweep.chunks, running });
  }

  /** One look at a time, and never waited for: while Redis is away it takes as long as Redis is away. */
  #lookAtQueue(): void {
    const { clock, onNotice } = this.#parts;
    const now = clock.monotonic();
    if (this.#queueLook) {
      if (this.#isQueueSilent || now - this.#queueAskedAt < PATIENCE_MS) return;
      this.#isQueueSilent = true;
      onNotice(
        'Redis does not answer. Nothing is lost: what is done is in the store, and the sweep goes on when Redis is back.',
      );
      return;
    }
    const reconciles = now - this.#reconciledAt >= RECONCILE_EVERY_MS;
    if (reconciles) this.#reconciledAt = now;
    this.#queueAskedAt = now;
    this.#queueLook = this.#askQueue(reconciles)
      .catch((error: unknown) => this.#tellFailure(error))
      .finally(() => {
        this.#queueLook = undefined;
      });
  }

  async #askQueue(reconciles: boolean): Promise<void> {
    const { queue, onNotice } = this.#parts;
    const { id } = this.#sweep;
    // The queue first: a job that ends between the two questions is then in the store.
    const progress = await queue.progress(id);
    if (this.#isQueueSilent) {
      onNotice('Redis is back.');
      this.#isQueueSilent = false;
    }
    this.#progress = progress;
    this.#noticeIdle(progress);
    if (reconciles) await this.#putMissing(progress);
  }

  /** Once for each failure; that the store is away is told where the store is looked at. */
  #tellFailure(error: unknown): void {
    if (error instanceof StoreUnavailableError && error.isPassing) return;
    const failure = `The queue of jobs failed: ${messageOf(error)}`;
    if (failure !== this.#lastFailure) this.#parts.onNotice(failure);
    this.#lastFailure = failure;
  }

  async #putMissing({ waiting, running, failed }: WorkProgress): Promise<void> {
    const { store, queue } = this.#parts;
    const { id, chunks } = this.#sweep;
    const record = await store.sweep(id);
    if (record?.cancelled || this.#options.signal.aborted) return;
    const queued = [...waiting, ...running, ...failed.map(({ number }) => number)];
    const there = new Set([...queued, ...(await store.chunksDone(id))]);
    const jobs: WorkJob[] = [];
    for (let number = 0; number < chunks && queued.length + jobs.length < MOST_QUEUED; number++) {
      if (!there.has(number)) jobs.push({ group: id, number });
    }
    await queue.add(jobs);
  }

  #noticeIdle({ waiting, running }: WorkProgress): void {
    const { clock, onNotice } = this.#parts;
    if (running.length > 0 || this.#done.size > this.#options.known.size) this.#hasTaken = true;
    if (this.#hasTaken || waiting.length === 0 || clock.monotonic() - this.#startedAt < PATIENCE_MS) return;
    this.#hasTaken = true;
    onNotice(
      'No worker has taken a job yet: start some with `tradewind start --role worker`, on this machine or others.',
    );
  }

  /** Chunks fail for reasons that concern them all, such as workers of another version: then it ends when none is left. */
  #refuseFailed(): void {
    const failed = this.#progress?.failed.filter(({ number }) => !this.#done.has(number)) ?? [];
    if (failed.length === 0 || this.#done.size + failed.length < this.#sweep.chunks) return;
    const named = failed.slice(0, MOST_NAMED).map(({ number, message }) => `chunk ${number}: ${message}`);
    const more = failed.length > MOST_NAMED ? ` (and ${failed.length - MOST_NAMED} more)` : '';
    throw new UserError(
      `${failed.length} of ${this.#sweep.chunks} chunks failed on the workers each time they were tried; ${named.join('; ')}${more}. The others are done and kept: mend the cause and give the same command again.`,
    );
  }
}

/** Rising numbers as runs [from, to) without a hole. */
function* runsOf(numbers: readonly number[]): Generator<readonly [from: number, to: number]> {
  let from = numbers[0];
  if (from === undefined) return;
  for (let index = 1; index <= numbers.length; index++) {
    if (numbers[index] === numbers[index - 1]! + 1) continue;
    yield [from!, numbers[index - 1]! + 1];
    from = numbers[index];
  }
}
