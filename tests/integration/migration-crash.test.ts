import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { allMigrations } from '../../src/store/migrations/all-migrations.ts';
import { connectPostgresStore } from '../../src/store/postgres-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type SharedPostgres, sharedPostgres } from '../support/servers.ts';

/* F67b: processes that are killed in the middle of migrating leave the old schema, and the next one finishes. */

const moduleAt = (path: string): string => new URL(`../../src/${path}`, import.meta.url).href;

/** Migrates in a process of its own, which is killed at the `pass`-th step; gives the signal that ended it. */
function migrateApart(open: string, pass: number | undefined): string | null {
  const program = `
    import { armCrashPointOfEnvironment } from '${moduleAt('app/config-crash-point.ts')}';
    import { openEmbeddedStore } from '${moduleAt('store/embedded-store.ts')}';
    import { connectPostgresStore } from '${moduleAt('store/postgres-store.ts')}';
    armCrashPointOfEnvironment();
    const store = await ${open};
    await store.migrate();
    await store.close();`;
  const { signal, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, TRADEWIND_CRASH_AT: pass === undefined ? '' : `in-migration:${pass}` },
    timeout: 60_000,
  });
  assert.ok(signal === 'SIGKILL' || status === 0, stderr);
  return signal;
}

async function survivesEveryStep(open: string, openHere: () => Promise<Store>): Promise<void> {
  for (const pass of allMigrations.keys()) {
    assert.equal(migrateApart(open, pass + 1), 'SIGKILL', `step ${pass + 1} was begun anew`);
  }
  assert.equal(migrateApart(open, undefined), null);
  assert.equal(migrateApart(open, 1), null, 'nothing is left to do');
  const store = await openHere();
  await store.migrate();
  assert.equal(await store.countRows('fills'), 0);
  await store.close();
}

describe('a kill in the middle of migrating', () => {
  let server: SharedPostgres;
  before(async () => {
    server = await sharedPostgres();
  });
  after(() => server.stop());

  test('leaves a file that the next program can use', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'tradewind-migration-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'store.db');
    await survivesEveryStep(`openEmbeddedStore({ path: '${path}' })`, () => openEmbeddedStore({ path }));
  });

  test('leaves a database that the next program can use', async () => {
    const schema = `test_${randomUUID().slice(0, 8)}`;
    const options = { url: server.url, schema };
    await survivesEveryStep(`connectPostgresStore(${JSON.stringify(options)})`, () => connectPostgresStore(options));
  });
});
