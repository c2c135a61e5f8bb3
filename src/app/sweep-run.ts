import type { SweepPath } from '../backtest/sweep-chunk.ts';
import { BestRows, type Ranking } from '../backtest/sweep-rank.ts';
import { decodeRows, type SweepRow } from '../backtest/sweep-rows.ts';
import { WorkerPool } from '../backtest/worker-pool.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Json } from '../foundation/json.ts';
import type { SweepStore } from '../store/sweep-store.ts';
import type { PreparedSweep } from './sweep-prepare.ts';

export interface SweepRunOptions {
  readonly store: SweepStore;
  readonly clock: Clock;
  readonly workers: number;
  readonly memoryMegabytes: number;
  readonly path: SweepPath;
  /** Computes everything again, whatever the store has. */
  readonly fresh: boolean;
  /** Stops; what is done is kept. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: SweepProgress) => void;
}

export interface SweepProgress {
  /** In chunks and parts of them, 0 … 1, what was there already included. */
  readonly fraction: number;
  /** Of this run. */
  readonly points: number;
  readonly elapsedMs: number;
  /** Of this run, 0 … 1: what was to be done when it began. */
  readonly ownFraction: number;
}

/** How a run of a sweep went. Nothing in it is the same twice. */
export interface SweepTiming {
  readonly workers: number;
  readonly elapsedMs: number;
  /** Points that this run has computed; the others were there. */
  readonly pointsComputed: number;
  readonly chunksFound: number;
  readonly chunksComputed: number;
  readonly isWhole: boolean;
}

const PROGRESS_MS = 200;

/** Computes what the store has not got of a sweep, and keeps each chunk as soon as it is done. */
export async function runSweep(prepared: PreparedSweep, options: SweepRunOptions): Promise<SweepTiming> {
  const { id, plan, chunks, columns } = prepared;
  const { store, clock, workers, memoryMegabytes, path, signal } = options;
  if (options.fresh) await store.deleteSweep(id);
  const began = clock.monotonic();
  await store.createSweep({ id, plan: plan as unknown as Json, chunks, createdAt: clock.now(), cancelled: false });
  const found = new Set(await store.chunksDone(id));
  const cannotSave = new AbortController();
  const saving = new Saver(store, id, () => cannotSave.abort());
  const pool = new WorkerPool({
    sweep: prepared,
    columns,
    path,
    entry: new URL('./sweep-worker.ts', import.meta.url),
    workers,
    memoryMegabytes,
    clock,
    chunks: missing(chunks, found),
    onChunk: (number, rows) => saving.add(number, rows),
    signal: AbortSignal.any([signal, cannotSave.signal]),
  });
  const tell = (): void => {
    const done = saving.count;
    const open = chunks - found.size;
    options.onProgress?.({
      fraction: (found.size + done) / chunks,
      points: pool.points,
      elapsedMs: clock.monotonic() - began,
      ownFraction: open === 0 ? 1 : done / open,
    });
  };
  const stopTelling = clock.every(PROGRESS_MS, tell);
  try {
    await pool.run();
  } finally {
    stopTelling();
    await saving.end();
  }
  const isWhole = found.size + saving.count === chunks;
  return {
    workers,
    elapsedMs: clock.monotonic() - began,
    pointsComputed: saving.points,
    chunksFound: found.size,
    chunksComputed: saving.count,
    isWhole,
  };
}

function missing(chunks: number, found: ReadonlySet<number>): number[] {
  const numbers: number[] = [];
  for (let number = 0; number < chunks; number++) if (!found.has(number)) numbers.push(number);
  return numbers;
}

/** Writes chunks one after the other, in the background. */
class Saver {
  readonly #store: SweepStore;
  readonly #id: string;
  readonly #onFailure: () => void;
  #last: Promise<void> = Promise.resolve();
  /** Chunks that were given. */
  count = 0;
  points = 0;

  /** @param onFailure there is no use in computing more */
  constructor(store: SweepStore, id: string, onFailure: () => void) {
    this.#store = store;
    this.#id = id;
    this.#onFailure = onFailure;
  }

  add(number: number, rows: Uint8Array): void {
    this.count += 1;
    this.points += decodeRows(rows).rows.length;
    const before = this.#last;
    this.#last = before.then(() => this.#store.saveChunk({ sweepId: this.#id, number, rows }));
    // It is waited for at the end; until then it is nobody's unhandled rejection.
    this.#last.catch(this.#onFailure);
  }

  end(): Promise<void> {
    return this.#last;
  }
}

/** What a sweep has come to so far. */
export interface SweepTable {
  readonly counts: SweepCounts;
  /** Best first. */
  readonly best: readonly SweepRow[];
  /** Each sentence once, the first few of them. */
  readonly failures: readonly SweepFailure[];
}

export interface SweepFailure {
  readonly message: string;
  /** How many points failed with it, and the first of them. */
  readonly count: number;
  readonly point: number;
}

export interface SweepCounts {
  /** Points of the whole grid. */
  readonly grid: number;
  /** Points that were run, those that failed included. */
  readonly points: number;
  readonly failed: number;
  readonly leftOutByWhere: number;
  readonly leftOutByCheck: number;
  readonly chunks: number;
  readonly chunksDone: number;
}

/** Reads the rows that the store has, ranks and counts them. */
export async function sweepTable(
  prepared: PreparedSweep,
  store: SweepStore,
  ranking: Ranking,
  most: number,
): Promise<SweepTable> {
  const best = new BestRows(ranking, most);
  const failures = new Map<string, SweepFailure>();
  const counts = { points: 0, failed: 0, leftOutByWhere: 0, leftOutByCheck: 0, chunksDone: 0 };
  for await (const { rows, leftOutByWhere, leftOutByCheck } of storedChunks(prepared, store)) {
    counts.chunksDone += 1;
    counts.points += rows.length;
    counts.leftOutByWhere += leftOutByWhere;
    counts.leftOutByCheck += leftOutByCheck;
    for (const row of rows) {
      if (!row.outcome.ok) {
        counts.failed += 1;
        addFailure(failures, row.point, row.outcome.message);
      }
      best.add(row);
    }
  }
  return {
    counts: { grid: prepared.space.gridSize, chunks: prepared.chunks, ...counts },
    best: best.rows(),
    failures: [...failures.values()],
  };
}

function addFailure(failures: Map<string, SweepFailure>, point: number, message: string): void {
  const known = failures.get(message);
  if (known === undefined && failures.size >= MOST_FAILURES) return;
  failures.set(message, known ? { ...known, count: known.count + 1 } : { message, count: 1, point });
}

const PAGE_CHUNKS = 256;
const MOST_FAILURES = 8;

/** The chunks that the store has, in their order, a few at a time. */
export async function* storedChunks(
  { id, chunks }: Pick<PreparedSweep, 'id' | 'chunks'>,
  store: SweepStore,
): AsyncGenerator<ReturnType<typeof decodeRows>> {
  for (let from = 0; from < chunks; from += PAGE_CHUNKS) {
    for (const chunk of await store.chunks(id, from, from + PAGE_CHUNKS)) yield decodeRows(chunk.rows);
  }
}
