import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { run, start } from './command-line.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-sweep-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const SWEEP = ['sweep', 'moving-average-cross', '--symbol', 'BTCUSDT', '--timeframe', '30m', '--no-cache'];
const GRID = ['--set', 'fast=5:25:5', '--set', 'slow=20:60:20', '--where', 'fast*2 < slow'];

interface Document {
  readonly sweep: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly rows: readonly {
    readonly rank: number;
    readonly point: number;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly figures?: Readonly<Record<string, number | null>>;
    readonly error?: string;
  }[];
  readonly timing: { readonly chunksFound: number; readonly chunksComputed: number; readonly isWhole: boolean };
}

function documentOf(out: string): Document {
  return JSON.parse(out) as Document;
}

describe('tradewind sweep', { concurrency: 1 }, () => {
  it('ranks the points of a grid in a table', async () => {
    const { code, out, err } = await run([...SWEEP, ...GRID, '--top', '3'], folder);
    assert.equal(code, 0, err);
    assert.match(out, /^Moving average cross {2}BTCUSDT 30m\n9 points over 768 bars, 6 left out by --where\n/);
    assert.match(out, /\n {3}fast {2}slow {2,}sharpe/);
    assert.match(out, /\n3 /);
    assert.doesNotMatch(out, /\n4 /);
  });

  it('gives the same document whatever the number of workers, but for the timing', async () => {
    const ask = async (workers: string): Promise<Document> => {
      const { code, out, err } = await run(
        [...SWEEP, ...GRID, '--json', '--all', '--fresh', '--workers', workers],
        folder,
      );
      assert.equal(code, 0, err);
      return documentOf(out);
    };
    const { timing: _one, ...alone } = await ask('1');
    const { timing: _more, ...together } = await ask('3');
    assert.deepEqual(together, alone);
    assert.deepEqual(
      [alone.counts.grid, alone.counts.points, alone.counts.leftOutByWhere, alone.rows.length],
      [15, 9, 6, 9],
    );
  });

  it('gives a point the figures that backtest has with its parameters', async () => {
    const { rows } = documentOf(
      (await run([...SWEEP, ...GRID, '--json', '--top', '1', '--rank', 'profit-factor'], folder)).out,
    );
    const sets = Object.entries(rows[0]!.parameters).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const single = await run(['backtest', ...SWEEP.slice(1), ...sets, '--json'], folder);
    const { figures } = JSON.parse(single.out) as { readonly figures: Record<string, number> };
    for (const [name, value] of Object.entries(rows[0]!.figures!)) assert.equal(value, figures[name], name);
  });

  it('keeps what is done when it is stopped, and goes on from there', { timeout: 180_000 }, async () => {
    // Slow enough that it can't be over before it is stopped.
    await writeFile(
      join(folder, 'slow.ts'),
      `import { defineStrategy, integer, Strategy } from 'tradewind';
class Slow extends Strategy {
  n: number; seen = 0;
  constructor(n: number) { super(); this.n = n; }
  process() {
    this.seen += 1;
    let x = 0;
    for (let i = 0; i < 20_000; i++) x += Math.sqrt(i);
    return x > 0 && this.seen === this.n ? { kind: 'enter', symbol: 'BTCUSDT', side: 'long', reason: 'n' } : undefined;
  }
}
export default defineStrategy({
  name: 'slow', title: 'Slow', description: 'Takes its time.',
  parameters: { n: integer({ default: 1, minimum: 1, maximum: 1000, description: 'n' }) },
  create: ({ n }) => new Slow(n),
});
`,
    );
    const command = [
      'sweep',
      './slow.ts',
      '--symbol',
      'BTCUSDT',
      '--timeframe',
      '1h',
      '--no-cache',
      '--set',
      'n=1:60',
      '--json',
      '--all',
    ];
    const store = join(folder, '.tradewind', 'sweeps.db');
    const before = chunksIn(store);
    const first = start([...command, '--workers', '1'], folder);
    await Promise.race([someChunksAreKept(store, before), first.ended]);
    process.kill(-first.pid, 'SIGINT');
    const stopped = await first.ended;
    assert.equal(stopped.code, 130, stopped.err);
    assert.match(stopped.err, /Stopped with \d+ % done, which is kept: the same command goes on from there\./);
    const half = documentOf(stopped.out);
    assert.equal(half.timing.isWhole, false);
    const second = await run(command, folder);
    assert.equal(second.code, 0, second.err);
    const whole = documentOf(second.out);
    assert.equal(whole.sweep, half.sweep);
    assert.equal(whole.timing.chunksFound, half.counts.chunksDone);
    assert.equal(whole.timing.chunksFound + whole.timing.chunksComputed, whole.counts.chunks);
    const { timing: _again, ...anew } = documentOf((await run([...command, '--fresh'], folder)).out);
    const { timing: _second, ...resumed } = whole;
    assert.deepEqual(resumed, anew);
  });

  it('writes all points to a file, and a page', async () => {
    const { code, err } = await run([...SWEEP, ...GRID, '--out', 'all.csv', '--report', 'page.html'], folder);
    assert.equal(code, 0, err);
    const lines = (await readFile(join(folder, 'all.csv'), 'utf8')).trimEnd().split('\n');
    assert.match(lines[0]!, /^point,fast,slow,type,direction,stopAtr,atrPeriod,finalPortfolioValue,.*,error$/);
    assert.equal(lines.length, 10);
    assert.match(lines[1]!, /^0,5,20,sma,long-short,0,14,\d+\.\d+,.*,$/);
    const page = await readFile(join(folder, 'page.html'), 'utf8');
    assert.match(page, /^<!doctype html>/);
    assert.doesNotMatch(page, /src="http|@import/);
    const parquet = await run([...SWEEP, ...GRID, '--out', 'all.parquet'], folder);
    assert.equal(parquet.code, 0, parquet.err);
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const file = join(folder, 'all.parquet').replaceAll("'", "''");
    const read = await connection.runAndReadAll(
      `SELECT point, fast, slow, "type", fills, error FROM '${file}' ORDER BY point LIMIT 1`,
    );
    assert.deepEqual(read.getRows(), [[0n, 5n, 20n, 'sma', Number(lines[1]!.split(',')[21]), null]]);
    connection.closeSync();
  });

  for (const [name, parameters, message] of [
    ['no parameter', [], /^What is to be swept\? Give a parameter its values with --set/],
    ['an unknown parameter', ['--set', 'fats=5:60:5'], /has no parameter "fats"\. Did you mean fast\?/],
    [
      'a value out of range',
      ['--set', 'fast=5:5000:5'],
      /^The parameter fast of moving-average-cross must be a whole number from 1 to 1000/,
    ],
    ['a step of 0', ['--set', 'fast=5:60:0'], /^The step of the parameter fast must be above 0/],
    ['an empty range', ['--set', 'fast=60:5:5'], /^The range 60:5:5 of the parameter fast is empty/],
    ['an empty grid', ['--set', 'fast=50:60', '--set', 'slow=20:40'], /^Nothing is left of the grid\./],
    [
      'a grid of 10⁹ points',
      ['--set', 'fast=1:1000', '--set', 'slow=2:1001', '--set', 'stopAtr=0:9.99:0.01'],
      /^The grid has 1,000,000,000 points\. Use wider steps, .* --yes\.$/,
    ],
    ['a broken condition', ['--set', 'fast=5:60:5', '--where', 'fast <'], /^--where "fast <", column 7: it ends/],
    [
      'an unknown figure',
      ['--set', 'fast=5:60:5', '--rank', 'sharp'],
      /can't be ranked by "sharp"\. Did you mean sharpe\?/,
    ],
    ['a folder for a report', ['--set', 'fast=5:60:5', '--report', '.'], /^--report .* is a folder: name a file/],
    [
      'a folder that is not there',
      ['--set', 'fast=5', '--out', 'none/x.csv'],
      /^--out .* can't be written: there is no folder/,
    ],
    [
      'a path that can not be',
      ['--set', 'stopAtr=1,2', '--path', 'quick'],
      /^--path is "quick", but must be one of auto, event, columns/,
    ],
  ] as const) {
    it(`refuses ${name} with one sentence and exit code 2`, async () => {
      const { code, out, err } = await run([...SWEEP, ...parameters], folder);
      assert.equal(code, 2, err);
      assert.equal(out, '');
      assert.match(err.trimEnd(), message);
      assert.equal(err.trimEnd().split('\n').length, 1);
    });
  }
});

/** Resolves when some chunks of the sweep that is under way are in its store. */
async function someChunksAreKept(path: string, before: number): Promise<void> {
  while (chunksIn(path) < before + 3) await new Promise((resolve) => setTimeout(resolve, 20));
}

function chunksIn(path: string): number {
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return Number(database.prepare('SELECT count(*) AS count FROM sweep_chunks').get()?.count);
    } finally {
      database.close();
    }
  } catch {
    // Not there yet.
    return 0;
  }
}
