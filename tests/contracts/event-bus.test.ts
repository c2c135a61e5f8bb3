import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { EventBus } from '../../src/bus/event-bus.ts';
import { InProcessBus } from '../../src/bus/in-process-bus.ts';
import { InProcessMemory } from '../../src/bus/in-process-memory.ts';
import { connectRedisBus } from '../../src/bus/redis-bus.ts';
import { type Clock, sleep, systemClock, VirtualClock } from '../../src/foundation/clock.ts';
import { removeFolder, temporaryFolder } from '../support/child-server.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { findRedisServer } from '../support/server-binaries.ts';
import { type SharedRedis, sharedRedis } from '../support/servers.ts';
import { eventBusContract } from './event-bus.contract.ts';
import type { WithBus } from './event-bus-harness.ts';

type Open = (parts: { clock: Clock; logger: RecordingLogger; closeWithinMs?: number }) => Promise<EventBus>;

/** Runs a test with buses that `open` makes, on `clock`, and closes them after it. */
async function withBuses(
  test: Parameters<WithBus>[0],
  open: Open,
  clock: Clock,
  pass: (milliseconds: number) => Promise<void>,
): Promise<void> {
  const logger = new RecordingLogger();
  const opened: EventBus[] = [];
  try {
    await test({
      logger,
      pass,
      unique: (name) => `${name}-${randomUUID().slice(0, 8)}`,
      async open(options) {
        const bus = await open({ clock, logger, ...options });
        opened.push(bus);
        return bus;
      },
    });
  } finally {
    const closing = Promise.all(opened.map((bus) => bus.close()));
    // A virtual clock must be moved for close to give up on handlers that hang.
    if (clock instanceof VirtualClock) await pass(6_000);
    await closing;
  }
}

eventBusContract('in-process bus', (test) => async () => {
  const clock = new VirtualClock();
  const memory = new InProcessMemory();
  const open: Open = async (parts) => new InProcessBus({ ...parts, memory });
  await withBuses(test, open, clock, (milliseconds) => clock.advance(milliseconds));
});

let redis: SharedRedis;
/** Only a server of our own has a Unix socket that we know of. */
let local: RedisServer | undefined;
const folder = temporaryFolder('redis-socket');
const unixSocket = join(folder, 'redis.sock');
before(async () => {
  redis = await sharedRedis();
  if (findRedisServer()) local = await startRedis({ aof: true, settings: { unixsocket: unixSocket } });
});
after(async () => {
  await Promise.all([redis.stop(), local?.stop()]);
  removeFolder(folder);
});

eventBusContract('Redis bus', (test) => async () => {
  const { url, keyPrefix } = redis;
  // A Redis that somebody else runs may be set up as it likes; the contract holds all the same.
  const open: Open = (parts) => connectRedisBus({ ...parts, url, keyPrefix, allowUnsafeRedis: true });
  await withBuses(test, open, systemClock, (milliseconds) => sleep(systemClock, milliseconds));
});

if (findRedisServer()) {
  eventBusContract('Redis bus over a Unix socket', (test) => async () => {
    const open: Open = (parts) => connectRedisBus({ ...parts, url: `unix://${unixSocket}` });
    await withBuses(test, open, systemClock, (milliseconds) => sleep(systemClock, milliseconds));
  });
}
