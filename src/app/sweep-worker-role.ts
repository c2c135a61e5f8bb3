import { basename } from 'node:path';
import { sweepChunks } from '../backtest/sweep-chunk.ts';
import { PLAN_VERSION, type SweepPlan } from '../backtest/sweep-plan.ts';
import type { WorkerHandle, WorkJob, WorkQueue } from '../bus/work-queue.ts';
import type { Clock } from '../foundation/clock.ts';
import { InvariantError, messageOf, UserError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { withPatience } from '../live/store-patience.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import type { SweepStore } from '../store/sweep-store.ts';
import { ContentCache, columnsFromContent } from './cluster-content.ts';
import { ClusterThreads, type ReadySweep } from './cluster-threads.ts';
import { resolveStrategy } from './strategy-registry.ts';

export interface SweepWorkerParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: SweepStore;
  readonly queue: WorkQueue;
  /** Where data sets and strategy files are kept between sweeps. */
  readonly cacheFolder: string;
  readonly threads: number;
  /** Told in a sentence what a person should know. */
  readonly onNotice: (sentence: string) => void;
}

/** Sweeps that are kept ready, with their bars in memory. */
const MOST_READY = 3;
/** How long what runs may go on when the worker is told to stop. */
const CLOSE_WITHIN_MS = 5_000;

/**
 * One machine's share of the sweeps of many: takes chunks from the queue, computes them in threads, and writes their rows
 * under (sweep, chunk) into the store before a job counts as done. It may be killed at any moment: a chunk that was not
 * written is computed again elsewhere, and one that was written twice is the same bytes.
 */
export class SweepWorkerRole {
  readonly #parts: SweepWorkerParts;
  readonly #content: ContentCache;
  readonly #threads: ClusterThreads;
  /** The last used last. `undefined` for a sweep that was cancelled when it was looked up. */
  readonly #ready = new Map<string, Promise<ReadySweep | undefined>>();
  #worker: WorkerHandle | undefined;
  #isStopping = false;
  #chunks = 0;

  constructor(parts: SweepWorkerParts) {
    this.#parts = parts;
    this.#content = new ContentCache(parts.cacheFolder, parts.store, parts.clock);
    this.#threads = new ClusterThreads(parts.threads);
  }

  /** The chunks that it has computed and written. */
  get chunks(): number {
    return this.#chunks;
  }

  async start(): Promise<void> {
    await this.#content.tidy();
    // One more than there are threads: it waits for its turn with all that it needs.
    const concurrency = this.#parts.threads + 1;
    this.#worker = this.#parts.queue.work({ concurrency }, (job, signal) => this.#compute(job, signal));
  }

  /** Lets end what ends soon; the rest is given back. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#worker?.close(CLOSE_WITHIN_MS);
    await this.#threads.close();
  }

  async #compute({ group, number }: WorkJob, signal: AbortSignal): Promise<void> {
    const { store, logger } = this.#parts;
    try {
      const ready = await this.#sweep(group);
      if (!ready) return;
      const rows = await this.#threads.run(ready, number, signal);
      await this.#patiently(() => store.saveChunk({ sweepId: group, number, rows }));
      this.#chunks += 1;
    } catch (error) {
      if (!signal.aborted)
        logger.warn('a chunk of a sweep failed', { sweep: group, chunk: number, error: messageOf(error) });
      throw error;
    }
  }

  /** Once for each sweep; what failed is tried again with the next job. */
  #sweep(id: string): Promise<ReadySweep | undefined> {
    const known = this.#ready.get(id);
    this.#ready.delete(id);
    const ready = known ?? this.#prepare(id);
    this.#ready.set(id, ready);
    const forget = (): void => {
      if (this.#ready.get(id) === ready) this.#ready.delete(id);
    };
    if (!known) ready.then((found) => found ?? forget(), forget);
    for (const oldest of this.#ready.keys()) {
      if (this.#ready.size <= MOST_READY) break;
      this.#ready.delete(oldest);
    }
    return ready;
  }

  async #prepare(id: string): Promise<ReadySweep | undefined> {
    const record = await this.#patiently(() => this.#parts.store.sweep(id));
    if (!record) throw new InvariantError('There is no such sweep in the store', { sweep: id });
    if (record.cancelled) return undefined;
    const written = record.plan as unknown as SweepPlan;
    checkVersion(written);
    const plan = await this.#withOwnFile(written);
    const columns = new Map<string, CandleColumns>();
    for (const [feed, hash] of Object.entries(plan.data)) {
      columns.set(feed, columnsFromContent(await this.#patiently(() => this.#content.content(hash))));
    }
    const { definition } = await resolveStrategy(plan.strategy.reference, { cwd: this.#parts.cacheFolder });
    const sweep = sweepChunks(plan, definition);
    this.#parts.onNotice(
      `Working on sweep ${id.slice(0, 8)}: ${definition.name}, ${sweep.chunks.toLocaleString('en')} chunks.`,
    );
    return { id, sweep, columns };
  }

  /** A user's strategy is brought into a folder of this machine, and the plan names it there. */
  async #withOwnFile(plan: SweepPlan): Promise<SweepPlan> {
    const { contentHash, reference } = plan.strategy;
    if (contentHash === null) return plan;
    const name = fileNameOf(reference);
    await this.#patiently(() => this.#content.content(contentHash, name));
    return { ...plan, strategy: { ...plan.strategy, reference: this.#content.pathOf(contentHash, name) } };
  }

  #patiently<Value>(work: () => Promise<Value>): Promise<Value> {
    const { clock, logger } = this.#parts;
    return withPatience({ clock, logger, isStopping: () => this.#isStopping }, work);
  }
}

/** The last part of a path of another machine, of whichever system that is. */
export function fileNameOf(reference: string): string {
  return basename(reference.replaceAll('\\', '/'));
}

function checkVersion(plan: SweepPlan): void {
  if (plan.version === PLAN_VERSION) return;
  throw new UserError(
    `The sweep was planned by a program whose plans are of version ${plan.version}, and this worker's are of ${PLAN_VERSION}: run the same version everywhere.`,
  );
}
