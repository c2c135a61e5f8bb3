import { Redis } from 'ioredis';
import { systemClock } from '../../../src/foundation/clock.ts';
import type { Scenario, ScenarioRun } from '../scenario.ts';
import { FULL_DISK } from './full-disk.ts';

/** D and E. Redis and PostgreSQL that die, forget, hang, or are cut off. */
export const SERVER_SCENARIOS: readonly Scenario[] = [
  { id: 'F51', title: 'Redis killed and started again', play: killRedis },
  { id: 'F52', title: 'Redis forgets everything (FLUSHALL)', play: flushRedis },
  { id: 'F55', title: 'Redis hangs', play: freezeRedis },
  { id: 'F56', title: 'a consumer slower than what the log keeps', play: trimLogs },
  { id: 'F61', title: 'half-open lines to Redis', play: (run) => blackHole(run, 'redis') },
  { id: 'F62', title: 'PostgreSQL killed and started again', play: killPostgres },
  { id: 'F62b', title: 'lines to PostgreSQL reset', play: resetPostgres },
  { id: 'F63', title: 'PostgreSQL down for a while', play: postgresDown },
  { id: 'F63b', title: 'half-open lines to PostgreSQL', play: (run) => blackHole(run, 'postgres') },
  FULL_DISK,
];

async function killRedis(run: ScenarioRun): Promise<void> {
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(1);
    await run.world.redis.kill();
    run.injected += 1;
    await run.anyMoment(1);
    const since = systemClock.now();
    await run.world.redis.restart();
    await run.recovered(since);
  }
}

async function flushRedis(run: ScenarioRun): Promise<void> {
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(1);
    const since = systemClock.now();
    await command(run, (redis) => redis.flushall());
    run.injected += 1;
    await run.recovered(since);
  }
}

async function freezeRedis(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(1);
    world.redis.pause();
    run.injected += 1;
    await run.seconds(time % 2 === 0 ? 2 : 12);
    await run.healed();
  }
}

/** The recorder sleeps, and so does a bot; what the log lets go meanwhile they have from the store, or from the outbox. */
async function trimLogs(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    world.role('bots-1').freeze();
    await run.exchangeSeconds(130);
    await command(run, (redis) => redis.xtrim(`${world.keyPrefix}log:market`, 'MAXLEN', 1));
    run.injected += 1;
    await run.healed();
  }
}

async function blackHole(run: ScenarioRun, service: 'redis' | 'postgres'): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(1);
    const name = ['bots-1', 'collector', 'recorder'][time % 3]!;
    await world.edge(name)[service].setMode({ kind: 'black-hole' });
    run.injected += 1;
    await run.seconds(2);
    await run.healed();
  }
}

async function killPostgres(run: ScenarioRun): Promise<void> {
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(1);
    await run.world.postgres.kill();
    run.injected += 1;
    await run.anyMoment(1);
    const since = systemClock.now();
    await run.world.postgres.restart();
    await run.recovered(since);
  }
}

async function resetPostgres(run: ScenarioRun): Promise<void> {
  for (let time = 0; time < 2 * run.times; time++) {
    await run.anyMoment(1);
    const since = systemClock.now();
    for (const edges of run.world.allEdges) edges.postgres.resetAll();
    run.injected += 1;
    await run.recovered(since);
  }
}

/** Ten minutes of the market without a store: nobody decides, and nothing is lost. */
async function postgresDown(run: ScenarioRun): Promise<void> {
  const { world } = run;
  await world.postgres.kill();
  run.injected += 1;
  await run.exchangeSeconds(run.times > 5 ? 600 : 200);
  const since = systemClock.now();
  await world.postgres.restart();
  await run.recovered(since);
}

async function command(run: ScenarioRun, act: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(run.world.redis.url);
  try {
    await act(redis);
  } finally {
    redis.disconnect();
  }
}
