import { dirname, join } from 'node:path';
import { systemClock } from '../foundation/clock.ts';
import { silentLogger } from '../foundation/logger.ts';
import type { Store } from '../store/store.ts';
import { openStore } from './compose.ts';
import type { Configuration } from './configuration.ts';

export type { SweepStore } from '../store/sweep-store.ts';

const FILE = 'sweeps.db';

/**
 * The store for the sweeps of a configuration: its PostgreSQL, or a file of their own beside the embedded store's, so that a
 * running system and a sweep never wait for each other.
 */
export function openSweepStore(configuration: Configuration): Promise<Store> {
  const { store } = configuration;
  const own = store.kind === 'postgres' ? store : { ...store, path: join(dirname(store.path), FILE) };
  return openStore({ ...configuration, store: own }, { clock: systemClock, logger: silentLogger });
}
