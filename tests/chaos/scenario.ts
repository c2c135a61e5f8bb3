import { sleep, systemClock } from '../../src/foundation/clock.ts';
import type { Random } from '../../src/foundation/random.ts';
import type { LogLine } from './world/role-logs.ts';
import type { World } from './world/world.ts';

/** A fault with a name, as the table of faults calls it. */
export interface Scenario {
  readonly id: string;
  /** What goes wrong. */
  readonly title: string;
  /** Injects the fault, `run.times` times, and heals it. */
  readonly play: (run: ScenarioRun) => Promise<void>;
}

/** How long something may take that is waited for, in real milliseconds. */
const WHOLE_WITHIN_MS = 60_000;

/** One scenario as it is played: what it does to the world, and what it measures. */
export class ScenarioRun {
  readonly world: World;
  readonly random: Random;
  /** How often to inject. */
  readonly times: number;
  /** How often it was. */
  injected = 0;
  /** From the fault to the first sign that it was noticed, in milliseconds of the exchange's time. */
  readonly detectionsMs: number[] = [];
  /** From the end of the fault (the kill, where there is no end) until all was whole, in real milliseconds. */
  readonly recoveriesMs: number[] = [];
  readonly violations: string[] = [];
  /** Counts worth telling, by what they count. */
  readonly counts = new Map<string, number>();

  constructor(world: World, random: Random, times: number) {
    this.world = world;
    this.random = random;
    this.times = times;
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  expect(holds: boolean, otherwise: string): void {
    if (!holds) this.violations.push(otherwise);
  }

  /** Real seconds. */
  seconds(count: number): Promise<void> {
    return sleep(systemClock, count * 1_000);
  }

  /** Seconds of the exchange's time. */
  exchangeSeconds(count: number): Promise<void> {
    return sleep(this.world.clock, count * 1_000);
  }

  /** Waits until one of these processes has logged something; how long after `since` it did is a detection. */
  async detected(names: readonly string[], since: number, pattern: RegExp, withinExchangeMs: number): Promise<void> {
    const said = (): number | undefined => {
      const lines: readonly LogLine[] = names.flatMap((name) => this.world.logged(name, since, pattern).slice(0, 1));
      return lines.length === 0 ? undefined : Math.min(...lines.map(({ time }) => time));
    };
    await this.#noticed(since, said, withinExchangeMs, `${names.join(' or ')} did not notice`);
  }

  /** Waits until a process has given up by itself; how long after `since` it did is a detection. */
  async gaveUp(since: number, withinExchangeMs: number): Promise<void> {
    const gone = (): number | undefined => this.world.selfEnds.find(({ at }) => at >= since)?.at;
    await this.#noticed(since, gone, withinExchangeMs, 'no process gave up');
  }

  /** Waits until everything works again; how long after `since` it does is a recovery. */
  async recovered(since: number): Promise<void> {
    const { tookMs, lacking } = await this.world.whole(since, WHOLE_WITHIN_MS);
    if (tookMs !== undefined) this.recoveriesMs.push(tookMs);
    else this.violations.push(`not whole again within ${WHOLE_WITHIN_MS / 1_000} s: ${lacking}`);
  }

  /** Ends every fault, and waits until everything works again. */
  async healed(): Promise<void> {
    const since = systemClock.now();
    await this.world.heal();
    await this.recovered(since);
  }

  async #noticed(
    since: number,
    when: () => number | undefined,
    withinExchangeMs: number,
    otherwise: string,
  ): Promise<void> {
    const limit = withinExchangeMs / this.world.options.speed;
    for (;;) {
      const at = when();
      if (at !== undefined) {
        this.detectionsMs.push(this.world.inExchangeTime(at - since));
        return;
      }
      if (systemClock.now() - since > limit) {
        this.violations.push(`${otherwise} within ${withinExchangeMs / 1_000} s of the exchange's time`);
        return;
      }
      await sleep(systemClock, 20);
    }
  }

  /** A random moment, so that a fault meets every phase of a candle. */
  async anyMoment(mostSeconds: number): Promise<void> {
    await this.seconds(this.random.next() * mostSeconds);
  }
}
