import { join } from 'node:path';
import { type Clock, sleep, systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import { openStore, openWorkQueue } from './compose.ts';
import { userCacheFolder } from './config.ts';
import type { Configuration } from './configuration.ts';
import { openLogger } from './logging.ts';
import { SweepWorkerRole } from './sweep-worker-role.ts';

export interface SweepWorkerRequest {
  readonly configuration: Configuration;
  readonly threads: number;
  /** Real milliseconds after which to stop; absent: no limit. */
  readonly durationMs?: number;
  /** Aborted: stop gracefully. */
  readonly signal: AbortSignal;
  readonly onNotice: (sentence: string) => void;
}

export interface SweepWorkerOutcome {
  readonly chunks: number;
  readonly elapsedMs: number;
}

const LOOK_EVERY_MS = 100;

/** `tradewind start --role worker`: computes chunks of sweeps until it is told to stop. */
export async function runSweepWorker(
  { configuration, threads, durationMs, signal, onNotice }: SweepWorkerRequest,
  clock: Clock = systemClock,
): Promise<SweepWorkerOutcome> {
  checkStore(configuration);
  const { logger, close: closeLog } = openLogger(configuration.logging);
  const surroundings = { clock, logger };
  const began = clock.monotonic();
  try {
    const queue = await openWorkQueue(configuration, surroundings);
    try {
      const store = await openStore(configuration, surroundings);
      try {
        const cacheFolder = join(userCacheFolder(), 'tradewind', 'sweeps');
        const role = new SweepWorkerRole({ ...surroundings, store, queue, cacheFolder, threads, onNotice });
        await role.start();
        onNotice(`Ready for sweeps, with ${threads === 1 ? 'one thread' : `${threads} threads`}. Ctrl+C stops.`);
        while (!signal.aborted && clock.monotonic() - began < (durationMs ?? Number.POSITIVE_INFINITY)) {
          await sleep(clock, LOOK_EVERY_MS);
        }
        await role.stop();
        return { chunks: role.chunks, elapsedMs: clock.monotonic() - began };
      } finally {
        await store.close();
      }
    } finally {
      await queue.close();
    }
  } finally {
    await closeLog();
  }
}

/** The store is where plans, bars and results meet: all machines need the same one. */
export function checkStore({ store }: Configuration): void {
  if (store.kind === 'postgres') return;
  throw new UserError(
    'Sweeps on many machines share a PostgreSQL store: give its address with --store postgres://user:password@host/database, or as store.url in the configuration.',
  );
}
