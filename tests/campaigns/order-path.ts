/**
 * The campaign of the order path: simulated worlds, one for each seed, in which the real bots trade at an exchange account
 * while processes are killed, answers are lost and messages lie; then the bots' books must be the exchange's.
 *
 *     npm run campaign:orders -- --seeds 5000 --seed 1
 *     npm run campaign:orders -- --seed 17 --seeds 1 --lines 400     what happened last in one world
 *     npm run campaign:orders -- --bug no-fence --seeds 300          how soon a planted mistake is found
 *
 * Prints figures as it goes; exit code 1 when a world ended with a violation (with a planted bug: when none did).
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/foundation/clock.ts';
import { UserError } from '../../src/foundation/errors.ts';
import { OrderPathWorld } from '../support/order-path/order-path-world.ts';
import { PLANTED_BUGS } from '../support/order-path/planted-bugs.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    lines: { type: 'string', default: '60' },
    bug: { type: 'string' },
    stay: { type: 'boolean', default: false },
  },
});
const first = Number(values.seed);
const seeds = Number(values.seeds);
const bug = PLANTED_BUGS.find(({ name }) => name === values.bug);
if (values.bug !== undefined && bug === undefined) {
  throw new UserError(`There is no bug ${values.bug}: choose ${PLANTED_BUGS.map(({ name }) => name).join(', ')}.`);
}
const REPORT_EVERY_MS = 10_000;

const sums = {
  worlds: 0,
  orders: 0,
  fills: 0,
  kills: 0,
  aimed: 0,
  sleeps: 0,
  differences: 0,
  unresolved: 0,
  events: 0,
};
const crashPoints = new Map<string, number>();
const traces = createHash('sha256');
let violations = 0;
const startedAt = systemClock.monotonic();
let reportAt = startedAt + REPORT_EVERY_MS;

for (let seed = first; seed < first + seeds; seed++) {
  const outcome = await new OrderPathWorld({ seed, bug, keepLines: Number(values.lines) }).run();
  const { figures } = outcome;
  traces.update(outcome.hash);
  sums.worlds += 1;
  sums.orders += figures.orders;
  sums.fills += figures.fills;
  sums.kills += figures.kills;
  sums.aimed += figures.aimedKills;
  sums.sleeps += figures.sleeps;
  sums.differences += figures.differences;
  sums.unresolved += figures.unresolved;
  sums.events += figures.events;
  for (const [point, count] of Object.entries(figures.crashPoints)) {
    crashPoints.set(point, (crashPoints.get(point) ?? 0) + count);
  }
  if (outcome.violations.length > 0) {
    violations += outcome.violations.length;
    console.log(`\nseed ${seed}, trace ${outcome.hash.slice(0, 16)}, after ${sums.worlds} worlds:`);
    for (const violation of outcome.violations) console.log(`  VIOLATION ${violation}`);
    if (bug !== undefined) break;
    console.log(`  faults: ${JSON.stringify(outcome.faults)}`);
    for (const line of outcome.lines) console.log(`    ${line}`);
    if (!values.stay) break;
  }
  if (systemClock.monotonic() > reportAt) {
    report();
    reportAt += REPORT_EVERY_MS;
  }
}
report();
console.log(`traces ${traces.digest('hex')}`);
for (const [point, count] of [...crashPoints].sort()) console.log(`  ${point.padEnd(24)} ${count}`);
process.exitCode = violations > 0 === (bug === undefined) ? 1 : 0;

function report(): void {
  const seconds = (systemClock.monotonic() - startedAt) / 1_000;
  const { worlds, orders, fills, kills, aimed, sleeps, differences, unresolved, events } = sums;
  console.log(
    `${worlds} worlds in ${seconds.toFixed(0)} s (${(worlds / seconds).toFixed(1)}/s): ${orders} orders, ${fills} fills, ` +
      `${kills} kills (${aimed} aimed), ${sleeps} sleeps, ${differences} differences told, ${unresolved} long doubts, ` +
      `${events} events; ${violations} violations`,
  );
}
