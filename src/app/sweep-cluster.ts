import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SweepPlan } from '../backtest/sweep-plan.ts';
import { decodeRows } from '../backtest/sweep-rows.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { Logger } from '../foundation/logger.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import type { Store } from '../store/store.ts';
import type { SweepRecord, SweepStore } from '../store/sweep-store.ts';
import { columnsToContent, contentHash } from './cluster-content.ts';
import { openStore, openWorkQueue } from './compose.ts';
import type { Configuration } from './configuration.ts';
import { checkStore } from './run-sweep-worker.ts';
import { loadStrategyFile } from './strategy-loader.ts';
import type { SweepProgress, SweepRunOptions, SweepTiming } from './sweep-run.ts';
import { type ClusterParts, type WatchOptions, watchSweep } from './sweep-watch.ts';
import { fileNameOf } from './sweep-worker-role.ts';

export interface Cluster extends ClusterParts {
  readonly store: Store;
  close(): Promise<void>;
}

/**
 * The store and the queue by which many machines work at a sweep.
 *
 * @throws UserError when the configuration does not name both, or one does not answer
 */
export async function openCluster(
  configuration: Configuration,
  onNotice: (sentence: string) => void,
): Promise<Cluster> {
  checkStore(configuration);
  const surroundings = { clock: systemClock, logger: tellingLogger(onNotice) };
  const queue = await openWorkQueue(configuration, surroundings);
  try {
    const store = await openStore(configuration, surroundings);
    const close = async (): Promise<void> => {
      await queue.close();
      await store.close();
    };
    return { store, queue, clock: systemClock, onNotice, close };
  } catch (error) {
    await queue.close();
    throw error;
  }
}

/** The watch says in sentences what the adapters would log; what goes wrong for good is told. */
function tellingLogger(onNotice: (sentence: string) => void): Logger {
  const silent = (): void => {};
  return { debug: silent, info: silent, warn: silent, error: (message) => onNotice(message) };
}

export interface ClusterSweep {
  readonly id: string;
  readonly plan: SweepPlan;
  readonly chunks: number;
  /** The bars of the plan's feeds, by feed name. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
}

export type ClusterRunOptions = Pick<SweepRunOptions, 'fresh' | 'signal' | 'onProgress'>;

/**
 * Has the workers compute what the store has not got of a sweep, and watches until it is there. Ends early, with the
 * workers going on, when the signal says so; and when somebody cancels the sweep.
 */
export async function runSweepOnCluster(
  cluster: ClusterParts,
  sweep: ClusterSweep,
  { fresh, signal, onProgress }: ClusterRunOptions,
): Promise<SweepTiming> {
  const { store, queue, clock, onNotice } = cluster;
  const { id, chunks } = sweep;
  const began = clock.monotonic();
  if (fresh) {
    await cancelSweep(cluster, id);
    await store.deleteSweep(id);
  }
  await submitSweep(cluster, sweep);
  const known = new Set(await store.chunksDone(id));
  let points = 0;
  let computed = 0;
  let workers = 0;
  const progress = (): SweepProgress => ({
    fraction: (known.size + computed) / chunks,
    points,
    elapsedMs: clock.monotonic() - began,
    ownFraction: known.size === chunks ? 1 : computed / (chunks - known.size),
  });
  const watch: WatchOptions = {
    known,
    signal,
    onChunk: (_, rows) => {
      points += decodeRows(rows).rows.length;
      computed += 1;
    },
    onProgress: ({ running }) => {
      workers = Math.max(workers, running ?? 0);
      onProgress?.(progress());
    },
  };
  const end = await watchSweep(cluster, sweep, watch);
  const name = id.slice(0, 8);
  if (end === 'cancelled') onNotice(`Sweep ${name} was cancelled; what is done is kept.`);
  if (end === 'left') {
    onNotice(
      `The workers go on with sweep ${name}: the same command comes back to it, and \`tradewind sweep --cancel ${name}\` stops it.`,
    );
  }
  if (end === 'done') await queue.forgetFailed(id);
  return {
    workers,
    elapsedMs: clock.monotonic() - began,
    pointsComputed: points,
    chunksFound: known.size,
    chunksComputed: computed,
    isWhole: end === 'done',
  };
}

/**
 * Puts all that workers need into the store: bars and strategy by their hashes, then the plan. What is there already is
 * left alone, and a cancellation is taken back.
 *
 * @throws UserError when the strategy's file imports what workers would not have
 */
export async function submitSweep({ store, queue, clock }: ClusterParts, sweep: ClusterSweep): Promise<void> {
  const { plan, id, chunks, columns } = sweep;
  await saveStrategy(store, plan);
  for (const [feed, hash] of Object.entries(plan.data))
    await store.saveDataset(hash, columnsToContent(columns.get(feed)!));
  await store.createSweep({ id, plan: plan as unknown as Json, chunks, createdAt: clock.now(), cancelled: false });
  await store.cancelSweep(id, false);
  await queue.allow(id);
  await queue.forgetFailed(id);
}

/** Asks all workers to leave a sweep; what is done is kept. */
export async function cancelSweep({ store, queue }: Pick<ClusterParts, 'store' | 'queue'>, id: string): Promise<void> {
  await store.cancelSweep(id, true);
  await queue.cancel(id);
}

/**
 * The sweep whose id begins like this.
 *
 * @throws UserError when there is none, or more than one
 */
export async function findSweep(store: SweepStore, begin: string): Promise<SweepRecord> {
  const all = await store.sweeps();
  const found = all.filter(({ id }) => begin !== '' && id.startsWith(begin.toLowerCase()));
  if (found.length === 1) return found[0]!;
  const names = (found.length > 0 ? found : all).slice(0, 5).map(({ id }) => id.slice(0, 12));
  const known = names.length === 0 ? 'The store has no sweeps.' : `The newest are ${names.join(', ')}.`;
  throw new UserError(`${found.length === 0 ? 'No sweep' : 'More than one sweep'} begins with ${begin}. ${known}`);
}

/** A user's strategy as workers will have it: its file alone, in a folder of its own. */
async function saveStrategy(store: SweepStore, { strategy }: SweepPlan): Promise<void> {
  const { contentHash: hash, reference } = strategy;
  if (hash === null) return;
  const content = await readFile(reference);
  if (contentHash(content) !== hash) {
    throw new UserError(`The strategy file ${reference} has changed since the sweep began: begin it again.`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'tradewind-strategy-'));
  try {
    const copy = join(folder, fileNameOf(reference));
    await copyFile(reference, copy);
    await loadStrategyFile(copy);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `The strategy file ${reference} can't be sent to workers, for it must work by itself: a strategy for a sweep on many machines may import 'tradewind' and node: modules only. ${error.message}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await store.saveDataset(hash, content);
}
