import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type EventBus, LOG_START, type LogPosition } from '../../src/bus/event-bus.ts';
import { connectRedisBus, type RedisBusOptions } from '../../src/bus/redis-bus.ts';
import type { Log } from '../../src/bus/topics.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { UserError } from '../../src/foundation/errors.ts';
import { freePort } from '../support/child-server.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '../support/redis-server.ts';
import { findRedisServer } from '../support/server-binaries.ts';
import { numbers, numbersLog, numbersTopic } from './event-bus-payloads.ts';

/** What only a real server can do to us: die, hang, be empty, be full, be set up badly, be absent. */

const skip = findRedisServer() ? false : 'needs a redis-server on this machine, to kill it';

async function until(condition: () => boolean | Promise<boolean>, what: string, limit = 15_000): Promise<void> {
  const start = systemClock.monotonic();
  while (!(await condition())) {
    if (systemClock.monotonic() - start > limit) throw new Error(`Waited in vain for: ${what}`);
    await sleep(systemClock, 5);
  }
}

/** Runs a test with a server of its own and buses on it. */
async function withServer(
  options: RedisServerOptions,
  run: (
    server: RedisServer,
    connect: (more?: Partial<RedisBusOptions>) => Promise<EventBus>,
    logger: RecordingLogger,
  ) => Promise<void>,
): Promise<void> {
  const server = await startRedis(options);
  const logger = new RecordingLogger();
  const buses: EventBus[] = [];
  const connect = async (more: Partial<RedisBusOptions> = {}) => {
    const bus = await connectRedisBus({ url: server.url, clock: systemClock, logger, closeWithinMs: 500, ...more });
    buses.push(bus);
    return bus;
  };
  try {
    await run(server, connect, logger);
  } finally {
    await Promise.all(buses.map((bus) => bus.close()));
    await server.stop();
  }
}

async function readAll(bus: EventBus, log: Log<number>): Promise<number[]> {
  const all: number[] = [];
  for (let position: LogPosition = LOG_START; ; ) {
    const page = await bus.read(log, position, 1_000);
    if (page.length === 0) return all;
    all.push(...page.map(({ entry }) => entry));
    position = page.at(-1)!.position;
  }
}

/** Without the repetitions of an append whose answer was lost. */
function firstOccurrences(entries: readonly number[]): number[] {
  return [...new Set(entries)];
}

async function killTimeAndAgain(t: TestContext, appendfsync: string): Promise<void> {
  await withServer({ aof: true, settings: { appendfsync } }, async (server, connect) => {
    const [writer, reader] = [await connect(), await connect()];
    const [log, topic] = [numbersLog('log:kill'), numbersTopic('ticks')];
    const consumed: number[] = [];
    await reader.consume(log, { group: 'readers', consumer: 'a', batchSize: 50 }, async (batch) => {
      consumed.push(...batch.map(({ entry }) => entry));
    });
    let heard = 0;
    await reader.subscribe(topic, ({ payload }) => {
      heard = payload;
    });
    const acknowledged: number[] = [];
    let [next, writing] = [1, true];
    const write = async () => {
      while (writing) {
        const entries = numbers(20, next);
        next += 20;
        await writer.append(log, entries);
        acknowledged.push(...entries);
      }
    };
    const writers = [write(), write(), write()];
    const rounds = 10;
    let slowest = 0;
    for (const round of numbers(rounds)) {
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 1_000, 'a thousand entries more');
      await server.kill();
      await server.restart();
      const restarted = systemClock.monotonic();
      const [appendedThen, consumedThen] = [acknowledged.length, consumed.length];
      await until(
        () => acknowledged.length > appendedThen && consumed.length > consumedThen,
        'appending and consuming to go on',
      );
      await until(async () => {
        await writer.publish(topic, round);
        return heard === round;
      }, 'messages to arrive again');
      slowest = Math.max(slowest, systemClock.monotonic() - restarted);
    }
    writing = false;
    await Promise.all(writers);
    await until(async () => (await reader.backlog(log, 'readers')) === 0, 'the consumer at the end');
    const held = await readAll(reader, log);
    const missing = new Set(acknowledged).difference(new Set(held));
    assert.equal(missing.size, 0, `${missing.size} of ${acknowledged.length} acknowledged entries were lost`);
    assert.deepEqual(firstOccurrences(held), numbers(next - 1));
    assert.deepEqual(firstOccurrences(consumed), numbers(next - 1));
    assert.ok(slowest < 5_000, `went on only after ${slowest} ms`);
    t.diagnostic(
      `${rounds} kills: ${acknowledged.length} entries acknowledged, 0 lost, ${held.length - (next - 1)} doubled, ` +
        `${consumed.length - held.length} delivered again; slowest recovery ${Math.round(slowest)} ms after the restart`,
    );
  });
}

