import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { epochMs } from '../../../src/foundation/time.ts';
import { connectPostgresStore } from '../../../src/store/postgres-store.ts';
import { StoreUnavailableError } from '../../../src/store/store-error.ts';
import { sampleCommit } from '../../contracts/store-samples.ts';
import { startPostgres } from '../../support/postgres-server.ts';
import { unprivilegedAccount } from '../../support/server-binaries.ts';
import { skipUnlessMountable, withSmallDisk } from './small-disk.ts';

test(
  'a full disk under PostgreSQL: a typed error, reading works on, and writing when there is space again',
  {
    skip: skipUnlessMountable(),
  },
  () =>
    withSmallDisk(8, async (disk) => {
      const tables = join(disk, 'tables');
      mkdirSync(tables);
      chmodSync(tables, 0o700);
      const account = unprivilegedAccount();
      chownSync(tables, account.uid, account.gid);
      const ballast = join(disk, 'ballast');
      writeFileSync(ballast, Buffer.alloc(4_000_000));

      const server = await startPostgres();
      const store = await connectPostgresStore({ url: server.url });
      try {
        await store.migrate();
        await onTablespace(server.url, tables, ['equity']);
        const lease = (await store.acquireLease('bot', 'me', 60_000, epochMs(0)))!;
        const commit = (revision: number) =>
          store.commitBot(
            sampleCommit('bot', lease, revision, {
              equity: Array.from({ length: 2_000 }, (_, index) => ({ time: epochMs(index), equity: revision })),
            }),
          );
        let acknowledged = 0;
        const failure = await (async () => {
          for (; acknowledged < 1_000; acknowledged++) {
            const outcome = await commit(acknowledged).catch((error: unknown) => error as Error);
            if (outcome instanceof Error) return outcome;
          }
          return undefined;
        })();
        assert.ok(failure instanceof StoreUnavailableError && failure.code === 'FULL', String(failure));
        assert.ok(acknowledged > 0);
        assert.equal((await store.checkpoint('bot'))?.revision, acknowledged);
        assert.equal((await store.equity('bot')).length, 2_000 * acknowledged);
        rmSync(ballast);
        assert.deepEqual(await commit(acknowledged), { ok: true, value: acknowledged + 1 });
      } finally {
        await store.close();
        await server.stop();
      }
    }),
);

async function onTablespace(url: string, folder: string, tables: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create tablespace small location '${folder}'`);
  for (const table of tables) await client.query(`alter table ${table} set tablespace small`);
  await client.end();
}
