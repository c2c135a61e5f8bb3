import { toNumber } from '../../foundation/fixed-point.ts';
import { ColumnSeries } from '../../strategy/column-series.ts';
import type { ColumnSignals } from '../../strategy/column-signals.ts';
import { type CheckedParameters, strategyFeeds } from '../../strategy/feeds.ts';
import type { BacktestResult } from '../backtest.ts';
import type { PointOutcome, PointRunner, SweepFigures } from '../sweep-point.ts';
import { KernelRunner } from './kernel/kernel-batch.ts';
import { type ColumnTerms, type PlainTerms, plainTerms, venueOf } from './plain-terms.ts';
import { figuresOf, type PeriodScale, periodScale, totalsOf } from './point-figures.ts';
import { signalBits } from './signal-bits.ts';
import { type PointProgram, SignalCompiler } from './signal-program.ts';
import { runSignals } from './signal-run.ts';

export interface ColumnRunnerOptions {
  /** `typescript`: without the kernels in WebAssembly; the same results. Default `webassembly`. */
  readonly kernels?: 'webassembly' | 'typescript';
}

/**
 * A runner that computes points from signals that are columns, or `undefined` where the strategy or the terms don't allow
 * that. What it can't do of a batch it hands to `eventRunner`, so that every point has its outcome, and the same one.
 * The more points of a batch share their columns, the faster it is.
 */
export function columnRunner(
  terms: ColumnTerms,
  eventRunner: PointRunner,
  { kernels = 'webassembly' }: ColumnRunnerOptions = {},
): PointRunner | undefined {
  const plain = plainTerms(terms);
  if (plain === undefined || terms.session.definition.signals === undefined) return undefined;
  return new ColumnRunner(plain, eventRunner, kernels);
}

/**
 * One run from signals that are columns, with its record: fills, round trips and equity are those of `runBacktest`, to
 * the last bit. The strategy's reasons are not in it. `undefined` where strategy, parameters or terms don't allow it.
 */
export function runColumns(terms: ColumnTerms): BacktestResult | undefined {
  const plain = plainTerms(terms);
  if (plain === undefined) return undefined;
  const signals = signalsOf(plain, terms.session.parameters);
  const bits = signals && signalBits(signals, plain.bars);
  if (bits === undefined) return undefined;
  return runSignals({ ...plain, venue: venueOf(plain.costs) }, bits);
}

/** The figures of one run, and its equity at the close of each bar. */
export interface ColumnCurve {
  readonly figures: SweepFigures;
  readonly equity: Float64Array;
}

/**
 * One run from signals that are columns without its record, as fast as that goes; `undefined` as {@link runColumns}.
 *
 * @param memory takes the equity, one number a bar, where there is such an array from before
 */
export function columnCurve(terms: ColumnTerms, memory?: Float64Array): ColumnCurve | undefined {
  const plain = plainTerms(terms);
  if (plain === undefined) return undefined;
  const { bars, session } = plain;
  const scale = periodScale(bars, toNumber(session.startingBalance));
  const compiler = new SignalCompiler();
  const signals = signalsOf(plain, session.parameters);
  const program = signals && compiler.compile(signals);
  if (program) {
    const equity = memory?.length === bars.length ? memory : new Float64Array(bars.length);
    const totals = KernelRunner.open(plain, scale)?.run(compiler, [program], { equity })[0];
    if (totals) return { figures: figuresOf(totals, scale), equity };
  }
  const result = runColumns(terms);
  return result && { figures: figuresOf(totalsOf(result, bars, scale), scale), equity: result.equity };
}

/** The signals of a point; `undefined` when they can't be said as columns, or the strategy watches other feeds. */
function signalsOf(
  { session, instrument }: PlainTerms,
  parameters: CheckedParameters,
  series = new ColumnSeries(),
): ColumnSignals | undefined {
  const { definition, symbols, timeframe } = session;
  const signals = definition.signals?.(parameters, series);
  if (signals === undefined) return undefined;
  const feeds = strategyFeeds(definition, parameters, symbols, timeframe);
  const isOwn = feeds.length === 1 && feeds[0]!.symbol === instrument.symbol && feeds[0]!.timeframe === timeframe;
  return isOwn ? signals : undefined;
}

/** A point that goes through the kernel. */
interface Compiled {
  readonly index: number;
  readonly program: PointProgram;
}

class ColumnRunner implements PointRunner {
  readonly path = 'columns';
  readonly #terms: PlainTerms;
  readonly #scale: PeriodScale;
  readonly #series = new ColumnSeries();
  readonly #eventRunner: PointRunner;
  readonly #kernel: KernelRunner | undefined;

  constructor(terms: PlainTerms, eventRunner: PointRunner, kernels: 'webassembly' | 'typescript') {
    this.#terms = terms;
    this.#eventRunner = eventRunner;
    this.#scale = periodScale(terms.bars, toNumber(terms.session.startingBalance));
    this.#kernel = kernels === 'webassembly' ? KernelRunner.open(terms, this.#scale) : undefined;
  }

  run(points: readonly CheckedParameters[]): readonly PointOutcome[] {
    const outcomes: (PointOutcome | undefined)[] = points.map(() => undefined);
    this.#runKernel(points, outcomes);
    for (const [index, point] of points.entries()) outcomes[index] ??= this.#runAlone(point);
    return outcomes as PointOutcome[];
  }

  /** Gives outcomes to the points that the kernel can compute. */
  #runKernel(points: readonly CheckedParameters[], outcomes: (PointOutcome | undefined)[]): void {
    if (this.#kernel === undefined) return;
    const compiler = new SignalCompiler();
    const compiled: Compiled[] = [];
    for (const [index, point] of points.entries()) {
      const program = this.#compile(compiler, point);
      if (program) compiled.push({ index, program });
    }
    if (compiled.length === 0) return;
    const totals = this.#kernel.run(
      compiler,
      compiled.map(({ program }) => program),
    );
    for (const [at, { index }] of compiled.entries()) {
      const own = totals[at];
      if (own) outcomes[index] = { ok: true, figures: figuresOf(own, this.#scale) };
    }
  }

  #compile(compiler: SignalCompiler, point: CheckedParameters): PointProgram | undefined {
    try {
      const signals = signalsOf(this.#terms, point, this.#series);
      return signals && compiler.compile(signals);
    } catch {
      // A strategy of one's own that throws here may run bar by bar, or says there what is wrong.
      return undefined;
    }
  }

  /** A point by itself: through the engine at the bars with signals, or bar by bar. */
  #runAlone(point: CheckedParameters): PointOutcome {
    const result = this.#runSignals(point);
    if (result === undefined) return this.#eventRunner.run([point])[0]!;
    return { ok: true, figures: figuresOf(totalsOf(result, this.#terms.bars, this.#scale), this.#scale) };
  }

  #runSignals(point: CheckedParameters): BacktestResult | undefined {
    try {
      return runColumns({ ...this.#terms, session: { ...this.#terms.session, parameters: point } });
    } catch {
      return undefined;
    }
  }
}
