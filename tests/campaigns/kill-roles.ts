/**
 * The kill campaign: the roles as real processes over a real Redis and a real PostgreSQL, killed with kill -9 at random,
 * and started again at once; then everything that was recorded is compared with what the backtester says it must be.
 *
 *     npm run campaign:kill -- --kills 50 --seed 1
 *
 * Prints a line for each round and a table at the end; exit code 1 when anything was lost, doubled or wrong.
 */
import { parseArgs } from 'node:util';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { Random } from '../../src/foundation/random.ts';
import { checkRoles, ROLE_BOTS } from '../support/role-check.ts';
import { type RoleName, RoleSystem } from '../support/role-system.ts';
import { sharedPostgres, sharedRedis } from '../support/servers.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const wantedKills = Number(values.kills);
const seed = Number(values.seed);
const random = new Random(seed, 'kills');

const processes: readonly (readonly [string, RoleName])[] = [
  ['recorder', 'recorder'],
  ['bots-1', 'bots'],
  ['bots-2', 'bots'],
  ['collector', 'collector'],
  ['server', 'server'],
];

const redis = await sharedRedis();
const postgres = await sharedPostgres();
const startedAt = systemClock.monotonic();
const killed = new Map<string, number>();
let kills = 0;
let rounds = 0;
let violations = 0;
const sums = { fills: 0, candles: 0, auditRows: 0 };

try {
  while (kills < wantedKills) await round();
} finally {
  await postgres.stop();
  await redis.stop();
}

const seconds = ((systemClock.monotonic() - startedAt) / 1_000).toFixed(0);
console.log(`\n${kills} kills in ${rounds} rounds and ${seconds} s, seed ${seed}:`);
for (const [name, count] of killed) console.log(`  ${name.padEnd(10)} ${count}`);
console.log(
  `${sums.candles} candles, ${sums.fills} fills and ${sums.auditRows} audit rows compared: ${violations} violations`,
);
process.exitCode = violations > 0 ? 1 : 0;

async function round(): Promise<void> {
  rounds += 1;
  const roles = new RoleSystem({
    redisUrl: redis.url,
    postgresUrl: postgres.url,
    speed: 30_000,
    bots: ROLE_BOTS,
    risk: { maximumTradesPerDay: null, dailyLossLimit: null },
  });
  try {
    for (const [name, role] of processes) roles.start(role, name);
    let inRound = 0;
    while (kills < wantedKills && roles.isRunning('collector')) {
      await sleep(systemClock, random.integer(300, 2_500));
      const [name] = processes[random.integer(0, processes.length - 1)]!;
      if (!(await roles.killAndRestart(name))) continue;
      kills += 1;
      inRound += 1;
      killed.set(name, (killed.get(name) ?? 0) + 1);
    }
    for (const [name, role] of processes) {
      if (role === 'server') continue;
      const code = await roles.exitOf(name);
      if (code !== 0) report(`${name} ended with exit code ${code}`);
    }
    const verdict = await checkRoles(roles);
    for (const violation of verdict.violations) report(violation);
    sums.fills += verdict.fills;
    sums.candles += verdict.candles;
    sums.auditRows += verdict.auditRows;
    console.log(`round ${rounds}: ${inRound} kills, ${verdict.fills} fills, ${verdict.violations.length} violations`);
  } finally {
    await roles.stop();
  }
}

function report(violation: string): void {
  violations += 1;
  console.error(`VIOLATION ${violation}`);
}
