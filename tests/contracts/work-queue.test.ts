import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { InProcessWorkQueue } from '../../src/bus/in-process-work-queue.ts';
import { connectRedisWorkQueue } from '../../src/bus/redis-work-queue.ts';
import type { WorkQueue } from '../../src/bus/work-queue.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { UserError } from '../../src/foundation/errors.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { startRedis } from '../support/redis-server.ts';
import { type SharedRedis, sharedRedis } from '../support/servers.ts';
import { jobs, until, type WorkQueueBench, workQueueContract } from './work-queue.contract.ts';

const retries = { attempts: 3, retryAfterMs: 50 };

let server: SharedRedis;
before(async () => {
  server = await sharedRedis();
});
after(() => server.stop());

workQueueContract('in-process work queue', async () => {
  const queue = new InProcessWorkQueue(systemClock, retries);
  return { open: async () => queue, dispose: () => queue.close() };
});

workQueueContract('Redis work queue', async () => redisBench(server.url, server.keyPrefix));

function redisBench(url: string, prefix = ''): WorkQueueBench {
  const keyPrefix = `${prefix}${randomUUID().slice(0, 8)}:`;
  const opened: WorkQueue[] = [];
  return {
    async open() {
      const terms = { url, keyPrefix, retries, lockMs: 2_000, clock: systemClock, logger: silentLogger };
      const queue = await connectRedisWorkQueue(terms);
      opened.push(queue);
      return queue;
    },
    async dispose() {
      await Promise.all(opened.map((queue) => queue.close()));
    },
  };
}

describe('Redis work queue: a server that goes away', { concurrency: false }, () => {
  test('none there is said in one sentence', async () => {
    await assert.rejects(
      connectRedisWorkQueue({ url: 'redis://127.0.0.1:1', clock: systemClock, logger: silentLogger }),
      (error) =>
        error instanceof UserError && /^No Redis answers at 127\.0\.0\.1:1: start one there/.test(error.message),
    );
  });

  test('killed and started again, it loses no job and workers go on by themselves', { timeout: 60_000 }, async () => {
    const redis = await startRedis({ settings: { appendfsync: 'always' } });
    const bench = redisBench(redis.url);
    try {
      const queue = await bench.open();
      const done = new Set<number>();
      await queue.add(jobs('a', 0, 200));
      queue.work({ concurrency: 3 }, async ({ number }) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        done.add(number);
      });
      for (const wanted of [20, 60, 100]) {
        await until(() => done.size >= wanted);
        await redis.kill();
        const waiting = queue.progress('a');
        await redis.restart();
        assert.ok((await waiting).waiting.length > 0);
      }
      await until(() => done.size === 200);
      await until(async () => (await queue.progress('a')).running.length === 0);
    } finally {
      await bench.dispose();
      await redis.stop();
    }
  });

  test('started again with nothing, it takes the jobs anew', { timeout: 60_000 }, async () => {
    const redis = await startRedis({ aof: false });
    const bench = redisBench(redis.url);
    try {
      const queue = await bench.open();
      const done = new Set<number>();
      await queue.add(jobs('a', 0, 50));
      queue.work({ concurrency: 1 }, async ({ number }) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        done.add(number);
      });
      await until(() => done.size >= 5);
      await redis.kill();
      await redis.restart();
      const { waiting, running } = await queue.progress('a');
      assert.deepEqual([waiting, running], [[], []]);
      await queue.add(jobs('a', 0, 50).filter(({ number }) => !done.has(number)));
      await until(() => done.size === 50);
    } finally {
      await bench.dispose();
      await redis.stop();
    }
  });

  test('closing while it is away takes no longer than two farewells', { timeout: 60_000 }, async () => {
    const redis = await startRedis();
    const bench = redisBench(redis.url);
    const queue = await bench.open();
    await queue.add(jobs('a', 0, 1));
    let begun = false;
    queue.work({ concurrency: 1 }, (_, signal) => {
      begun = true;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    await until(() => begun);
    await redis.kill();
    const asked = systemClock.monotonic();
    await bench.dispose();
    assert.ok(systemClock.monotonic() - asked < 6_000);
    await redis.stop();
  });
});
