import { chmodSync, chownSync, closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/foundation/clock.ts';
import { runsAsRoot, unprivilegedAccount } from '../../support/server-binaries.ts';
import { skipUnlessMountable, withSmallDisk } from '../../unit/store/small-disk.ts';
import type { Scenario, ScenarioRun } from '../scenario.ts';

const DISK_MEGABYTES = 24;
/** What every candle and every decision is written to. */
const TABLES = ['candles', 'bot_checkpoints', 'equity'] as const;
/** Rows fit into the last page of a table for a while. */
const NOTICED_WITHIN_MS = 400_000;

export const FULL_DISK: Scenario = { id: 'F64', title: "PostgreSQL's disk full, and free again", play: fullDisk };

async function fullDisk(run: ScenarioRun): Promise<void> {
  if (skipUnlessMountable() !== false) {
    run.count('left out: this user may not mount a file system');
    return;
  }
  for (let time = 0; time < Math.max(1, Math.floor(run.times / 3)); time++) {
    await withSmallDisk(DISK_MEGABYTES, (disk) => onSmallDisk(run, disk));
  }
}

async function onSmallDisk(run: ScenarioRun, disk: string): Promise<void> {
  const { observer } = run.world;
  const folder = join(disk, 'tables');
  mkdirSync(folder, { mode: 0o700 });
  chmodSync(folder, 0o700);
  if (runsAsRoot()) {
    const { uid, gid } = unprivilegedAccount();
    chownSync(folder, uid, gid);
  }
  await observer.rows(`create tablespace small location '${folder}'`);
  for (const table of TABLES) {
    await observer.rows(`alter table ${table} set tablespace small`);
    // Without the room that dead rows have left, in which a lot can be written yet.
    await observer.rows(`vacuum full ${table}`);
  }
  try {
    const ballast = join(disk, 'ballast');
    const filledAt = systemClock.now();
    fill(ballast);
    run.injected += 1;
    await run.gaveUp(filledAt, NOTICED_WITHIN_MS);
    await run.exchangeSeconds(90);
    const since = systemClock.now();
    rmSync(ballast);
    await run.recovered(since);
  } finally {
    for (const table of TABLES) await observer.rows(`alter table ${table} set tablespace pg_default`);
    await observer.rows('drop tablespace small');
  }
}

/** To the last byte. */
function fill(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (let size = 1_048_576; size >= 1; ) {
      try {
        writeSync(descriptor, Buffer.alloc(size));
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(descriptor);
  }
}
