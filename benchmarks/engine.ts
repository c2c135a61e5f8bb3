/**
 * The event-driven engine over one-minute bars: the job of the yardstick `engine.c` (SMA 20 and 50, RSI 14, ATR 14, all in
 * and out at the next open, 1 basis point of fee, 0.5 of slippage), by the whole product path.
 *
 *     node benchmarks/engine.ts [--bars 1000000] [--rounds 15] [--file bars1m.bin]
 *
 * `--file`: six float64 columns (time, open, high, low, close, volume) instead of the same bars made here.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type BacktestRequest, runBacktest } from '../src/backtest/backtest.ts';
import { instrument } from '../src/domain/instrument.ts';
import { MatchingEngine } from '../src/execution/matching-engine.ts';
import { fixed, type Money, toNumber } from '../src/foundation/fixed-point.ts';
import { MINUTE_MS } from '../src/foundation/time.ts';
import { CandleColumns } from '../src/market/candle-columns.ts';
import { noLimits } from '../src/risk/limits.ts';
import { builtinStrategies } from '../src/strategy/builtin-strategies.ts';
import { checkParameters } from '../src/strategy/check-parameters.ts';
import type { AnyStrategyDefinition } from '../src/strategy/strategy.ts';
import { generateBars } from './data/generate.ts';
import fourIndicators from './engine-strategy.ts';

// What bin/tradewind.js starts the program with.
setFlagsFromString('--max-inlined-bytecode-size-cumulative=6000');
setFlagsFromString('--max-inlined-bytecode-size=2000');

type Recorded = 'full' | 'lean' | 'sums';

export interface MeasureOptions {
  readonly bars: number;
  readonly rounds: number;
  /** Default `sums`. */
  readonly record?: Recorded;
  /** Other bars than those of {@link syntheticBars}. */
  readonly columns?: CandleColumns;
  /** Run every built-in strategy first, in turn, in the same isolate. */
  readonly afterBuiltins?: boolean;
  /** Called between rounds, for the yardstick to run in the same minute. */
  readonly between?: () => void;
}

export interface MeasuredRun {
  readonly milliseconds: number[];
  readonly result: {
    readonly bars: number;
    readonly fills: number;
    readonly roundTrips: number;
    /** After the last bar, at its close. */
    readonly finalEquity: number;
    /** In all, in quote currency. */
    readonly fees: number;
  };
}

/** Runs the job `rounds` times, after two that are not counted, and times each. */
export async function measure(options: MeasureOptions): Promise<MeasuredRun> {
  const columns = options.columns ?? syntheticBars(options.bars);
  const record = options.record ?? 'sums';
  if (options.afterBuiltins) runBuiltins(columns);
  const milliseconds: number[] = [];
  const request = requestOf(fourIndicators, columns);
  let result: MeasuredRun['result'] | undefined;
  for (let round = -2; round < options.rounds; round++) {
    if (round >= 0) options.between?.();
    const began = performance.now();
    const run = runAs(record, request);
    const took = performance.now() - began;
    if (round >= 0) milliseconds.push(took);
    result = {
      bars: run.times.length,
      fills: run.record.fills.length,
      roundTrips: run.record.roundTrips.length,
      finalEquity: run.equity.at(-1)!,
      fees: toNumber(run.portfolio.fees.get('USDT') ?? 0n),
    };
  }
  return { milliseconds, result: result! };
}

function runAs(record: Recorded, request: BacktestRequest) {
  switch (record) {
    case 'full':
      return runBacktest({ ...request, record });
    case 'lean':
      return runBacktest({ ...request, record });
    case 'sums':
      return runBacktest({ ...request, record });
  }
}

/** {@link measure} in a thread of its own, whose code has seen nothing else. */
export function measureInWorker(options: MeasureOptions): Promise<MeasuredRun> {
  const { columns, between: _, ...rest } = options;
  const task: WorkerTask = { ...rest, ...(columns && { buffer: columns.buffer, length: columns.length }) };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: task });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

type WorkerTask = Omit<MeasureOptions, 'columns' | 'between'> & {
  readonly buffer?: SharedArrayBuffer;
  readonly length?: number;
};

/** Every built-in strategy over the same bars, as a process does that has many bots or sweeps. */
function runBuiltins(columns: CandleColumns): void {
  const part = columns.slice(0, Math.min(columns.length, 200_000));
  for (const definition of builtinStrategies) runBacktest({ ...requestOf(definition, part), record: 'lean' });
}

