/** Keeps the benchmarks alive: their harness on tiny jobs. Nothing here depends on how fast anything is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { barsFile, csvFile, generateBars } from '../../benchmarks/data/generate.ts';
import { Campaign, largestDifference } from '../../benchmarks/harness/campaign.ts';
import { drawChart } from '../../benchmarks/harness/chart.ts';
import { CannotRun, type Contender } from '../../benchmarks/harness/contender.ts';
import { type BenchmarkDocument, benchmarkDocument } from '../../benchmarks/harness/document.ts';
import { LineProcess } from '../../benchmarks/harness/line-process.ts';
import { describeCommit, describeMachine } from '../../benchmarks/harness/machine.ts';
import { product } from '../../benchmarks/harness/product-process.ts';
import { resultsPage } from '../../benchmarks/harness/results-page.ts';
import { alternate } from '../../benchmarks/harness/rounds.ts';
import { median, speedRatio, spread } from '../../benchmarks/harness/statistics.ts';
import { terminalReport } from '../../benchmarks/harness/terminal-report.ts';
import { findCompiler, yardstick } from '../../benchmarks/harness/yardstick.ts';

/** A contender that takes the times it is given, and notes when it is asked. */
function scripted(name: string, times: readonly number[], asked: string[] = []): Contender {
  let next = 0;
  return {
    name,
    async run() {
      asked.push(name);
      return { milliseconds: times[next++ % times.length]!, result: { sum: 42 } };
    },
    close: async () => {},
  };
}

async function tinyDocument(): Promise<BenchmarkDocument> {
  const campaign = new Campaign({ quick: true, rounds: 7, say: () => {} });
  await campaign.compare({
    name: 'tiny',
    title: 'A tiny job',
    job: 'Nothing of weight.',
    own: scripted('tradewind', [2]),
    other: scripted('C (tiny)', [1]),
    work: { count: 1_000, unit: 'bars' },
    target: { minimum: 0.4, stretch: 0.8, unit: "of C's speed" },
    compared: ['sum'],
  });
  await campaign.attempt('out of reach', async () => {
    throw new CannotRun('There is no such thing here.');
  });
  campaign.measures.push({
    name: 'memory',
    title: 'Memory of something',
    value: spread([12]),
    unit: 'MB',
    target: { kind: 'at most', value: 10 },
    notes: [],
  });
  campaign.series.push({
    name: 'cost',
    title: 'Cost < benefit',
    x: { label: 'bars', values: [10, 100, 1_000], logarithmic: true },
    y: { label: 'ms', logarithmic: false },
    lines: [
      { label: 'one', values: [1, 10, 100] },
      { label: 'other', values: [2, 12, 99] },
    ],
  });
  return benchmarkDocument.parse({
    format: 1,
    date: '2026-01-02',
    commit: describeCommit(),
    quick: true,
    seconds: 1,
    machine: describeMachine(),
    ...campaign.contents(),
  });
}

test('medians and quartiles', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]), RangeError);
  assert.deepEqual(spread([5, 1, 2, 3, 4]), { median: 3, low: 2, high: 4 });
});

test('a ratio is taken within each round, so that a slow minute does not show', () => {
  assert.deepEqual(speedRatio([10, 20, 40], [5, 10, 20]), { median: 0.5, low: 0.5, high: 0.5 });
});

test('sides alternate, and the first round is not counted', async () => {
  const asked: string[] = [];
  const { sides } = await alternate([scripted('a', [100, 1, 2, 3], asked), scripted('b', [9], asked)], { rounds: 3 });
  assert.deepEqual(asked, ['b', 'a', 'a', 'b', 'b', 'a', 'a', 'b']);
  assert.deepEqual(sides[0]!.milliseconds, [1, 2, 3]);
});

test('results are compared relatively, and a missing one is no equality', () => {
  assert.equal(largestDifference({ a: 1, b: 100 }, { a: 1, b: 101 }, ['a']), 0);
  assert.ok(Math.abs(largestDifference({ b: 100 }, { b: 101 }, ['b']) - 1 / 101) < 1e-15);
  assert.equal(largestDifference({ a: 1 }, {}, ['a']), Number.MAX_VALUE);
});

