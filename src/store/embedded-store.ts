import { type Clock, systemClock } from '../foundation/clock.ts';
import type { Store } from './store.ts';

export interface EmbeddedStoreOptions {
  /** The data file; it and its folder are made when absent. SQLite keeps two more files beside it (`-wal`, `-shm`). */
  readonly path: string;
  /**
   * `FULL` (default): a commit is on the disk before it is acknowledged, so that an intent survives a power cut.
   * `NORMAL`: survives a kill of the process, but a power cut may undo the last commits; for data that can be had again.
   */
  readonly synchronous?: 'FULL' | 'NORMAL';
  /** How long a write waits for another process's before it fails with `BUSY`. Default 5,000 ms. */
  readonly busyTimeoutMs?: number;
  readonly clock?: Clock;
}

/**
 * The store in one file of this machine. Call `migrate()` before anything else.
 *
 * Throws a StoreUnavailableError when the path can't be written, or when what is there is not a database.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  const [{ EmbeddedDatabase }, { SqlStore }] = await Promise.all([
    import('./embedded-database.ts'),
    import('./sql-store.ts'),
  ]);
  return new SqlStore(
    new EmbeddedDatabase({
      path: options.path,
      synchronous: options.synchronous ?? 'FULL',
      busyTimeoutMs: options.busyTimeoutMs ?? 5_000,
      clock: options.clock ?? systemClock,
    }),
  );
}
