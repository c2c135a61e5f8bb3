import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { systemClock } from '../../../src/foundation/clock.ts';
import { postgresAddress } from '../../../src/store/postgres-address.ts';
import { PostgresDatabase } from '../../../src/store/postgres-database.ts';
import { PoolGuard } from '../../../src/store/postgres-pool.ts';
import { StoreUnavailableError } from '../../../src/store/store-error.ts';
import { sharedPostgres } from '../../support/servers.ts';

async function open(answerWithinMs: number) {
  const { url } = await sharedPostgres();
  const address = postgresAddress(url, 'public');
  const pool = new pg.Pool({ connectionString: address.url, max: 1, query_timeout: answerWithinMs });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return { pool, database: new PostgresDatabase(pool, address, new PoolGuard(pool)) };
}

const sleeping = (seconds: number) => sql`select pg_sleep(${seconds})`;

test('a statement that nobody answers is given up, and the next one is done over another connection', async () => {
  const { pool, database } = await open(300);
  const unanswered = database.transaction(async ({ kysely }) => sleeping(60).execute(kysely));
  await assert.rejects(unanswered, (error) => error instanceof StoreUnavailableError && error.isPassing);
  const { rows } = await database.read((kysely) => sql<{ one: number }>`select 1 as one`.execute(kysely));
  assert.deepEqual(rows, [{ one: 1 }]);
  assert.equal(pool.totalCount, 1);
  await database.close();
});

test('a pool ends in seconds, whatever its connections wait for', async () => {
  const { pool, database } = await open(60_000);
  const acquired = once(pool, 'acquire');
  const unanswered = database.read((kysely) => sleeping(60).execute(kysely));
  const failed = assert.rejects(unanswered, StoreUnavailableError);
  await acquired;
  const from = systemClock.monotonic();
  await database.close();
  assert.ok(systemClock.monotonic() - from < 10_000);
  await failed;
});