describe('Redis bus: the server goes away', { skip, concurrency: 2 }, () => {
  // With `everysec` Redis itself forgets some of it (see redis-safety.ts), and who appended it appends it again.
  for (const appendfsync of ['always', 'everysec']) {
    const name = `killed with -9 time and again (${appendfsync}): no acknowledged entry is lost, none overtakes another`;
    test(name, (t) => killTimeAndAgain(t, appendfsync));
  }

  test('forgets everything when it is killed: what was acknowledged lately is there again', async () => {
    await withServer({ aof: false }, async (server, connect) => {
      const [bus, log] = [await connect({ allowUnsafeRedis: true }), numbersLog('log:forgotten')];
      const count = 50_000;
      await bus.append(log, numbers(count));
      await server.kill();
      await server.restart();
      // Without a further append.
      await until(async () => (await readAll(bus, log)).length === count, 'the entries to be there again');
      assert.deepEqual(await readAll(bus, log), numbers(count));
      await bus.append(log, numbers(1, count + 1));
      assert.deepEqual(await readAll(bus, log), numbers(count + 1));
    });
  });

  test('a consumer goes on behind what it acknowledged before the kill', async () => {
    await withServer({ aof: true, settings: { appendfsync: 'always' } }, async (server, connect) => {
      const bus = await connect();
      const log = numbersLog('log:ack');
      const consumed: number[] = [];
      await bus.consume(log, { group: 'g', consumer: 'a', batchSize: 10 }, async (batch) => {
        consumed.push(...batch.map(({ entry }) => entry));
      });
      await bus.append(log, numbers(100));
      await until(async () => (await bus.backlog(log, 'g')) === 0, 'the backlog');
      await server.kill();
      const appended = bus.append(log, numbers(10, 101));
      await server.restart();
      await appended;
      await until(() => consumed.length >= 110, 'the entries appended while it was away');
      assert.deepEqual(consumed, numbers(110));
    });
  });

  test('what is published while it is away is lost without an error, and the loss is told', async () => {
    await withServer({ aof: true }, async (server, connect, logger) => {
      const bus = await connect();
      const topic = numbersTopic('ticks');
      let heard = 0;
      await bus.subscribe(topic, ({ payload }) => {
        heard = payload;
      });
      await server.kill();
      await until(() => logger.of('warn').some(({ message }) => /was lost/.test(message)), 'the loss to be seen');
      for (const number of numbers(7)) await bus.publish(topic, -number);
      await server.restart();
      await until(async () => {
        await bus.publish(topic, 1);
        return heard === 1;
      }, 'messages to arrive again');
      const told = logger.of('warn').find(({ message }) => /were lost/.test(message));
      assert.ok(Number(told?.fields.messages) >= 7);
    });
  });

  test('it hangs for 6 s with its connections open: appends wait, consumers go on', async () => {
    await withServer({ aof: true }, async (server, connect) => {
      const bus = await connect();
      const log = numbersLog('log:hang');
      const consumed: number[] = [];
      await bus.consume(log, { group: 'g', consumer: 'a', batchSize: 10 }, async (batch) => {
        consumed.push(...batch.map(({ entry }) => entry));
      });
      await bus.append(log, numbers(10));
      await until(() => consumed.length === 10, 'the first entries');
      server.pause();
      const waiting = bus.append(log, numbers(10, 11));
      const published = bus.publish(numbersTopic('nobody'), 1);
      await sleep(systemClock, 6_000);
      server.resume();
      const resumed = systemClock.monotonic();
      await Promise.all([waiting, published]);
      await until(() => new Set(consumed).size === 20, 'the others');
      assert.ok(systemClock.monotonic() - resumed < 3_000);
      assert.deepEqual(firstOccurrences(consumed), numbers(20));
    });
  });

  test('emptied under us: the group is made again, and told', async () => {
    await withServer({ aof: true }, async (server, connect, logger) => {
      const bus = await connect();
      const log = numbersLog('log:flush');
      const consumed: number[] = [];
      await bus.consume(log, { group: 'g', consumer: 'a', batchSize: 10 }, async (batch) => {
        consumed.push(...batch.map(({ entry }) => entry));
      });
      await bus.append(log, [1]);
      await until(() => consumed.length === 1, 'the first entry');
      await command(server.url, 'FLUSHALL');
      await bus.append(log, [2]);
      await until(() => consumed.length === 2, 'the entry after');
      assert.deepEqual(consumed, [1, 2]);
      assert.ok(logger.of('error').some(({ message }) => /group of the bus was gone/.test(message)));
    });
  });

  test('close does not wait for a server that is gone', async () => {
    await withServer({ aof: true }, async (server, connect) => {
      const bus = await connect();
      await bus.consume(numbersLog('log:x'), { group: 'g', consumer: 'a', batchSize: 10 }, async () => {});
      await bus.subscribe(numbersTopic('x'), () => {});
      await server.kill();
      const lost = assert.rejects(bus.append(numbersLog('log:x'), [1]), /closed/);
      const start = systemClock.monotonic();
      await bus.close();
      assert.ok(systemClock.monotonic() - start < 2_000);
      await lost;
    });
  });
});