/** Tick and step so fine that float64 in C and exact money here come to the same. */
const FINE = instrument({
  symbol: 'BTCUSDT',
  baseCurrency: 'BTC',
  quoteCurrency: 'USDT',
  tickSize: '0.000000000001',
  stepSize: '0.000000000001',
});

function requestOf(definition: AnyStrategyDefinition, columns: CandleColumns): BacktestRequest {
  const parameters = checkParameters(definition, {});
  if (!parameters.ok) throw parameters.error;
  const symbols = Array.from({ length: definition.symbols?.minimum ?? 1 }, (_, n) => (n === 0 ? 'BTCUSDT' : `S${n}`));
  const instruments = symbols.map((symbol) => ({ ...FINE, symbol }));
  return {
    session: {
      botId: 'bench',
      definition,
      parameters: parameters.value,
      symbols,
      timeframe: '1m',
      instruments,
      currency: 'USDT',
      startingBalance: fixed<Money>('10000'),
      // As in C: limits that are checked, and never met.
      limits: {
        ...noLimits,
        maximumPositionSize: 1,
        maximumRiskPerTrade: 1,
        assumedAdverseMove: 0.2,
        leverage: 1,
        dailyLossLimit: 1e9,
        maximumTradesPerDay: 1e6,
        maximumOrderValue: 1e9,
        maximumOpenOrders: 50,
        maximumOrdersPerMinute: 120,
      },
      sizing: { kind: 'equity-fraction-at-fill', fraction: 1 },
      rates: new Map(),
    },
    columns: new Map(symbols.map((symbol) => [`${symbol}:1m`, columns])),
    venue: (instrumentsOfVenue, account, emit) =>
      new MatchingEngine({
        instruments: instrumentsOfVenue,
        costs: {
          spread: { kind: 'none' },
          slippage: { kind: 'basis-points', basisPoints: 0.5 },
          fees: { kind: 'percent', makerRate: 0.0001, takerRate: 0.0001 },
        },
        latencyMs: 0,
        seed: 1,
        account,
        emit,
      }),
  };
}

/** The bars of all benchmarks, as columns. */
export function syntheticBars(length: number): CandleColumns {
  const { time, open, high, low, close, volume } = generateBars(length);
  return columnsOf([time, open, high, low, close, volume], length);
}

function columnsOf(fields: readonly Float64Array[], length: number): CandleColumns {
  const columns = new CandleColumns(length, MINUTE_MS);
  const all = [columns.openTime, columns.open, columns.high, columns.low, columns.close, columns.volume];
  for (const [index, column] of all.entries()) column.set(fields[index]!);
  return columns;
}

function columnsFromFile(path: string): CandleColumns {
  const bytes = readFileSync(path);
  const values = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  const length = values.length / 6;
  const fields = Array.from({ length: 6 }, (_, index) => values.subarray(index * length, (index + 1) * length));
  return columnsOf(fields, length);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1]!;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      bars: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '15' },
      file: { type: 'string' },
      record: { type: 'string', default: 'sums' },
      only: { type: 'string' },
    },
  });
  const columns = values.file === undefined ? syntheticBars(Number(values.bars)) : columnsFromFile(values.file);
  const record = values.record === 'full' || values.record === 'lean' ? values.record : 'sums';
  const options: MeasureOptions = { bars: columns.length, rounds: Number(values.rounds), columns, record };
  const ways: Record<string, () => Promise<MeasuredRun>> = {
    alone: () => measure(options),
    'fresh-worker': () => measureInWorker(options),
    'fresh-worker-after-builtins': () => measureInWorker({ ...options, afterBuiltins: true }),
    'after-builtins': () => measure({ ...options, afterBuiltins: true }),
  };
  for (const [name, run] of Object.entries(ways)) {
    if (values.only !== undefined && values.only !== name) continue;
    const { milliseconds, result } = await run();
    const best = Math.min(...milliseconds);
    const figures = {
      median: median(milliseconds),
      best,
      nanosecondsPerBar: (1e6 * median(milliseconds)) / result.bars,
    };
    process.stdout.write(`${JSON.stringify({ name, record, ...figures, result })}\n`);
  }
}

if (!isMainThread && parentPort !== null && workerData !== null) {
  const { buffer, length, ...task } = workerData as WorkerTask;
  const columns = buffer === undefined ? undefined : new CandleColumns(length!, MINUTE_MS, buffer);
  parentPort.postMessage(await measure({ ...task, ...(columns && { columns }) }));
} else if (import.meta.main) {
  await main();
}
