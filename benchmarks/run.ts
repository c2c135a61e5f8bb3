/**
 * The benchmarks: `npm run bench -- [--quick] [--json] [--only name,…] [--rounds n]`.
 *
 * Every figure is a ratio to something that did the same job in the same minute. A full run writes its results to
 * benchmarks/results/ and from them benchmarks/RESULTS.md and the pictures of docs/performance.md; a quick one, and one of
 * some suites only, prints.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Campaign, type Suite } from './harness/campaign.ts';
import { type BenchmarkDocument, benchmarkDocument } from './harness/document.ts';
import { describeCommit, describeMachine } from './harness/machine.ts';
import { publish } from './harness/publish.ts';
import { terminalReport } from './harness/terminal-report.ts';
import { suites } from './suites/all.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

const HELP = `Usage: npm run bench -- [options]

  --quick        the ratios to C only, in under two minutes; nothing is written
  --json         one JSON document on standard output instead of a table
  --only a,b     only these suites: ${suites.map(({ name }) => name).join(', ')}
  --rounds n     rounds of each comparison (default 7; 11 without --quick)
  --out FILE     write the document there as well
  --from FILE    measure nothing: write RESULTS.md and the pictures from a document of before
  --help

Without --quick and --only the results go to benchmarks/results/, benchmarks/RESULTS.md and docs/pictures/.
The peers need benchmarks/peers/install.sh to have been run once.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      out: { type: 'string' },
      from: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.from !== undefined) {
    publish(benchmarkDocument.parse(JSON.parse(readFileSync(values.from, 'utf8'))), PROJECT);
    return 0;
  }
  const chosen = choose(values.only, values.quick);
  const rounds = Number(values.rounds ?? (values.quick ? 7 : 11));
  if (chosen === undefined || !Number.isInteger(rounds) || rounds < 1) {
    console.error(HELP);
    return 2;
  }
  const document = await runSuites(chosen, { quick: values.quick, rounds });
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(document, null, 1)}\n`);
  console.log(values.json ? JSON.stringify(document) : terminalReport(document));
  if (!values.quick && values.only === undefined) publish(document, PROJECT);
  return 0;
}

function choose(only: string | undefined, quick: boolean): readonly Suite[] | undefined {
  if (only === undefined) return suites.filter((suite) => !quick || suite.quick);
  const names = only.split(',');
  const known = names.every((name) => suites.some((suite) => suite.name === name));
  return known ? suites.filter(({ name }) => names.includes(name)) : undefined;
}

async function runSuites(
  chosen: readonly Suite[],
  { quick, rounds }: { readonly quick: boolean; readonly rounds: number },
): Promise<BenchmarkDocument> {
  const began = performance.now();
  const date = new Date().toISOString().slice(0, 10);
  const say = (text: string): void => {
    const seconds = ((performance.now() - began) / 1_000).toFixed(0).padStart(5);
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${seconds} s  ${text}`);
    else process.stderr.write(`${seconds} s  ${text}\n`);
  };
  const quiet = quick ? { busyAtMost: 0.15, patienceMs: 300 } : { busyAtMost: 0.1, patienceMs: 10_000 };
  const campaign = new Campaign({ quick, rounds, quiet, say });
  for (const suite of chosen) await suite.run(campaign);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return benchmarkDocument.parse({
    format: 1,
    date,
    commit: describeCommit(),
    quick,
    seconds: Math.round((performance.now() - began) / 1_000),
    machine: describeMachine(),
    ...campaign.contents(),
  });
}

process.exitCode = await main();
