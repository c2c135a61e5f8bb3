import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UserError } from '../../src/foundation/errors.ts';
import { allMigrations } from '../../src/store/migrations/all-migrations.ts';
import { columnsOf, type TableName, tables } from '../../src/store/schema.ts';
import { auditContract } from './store-audit.contract.ts';
import type { BenchMaker, StoreTest } from './store-bench.ts';
import { commitContract } from './store-commit.contract.ts';
import { latencyContract } from './store-latency.contract.ts';
import { leaseContract } from './store-lease.contract.ts';
import { marketContract } from './store-market.contract.ts';
import { sampleCandle } from './store-samples.ts';
import { sweepContract } from './store-sweep.contract.ts';

/** What every store does, whatever it is made of. */
export function storeContract(name: string, makeBench: BenchMaker): void {
  const storeTest: StoreTest = (title, body) => {
    test(title, async () => {
      const bench = await makeBench();
      try {
        const store = await bench.open();
        await store.migrate();
        await body(store, bench);
      } finally {
        await bench.dispose();
      }
    });
  };
  describe(`${name}: schema`, () => schemaContract(storeTest));
  describe(`${name}: market data`, () => marketContract(storeTest));
  describe(`${name}: commits of bots`, () => commitContract(storeTest));
  describe(`${name}: leases`, () => leaseContract(storeTest));
  describe(`${name}: audit log`, () => auditContract(storeTest));
  describe(`${name}: latencies`, () => latencyContract(storeTest));
  describe(`${name}: sweeps`, () => sweepContract(storeTest));
}

function schemaContract(storeTest: StoreTest): void {
  storeTest('migrating again changes nothing', async (store) => {
    await store.recordMarket([{ candle: sampleCandle(1), raw: 'raw' }]);
    await store.migrate();
    assert.equal(await store.countRows('candles'), 1);
  });

  storeTest('programs that start together migrate once', async (_store, bench) => {
    for (const table of Object.keys(tables)) await bench.execute(`drop table ${table}`);
    const stores = await Promise.all([bench.open(), bench.open(), bench.open()]);
    await Promise.all(stores.map((one) => one.migrate()));
    assert.equal((await bench.query('select * from schema_migrations')).length, allMigrations.length);
  });

  storeTest('data of a newer program are refused', async (store, bench) => {
    await bench.execute(`insert into schema_migrations (version, name) values (99, 'of the future')`);
    await assert.rejects(store.migrate(), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /newer version of this program .*version 99/);
      return true;
    });
  });

  storeTest('the tables are those that the program believes in', async (_store, bench) => {
    for (const table of Object.keys(tables) as TableName[]) {
      assert.deepEqual(
        await bench.columnNames(table),
        columnsOf(table).map(([column]) => column),
        table,
      );
    }
  });

  storeTest('a new store is empty', async (store) => {
    assert.equal(await store.checkpoint('bot'), undefined);
    assert.deepEqual(await store.botStatuses(), []);
    assert.deepEqual(await store.newestCandles(), []);
    assert.deepEqual(await store.signals('bot'), []);
    assert.deepEqual(await store.auditRows(0, 10), []);
    for (const table of ['raw_messages', 'candles', 'signals', 'order_events', 'fills', 'audit_log'] as const) {
      assert.equal(await store.countRows(table), 0);
    }
  });
}
