import { systemClock } from '../../../src/foundation/clock.ts';
import type { Scenario, ScenarioRun } from '../scenario.ts';

/** A lease of a bot, and how long its processes look for free ones, in seconds of the exchange's time. */
const LEASE_SECONDS = 5;
const MOST_SECONDS_TO_STOP = 10;

/** A. Processes that die, freeze, come twice or are stopped. */
export const PROCESS_SCENARIOS: readonly Scenario[] = [
  { id: 'F01', title: 'collector killed', play: (run) => killEach(run, () => 'collector') },
  { id: 'F02', title: 'bots killed', play: (run) => killEach(run, () => run.world.holder) },
  { id: 'F05', title: 'server killed under load', play: killServer },
  { id: 'F06', title: 'every process, Redis and PostgreSQL killed at once', play: killEverything },
  { id: 'F08', title: 'bots frozen beyond their lease, and thawed', play: freezeBots },
  { id: 'F09', title: 'the same bots started once more', play: startTwice },
  { id: 'F10', title: 'bots told to stop', play: stopBots },
  { id: 'F57', title: 'recorder killed with entries in hand', play: (run) => killEach(run, () => 'recorder') },
];

async function killEach(run: ScenarioRun, victim: () => string): Promise<void> {
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(1.5);
    const killedAt = systemClock.now();
    await run.world.role(victim()).kill();
    run.injected += 1;
    await run.recovered(killedAt);
  }
}

/** Readers ask all the while; what the bots do is not their business. */
async function killServer(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const before = await world.statuses();
  await killEach(run, () => 'server');
  const after = new Map((await world.statuses()).map((status) => [status.botId, status]));
  for (const { botId, lifecycle } of before) {
    run.expect(after.get(botId)?.lifecycle === lifecycle, `${botId} was touched by the end of the server`);
  }
}

/** As when the power fails, but for what the disk has not written: every process at one time. */
async function killEverything(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < Math.max(1, Math.floor(run.times / 3)); time++) {
    await run.anyMoment(1);
    const roles = [...world.roles.values()];
    const since = systemClock.now();
    await Promise.all([...roles.map((role) => role.kill()), world.redis.kill(), world.postgres.kill()]);
    await Promise.all([world.redis.restart(), world.postgres.restart()]);
    run.injected += 1;
    await run.recovered(since);
  }
}

/** Whoever wakes after its lease was taken by another must write nothing more. */
async function freezeBots(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    const name = world.holder;
    await run.anyMoment(1);
    world.role(name).freeze();
    run.injected += 1;
    await run.exchangeSeconds(6 * LEASE_SECONDS);
    const since = systemClock.now();
    world.role(name).thaw();
    await run.recovered(since);
    run.count('bots given up', world.logged(name, since, /bot\.superseded/).length);
  }
}

async function startTwice(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const twin = world.addRole('bots-twin', 'bots', 'bots-1');
  world.addRole('collector-twin', 'collector', 'collector');
  for (let time = 0; time < run.times; time++) {
    const since = systemClock.now();
    twin.start();
    run.injected += 1;
    await run.seconds(1.5);
    await run.recovered(since);
    await twin.end();
    await run.recovered(systemClock.now());
  }
  world.roles.delete('bots-twin');
  world.roles.delete('collector-twin');
}

/** What is told to stop ends within its time, and its bots do nothing more until they are started again. */
async function stopBots(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const names = ['bots-1', 'bots-2'];
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(1);
    const stops = await Promise.all(names.map((name) => world.role(name).stop()));
    run.injected += 1;
    for (const { tookMs, code } of stops) {
      run.detectionsMs.push(world.inExchangeTime(tookMs));
      run.expect(tookMs < MOST_SECONDS_TO_STOP * 1_000, `a stop took ${Math.round(tookMs)} ms`);
      run.expect(code === 0, `a stop ended with exit code ${code}`);
    }
    const atRest = await world.revisions();
    await run.exchangeSeconds(70);
    run.expect((await world.revisions()) === atRest, 'a bot went on after it had stopped');
    const since = systemClock.now();
    for (const name of names) world.role(name).start();
    await run.recovered(since);
  }
}
