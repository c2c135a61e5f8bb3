import { systemClock } from '../../src/foundation/clock.ts';
import { messageOf } from '../../src/foundation/errors.ts';
import { Random } from '../../src/foundation/random.ts';
import type { Group } from './groups.ts';
import type { ChaosOptions } from './options.ts';
import type { ChaosReport } from './report.ts';
import { type Scenario, ScenarioRun } from './scenario.ts';
import { Judge } from './world/verdict.ts';
import { World } from './world/world.ts';

/** Real time, whatever speed the world has. */
const STOP_WITHIN_MS = 10_000;

/** Bybit's codes for a quantity or a price that its rules do not allow, and for too small a value. */
const FILTERS = new Set([10001, 110003, 110094]);

/** Plays the scenarios of a group in a world of their own, and judges it after each of them. */
export async function playGroup(group: Group, options: ChaosOptions, report: ChaosReport): Promise<void> {
  let world: World;
  try {
    world = await World.start(group.world);
  } catch (thrown) {
    report.fail(group.name, messageOf(thrown));
    return;
  }
  try {
    const judge = await Judge.of(world);
    /** Each violation is told by the scenario that brought it about, and again in the end where it stays. */
    const known = new Set<string>();
    for (const scenario of group.scenarios) await play(scenario);
    await rest();
    await judge.close();

    async function play(scenario: Scenario): Promise<void> {
      const random = new Random(options.seed, scenario.id);
      const run = new ScenarioRun(world, random, options.times);
      const began = systemClock.monotonic();
      const endsBefore = world.selfEnds.length;
      try {
        await scenario.play(run);
      } catch (thrown) {
        run.violations.push(`the scenario itself failed: ${messageOf(thrown)}`);
        await world.heal();
      }
      run.count('ended by itself', world.selfEnds.length - endsBefore);
      await judged(run, false);
      report.add({ group: group.name, scenario, run, seconds: (systemClock.monotonic() - began) / 1_000 });
    }

    async function judged(run: ScenarioRun, isAtRest: boolean): Promise<void> {
      const verdict = await judge.judge({ rest: isAtRest });
      for (const violation of verdict.violations) {
        if (isAtRest || !known.has(violation)) run.violations.push(violation);
        known.add(violation);
      }
      report.saw(group.name, verdict);
    }

    /** Everything stops as people stop it; then the books must be whole. */
    async function rest(): Promise<void> {
      const run = new ScenarioRun(world, new Random(options.seed, 'rest'), 1);
      const began = systemClock.monotonic();
      for (const name of ['collector', 'bots-1', 'bots-2']) await stopped(name, run);
      await run.seconds(1);
      for (const name of ['recorder', 'server']) await stopped(name, run);
      run.injected = 1;
      if (world.options.trades) await countRefused(run);
      await judged(run, true);
      const scenario = { id: 'end', title: `the books of ${group.name} after all of it`, play: async () => {} };
      report.add({ group: group.name, scenario, run, seconds: (systemClock.monotonic() - began) / 1_000 });
    }
    /** What the exchange turned down of all that was sent, by its own codes. */
    async function countRefused(run: ScenarioRun): Promise<void> {
      const { orders, refusedOrders } = await world.exchange.books();
      run.count('orders', orders.length);
      for (const { code } of refusedOrders) {
        run.count(`refused ${String(code)}`);
        run.expect(!FILTERS.has(Number(code)), `F45: the exchange refused an order by its filters (${String(code)})`);
      }
    }

    async function stopped(name: string, run: ScenarioRun): Promise<void> {
      const { tookMs, code } = await world.role(name).stop();
      run.expect(
        tookMs < STOP_WITHIN_MS && code === 0,
        `${name} took ${Math.round(tookMs)} ms to stop, exit code ${code}`,
      );
    }
  } catch (thrown) {
    report.fail(group.name, messageOf(thrown));
  } finally {
    await world.stop();
  }
}
