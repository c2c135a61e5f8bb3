import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import type { CrashPoint } from '../../../src/foundation/crash-point.ts';
import { ORDER_POINTS } from '../../support/order-path/crash-points.ts';
import type { Scenario, ScenarioRun } from '../scenario.ts';
import { randomKills } from './random-kills.ts';

/** Within so many passes of a point the crash comes: the first ones are those of starting. */
const MOST_PASSES = 6;
const RARE: ReadonlySet<CrashPoint> = new Set(['in-reconcile', 'in-cancel']);
const CRASH_WITHIN_MS = 40_000;
const TRADERS = ['bots-1', 'bots-2'] as const;
const ACKNOWLEDGEMENTS = ['before-bus-acknowledgement', 'after-bus-acknowledgement'] as const;

/** F03 and F04: a process that trades is killed, at random and where it hurts. */
export function crashScenarios(kills: number): readonly Scenario[] {
  const atPoints = ORDER_POINTS.map((point, index) => ({
    id: `F04${String.fromCharCode(97 + index)}`,
    title: `crash ${point.replaceAll('-', ' ')}`,
    play: (run: ScenarioRun) => crashAt(run, point, TRADERS),
  }));
  const inShutdown: Scenario = { id: 'F04j', title: 'crash in shutdown', play: crashInShutdown };
  const random = {
    ...randomKills(Math.ceil(kills / 2)),
    id: 'F03o',
    title: 'any process killed at random, orders in flight',
  };
  return [...atPoints, inShutdown, ...(kills > 0 ? [random] : [])];
}

/** F04 of who records: killed between the store and the bus, with entries in hand. */
export const RECORDER_CRASHES: readonly Scenario[] = ACKNOWLEDGEMENTS.map((point, index) => ({
  id: `F04${'kl'[index]}`,
  title: `crash ${point.replaceAll('-', ' ')}`,
  play: (run) => crashAt(run, point, ['recorder']),
}));

/** @param names the roles of which one passes the point */
async function crashAt(run: ScenarioRun, point: CrashPoint, names: readonly string[]): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    // All are armed: whoever takes the bots comes by.
    const pass = run.random.integer(1, RARE.has(point) ? 2 : MOST_PASSES);
    const roles = names.map((name) => world.role(name));
    for (const role of roles) role.crashNextLife(point, pass);
    const began = systemClock.now();
    await Promise.all(roles.map((role) => role.kill()));
    await crashed(run, point, began);
    const since = systemClock.now();
    // What is still armed elsewhere must not strike later.
    for (const role of roles) if (role.isArmed) await role.kill();
    await run.recovered(since);
  }
}

/** Waits for the words of a process at its point; any of them. */
async function crashed(run: ScenarioRun, point: CrashPoint, since: number): Promise<void> {
  while (systemClock.now() - since < CRASH_WITHIN_MS) {
    const struck = run.world.selfEnds.find(({ at, signal }) => at >= since && signal === 'SIGKILL');
    if (struck !== undefined) {
      run.injected += 1;
      return;
    }
    await sleep(systemClock, 30);
  }
  run.violations.push(`${point} was not passed in ${CRASH_WITHIN_MS / 1_000} s`);
}

async function crashInShutdown(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const roles = TRADERS.map((name) => world.role(name));
  for (let time = 0; time < run.times; time++) {
    const began = systemClock.now();
    for (const role of roles) {
      role.crashNextLife('in-shutdown', 1);
      await role.kill();
    }
    await run.recovered(systemClock.now());
    const ends = await Promise.all(roles.map((role) => role.stop()));
    run.injected += ends.filter(({ code }) => code === null).length;
    // A bot that another process took over is shut down too.
    run.injected += world.selfEnds.filter(({ at, signal }) => at >= began && signal === 'SIGKILL').length;
    const since = systemClock.now();
    for (const role of roles) role.start();
    await run.recovered(since);
  }
  run.expect(run.injected > 0, 'in-shutdown was not passed');
}
