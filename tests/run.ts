import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { UserError } from '../src/foundation/errors.ts';
import { ensureServers } from './support/install-servers.ts';
import { startPostgres } from './support/postgres-server.ts';
import { startRedis } from './support/redis-server.ts';
import { announceServers, postgresUrl, redisUrl } from './support/servers.ts';

/** The test runner behind `npm test`: two checks and every test, against one real Redis and one real PostgreSQL. */

const help = `Usage: npm test -- [path …]

Without a path: the type check, the style check, and every tests/**/*.test.ts.
With paths: only the test files whose path contains one of them (npm test -- unit/indicators bus); no checks.

One Redis and one PostgreSQL are started for the run and stopped after it. To use your own, set
TRADEWIND_TEST_REDIS_URL and TRADEWIND_TEST_POSTGRES_URL.

The last line says how many passed and failed; the exit code is 0 when none failed, 1 when some did, 2 when the tests
could not be run.`;

const project = fileURLToPath(new URL('..', import.meta.url));
/** For one test file; none should come near it. */
const FILE_LIMIT_MS = 15 * 60_000;

/** Ends the test processes when this one is told to end; what ends the servers then is in child-server.ts. */
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.prependOnceListener(signal, () => interruption.abort());

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

async function main(filters: readonly string[]): Promise<number> {
  if (filters.includes('--help') || filters.includes('-h')) {
    console.log(help);
    return 0;
  }
  const files = testFiles(filters);
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const stopServers = await startServers();
  try {
    if (filters.length === 0) {
      await check('Type check (tsc)', 'tsc', [], tally);
      await check('Style check (biome)', 'biome', ['check'], tally);
    }
    await runTests(files, tally);
  } finally {
    await stopServers();
  }
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : '';
  console.log(`${tally.passed} passed, ${tally.failed} failed${skipped}`);
  return tally.failed > 0 ? 1 : 0;
}

function testFiles(filters: readonly string[]): string[] {
  const option = filters.find((filter) => filter.startsWith('-'));
  if (option) throw new UserError(`Unknown option ${option}: see npm test -- --help.`);
  const all = globSync('tests/**/*.test.ts', { cwd: project }).sort();
  const files = filters.length === 0 ? all : all.filter((file) => filters.some((filter) => file.includes(filter)));
  if (files.length === 0) throw new UserError(`No test file under tests/ has ${filters.join(' or ')} in its path.`);
  return files.map((file) => join(project, file));
}

/** Starts what nobody has set, tells the test processes, and gives what stops it all. */
async function startServers(): Promise<() => Promise<void>> {
  await ensureServers({ redis: !redisUrl(), postgres: !postgresUrl() });
  const [redis, postgres] = await Promise.all([
    redisUrl() ? undefined : startRedis({ aof: true }),
    postgresUrl() ? undefined : startPostgres(),
  ]);
  const urls = { redis: redis?.url ?? redisUrl()!, postgres: postgres?.url ?? postgresUrl()! };
  announceServers(urls);
  console.log(`Redis on ${hostOf(urls.redis)}, PostgreSQL on ${hostOf(urls.postgres)}`);
  return async () => {
    await Promise.all([redis?.stop(), postgres?.stop()]);
  };
}

/** Never the password. */
function hostOf(url: string): string {
  return new URL(url).host;
}

/** Runs one of the project's own programs and says how it went; its output only where it failed. */
async function check(name: string, program: string, parameters: readonly string[], tally: Tally): Promise<void> {
  const child = spawn(join(project, 'node_modules', '.bin', program), parameters, {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  if (code === 0) {
    tally.passed++;
    console.log(`✔ ${name}`);
  } else {
    tally.failed++;
    console.log(`✖ ${name}\n${output.trimEnd()}`);
  }
}

/** Each file in a process of its own, as many at once as there are processors. */
async function runTests(files: readonly string[], tally: Tally): Promise<void> {
  const { signal } = interruption;
  const stream = run({ files, cwd: project, concurrency: availableParallelism(), timeout: FILE_LIMIT_MS, signal });
  const failedIn = new Set<string>();
  stream.on('test:fail', ({ file }) => {
    if (file) failedIn.add(relative(project, file));
  });
  stream.on('test:summary', ({ file, counts }) => {
    if (file !== undefined) return;
    tally.passed += counts.passed;
    tally.failed += counts.tests - counts.passed - counts.skipped - counts.todo;
    tally.skipped += counts.skipped + counts.todo;
  });
  const report = stream.compose(spec);
  report.pipe(process.stdout, { end: false });
  await once(report, 'end');
  if (failedIn.size > 0) console.log(`Failed in:\n${[...failedIn].map((file) => `  ${file}`).join('\n')}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.log(error.message);
  process.exitCode = 2;
}
