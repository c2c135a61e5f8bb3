/** Keeps the benchmark of the chain alive, on tiny jobs. Nothing here depends on how fast anything is. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Latencies } from '../../benchmarks/chain/latencies.ts';
import { ChainServer, ProductChain, type ProductOptions } from '../../benchmarks/chain/processes.ts';
import { compileChain, runChain } from '../../benchmarks/chain/yardstick.ts';
import { CannotRun } from '../../benchmarks/harness/contender.ts';
import { findRedisServer } from '../support/server-binaries.ts';

const skip = findRedisServer() ? false : 'needs a redis-server on this machine';

function assertSound({ count, p50, p99, p999, max }: Latencies, expected: number): void {
  assert.equal(count, expected);
  assert.ok(p50 > 0 && p50 <= p99 && p99 <= p999 && p999 <= max, JSON.stringify({ p50, p99, p999, max }));
}

describe('the benchmark of the chain', { skip }, () => {
  let server: ChainServer;
  before(async () => {
    server = await ChainServer.start();
  });
  after(() => server.stop());

  async function run(url: string, options: ProductOptions, perSecond: number): Promise<void> {
    const chain = await ProductChain.start(url, 3, options);
    try {
      assertSound(await chain.run(10, 60, perSecond), 60);
    } finally {
      await chain.stop();
    }
  }

  test('every candle comes back as an order: one at a time and at a rate, over TCP and a Unix socket', async () => {
    await run(server.url('tcp'), {}, 0);
    await run(server.url('unix'), { warm: true }, 200);
  });

  test('so it does through polled files', async () => {
    const files = join(server.folder, 'csv');
    mkdirSync(files);
    await run(server.url('tcp'), { files }, 200);
  });

  test('the program in C does the same, where it can be built', async (t) => {
    let program: string;
    try {
      program = compileChain();
    } catch (error) {
      assert.ok(error instanceof CannotRun);
      t.diagnostic(error.message);
      return;
    }
    for (const perSecond of [0, 200]) {
      const job = { symbols: 3, candleBytes: 250, orderBytes: 380, count: 60, perSecond };
      assertSound(await runChain(program, { ...job, place: server.place('unix') }), 60);
      assertSound(await runChain(program, { ...job, place: server.place('tcp') }), 60);
    }
  });
});
