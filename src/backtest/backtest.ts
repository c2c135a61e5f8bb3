import { type Feed, feedName } from '../domain/candle.ts';
import type { FillTotals } from '../domain/fill-totals.ts';
import type { Portfolio } from '../domain/portfolio.ts';
import type { EngineListener } from '../engine/engine.ts';
import { LeanRecord } from '../engine/lean-record.ts';
import { openSession, type SessionSpec, type VenueFactory } from '../engine/open-session.ts';
import { RunRecord } from '../engine/run-record.ts';
import type { TradingSession } from '../engine/trading-session.ts';
import { invariant } from '../foundation/errors.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { CandleWindow, moveWindow } from '../market/candle-window.ts';
import { strategyFeeds } from '../strategy/feeds.ts';

/** What becomes of positions that are open after the last bar. `close-at-last-open` is what backtesting.py does. */
export type EndOfRun = 'keep' | 'close-at-last-close' | 'close-at-last-open';

export interface BacktestRequest {
  readonly session: SessionSpec;
  /** The bars of each feed of the strategy, by feed name. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly venue: VenueFactory;
  /** Default `keep`. */
  readonly endOfRun?: EndOfRun;
  /** Sample the strategy's indicators at each instant, for plotting. */
  readonly sampleIndicators?: boolean;
  /**
   * What is recorded. `full` (default): everything that was decided and done, for reports and audits. `lean`: fills, round
   * trips and the count of refused signals, for sweeps; all the rest is not even made. `sums`: that, with the sums of fills
   * instead of the fills. What is traded is the same bits.
   */
  readonly record?: 'full' | 'lean' | 'sums';
  /** Where equity is kept, for runs that come one after another: a result is good until the next run with it. */
  readonly memory?: SampleMemory;
  /** Called now and then with how much is done, 0 … 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** One piece of memory for the equity of many runs: fresh memory for each costs a sweep more than writing it. */
export class SampleMemory {
  #equity = new Float64Array(0);

  /** `length` numbers, whatever they are. */
  equity(length: number): Float64Array {
    if (this.#equity.length !== length) this.#equity = new Float64Array(length);
    return this.#equity;
  }
}

export interface BacktestResult<Record extends EngineListener = RunRecord> {
  readonly record: Record;
  /** The instants at which bars closed, and equity after each. Runs over the same columns share their `times`. */
  readonly times: Float64Array;
  readonly equity: Float64Array;
  /** By name, as long as `times`; NaN while one warms up. Empty unless sampled. */
  readonly indicators: ReadonlyMap<string, Float64Array>;
  readonly portfolio: Portfolio;
  readonly session: TradingSession;
}

const PROGRESS_EVERY = 16_384;
/** How many bars are walked in one call. */
const STRETCH = 1_024;

/** Runs a strategy over history. Synchronous and deterministic: the same request gives the same bits. */
export function runBacktest(request: BacktestRequest & { readonly record: 'lean' }): BacktestResult<LeanRecord>;
export function runBacktest(
  request: BacktestRequest & { readonly record: 'sums' },
): BacktestResult<LeanRecord<FillTotals>>;
export function runBacktest(request: BacktestRequest & { readonly record?: 'full' }): BacktestResult;
export function runBacktest(request: BacktestRequest): BacktestResult<RunRecord | LeanRecord | LeanRecord<FillTotals>> {
  switch (request.record) {
    case 'lean':
      return runRecorded(request, LeanRecord.withFills());
    case 'sums':
      return runRecorded(request, LeanRecord.withSums());
    default:
      return runRecorded(request, new RunRecord());
  }
}

function runRecorded<Record extends EngineListener>(request: BacktestRequest, record: Record): BacktestResult<Record> {
  const { session: spec, columns } = request;
  const feeds = strategyFeeds(spec.definition, spec.parameters, spec.symbols, spec.timeframe);
  const series = feeds.map((feed) => columnsOf(feed, columns));
  const makeWindow = (feed: Feed, lookback: number): CandleWindow =>
    CandleWindow.overColumns(feed, lookback, columnsOf(feed, columns));
  const session = openSession(spec, makeWindow, request.venue, record);
  const samples = new Samples(series, session, request.sampleIndicators ?? false, request.memory ?? new SampleMemory());
  walk(series, session, samples, request.onProgress);
  if (request.endOfRun && request.endOfRun !== 'keep' && samples.count > 0) {
    const price =
      request.endOfRun === 'close-at-last-open'
        ? (window: CandleWindow) => window.open()
        : (window: CandleWindow) => window.close();
    session.closeAll(session.engine.market.time, price);
    samples.amendLast();
  }
  return { record, ...samples.result(), portfolio: session.engine.account.portfolio, session };
}

/** Steps the session through every instant at which a bar of any feed closes. */
function walk(
  series: readonly CandleColumns[],
  session: TradingSession,
  samples: Samples,
  onProgress: ((fraction: number) => void) | undefined,
): void {
  if (series.length === 1) walkOne(series[0]!, session, samples, onProgress);
  else walkMany(series, session, samples, onProgress);
  onProgress?.(1);
}

/** With one feed each of its bars is an instant. */
function walkOne(
  columns: CandleColumns,
  session: TradingSession,
  samples: Samples,
  onProgress: ((fraction: number) => void) | undefined,
): void {
  const { length } = columns;
  for (let from = 0; from < length; from += STRETCH) {
    const end = Math.min(length, from + STRETCH);
    walkStretch(columns, session, samples, from, end);
    if (end < length && end % PROGRESS_EVERY === 0) onProgress?.(end / length);
  }
}

/** The loop over bars. A function of its own that is called often: V8 makes its best code for calls, not for loops. */
function walkStretch(
  { openTime, intervalMs }: CandleColumns,
  session: TradingSession,
  samples: Samples,
  from: number,
  end: number,
): void {
  const { windows, fresh } = session.engine.market;
  const window = windows[0]!;
  for (let row = from; row < end; row++) {
    moveWindow(window, row);
    fresh[0] = 1;
    const time = epochMs(openTime[row]! + intervalMs);
    session.slice(time);
    samples.take(time);
  }
}

function walkMany(
  series: readonly CandleColumns[],
  session: TradingSession,
  samples: Samples,
  onProgress: ((fraction: number) => void) | undefined,
): void {
  const { windows, fresh } = session.engine.market;
  const next = new Int32Array(series.length);
  /** When the next bar of each feed closes; infinity after its last. */
  const nextClose = Float64Array.from(series, (one) => closeTimeAt(one, 0));
  const total = series.reduce((sum, one) => sum + one.length, 0);
  let done = 0;
  for (;;) {
    let time = Number.POSITIVE_INFINITY;
    for (let index = 0; index < nextClose.length; index++) {
      if (nextClose[index]! < time) time = nextClose[index]!;
    }
    if (time === Number.POSITIVE_INFINITY) break;
    for (let index = 0; index < nextClose.length; index++) {
      if (nextClose[index] !== time) continue;
      const row = next[index]!;
      moveWindow(windows[index]!, row);
      fresh[index] = 1;
      next[index] = row + 1;
      nextClose[index] = closeTimeAt(series[index]!, row + 1);
      done += 1;
    }
    session.slice(epochMs(time));
    samples.take(epochMs(time));
    if (onProgress && samples.count % PROGRESS_EVERY === 0) onProgress(done / total);
  }
}

function closeTimeAt(columns: CandleColumns, row: number): number {
  return row < columns.length ? columns.closeTime(row) : Number.POSITIVE_INFINITY;
}

/** Close times of columns that are the only feed of a run: the runs of a sweep share them. */
const closeTimes = new WeakMap<CandleColumns, Float64Array>();

function closeTimesOf(columns: CandleColumns): Float64Array {
  let times = closeTimes.get(columns);
  if (times === undefined) {
    const { openTime, intervalMs, length } = columns;
    times = new Float64Array(length);
    for (let row = 0; row < length; row++) times[row] = openTime[row]! + intervalMs;
    closeTimes.set(columns, times);
  }
  return times;
}

/** Equity and indicators at each instant. */
class Samples {
  count = 0;
  readonly #times: Float64Array;
  readonly #knowsTimes: boolean;
  readonly #equity: Float64Array;
  readonly #names: readonly string[];
  readonly #indicators: readonly Float64Array[];
  readonly #session: TradingSession;