describe('Redis bus: the server is full', { skip }, () => {
  test('an append is refused as a whole and says why; the log keeps its order', async () => {
    await withServer({ aof: true, settings: { maxmemory: '8mb' } }, async (_server, connect) => {
      const bus = await connect();
      const log: Log<string> = {
        name: 'log:full',
        codec: { encode: (value) => value, decode: (json) => json as string },
      };
      const filler = 'x'.repeat(10_000);
      let taken = 0;
      await assert.rejects(async () => {
        for (;;) {
          await bus.append(log, [`${taken}a${filler}`, `${taken}b${filler}`]);
          taken++;
        }
      }, /OOM/);
      assert.ok(taken > 100);
      const read = await bus.read(log, LOG_START, 10_000);
      assert.equal(read.length, 2 * taken);
      // Room is made by trimming, not by losing.
      await bus.trim(log, 10);
      await bus.append(log, ['again']);
      assert.equal((await bus.read(log, LOG_START, 100)).at(-1)?.entry, 'again');
    });
  });
});

describe('Redis bus: a server that does not know how far a group is behind', { skip }, () => {
  test('the backlog is counted', async () => {
    await withServer({ aof: true }, async (server, connect) => {
      const bus = await connect();
      const log = numbersLog('log:lag');
      const positions = await bus.append(log, numbers(5_000));
      const consumer = await bus.consume(log, { group: 'g', consumer: 'a', batchSize: 10 }, async () => {});
      await until(async () => (await bus.backlog(log, 'g')) === 0, 'the end');
      await consumer.stop();
      await command(server.url, 'XGROUP', 'SETID', log.name, 'g', positions[1_499]!);
      assert.equal(await bus.backlog(log, 'g'), 3_500);
      assert.equal(await bus.trim(log, 0), 1_500);
      assert.equal(await bus.backlog(log, 'g'), 3_500);
    });
  });
});

describe('Redis bus: several systems on one server', { skip }, () => {
  test('the prefix keeps channels and logs apart', async () => {
    await withServer({ aof: true }, async (_server, connect) => {
      const [one, two] = [await connect({ keyPrefix: 'one?*[a]:' }), await connect({ keyPrefix: 'two:' })];
      const log = numbersLog('log:shared');
      const heard: string[] = [];
      await one.subscribe(numbersTopic('data:*'), ({ channel, payload }) => heard.push(`one ${channel} ${payload}`));
      await two.subscribe(numbersTopic('data:*'), ({ channel, payload }) => heard.push(`two ${channel} ${payload}`));
      await two.publish(numbersTopic('data:x'), 2);
      await one.publish(numbersTopic('data:x'), 1);
      await one.append(log, [1]);
      await until(() => heard.length >= 2, 'both messages');
      assert.deepEqual(heard.toSorted(), ['one data:x 1', 'two data:x 2']);
      assert.deepEqual(await two.read(log, LOG_START, 10), []);
      assert.equal((await one.read(log, LOG_START, 10)).length, 1);
    });
  });
});

