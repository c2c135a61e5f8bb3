/**
 * Backtests from signals that are columns: the jobs of the yardsticks `sweep.c` and `single.c`.
 *
 * - `sweep`: 1,000 pairs of averages (fast 5, 10 … 100, slow 110, 120 … 600) over 100,000 one-minute bars, long while the
 *   fast one is above, everything in and out at the next open, 5 basis points of fee, on one thread or several.
 * - `single`: averages of 20 and 50 bars over 1,000,000 bars, the same rule, 1 basis point of fee, with the equity curve.
 *
 * Timed are the indicators, the signals, the accounts and all figures; not the start of threads and the reading of bars.
 * What differs from C: accounts are exact decimals, and the Sharpe ratio is that of daily returns, not of bars.
 *
 *     node benchmarks/columns.ts [--job sweep] [--threads 1] [--rounds 15] [--strategy averages] [--file bars.bin]
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { columnCurve, columnRunner } from '../src/backtest/columns/column-runner.ts';
import type { ColumnTerms } from '../src/backtest/columns/plain-terms.ts';
import { type PointRunner, SWEEP_FIGURES, type SweepFigures } from '../src/backtest/sweep-point.ts';
import { instrument } from '../src/domain/instrument.ts';
import { percentFees } from '../src/execution/cost-models.ts';
import { fixed, type Money } from '../src/foundation/fixed-point.ts';
import { MINUTE_MS } from '../src/foundation/time.ts';
import { CandleColumns } from '../src/market/candle-columns.ts';
import { noLimits } from '../src/risk/limits.ts';
import { checkParameters } from '../src/strategy/check-parameters.ts';
import { above, not } from '../src/strategy/column-signals.ts';
import type { CheckedParameters } from '../src/strategy/feeds.ts';
import movingAverageCross from '../src/strategy/moving-average-cross.ts';
import type { AnyStrategyDefinition } from '../src/strategy/strategy.ts';
import { barsFile } from './data/generate.ts';

export type ColumnJob = 'sweep' | 'single';

export interface MeasureOptions {
  readonly job: ColumnJob;
  readonly rounds: number;
  /** Of the sweep. Default 1. */
  readonly threads?: number;
  /**
   * `averages` (default): long while the fast average is above the slow one, as in C. `cross`: the built-in
   * moving-average-cross, which enters only where they cross.
   */
  readonly strategy?: 'averages' | 'cross';
  /** Bars to read instead of those of `data/generate.ts`. */
  readonly file?: string;
  /** Called before each round, for the yardstick to run in the same minute. */
  readonly between?: () => void;
}

/** Sums over all points. */
export interface ColumnResult {
  readonly points: number;
  readonly entries: number;
  readonly finalEquity: number;
  /** Fractions. */
  readonly maximumDrawdown: number;
  readonly sharpe: number;
}

export interface Measured {
  readonly milliseconds: number[];
  readonly result: ColumnResult;
}

const BARS = { sweep: 100_000, single: 1_000_000 } as const;
const TAKER_RATE = { sweep: 0.0005, single: 0.0001 } as const;
/** What the optimising compilers need to have seen. */
const WARM_UP = 4;

/** Runs the job `rounds` times and times each. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  return options.job === 'single' ? measureSingle(options) : await measureSweep(options);
}

function measureSingle(options: MeasureOptions): Promise<Measured> {
  const terms = termsOf(options, readBars(options));
  const parameters = pointOf(terms, 20, 50);
  const equity = new Float64Array(BARS.single);
  const run = (): readonly SweepFigures[] => {
    const curve = columnCurve({ ...terms, session: { ...terms.session, parameters } }, equity);
    return [curve!.figures];
  };
  return timed(options, () => Promise.resolve(run()));
}

async function timed(options: MeasureOptions, run: () => Promise<readonly SweepFigures[]>): Promise<Measured> {
  const milliseconds: number[] = [];
  let figures: readonly SweepFigures[] = [];
  for (let round = -WARM_UP; round < options.rounds; round++) {
    if (round >= 0) options.between?.();
    const began = performance.now();
    figures = await run();
    if (round >= 0) milliseconds.push(performance.now() - began);
  }
  return { milliseconds, result: resultOf(figures, options.job) };
}

async function measureSweep(options: MeasureOptions): Promise<Measured> {
  const threads = options.threads ?? 1;
  const bars = readBars(options);
  if (threads === 1) {
    const run = shareOf(options, bars, 0, 1);
    return timed(options, () => Promise.resolve(rowsOf(run())));
  }
  const shares = Array.from({ length: threads }, (_, share) => new Share(options, bars, share, threads));
  await Promise.all(shares.map((share) => share.run()));
  const measured = await timed(options, async () => {
    const parts = await Promise.all(shares.map((share) => share.run()));
    return parts.flatMap(rowsOf);
  });
  await Promise.all(shares.map((share) => share.close()));
  return measured;
}

/** A thread that computes one share of the points whenever it is asked to. */
class Share {
  readonly #worker: Worker;

  constructor(options: MeasureOptions, bars: CandleColumns, share: number, shares: number) {
    const { between: _, ...plain } = options;
    const data: ShareData = { options: plain, buffer: bars.buffer, length: bars.length, share, shares };
    this.#worker = new Worker(new URL(import.meta.url), { workerData: data });
  }

