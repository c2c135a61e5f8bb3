import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { checkRoles, ROLE_BOTS } from '../support/role-check.ts';
import { RoleSystem } from '../support/role-system.ts';
import { type SharedPostgres, type SharedRedis, sharedPostgres, sharedRedis } from '../support/servers.ts';

/** The roles as processes of their own, over Redis and PostgreSQL, give what one process and the backtester give. */
let redis: SharedRedis;
let postgres: SharedPostgres;

before(async () => {
  redis = await sharedRedis();
  postgres = await sharedPostgres();
});

after(async () => {
  await postgres.stop();
  await redis.stop();
});

async function withRoles(speed: number, run: (roles: RoleSystem) => Promise<void>): Promise<void> {
  const roles = new RoleSystem({
    redisUrl: redis.url,
    postgresUrl: postgres.url,
    speed,
    bots: ROLE_BOTS,
    risk: { maximumTradesPerDay: null, dailyLossLimit: null },
  });
  try {
    await run(roles);
  } finally {
    await roles.stop();
  }
}

test('collector, recorder and two processes of bots give the same as one process', { timeout: 240_000 }, async () => {
  await withRoles(1_000_000, async (roles) => {
    roles.start('recorder');
    roles.start('bots', 'bots-1');
    roles.start('bots', 'bots-2');
    roles.start('collector');
    for (const name of ['collector', 'bots-1', 'bots-2', 'recorder']) assert.equal(await roles.exitOf(name), 0, name);
    const verdict = await checkRoles(roles);
    assert.deepEqual(verdict.violations, []);
    assert.ok(verdict.fills > 1_000);
  });
});

test('each role killed in the middle of the replay loses and doubles nothing', { timeout: 240_000 }, async () => {
  await withRoles(60_000, async (roles) => {
    roles.start('recorder');
    roles.start('bots', 'bots-1');
    roles.start('collector');
    for (const name of ['collector', 'bots-1', 'recorder', 'bots-1']) {
      await sleep(systemClock, 2_500);
      assert.ok(await roles.killAndRestart(name), `${name} had ended before it was killed`);
    }
    for (const name of ['collector', 'bots-1', 'recorder']) assert.equal(await roles.exitOf(name), 0, name);
    assert.deepEqual((await checkRoles(roles)).violations, []);
  });
});
