import { systemClock } from '../../../src/foundation/clock.ts';
import type { Scenario, ScenarioRun } from '../scenario.ts';
import { PROCESSES } from '../world/world.ts';

const NAMES = PROCESSES.map(([name]) => name);

/** Any process at any moment, the next often before the last has recovered. */
export function randomKills(kills: number): Scenario {
  return {
    id: 'F03',
    title: 'any process killed at random moments',
    async play(run: ScenarioRun) {
      while (run.injected < kills) {
        const name = NAMES[run.random.integer(0, NAMES.length - 1)]!;
        const killedAt = systemClock.now();
        await run.world.role(name).kill();
        run.injected += 1;
        run.count(name);
        if (run.random.next() < 0.5) await run.recovered(killedAt);
        else await run.anyMoment(1.2);
      }
      await run.healed();
    },
  };
}
