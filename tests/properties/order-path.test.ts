import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figures } from '../support/order-path/nemesis.ts';
import { OrderPathWorld, type Outcome } from '../support/order-path/order-path-world.ts';
import { PLANTED_BUGS } from '../support/order-path/planted-bugs.ts';

/**
 * Whole worlds from a seed: real bots, the real bus in the process, an exchange account with exact books of its own, and
 * everything that goes wrong on the way. Many more seeds: `npm run campaign:orders`.
 */

const SEEDS = 40;
const MOST_SEEDS_FOR_A_BUG = 60;
const LINES = 60;

/** Seeds of worlds in which something was wrong once. */
const REGRESSIONS = [174, 490];

function report({ seed, violations, lines }: Outcome): string {
  const again = `npm run campaign:orders -- --seed ${seed} --seeds 1 --lines 400`;
  return `seed ${seed} (${again}):\n${[...violations, ...lines].join('\n')}`;
}

test(`in ${SEEDS} worlds the bots' books are the exchange's in the end, to the last digit`, async () => {
  const sums: Record<Exclude<keyof Figures, 'crashPoints'>, number> = {
    orders: 0,
    fills: 0,
    kills: 0,
    aimedKills: 0,
    sleeps: 0,
    disconnects: 0,
    differences: 0,
    unresolved: 0,
    events: 0,
  };
  const crashPoints = new Set<string>();
  const seeds = [...Array.from({ length: SEEDS - REGRESSIONS.length }, (_, index) => index + 1), ...REGRESSIONS];
  for (const seed of seeds) {
    const outcome = await new OrderPathWorld({ seed, keepLines: LINES }).run();
    assert.deepEqual(outcome.violations, [], report(outcome));
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += outcome.figures[name];
    for (const point of Object.keys(outcome.figures.crashPoints)) crashPoints.add(point);
  }
  // A world in which nothing happens proves nothing.
  const least = { orders: 30, fills: 25, kills: 5, aimedKills: 2, sleeps: 0.5, disconnects: 1 };
  for (const [name, each] of Object.entries(least)) {
    assert.ok(sums[name as keyof typeof least] >= each * SEEDS, `${name}: ${sums[name as keyof typeof least]}`);
  }
  assert.ok(crashPoints.size >= 9, [...crashPoints].join(', '));
});

test('the same seed is the same world, also in another process with another time zone and folder', async () => {
  const campaign = fileURLToPath(new URL('../campaigns/order-path.ts', import.meta.url));
  const run = async (seed: number, zone: string): Promise<string> => {
    const parameters = [campaign, '--seed', `${seed}`, '--seeds', '3'];
    const { stdout } = await promisify(execFile)(process.execPath, parameters, {
      cwd: tmpdir(),
      env: { TZ: zone },
      timeout: 120_000,
    });
    return /^traces (\w{64})$/m.exec(stdout)?.[1] ?? `no trace in: ${stdout}`;
  };
  const [here, there, other] = await Promise.all([run(5, 'UTC'), run(5, 'Asia/Tokyo'), run(6, 'UTC')]);
  assert.match(here, /^\w{64}$/);
  assert.equal(here, there);
  assert.notEqual(here, other);
  const [one, again] = [await new OrderPathWorld({ seed: 5 }).run(), await new OrderPathWorld({ seed: 5 }).run()];
  assert.equal(one.hash, again.hash);
});

describe('a planted mistake is found', () => {
  for (const bug of PLANTED_BUGS) {
    test(bug.name, async () => {
      for (let seed = 1; seed <= MOST_SEEDS_FOR_A_BUG; seed++) {
        const { violations } = await new OrderPathWorld({ seed, bug }).run();
        if (violations.length > 0) return;
      }
      assert.fail(`${bug.name} was not found in ${MOST_SEEDS_FOR_A_BUG} worlds`);
    });
  }
});
