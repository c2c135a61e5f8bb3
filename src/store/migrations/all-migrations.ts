import { firstTables } from './0001-first-tables.ts';
import { sweepTables } from './0002-sweeps.ts';
import { latencyTable } from './0003-latencies.ts';
import type { Migration } from './migration.ts';

/** Every step of the schema, oldest first. */
export const allMigrations: readonly Migration[] = [firstTables, sweepTables, latencyTable];
