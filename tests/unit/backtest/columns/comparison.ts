import assert from 'node:assert/strict';
import { type BacktestResult, runBacktest } from '../../../../src/backtest/backtest.ts';
import { columnRunner, runColumns } from '../../../../src/backtest/columns/column-runner.ts';
import { KernelRunner } from '../../../../src/backtest/columns/kernel/kernel-batch.ts';
import { type ColumnTerms, plainTerms, venueOf } from '../../../../src/backtest/columns/plain-terms.ts';
import { periodScale } from '../../../../src/backtest/columns/point-figures.ts';
import { SignalCompiler } from '../../../../src/backtest/columns/signal-program.ts';
import { type PointRunner, SWEEP_FIGURES } from '../../../../src/backtest/sweep-point.ts';
import { snapPrice } from '../../../../src/domain/instrument.ts';
import { toNumber } from '../../../../src/foundation/fixed-point.ts';
import type { CandleColumns } from '../../../../src/market/candle-columns.ts';
import { openPositionsOf } from '../../../../src/statistics/open-position.ts';
import { summarise } from '../../../../src/statistics/report.ts';
import { tradeRecord } from '../../../../src/statistics/trade-record.ts';
import { ColumnSeries } from '../../../../src/strategy/column-series.ts';
import type { CheckedParameters } from '../../../../src/strategy/feeds.ts';

export function barsOf({ columns }: ColumnTerms): CandleColumns {
  return [...columns.values()][0]!;
}

/** The run bar by bar: the strategy's `process`, the engine, the venue. */
export function eventRun(terms: ColumnTerms): BacktestResult {
  const { session, columns, costs, endOfRun } = terms;
  return runBacktest({ session, columns, venue: venueOf(costs), ...(endOfRun && { endOfRun }) });
}

/** The figures of the report of such a run. */
export function reportFigures(result: BacktestResult, terms: ColumnTerms): readonly number[] {
  const bars = barsOf(terms);
  const refused = result.record.signals.filter(({ outcome }) => outcome.kind === 'refused').length;
  const { figures } = summarise({
    currency: terms.session.currency,
    startingBalance: toNumber(terms.session.startingBalance),
    closeTimes: result.times,
    barLengthMs: bars.intervalMs,
    equity: result.equity,
    market: bars.close,
    firstTradingBar: 0,
    fills: result.record.fills,
    trades: result.record.roundTrips.map((trip) => tradeRecord(trip, bars.openTime)),
    finalBalance: 0,
    openPositions: openPositionsOf(result.portfolio, (symbol) =>
      snapPrice(result.portfolio.instrument(symbol), result.session.engine.account.mark(symbol), 'nearest'),
    ),
    openTradesAtEnd: 'left open',
    signals: { executed: 0, ignored: 0, refused },
  });
  return SWEEP_FIGURES.map((key) => figures[key]);
}

/** What of a batch took which way. */
export interface Comparison {
  /** Points that were handed to the runner bar by bar. */
  readonly handedOver: number;
  /** Points whose numbers the kernel could not hold, so that the engine computed them at the bars with signals. */
  readonly beyondKernel: number;
  /** Fills in all. */
  readonly fills: number;
  readonly refused: number;
}

/**
 * Asserts that points computed from columns have the fills, the equity and the figures of the run bar by bar, to the last
 * bit: by the kernels, by their stand-ins in TypeScript, and by the kernels one by one.
 */
export function assertSameAsEvents(terms: ColumnTerms, points: readonly CheckedParameters[]): Comparison {
  let handedOver = 0;
  const runs = new Map<string, ReturnType<typeof expectedOf>>();
  const expected = points.map((parameters) => {
    const key = JSON.stringify(parameters);
    const known = runs.get(key) ?? expectedOf({ ...terms, session: { ...terms.session, parameters } });
    runs.set(key, known);
    return known;
  });
  const eventRunner: PointRunner = {
    path: 'event',
    run(handed) {
      handedOver += handed.length;
      return handed.map((one) => ({ ok: true, figures: Float64Array.from(expected[points.indexOf(one)]!.figures) }));
    },
  };
  for (const kernels of ['webassembly', 'typescript'] as const) {
    const outcomes = columnRunner(terms, eventRunner, { kernels })!.run(points);
    for (const [index, outcome] of outcomes.entries()) {
      assert.ok(outcome.ok);
      assert.deepEqual(named([...outcome.figures]), named(expected[index]!.figures), `${kernels}, point ${index}`);
    }
  }
  let beyondKernel = 0;
  let fills = 0;
  let refused = 0;
  for (const { own, result, figures } of runs.values()) {
    assertSameRecord(own, result);
    if (!assertSameKernelTrace(own, result)) beyondKernel += 1;
    fills += result.record.fills.length;
    refused += figures[SWEEP_FIGURES.indexOf('signalsRefused')]!;
  }
  return { handedOver: handedOver / 2, beyondKernel, fills, refused };
}

function expectedOf(own: ColumnTerms) {
  const result = eventRun(own);
  return { own, result, figures: reportFigures(result, own) };
}

function assertSameRecord(terms: ColumnTerms, expected: BacktestResult): void {
  const own = runColumns(terms);
  if (own === undefined) return;
  assert.deepEqual(own.equity, expected.equity);
  assert.deepEqual(own.record.fills, expected.record.fills);
  assert.deepEqual(own.record.roundTrips, expected.record.roundTrips);
  assert.deepEqual([...own.portfolio.balances], [...expected.portfolio.balances]);
}

/** The kernel's own log of fills and equity, where it did not pass the point on; false where it did. */
function assertSameKernelTrace(terms: ColumnTerms, expected: BacktestResult): boolean {
  const plain = plainTerms(terms)!;
  const signals = terms.session.definition.signals?.(terms.session.parameters, new ColumnSeries());
  const runner = KernelRunner.open(plain, periodScale(plain.bars, toNumber(terms.session.startingBalance)));
  if (signals === undefined || runner === undefined) return false;
  const compiler = new SignalCompiler();
  const fills: unknown[] = [];
  const { openTime, length } = plain.bars;
  const end = expected.times.at(-1)!;
  const equity = new Float64Array(length);
  const [totals] = runner.run(compiler, [compiler.compile(signals)!], {
    equity,
    onFill({ row, price, quantity, fee }) {
      fills.push({ time: row === length ? end : openTime[row], price, quantity, fee });
    },
  });
  if (totals === undefined) return false;
  assert.deepEqual(equity, expected.equity);
  const wanted = expected.record.fills.map(({ time, price, quantity, side, fee }) => ({
    time,
    price,
    quantity: side === 'buy' ? quantity : -quantity,
    fee,
  }));
  assert.deepEqual(fills, wanted);
  return true;
}

function named(figures: readonly number[]): Record<string, number> {
  return Object.fromEntries(SWEEP_FIGURES.map((key, index) => [key, figures[index]!]));
}