  constructor(
    series: readonly CandleColumns[],
    session: TradingSession,
    withIndicators: boolean,
    memory: SampleMemory,
  ) {
    const most = series.reduce((sum, one) => sum + one.length, 0);
    this.#session = session;
    this.#knowsTimes = series.length === 1;
    this.#times = this.#knowsTimes ? closeTimesOf(series[0]!) : new Float64Array(most);
    this.#equity = memory.equity(most);
    this.#names = withIndicators ? Object.keys(session.engine.indicators()) : [];
    this.#indicators = this.#names.map(() => new Float64Array(most).fill(Number.NaN));
  }

  take(time: EpochMs): void {
    const at = this.count++;
    if (!this.#knowsTimes) this.#times[at] = time;
    this.#equity[at] = this.#session.engine.account.equity;
    if (this.#names.length > 0) this.#takeIndicators(at);
  }

  #takeIndicators(at: number): void {
    const values = this.#session.engine.indicators();
    for (let index = 0; index < this.#names.length; index++) {
      const value = values[this.#names[index]!];
      if (value !== undefined) this.#indicators[index]![at] = value;
    }
  }

  /** Takes the last equity again: positions were closed after it. */
  amendLast(): void {
    this.#equity[this.count - 1] = this.#session.engine.account.equity;
  }

  result(): Pick<BacktestResult, 'times' | 'equity' | 'indicators'> {
    const cut = (column: Float64Array): Float64Array =>
      this.count === column.length ? column : column.subarray(0, this.count);
    return {
      times: cut(this.#times),
      equity: cut(this.#equity),
      indicators: new Map(this.#names.map((name, index) => [name, cut(this.#indicators[index]!)])),
    };
  }
}

function columnsOf(feed: Feed, columns: ReadonlyMap<string, CandleColumns>): CandleColumns {
  const found = columns.get(feedName(feed));
  invariant(found !== undefined, 'No bars for a feed of the strategy', { feed: feedName(feed) });
  return found;
}
