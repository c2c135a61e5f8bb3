import { barsFile, csvFile } from '../data/generate.ts';
import type { Campaign, Suite } from '../harness/campaign.ts';
import { runCommand } from '../harness/command.ts';
import { product } from '../harness/product-process.ts';
import { alternate, type RoundTimes } from '../harness/rounds.ts';
import { median, type Spread, spread } from '../harness/statistics.ts';
import { runSweep } from '../harness/sweep-command.ts';
import { yardstick } from '../harness/yardstick.ts';

const BARS = [10_000, 30_000, 100_000, 300_000, 1_000_000];
const SYMBOLS = [1, 2, 4, 8, 16];
const WORKERS = [1, 2, 4];
/** Ten fast averages with as many slow ones as it takes. */
const GRIDS = [
  { points: 100, slow: '110:200:10' },
  { points: 1_000, slow: '110:1100:10' },
  { points: 10_000, slow: '110:1109:1' },
];
const SWEEP_BARS = 100_000;

/** How cost grows: with bars, symbols, points and workers. The curves of docs/performance.md. */
export const growthSuite: Suite = {
  name: 'growth',
  quick: false,
  async run(campaign) {
    await campaign.attempt('sweep, event path', () => eventSweep(campaign));
    await campaign.attempt('costs', () => costs(campaign));
    await campaign.attempt('growth with bars', () => withBars(campaign));
    await campaign.attempt('growth with symbols', () => withSymbols(campaign));
    await campaign.attempt('growth with points', () => withPoints(campaign));
    await campaign.attempt('growth with workers', () => withWorkers(campaign));
  },
};

async function eventSweep(campaign: Campaign): Promise<void> {
  const wish = { bars: SWEEP_BARS, workers: 2, path: 'event', fast: '5:100:5', slow: '110:600:10' } as const;
  await campaign.compare({
    name: 'sweep-event',
    title: 'Sweep, event path, 2 threads',
    job: 'The 1,000 points of the sweep by the event-driven engine: the whole command from start to result, against the SIMD program in C.',
    own: {
      name: 'tradewind',
      async run() {
        const { milliseconds, peakMemoryBytes, fills } = await runSweep(wish);
        return { milliseconds, peakMemoryBytes, result: { entries: fills / 2 } };
      },
      close: async () => {},
    },
    other: {
      ...yardstick('sweep', { file: barsFile(SWEEP_BARS), bars: SWEEP_BARS, repetitions: 5, more: ['2', 'signs'] }),
      name: 'C (sweep)',
    },
    work: { count: 1_000 * SWEEP_BARS, unit: 'bars' },
    target: { minimum: 0.15, unit: "of C's speed" },
    compared: ['entries'],
    notes: [
      'The built-in strategy decides on crosses only, and on steps of a hundredth of a unit: a few entries less.',
      'The program in C skips what does not trade; an event engine looks at every bar of every point. The event-driven engine in C itself would not reach 0.15.',
    ],
  });
}

/** What the parts of a bar and of a trade take, from the differences between runs that have them and runs that have not. */
async function costs(campaign: Campaign): Promise<void> {
  const bars = 1_000_000;
  const variants = ['idle', 'indicators', 'trades', 'recordedTrades'] as const;
  const sides = variants.map((indicator) =>
    product({ job: 'costs', file: barsFile(bars), bars, indicator, fast: 20, slow: 50, fee: 0.0001, repetitions: 3 }),
  );
  const { rounds, quiet } = campaign.options;
  const measured = await alternate(sides, { rounds, ...(quiet && { quiet }) });
  const [idle, indicators, trades, recorded] = measured.sides as [RoundTimes, RoundTimes, RoundTimes, RoundTimes];
  const nanoseconds = (of: RoundTimes, less: RoundTimes | undefined, count: number) =>
    spread(of.milliseconds.map((time, round) => (1e6 * (time - (less?.milliseconds[round] ?? 0))) / count));
  const fills = trades.result.fills!;
  const part = (name: string, title: string, value: Spread) => ({ name, title, value, unit: 'ns', notes: [] });
  campaign.measures.push(
    part('cost-idle-bar', 'A bar on which nothing happens, event by event', nanoseconds(idle, undefined, bars)),
    part('cost-indicators', 'Four incremental indicators more on each bar', nanoseconds(indicators, idle, bars)),
    part('cost-fill', 'A signal, its order, check, fill and booking', nanoseconds(trades, idle, fills)),
    part('cost-record', 'The same, with everything recorded for a report', nanoseconds(recorded, idle, fills)),
  );
}

async function withBars(campaign: Campaign): Promise<void> {
  const times: number[] = [];
  const memory: number[] = [];
  for (const bars of BARS) {
    const one = product({ job: 'single', file: barsFile(bars), bars, fast: 20, slow: 50, fee: 0.0001, repetitions: 9 });
    // The first runs are the compiler's.
    await one.run();
    const { milliseconds, peakMemoryBytes } = await one.run();
    await one.close();
    times.push(milliseconds);
    memory.push((peakMemoryBytes ?? 0) / 1e6);
  }
  const x = { label: 'bars', values: BARS, logarithmic: true };
  campaign.series.push(
    curve('cost-bars', 'A backtest, event by event: time by bars', x, 'milliseconds', { 'event engine': times }, true),
    curve('memory-bars', 'A backtest: peak memory by bars', x, 'MB resident', { process: memory }),
  );
}

