import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before } from 'node:test';
import pg from 'pg';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { connectPostgresStore } from '../../src/store/postgres-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type SharedPostgres, sharedPostgres } from '../support/servers.ts';
import { storeContract } from './store.contract.ts';
import type { StoreBench } from './store-bench.ts';

let server: SharedPostgres;
before(async () => {
  server = await sharedPostgres();
});
after(() => server.stop());

storeContract('embedded store', embeddedBench);
storeContract('PostgreSQL store', postgresBench);

async function embeddedBench(): Promise<StoreBench> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-store-'));
  const path = join(folder, 'data', 'tradewind.db');
  const opened: Store[] = [];
  const query = async (statement: string) => {
    const database = new DatabaseSync(path, { timeout: 5_000 });
    try {
      return database.prepare(statement).all();
    } finally {
      database.close();
    }
  };
  return {
    async open() {
      const store = await openEmbeddedStore({ path });
      opened.push(store);
      return store;
    },
    query,
    async execute(statement) {
      await query(statement);
    },
    async columnNames(table) {
      return (await query(`pragma table_info(${table})`)).map((row) => String(row.name));
    },
    async dispose() {
      for (const store of opened) await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function postgresBench(): Promise<StoreBench> {
  const schema = `test_${randomUUID().slice(0, 8)}`;
  const opened: Store[] = [];
  const client = new pg.Client({ connectionString: server.url, options: `-c search_path=${schema}` });
  await client.connect();
  const query = async (statement: string) => (await client.query<Record<string, unknown>>(statement)).rows;
  return {
    async open() {
      const store = await connectPostgresStore({ url: server.url, schema, poolSize: 3 });
      opened.push(store);
      return store;
    },
    query,
    async execute(statement) {
      await query(statement);
    },
    async columnNames(table) {
      const rows = await query(
        `select column_name from information_schema.columns
         where table_schema = '${schema}' and table_name = '${table}' order by ordinal_position`,
      );
      return rows.map((row) => String(row.column_name));
    },
    async dispose() {
      for (const store of opened) await store.close();
      await client.query(`drop schema if exists ${schema} cascade`);
      await client.end();
    },
  };
}
