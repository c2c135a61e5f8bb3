import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { type SharedPostgres, sharedPostgres } from '../support/servers.ts';
import { SweepCluster, sweepOfFixture } from '../support/sweep-cluster-system.ts';

/** Sweeps on several processes give the table of one, byte for byte, whatever is killed meanwhile. */
type Single = Awaited<ReturnType<SweepCluster['single']>>;

let redis: RedisServer;
let postgres: SharedPostgres;
let cluster: SweepCluster;
let single: Single;
let store: Store;

before(async () => {
  redis = await startRedis();
  postgres = await sharedPostgres();
  cluster = newCluster(redis.url);
  single = await cluster.single();
  store = await cluster.openStore();
});
after(async () => {
  await store.close();
  await cluster.stop();
  await postgres.stop();
  await redis.stop();
});

function newCluster(redisUrl: string): SweepCluster {
  return new SweepCluster({ redisUrl, postgresUrl: postgres.url, sweep: sweepOfFixture('large') });
}

function clusterTest(name: string, body: () => Promise<void>): void {
  test(name, { timeout: 120_000 }, async () => {
    try {
      await body();
    } finally {
      await cluster.killAll();
      await store.deleteSweep(single.id);
    }
  });
}

async function isTheSame(): Promise<void> {
  assert.equal(await cluster.exitOf('coordinator'), 0, cluster.errorsOf('coordinator'));
  assert.deepEqual(cluster.documentOf(), single.document);
  const chunks = await store.chunks(single.id, 0, single.chunks.length + 1);
  assert.deepEqual(
    chunks.map(({ rows }) => rows),
    single.chunks,
  );
}

clusterTest('two workers and a coordinator give what one machine gives, byte for byte', async () => {
  cluster.startWorker('one');
  cluster.startWorker('two');
  cluster.startCoordinator();
  await isTheSame();
  for (const name of ['one', 'two']) {
    cluster.signal(name, 'SIGINT');
    assert.equal(await cluster.exitOf(name), 0);
    assert.match(cluster.errorsOf(name), /Working on sweep [0-9a-f]{8}: crossing-averages, \d+ chunks/);
  }
});

clusterTest('a worker killed in the middle changes nothing', async () => {
  cluster.startWorker('one');
  cluster.startWorker('two');
  cluster.startCoordinator();
  await cluster.untilDone(store, single.id, 10);
  assert.ok(await cluster.kill('one'));
  await isTheSame();
});

clusterTest('workers go on without the coordinator, and it comes back to what is done', async () => {
  cluster.startCoordinator('first');
  cluster.startWorker('one');
  await cluster.untilDone(store, single.id, 5);
  cluster.signal('first', 'SIGINT');
  assert.equal(await cluster.exitOf('first'), 130);
  assert.match(cluster.errorsOf('first'), /The workers go on with sweep [0-9a-f]{8}/);
  await cluster.untilDone(store, single.id, 25);
  cluster.startCoordinator();
  await isTheSame();
});

clusterTest('a Redis that starts anew with nothing, and one that is away, cost time only', async () => {
  const other = await startRedis({ aof: false });
  const own = newCluster(other.url);
  try {
    own.startWorker('one');
    own.startCoordinator();
    await own.untilDone(store, single.id, 5);
    await other.kill();
    await until(() => /Redis does not answer\. Nothing is lost/.test(own.errorsOf('coordinator')));
    await other.restart();
    await own.untilDone(store, single.id, 40);
    assert.equal(await own.exitOf('coordinator'), 0, own.errorsOf('coordinator'));
    assert.match(own.errorsOf('coordinator'), /Redis is back/);
    assert.deepEqual(own.documentOf(), single.document);
  } finally {
    await own.stop();
    await other.stop();
  }
});

clusterTest('a PostgreSQL that is away for a while costs time only', async () => {
  const other = await startPostgres();
  const own = new SweepCluster({ redisUrl: redis.url, postgresUrl: other.url, sweep: sweepOfFixture('large') });
  try {
    own.startWorker('one');
    own.startCoordinator();
    const before = await own.openStore();
    await own.untilDone(before, single.id, 5);
    await before.close();
    await other.kill();
    await until(() => /The store .* is not available.*Nothing is lost/.test(own.errorsOf('coordinator')));
    await other.restart();
    assert.equal(await own.exitOf('coordinator'), 0, own.errorsOf('coordinator'));
    assert.match(own.errorsOf('coordinator'), /The store is back/);
    assert.deepEqual(own.documentOf(), single.document);
    assert.ok(own.isRunning('one'));
  } finally {
    await own.stop();
    await other.stop();
  }
});

clusterTest('a cancelled sweep stops within a second, keeps what is done and is taken up again', async () => {
  cluster.startWorker('one');
  cluster.startCoordinator('first');
  await cluster.untilDone(store, single.id, 5);
  assert.equal(await cluster.cancel(single.id.slice(0, 10)), 0, cluster.errorsOf('cancel'));
  await sleep(systemClock, 1_000);
  const done = (await store.chunksDone(single.id)).length;
  assert.equal(await cluster.exitOf('first'), 0);
  assert.match(cluster.errorsOf('first'), /was cancelled; what is done is kept/);
  assert.equal((await store.chunksDone(single.id)).length, done);
  assert.ok(done < single.chunks.length);
  cluster.startCoordinator();
  await isTheSame();
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(systemClock, 20);
}