describe('Redis bus: start-up', { skip }, () => {
  const servers: RedisServer[] = [];
  let safe: RedisServer;
  const start = async (options: RedisServerOptions): Promise<RedisServer> => {
    const server = await startRedis(options);
    servers.push(server);
    return server;
  };
  const connectTo = (url: string, more: Partial<RedisBusOptions> = {}, logger = new RecordingLogger()) =>
    connectRedisBus({ url, clock: systemClock, logger, ...more });
  const refusalOf = async (url: string): Promise<string> => {
    const error = await connectTo(url).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof UserError, `${error}`);
    assert.ok(!error.message.includes('\n'));
    return error.message;
  };

  before(async () => {
    safe = await start({ aof: true });
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  test('refuses an eviction policy that loses logs, and says how to mend it', async () => {
    const server = await start({ aof: true, settings: { 'maxmemory-policy': 'allkeys-lru' } });
    const message = await refusalOf(server.url);
    assert.ok(message.includes(`127.0.0.1:${server.port}`));
    assert.ok(message.includes(`redis-cli -h 127.0.0.1 -p ${server.port} CONFIG SET maxmemory-policy noeviction`));
    await command(server.url, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await (await connectTo(server.url)).close();
  });

  test('refuses a server without an append-only file, and says how to mend it', async () => {
    const server = await start({ aof: false });
    const message = await refusalOf(server.url);
    assert.ok(message.includes(`redis-cli -h 127.0.0.1 -p ${server.port} CONFIG SET appendonly yes`));
    await command(server.url, 'CONFIG', 'SET', 'appendonly', 'yes');
    await (await connectTo(server.url)).close();
  });

  test('names both faults at once; goes on with a warning where that is allowed', async () => {
    const server = await start({ aof: false, settings: { 'maxmemory-policy': 'volatile-ttl' } });
    const message = await refusalOf(server.url);
    assert.match(message, /CONFIG SET maxmemory-policy noeviction.*CONFIG SET appendonly yes/);
    const logger = new RecordingLogger();
    const bus = await connectTo(server.url, { allowUnsafeRedis: true }, logger);
    assert.deepEqual(await bus.read(numbersLog('log'), LOG_START, 1), []);
    await bus.close();
    assert.equal(logger.of('warn').length, 1);
  });

  test('warns of a file that is not synced before each answer', async () => {
    const everySecond = new RecordingLogger();
    await (await connectTo(safe.url, {}, everySecond)).close();
    assert.deepEqual(
      everySecond.of('warn').map(({ fields }) => fields.mend),
      [`redis-cli -h 127.0.0.1 -p ${safe.port} CONFIG SET appendfsync always`],
    );
    const server = await start({ aof: true, settings: { appendfsync: 'always' } });
    const always = new RecordingLogger();
    await (await connectTo(server.url, {}, always)).close();
    assert.deepEqual(always.of('warn'), []);
  });

  test('warns and goes on where CONFIG is forbidden', async () => {
    const server = await start({ aof: true });
    await command(server.url, 'ACL', 'SETUSER', 'guest', 'on', '>word', '~*', '&*', '+@all', '-config');
    const logger = new RecordingLogger();
    const bus = await connectTo(`redis://guest:word@127.0.0.1:${server.port}`, {}, logger);
    await bus.append(numbersLog('log'), [1]);
    await bus.close();
    assert.ok(logger.of('warn').some(({ message }) => /does not let us read its settings/.test(message)));
  });

  test('says where no Redis answers, within 3 s and without the password', async () => {
    const port = await freePort();
    const started = systemClock.monotonic();
    const message = await refusalOf(`redis://user:sesame@127.0.0.1:${port}`);
    assert.ok(systemClock.monotonic() - started < 3_000);
    assert.ok(message.includes(`127.0.0.1:${port}`) && message.includes(`redis-server --port ${port}`));
    assert.ok(!message.includes('sesame'));
  });

  test('says so within 3 s where something listens and is silent', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const started = systemClock.monotonic();
      const message = await refusalOf(`redis://127.0.0.1:${port}`);
      assert.ok(systemClock.monotonic() - started < 3_000);
      assert.ok(message.includes(`127.0.0.1:${port}`));
    } finally {
      server.close();
      for (const socket of sockets) socket.destroy();
    }
  });

  test('says that the password is wrong, without telling it', async () => {
    const server = await start({ aof: true, settings: { requirepass: 'open' } });
    for (const credentials of ['', ':sesame@', 'user:sesame@']) {
      const message = await refusalOf(`redis://${credentials}127.0.0.1:${server.port}`);
      assert.match(message, /refuses the user name or password/);
      assert.ok(!message.includes('sesame'));
    }
    await (await connectTo(`redis://:open@127.0.0.1:${server.port}`)).close();
  });

  test('refuses what is no address of a Redis', async () => {
    for (const url of ['', 'localhost:6379', 'http://127.0.0.1:6379', 'redis://']) {
      assert.match(await refusalOf(url), /redis:\/\/host:6379/);
    }
  });

  test('uses the database that the address names', async () => {
    const [zero, three] = [await connectTo(safe.url), await connectTo(`${safe.url}/3`)];
    await three.append(numbersLog('log:database'), [1]);
    assert.equal(await zero.oldest(numbersLog('log:database')), undefined);
    assert.notEqual(await three.oldest(numbersLog('log:database')), undefined);
    await zero.close();
    await three.close();
  });
});

/** Says something to the server directly. */
async function command(url: string, name: string, ...parameters: string[]): Promise<void> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url);
  await redis.call(name, ...parameters);
  redis.disconnect();
}
