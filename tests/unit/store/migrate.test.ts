import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from '../../../src/foundation/clock.ts';
import { EmbeddedDatabase } from '../../../src/store/embedded-database.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { allMigrations } from '../../../src/store/migrations/all-migrations.ts';
import type { Migration } from '../../../src/store/migrations/migration.ts';

let folder: string;
let database: EmbeddedDatabase;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-migrate-'));
  database = new EmbeddedDatabase({
    path: join(folder, 'x.db'),
    synchronous: 'NORMAL',
    busyTimeoutMs: 1_000,
    clock: systemClock,
  });
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const newest = allMigrations.length;

const next: Migration = {
  version: newest + 1,
  name: 'a note',
  up: (build) => build.createTable('notes', { columns: { id: 'whole', text: 'text?' }, primaryKey: ['id'] }),
};

async function tableNames(): Promise<string[]> {
  const tables = await database.read((kysely) => kysely.introspection.getTables());
  return tables.map((table) => table.name).sort();
}

test('steps are numbered 1, 2, 3 … and have names of their own', () => {
  assert.deepEqual(
    allMigrations.map((migration) => migration.version),
    allMigrations.map((_, index) => index + 1),
  );
  assert.equal(new Set(allMigrations.map((migration) => migration.name)).size, allMigrations.length);
});

test('only the steps that are missing are taken', async () => {
  assert.deepEqual(await migrate(database), { from: 0, to: newest });
  assert.deepEqual(await migrate(database, [...allMigrations, next]), { from: newest, to: newest + 1 });
  assert.deepEqual(await migrate(database, [...allMigrations, next]), { from: newest + 1, to: newest + 1 });
  assert.ok((await tableNames()).includes('notes'));
});

test('an older program refuses the data of a newer one and leaves them alone', async () => {
  await migrate(database, [...allMigrations, next]);
  const before = await tableNames();
  await assert.rejects(
    migrate(database),
    new RegExp(`newer version of this program .*version ${newest + 1}, this program knows up to ${newest}`),
  );
  assert.deepEqual(await tableNames(), before);
});

test('a step that fails half-way leaves the schema as it was', async () => {
  await migrate(database);
  const before = await tableNames();
  const failing: Migration = {
    version: newest + 2,
    name: 'half',
    async up(build) {
      await build.createTable('half', { columns: { id: 'whole' }, primaryKey: ['id'] });
      throw new Error('the power went');
    },
  };
  await assert.rejects(migrate(database, [...allMigrations, next, failing]), /the power went/);
  assert.deepEqual(await tableNames(), before);
  assert.deepEqual(await migrate(database), { from: newest, to: newest });
});
