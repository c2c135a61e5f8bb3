/**
 * Faults as scripts with figures: the real program in real processes, with a real Redis and a real PostgreSQL, on the
 * simulated exchange, over lines that fail.
 *
 *     npm run chaos -- --quick
 *     npm run chaos -- --only F13,F14 --times 20 --seed 7
 *     npm run chaos -- --kills 200 --orders 2000
 *
 * Prints a line for each fault and a table at the end; exit code 1 when anything was lost, doubled or wrong.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '../../src/foundation/errors.ts';
import { groupsOf } from './groups.ts';
import { chaosOptions } from './options.ts';
import { playGroup } from './play-group.ts';
import { ChaosReport } from './report.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    times: { type: 'string' },
    kills: { type: 'string' },
    orders: { type: 'string' },
    seed: { type: 'string', default: '1' },
    speed: { type: 'string' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const options = chaosOptions(values);
const report = new ChaosReport(options, (line) => console.log(line));
const groups = groupsOf(options);
if (groups.length === 0) throw new UserError('No fault has one of these names; see docs/reliability.md.');

// The worlds of a quick run share the machine; figures of a long one are not to suffer from neighbours.
if (options.quick) await Promise.all(groups.map((group) => playGroup(group, options, report)));
else for (const group of groups) await playGroup(group, options, report);

console.log(`\n${report.table()}`);
console.log(report.summary());
if (values.json !== undefined) {
  const file = resolve(values.json);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report.document(), undefined, 2)}\n`);
  console.log(`written to ${values.json}`);
}
// Connections of ended worlds must not keep this process.
process.exit(report.violations > 0 ? 1 : 0);
