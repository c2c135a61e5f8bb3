import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { connectPostgresStore } from '../../../src/store/postgres-store.ts';
import { sampleCommit } from '../../contracts/store-samples.ts';
import { sharedPostgres } from '../../support/servers.ts';

test('a takeover waits for a commit that is under way: no writer ends its commit after it was fenced off', async () => {
  const server = await sharedPostgres();
  const [store, other] = await Promise.all([
    connectPostgresStore({ url: server.url }),
    connectPostgresStore({ url: server.url }),
  ]);
  const holder = new pg.Client({ connectionString: server.url });
  await holder.connect();
  try {
    await store.migrate();
    const lease = (await store.acquireLease('bot', 'a', 1_000, epochMs(0)))!;
    // Holds up the commit between its look at the lease and its end.
    await holder.query('begin');
    await holder.query('lock table equity in access exclusive mode');
    const ends: string[] = [];
    const commit = store
      .commitBot(sampleCommit('bot', lease, 0, { equity: [{ time: epochMs(0), equity: 1 }] }))
      .finally(() => ends.push('commit'));
    await waiting(holder, 1, ends);
    const takeover = other.acquireLease('bot', 'b', 1_000, epochMs(2_000)).finally(() => ends.push('takeover'));
    await waiting(holder, 2, ends);
    await holder.query('commit');
    assert.deepEqual(await commit, { ok: true, value: 1 });
    assert.equal((await takeover)?.token, 2);
    assert.deepEqual(ends, ['commit', 'takeover']);
    const refused = await store.commitBot(sampleCommit('bot', lease, 1));
    assert.ok(!refused.ok && refused.error.code === 'LEASE_LOST');
  } finally {
    await holder.end();
    await Promise.all([store.close(), other.close()]);
    await server.stop();
  }
});

/** Until `count` transactions of this database wait for a lock, or one that should have waited ended. */
async function waiting(client: pg.Client, count: number, ends: readonly string[]): Promise<void> {
  const statement = `select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  while (ends.length === 0) {
    const { rows } = await client.query<{ count: number }>(statement);
    if (rows[0]!.count >= count) return;
    await sleep(systemClock, 5);
  }
}
