/**
 * The table of docs/reliability.md, from the results of runs:
 *
 *     node tests/chaos/results-table.ts a.json b.json …
 *
 * The same fault in several files is one row: times and violations are sums, durations of all.
 */
import { readFileSync } from 'node:fs';

interface Played {
  readonly id: string;
  readonly title: string;
  readonly times: number;
  readonly noticedAfterMs: readonly number[];
  readonly wholeAfterMs: readonly number[];
  readonly violations: readonly string[];
}

const played = process.argv
  .slice(2)
  .flatMap((file) => (JSON.parse(readFileSync(file, 'utf8')) as { readonly scenarios: readonly Played[] }).scenarios)
  .filter(({ id }) => id !== 'end');
const byId = Map.groupBy(played, ({ id }) => id);

console.log('| | fault | times | noticed after, s | whole again after, s | violations |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const [id, runs] of [...byId].sort(([left], [right]) => left.localeCompare(right))) {
  const times = runs.reduce((sum, run) => sum + run.times, 0);
  const violations = runs.reduce((sum, run) => sum + run.violations.length, 0);
  const noticed = spread(runs.flatMap(({ noticedAfterMs }) => noticedAfterMs));
  const whole = spread(runs.flatMap(({ wholeAfterMs }) => wholeAfterMs));
  console.log(`| ${id} | ${runs[0]!.title} | ${times} | ${noticed} | ${whole} | ${violations} |`);
}

/** Median and longest, in seconds. */
function spread(times: readonly number[]): string {
  if (times.length === 0) return '';
  const sorted = [...times].sort((left, right) => left - right);
  const median = sorted[Math.floor((sorted.length - 1) / 2)]!;
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  return sorted.length === 1 ? seconds(median) : `${seconds(median)} … ${seconds(sorted.at(-1)!)}`;
}