  run(): Promise<Float64Array> {
    return new Promise((resolve, reject) => {
      this.#worker.once('error', reject);
      this.#worker.once('message', (figures: Float64Array) => {
        this.#worker.off('error', reject);
        resolve(figures);
      });
      this.#worker.postMessage('run');
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

interface ShareData {
  readonly options: MeasureOptions;
  readonly buffer: SharedArrayBuffer;
  readonly length: number;
  readonly share: number;
  readonly shares: number;
}

/** The points of one thread: every pair whose slow average is in its part of the range. */
function shareOf(options: MeasureOptions, bars: CandleColumns, share: number, shares: number): () => Float64Array {
  const terms = termsOf(options, bars);
  const points: CheckedParameters[] = [];
  for (let fast = 5; fast <= 100; fast += 5) {
    for (let slow = 110; slow <= 600; slow += 10) {
      if (Math.floor(((slow - 110) / 500) * shares) === share) points.push(pointOf(terms, fast, slow));
    }
  }
  return () => {
    const rows = new Float64Array(points.length * SWEEP_FIGURES.length);
    const outcomes = columnRunner(terms, noEvents)!.run(points);
    for (const [index, outcome] of outcomes.entries()) {
      if (!outcome.ok) throw new Error(outcome.message);
      rows.set(outcome.figures, index * SWEEP_FIGURES.length);
    }
    return rows;
  };
}

/** Rows that lie one after the other. */
function rowsOf(figures: Float64Array): SweepFigures[] {
  const width = SWEEP_FIGURES.length;
  return Array.from({ length: figures.length / width }, (_, row) => figures.subarray(row * width, (row + 1) * width));
}

const noEvents: PointRunner = {
  path: 'event',
  run: () => {
    throw new Error('A point of the benchmark was handed over to the event path.');
  },
};

/** The rule of the yardstick, for columns alone. */
const averages: AnyStrategyDefinition = {
  ...(movingAverageCross as unknown as AnyStrategyDefinition),
  name: 'averages',
  signals({ fast, slow }, series) {
    const isAbove = above(series.sma(fast as number), series.sma(slow as number));
    return { enterLong: isAbove, exitLong: not(isAbove) };
  },
};

function termsOf({ job, strategy = 'averages' }: MeasureOptions, bars: CandleColumns): ColumnTerms {
  const definition = strategy === 'cross' ? (movingAverageCross as unknown as AnyStrategyDefinition) : averages;
  return {
    session: {
      botId: 'benchmark',
      definition,
      parameters: {},
      symbols: ['BTCUSDT'],
      timeframe: '1m',
      instruments: [
        // Steps so fine that rounding to them does not show beside C, which knows none.
        instrument({
          symbol: 'BTCUSDT',
          baseCurrency: 'BTC',
          quoteCurrency: 'USDT',
          tickSize: '0.01',
          stepSize: '0.0000000001',
        }),
      ],
      currency: 'USDT',
      startingBalance: fixed<Money>('10000'),
      limits: noLimits,
      sizing: { kind: 'equity-fraction-at-fill', fraction: 1 },
      rates: new Map(),
    },
    columns: new Map([['BTCUSDT:1m', bars]]),
    costs: { model: percentFees(TAKER_RATE[job], TAKER_RATE[job]), latencyMs: 0, seed: 1 },
  };
}

function pointOf({ session }: ColumnTerms, fast: number, slow: number): CheckedParameters {
  const checked = checkParameters(session.definition, { fast, slow, direction: 'long-only' });
  if (!checked.ok) throw checked.error;
  return checked.value;
}

function readBars({ job, file = barsFile(1_000_000) }: MeasureOptions): CandleColumns {
  const bytes = readFileSync(file);
  const length = bytes.length / 48;
  const column = (index: number): Float64Array =>
    new Float64Array(bytes.buffer, bytes.byteOffset + index * length * 8, BARS[job]);
  const bars = new CandleColumns(BARS[job], MINUTE_MS);
  bars.openTime.set(column(0));
  bars.open.set(column(1));
  bars.high.set(column(2));
  bars.low.set(column(3));
  bars.close.set(column(4));
  bars.volume.set(column(5));
  return bars;
}

function resultOf(points: readonly SweepFigures[], job: ColumnJob): ColumnResult {
  const total = (key: (typeof SWEEP_FIGURES)[number]): number =>
    points.reduce((sum, figures) => sum + figures[SWEEP_FIGURES.indexOf(key)]!, 0);
  // An entry that is still open has no exit: of each point one fill may be without its pair.
  const entries = points.reduce((sum, figures) => sum + Math.ceil(figures[SWEEP_FIGURES.indexOf('fills')]! / 2), 0);
  return {
    points: points.length,
    entries,
    finalEquity: total('finalPortfolioValue'),
    maximumDrawdown: -total('maximumDrawdownPercent') / 100,
    sharpe: job === 'single' || points.length > 0 ? total('sharpeRatio') : Number.NaN,
  };
}

if (!isMainThread && (workerData as ShareData | undefined)?.shares !== undefined) {
  const { options, buffer, length, share, shares } = workerData as ShareData;
  const bars = new CandleColumns(length, MINUTE_MS, buffer);
  const run = shareOf(options, bars, share, shares);
  parentPort!.on('message', () => parentPort!.postMessage(run()));
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      job: { type: 'string', default: 'sweep' },
      threads: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '15' },
      strategy: { type: 'string', default: 'averages' },
      file: { type: 'string' },
    },
  });
  const measured = await measure({
    job: values.job as ColumnJob,
    rounds: Number(values.rounds),
    threads: Number(values.threads),
    strategy: values.strategy as 'averages' | 'cross',
    ...(values.file !== undefined && { file: values.file }),
  });
  const sorted = measured.milliseconds.toSorted((one, other) => one - other);
  console.log(JSON.stringify({ median: sorted[sorted.length >> 1], least: sorted[0], ...measured }));
}
