import { randomUUID } from 'node:crypto';
import { startPostgres } from './postgres-server.ts';
import { startRedis } from './redis-server.ts';

/** Where the test runner, or a developer, says that servers are running. */
const REDIS_VARIABLE = 'TRADEWIND_TEST_REDIS_URL';
const POSTGRES_VARIABLE = 'TRADEWIND_TEST_POSTGRES_URL';

/** A Redis that other tests use at the same time: keep to your own prefix. */
export interface SharedRedis {
  readonly url: string;
  /** Begin every key and channel with it. */
  readonly keyPrefix: string;
  /** Call it when the tests of this file are over. */
  stop(): Promise<void>;
}

/** A database of one's own, empty, on a PostgreSQL server that other tests use at the same time. */
export interface SharedPostgres {
  readonly url: string;
  /** Drops the database. Call it when the tests of this file are over. */
  stop(): Promise<void>;
}

export function redisUrl(): string | undefined {
  return process.env[REDIS_VARIABLE] || undefined;
}

export function postgresUrl(): string | undefined {
  return process.env[POSTGRES_VARIABLE] || undefined;
}

/** Tells the test processes that are started from here on which servers to use. */
export function announceServers(urls: { readonly redis: string; readonly postgres: string }): void {
  process.env[REDIS_VARIABLE] = urls.redis;
  process.env[POSTGRES_VARIABLE] = urls.postgres;
}

/** The Redis of this test run, else one of its own (with an append-only file). */
export async function sharedRedis(): Promise<SharedRedis> {
  const keyPrefix = `test-${randomUUID().slice(0, 8)}:`;
  const url = redisUrl();
  if (url) return { url, keyPrefix, stop: async () => {} };
  const server = await startRedis({ aof: true });
  return { url: server.url, keyPrefix, stop: () => server.stop() };
}

/** A fresh database on the PostgreSQL of this test run, else on a server of its own. */
export async function sharedPostgres(): Promise<SharedPostgres> {
  const database = `tradewind_test_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const given = postgresUrl();
  const server = given ? undefined : await startPostgres();
  const administrator = given ?? server!.url;
  await execute(administrator, `CREATE DATABASE ${database}`);
  const url = new URL(administrator);
  url.pathname = `/${database}`;
  return {
    url: url.href,
    async stop() {
      if (server) await server.stop();
      else await execute(administrator, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    },
  };
}

async function execute(url: string, sql: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
