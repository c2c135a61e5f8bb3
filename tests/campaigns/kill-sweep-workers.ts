/**
 * The kill campaign of sweeps: two workers and a coordinator as real processes over a real Redis and a real PostgreSQL.
 * Workers, coordinator and Redis are killed with kill -9 at random in the middle of sweeps and started again at once, Redis
 * sometimes with nothing left in it; then the table and every chunk are compared, byte for byte, with those of one machine.
 *
 *     npm run campaign:sweep -- --kills 50 --seed 1
 *
 * Prints a line for each sweep and a table at the end; exit code 1 when anything was lost, doubled or different.
 */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { Random } from '../../src/foundation/random.ts';
import type { Store } from '../../src/store/store.ts';
import { startRedis } from '../support/redis-server.ts';
import { sharedPostgres } from '../support/servers.ts';
import { SweepCluster, sweepOfFixture } from '../support/sweep-cluster-system.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const wantedKills = Number(values.kills);
const seed = Number(values.seed);
const random = new Random(seed, 'sweep-kills');

const TARGETS = ['worker-1', 'worker-2', 'coordinator', 'redis', 'redis, emptied'] as const;
type Target = (typeof TARGETS)[number];
/** A sweep that is not done by then is counted as lost. */
const SWEEP_LIMIT_MS = 300_000;

const redis = await startRedis();
const postgres = await sharedPostgres();
const cluster = new SweepCluster({
  redisUrl: redis.url,
  postgresUrl: postgres.url,
  sweep: sweepOfFixture('large'),
});
const killed = new Map<Target, number>(TARGETS.map((target) => [target, 0]));
const startedAt = systemClock.monotonic();
let kills = 0;
let sweeps = 0;
let chunksCompared = 0;
let bytesCompared = 0;
let violations = 0;

try {
  const single = await cluster.single();
  const store = await cluster.openStore();
  try {
    while (kills < wantedKills) await oneSweep(single, store);
  } finally {
    await store.close();
  }
} finally {
  await cluster.stop();
  await postgres.stop();
  await redis.stop();
}

const seconds = ((systemClock.monotonic() - startedAt) / 1_000).toFixed(0);
console.log(`\n${kills} kills in ${sweeps} sweeps and ${seconds} s, seed ${seed}:`);
for (const [target, count] of killed) console.log(`  ${target.padEnd(15)} ${count}`);
console.log(
  `${sweeps} tables and ${chunksCompared} chunks (${bytesCompared} bytes) compared: ${violations} violations`,
);
process.exitCode = violations > 0 ? 1 : 0;

async function oneSweep(single: Awaited<ReturnType<SweepCluster['single']>>, store: Store): Promise<void> {
  sweeps += 1;
  await store.deleteSweep(single.id);
  for (const name of ['worker-1', 'worker-2', 'coordinator'] as const) start(name);
  const began = systemClock.monotonic();
  // What is killed before there is work shows nothing.
  await untilBegun(store, single.id);
  const wanted = Math.min(wantedKills - kills, random.integer(4, 8));
  let inSweep = 0;
  while (inSweep < wanted && (await isUnderWay())) {
    await watched(random.integer(300, 2_500));
    const target = TARGETS[random.integer(0, TARGETS.length - 1)]!;
    if (!(await killAndRestart(target))) continue;
    kills += 1;
    inSweep += 1;
    killed.set(target, killed.get(target)! + 1);
  }
  while ((await isUnderWay()) && systemClock.monotonic() < began + SWEEP_LIMIT_MS) await watched(100);
  if (cluster.isRunning('coordinator')) report('not done in time');
  else if ((await cluster.exitOf('coordinator')) === 0) await compare(single, store);
  else report(`the coordinator failed: ${cluster.errorsOf('coordinator')}`);
  const took = ((systemClock.monotonic() - began) / 1_000).toFixed(0);
  console.log(`sweep ${sweeps}: ${inSweep} kills, ${took} s, ${violations} violations so far`);
  await cluster.killAll();
}

async function isUnderWay(): Promise<boolean> {
  return cluster.isRunning('coordinator') || (await foundNoRedis('coordinator'));
}

/** Waits, and starts again, as a supervisor would, what found no Redis when it began. */
async function watched(delay: number): Promise<void> {
  await sleep(systemClock, delay);
  for (const name of ['worker-1', 'worker-2', 'coordinator'] as const) {
    if (cluster.isRunning(name)) continue;
    if (await foundNoRedis(name)) start(name);
    else if (name !== 'coordinator') {
      report(`${name} ended by itself: ${cluster.errorsOf(name)}`);
      start(name);
    }
  }
}

async function foundNoRedis(name: string): Promise<boolean> {
  if (cluster.isRunning(name)) return false;
  await cluster.exitOf(name); // Then all that it said has come.
  return /^No Redis answers|^Redis at .* refuses/m.test(cluster.errorsOf(name));
}

function start(name: 'worker-1' | 'worker-2' | 'coordinator'): void {
  if (name === 'coordinator') cluster.startCoordinator();
  else cluster.startWorker(name);
}

async function killAndRestart(target: Target): Promise<boolean> {
  if (target === 'redis' || target === 'redis, emptied') {
    if (target === 'redis, emptied') await empty();
    await redis.kill();
    await redis.restart();
    return true;
  }
  if (!(await cluster.kill(target))) return false;
  start(target);
  return true;
}

async function empty(): Promise<void> {
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
}

async function untilBegun(store: Store, id: string): Promise<void> {
  while ((await isUnderWay()) && (await store.chunksDone(id)).length === 0) await watched(20);
}

async function compare({ id, chunks, document }: Awaited<ReturnType<SweepCluster['single']>>, store: Store) {
  if (!isDeepStrictEqual(cluster.documentOf(), document)) report('the table is another than that of one machine');
  const found = await store.chunks(id, 0, Number.MAX_SAFE_INTEGER);
  if (found.length !== chunks.length) report(`${found.length} chunks instead of ${chunks.length}`);
  for (const { number, rows } of found) {
    chunksCompared += 1;
    bytesCompared += rows.length;
    if (Buffer.compare(rows, chunks[number] ?? new Uint8Array()) !== 0) report(`chunk ${number} has other bytes`);
  }
}

function report(violation: string): void {
  violations += 1;
  console.error(`VIOLATION ${violation}`);
}
