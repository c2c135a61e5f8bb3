import type { BacktestResult } from '../backtest/backtest.ts';
import { closeTimesOf, equityAt, leftOpen, samplerAt } from '../backtest/run-outcome.ts';
import type { Feed } from '../domain/candle.ts';
import type { SignalRecord } from '../domain/signal.ts';
import { timeframeMs } from '../domain/timeframe.ts';
import type { SessionSpec } from '../engine/open-session.ts';
import { toNumber } from '../foundation/fixed-point.ts';
import type { JsonObject } from '../foundation/json.ts';
import { toIso } from '../foundation/time.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { drawdownSeries } from '../statistics/drawdown.ts';
import { type SignalCounts, summarise } from '../statistics/report.ts';
import type { IndicatorSeries, RunReport } from '../statistics/run-report.ts';
import { tradeRecord } from '../statistics/trade-record.ts';
import type { BacktestPlan } from './backtest-plan.ts';
import { writeSizing } from './config-values.ts';

export interface FinishedBacktest {
  readonly plan: BacktestPlan;
  readonly spec: SessionSpec;
  readonly result: BacktestResult;
  /** The strategy's feeds in its own order; the first is the main one. */
  readonly candles: readonly { readonly feed: Feed; readonly columns: CandleColumns }[];
  readonly notes: readonly string[];
}

/** A backtest as the reports show it: in the rows of the main feed. */
export function backtestReport({ plan, spec, result, candles, notes }: FinishedBacktest): RunReport {
  const { definition } = spec;
  const main = candles[0]!.columns;
  const closeTimes = closeTimesOf(main);
  const equity = equityAt(result, closeTimes);
  const indicators = indicatorSeries(spec, result, samplerAt(result.times, closeTimes));
  const trades = result.record.roundTrips.map((trip) => tradeRecord(trip, main.openTime));
  const signals = countSignals(result.record.signals);
  const openPositions = leftOpen(result);
  const summary = summarise({
    currency: spec.currency,
    startingBalance: toNumber(spec.startingBalance),
    closeTimes,
    barLengthMs: timeframeMs(spec.timeframe),
    equity,
    market: main.close,
    firstTradingBar: firstDefinedRow(indicators),
    fills: result.record.fills,
    trades,
    finalBalance: toNumber(result.portfolio.balance(spec.currency)),
    openPositions,
    openTradesAtEnd: plan.endOfRun === 'keep' ? 'left open' : 'closed',
    signals,
  });
  return {
    strategy: {
      name: definition.name,
      title: definition.title,
      description: definition.description,
      parameters: { ...spec.parameters },
    },
    symbols: spec.symbols,
    timeframe: spec.timeframe,
    summary,
    closeTimes,
    equity,
    drawdown: drawdownSeries(equity),
    fills: result.record.fills,
    trades,
    openPositions,
    candles,
    indicators,
    signals,
    configuration: describePlan(plan),
    notes: [...notes, ...lossNotes(result)],
  };
}

function indicatorSeries(
  { definition }: SessionSpec,
  result: BacktestResult,
  atCloses: (values: Float64Array) => Float64Array,
): IndicatorSeries[] {
  return [...result.indicators].map(([name, values]) => {
    const plot = definition.plots?.[name];
    return { name, pane: plot?.pane ?? name, style: plot?.style ?? 'line', values: atCloses(values) };
  });
}

/** The first row on which every indicator that is ever defined is so: backtesting.py's first trading bar. */
function firstDefinedRow(indicators: readonly IndicatorSeries[]): number {
  let first = 0;
  for (const { values } of indicators) {
    const row = values.findIndex((value) => !Number.isNaN(value));
    first = Math.max(first, row);
  }
  return first;
}

function countSignals(records: readonly SignalRecord[]): SignalCounts {
  const counts = { executed: 0, ignored: 0, refused: 0 };
  const refusedByCode = new Map<string, number>();
  for (const { outcome } of records) {
    counts[outcome.kind] += 1;
    if (outcome.kind === 'refused') refusedByCode.set(outcome.code, (refusedByCode.get(outcome.code) ?? 0) + 1);
  }
  return { ...counts, refusedByCode: Object.fromEntries(refusedByCode) };
}

function lossNotes({ record }: BacktestResult): readonly string[] {
  const [first] = record.lossLimits;
  if (first === undefined) return [];
  const days = record.lossLimits.length === 1 ? 'one day' : `${record.lossLimits.length} days`;
  return [`The daily loss limit stopped entries on ${days}, first at ${toIso(first.time)}.`];
}

function describePlan(plan: BacktestPlan): JsonObject {
  const { period, costs, limits, sources } = plan;
  const described = {
    strategy: plan.strategy,
    data: Object.fromEntries(sources.map(({ symbol, path }) => [symbol, path])),
    from: period.from === undefined ? null : toIso(period.from),
    to: period.to === undefined ? null : toIso(period.to),
    ...plan.reading,
    sizing: writeSizing(plan.sizing),
    // No limit is written as `null`: the greatest number says nothing to a reader.
    limits: Object.fromEntries(
      Object.entries(limits).map(([name, limit]) => [name, limit === Number.MAX_VALUE ? null : limit]),
    ),
    costs: { ...costs.model, latencyMs: costs.latencyMs, ...costs.matching },
    seed: costs.seed,
    endOfRun: plan.endOfRun,
  };
  return described as unknown as JsonObject;
}
