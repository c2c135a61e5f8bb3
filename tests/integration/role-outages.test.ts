import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { checkRoles, ROLE_BOTS } from '../support/role-check.ts';
import { RoleSystem } from '../support/role-system.ts';

/** The roles while a server is away, or one of their own sleeps. The servers are our own: others' tests must not suffer. */
let redis: RedisServer;
let postgres: PostgresServer;

before(async () => {
  redis = await startRedis();
  postgres = await startPostgres();
});

after(async () => {
  await postgres.stop();
  await redis.stop();
});

const NAMES = ['recorder', 'bots-1', 'bots-2', 'collector'] as const;
/** What a role prints when the replay is under way. */
const UNDER_WAY = /[1-9][.\d]* % done/;

async function underWay(speed: number, run: (roles: RoleSystem) => Promise<void>): Promise<void> {
  const roles = new RoleSystem({
    redisUrl: redis.url,
    postgresUrl: postgres.url,
    speed,
    bots: ROLE_BOTS,
    risk: { maximumTradesPerDay: null, dailyLossLimit: null },
  });
  try {
    for (const name of NAMES) roles.start(name === 'bots-1' || name === 'bots-2' ? 'bots' : name, name);
    for (const name of NAMES) await roles.said(name, UNDER_WAY);
    await run(roles);
  } finally {
    await roles.stop();
  }
}

async function endsWell(roles: RoleSystem): Promise<void> {
  for (const name of NAMES) {
    const code = await roles.exitOf(name);
    assert.equal(code, 0, `${name} ended with ${code}, and its last words were:\n${roles.lastWordsOf(name)}`);
  }
}

const seconds = (count: number): Promise<void> => sleep(systemClock, count * 1_000);

test('servers that go away and come back, and a sleeping process: nothing is lost or doubled', {
  timeout: 400_000,
}, async () => {
  await underWay(30_000, async (roles) => {
    await postgres.kill();
    await seconds(3);
    await postgres.restart();
    await seconds(2);
    await redis.kill();
    // Longer than the bus waits for an answer.
    await seconds(12);
    await redis.restart();
    await seconds(2);
    roles.signal('bots-1', 'SIGSTOP');
    // Longer than its leases last: the other takes its bots over.
    await seconds(8);
    roles.signal('bots-1', 'SIGCONT');
    await endsWell(roles);
    assert.deepEqual((await checkRoles(roles)).violations, []);
  });
});

test('Ctrl+C while Redis or PostgreSQL is away ends every role, and a later start goes on', {
  timeout: 400_000,
}, async () => {
  for (const server of [redis, postgres]) {
    await underWay(100_000, async (roles) => {
      await server.kill();
      await seconds(1);
      const stoppedAt = systemClock.monotonic();
      for (const name of NAMES) roles.signal(name, 'SIGINT');
      for (const name of NAMES) assert.notEqual(await roles.exitOf(name), null, name);
      const took = systemClock.monotonic() - stoppedAt;
      assert.ok(took < 30_000, `${took} ms`);
      await server.restart();
      for (const name of NAMES) roles.start(name === 'bots-1' || name === 'bots-2' ? 'bots' : name, name);
      await endsWell(roles);
      assert.deepEqual((await checkRoles(roles)).violations, []);
    });
  }
});