test('a document says what was met and what was not, on the terminal and on the page', async () => {
  const document = await tinyDocument();
  assert.equal(document.figures[0]!.ratio.median, 0.5);
  assert.equal(document.figures[0]!.own.milliseconds.length, 7);
  const terminal = terminalReport(document);
  assert.match(terminal, /A tiny job .* 0\.5 .* ≥ 0\.4 \(0\.8\) +met/);
  assert.match(terminal, /Memory of something +12 MB +≤ 10 +not met/);
  assert.match(terminal, /out of reach: not measured: There is no such thing here\./);
  const page = resultsPage(document, 'results/x.json');
  assert.match(page, /\| A tiny job \| 0\.5 × C \(tiny\) \| .* \| ≥ 0\.4, stretch 0\.8 \| met \|/);
  assert.match(page, /pictures\/cost\.svg/);
  assert.match(page, /out of reach: There is no such thing here\./);
});

test('a document with a field too many or a wrong one is refused', async () => {
  const document = await tinyDocument();
  assert.equal(benchmarkDocument.safeParse({ ...document, more: 1 }).success, false);
  assert.equal(benchmarkDocument.safeParse({ ...document, date: 'today' }).success, false);
});

test('a chart is a picture with a curve for each line and escaped words', async () => {
  const picture = drawChart((await tinyDocument()).series[0]!);
  assert.equal(picture.match(/<path /g)!.length, 2);
  assert.match(picture, /Cost &lt; benefit/);
  assert.doesNotMatch(picture, /NaN|Infinity|undefined/);
});

test('the generated bars are those of every run before', () => {
  const { open, high, low, close, time } = generateBars(1_000);
  assert.deepEqual([open[0], open[999], close[999]], [30_000, 31_425.5, 31_453.79]);
  for (let row = 1; row < 1_000; row++) {
    assert.equal(open[row], close[row - 1]);
    assert.ok(low[row]! <= Math.min(open[row]!, close[row]!) && high[row]! >= Math.max(open[row]!, close[row]!));
    assert.equal(time[row]! - time[row - 1]!, 60_000);
  }
  assert.notEqual(generateBars(2, 1).close[1], close[1]);
  assert.equal(readFileSync(barsFile(1_000)).length, 48_000);
  assert.equal(readFileSync(csvFile(1_000), 'utf8').trim().split('\n').length, 1_001);
});

test('a process that ends, or says that it cannot, is a reason and no crash', async () => {
  const ends = new LineProcess(process.execPath, ['--eval', 'console.error("no data"); process.exit(3)'], tmpdir());
  await assert.rejects(
    ends.ask({}),
    (error: Error) => error instanceof CannotRun && /code 3: no data/.test(error.message),
  );
  const missing = new LineProcess(join(tmpdir(), 'no-such-program'), [], tmpdir());
  await assert.rejects(missing.ask({}), CannotRun);
  const unknown = product({ job: 'no-such-job' });
  await assert.rejects(unknown.run(), /no job no-such-job/);
  await unknown.close();
});

const noCompiler = findCompiler() === undefined && 'there is no C compiler';
const file = barsFile(20_000);
const jobs = [
  { own: { job: 'engine' }, c: 'engine', more: [], compared: ['finalEquity', 'roundTrips'] },
  {
    own: { job: 'single', fast: 20, slow: 50, fee: 0.0001 },
    c: 'single',
    more: [],
    compared: ['finalEquity', 'entries'],
  },
] as const;
for (const { own, c, more, compared } of jobs) {
  test(`the product and ${c}.c come to the same`, { skip: noCompiler }, async () => {
    const sides = [
      product({ ...own, file, bars: 20_000, repetitions: 1 }),
      yardstick(c, { file, bars: 20_000, repetitions: 1, more }),
    ];
    const rounds = await alternate(sides, { rounds: 1 });
    const [ours, theirs] = rounds.sides.map(({ result }) => result);
    assert.ok(largestDifference(ours!, theirs!, compared) < 1e-9, JSON.stringify([ours, theirs]));
  });
}

test('a sweep in C by signs comes to the same as bar by bar', { skip: noCompiler }, async () => {
  const [signs, bars] = ['signs', 'bars'].map((mode) =>
    yardstick('sweep', { file, bars: 20_000, repetitions: 1, more: ['2', mode] }),
  );
  const fields = ['entries', 'finalEquity', 'maximumDrawdown', 'sharpe'];
  assert.ok(largestDifference((await signs!.run()).result, (await bars!.run()).result, fields) < 1e-9);
});