async function withSymbols(campaign: Campaign): Promise<void> {
  const times: number[] = [];
  const memory: number[] = [];
  for (const symbols of SYMBOLS) {
    const data = Array.from({ length: symbols }, (_, series) => [
      '--data',
      `S${series}USDT=${csvFile(SWEEP_BARS, series)}`,
    ]);
    const strategy = symbols === 1 ? 'moving-average-cross' : 'momentum-rotation';
    const run = () => runCommand('backtest', strategy, ...data.flat(), '--json');
    await run();
    const runs = [await run(), await run(), await run()];
    times.push(median(runs.map(({ milliseconds }) => milliseconds)));
    memory.push(median(runs.map(({ peakMemoryBytes }) => peakMemoryBytes / 1e6)));
  }
  const x = { label: 'symbols of 100,000 bars each', values: SYMBOLS, logarithmic: false };
  campaign.series.push(
    curve('cost-symbols', 'A whole backtest command: time by symbols', x, 'milliseconds', { 'from the cache': times }),
    curve('memory-symbols', 'A backtest: peak memory by symbols', x, 'MB resident', { process: memory }),
  );
}

async function withPoints(campaign: Campaign): Promise<void> {
  const lines: Record<string, number[]> = { columns: [], 'event path': [] };
  for (const { points, slow } of GRIDS) {
    const wish = { bars: SWEEP_BARS, workers: 2, fast: '10:100:10', slow };
    lines.columns!.push(await sweepTime({ ...wish, path: 'columns' }));
    // Ten minutes of the event path show no more than a tenth of them.
    if (points <= 1_000) lines['event path']!.push(await sweepTime({ ...wish, path: 'event' }));
  }
  const x = { label: 'points, 100,000 bars, 2 workers', values: GRIDS.map(({ points }) => points), logarithmic: true };
  campaign.series.push(curve('cost-points', 'A whole sweep command: time by points', x, 'milliseconds', lines, true));
}

async function sweepTime(wish: Parameters<typeof runSweep>[0]): Promise<number> {
  const runs = [await runSweep(wish), await runSweep(wish), await runSweep(wish)];
  return median(runs.map(({ milliseconds }) => milliseconds));
}

/** Time and memory by workers, and what more bars add to a worker's memory. */
async function withWorkers(campaign: Campaign): Promise<void> {
  const times: number[] = [];
  const sizes = [10_000, 1_000_000];
  const labels = (['columns', 'event'] as const).flatMap((path) => sizes.map((bars) => memoryLine(path, bars)));
  const memory: Record<string, number[]> = Object.fromEntries(labels.map((label) => [label, []]));
  for (const workers of WORKERS) {
    const grid = { path: 'event', fast: '5:100:5', slow: '110:300:10' } as const;
    times.push((await runSweep({ ...grid, bars: SWEEP_BARS, workers })).milliseconds);
    for (const path of ['columns', 'event'] as const) {
      for (const bars of sizes) {
        // Points enough that every worker gets some.
        const run = await runSweep({ path, fast: '10:50:10', slow: '110:200:30', bars, workers });
        memory[memoryLine(path, bars)]!.push(run.peakMemoryBytes / 1e6);
      }
    }
  }
  const x = { label: 'workers', values: WORKERS, logarithmic: false };
  campaign.series.push(
    curve('cost-workers', 'A sweep of 400 points, event path: time by workers', x, 'milliseconds', { command: times }),
    curve('memory-workers', 'A sweep: peak memory by workers', x, 'MB resident', memory),
  );
  for (const path of ['columns', 'event'] as const) {
    const growth = (bars: number): number => {
      const line = memory[memoryLine(path, bars)]!;
      return (line.at(-1)! - line[0]!) / (WORKERS.at(-1)! - 1);
    };
    campaign.measures.push({
      name: `memory-a-worker-${path}`,
      title: `Sweep, ${path}: memory that 1,000,000 bars instead of 10,000 add to each further worker`,
      value: spread([growth(1_000_000) - growth(10_000)]),
      unit: 'MB',
      target: { kind: 'at most', value: 10 },
      notes: [
        `A worker itself takes ${growth(10_000).toFixed(0)} MB at 10,000 bars. The bars are not copied (48 MB); what grows is what a run over them holds, such as its equity.`,
      ],
    });
  }
}

function memoryLine(path: string, bars: number): string {
  return `${path}, ${bars === 10_000 ? '10k' : '1M'} bars`;
}

function curve(
  name: string,
  title: string,
  x: { label: string; values: readonly number[]; logarithmic: boolean },
  unit: string,
  lines: Readonly<Record<string, readonly number[]>>,
  logarithmic = false,
) {
  return {
    name,
    title,
    x: { ...x, values: [...x.values] },
    y: { label: unit, logarithmic },
    lines: Object.entries(lines).map(([label, values]) => ({ label, values: [...values] })),
  };
}
