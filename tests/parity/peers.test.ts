/**
 * backtesting.py's published runs (kernc/backtesting.py@9c2b8e1c), made again by this engine: every trade, every figure.
 *
 * What the peer does, and the setting here that is the same:
 * - A market order fills at the next bar's open: `MatchingEngine` without latency, spread and slippage.
 * - Whole units only: `stepSize: '1'`.
 * - Size is the largest whole number of units that `equity × (1 − 2⁻⁵²)` pays for at `price × (1 + commission)`, after
 *   the position before has been closed at the same open: `equity-fraction-at-fill` with fraction 1, rule 11 of the
 *   fill contract. The peer's 1 − 2⁻⁵² makes a difference only where equity buys a whole number of units to the last
 *   bit; that occurs in none of these runs.
 * - Commission is `price × |size| × rate` on both fills: `percentFees(rate, rate)`.
 * - Trades open after the last bar are closed by showing the broker the last bar again, that is at its open:
 *   `endOfRun: 'close-at-last-open'`.
 * - No limits but money: `noLimits`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BacktestResult, type EndOfRun, runBacktest } from '../../src/backtest/backtest.ts';
import { type Instrument, instrument } from '../../src/domain/instrument.ts';
import { type Timeframe, timeframeMs } from '../../src/domain/timeframe.ts';
import type { SessionSpec, VenueFactory } from '../../src/engine/open-session.ts';
import { percentFees } from '../../src/execution/cost-models.ts';
import { MatchingEngine } from '../../src/execution/matching-engine.ts';
import { fixed, type Money, toNumber } from '../../src/foundation/fixed-point.ts';
import { DAY_MS, HOUR_MS } from '../../src/foundation/time.ts';
import type { CandleColumns } from '../../src/market/candle-columns.ts';
import { loadCandles } from '../../src/providers/files/load-candles.ts';
import { noLimits } from '../../src/risk/limits.ts';
import type { FigureKey } from '../../src/statistics/figures.ts';
import { type RunSummary, summarise } from '../../src/statistics/report.ts';
import { type TradeRecord, tradeRecord } from '../../src/statistics/trade-record.ts';
import { checkParameters } from '../../src/strategy/check-parameters.ts';
import movingAverageCross from '../../src/strategy/moving-average-cross.ts';
import type { AnyStrategyDefinition } from '../../src/strategy/strategy.ts';
import { sharedData, skipUnless } from '../support/shared-data.ts';
import { type PeerRun, readPeerRun, timeOf } from '../unit/statistics/reference-data.ts';

/** Relative. The peer sums in float64, we exactly: its last digits are its rounding errors. */
const TOLERANCE = 1e-10;

interface Run {
  readonly name: string;
  readonly file: string;
  readonly bars: string;
  readonly timeframe: Timeframe;
  readonly tickSize: string;
  readonly direction: 'long-short' | 'long-only';
}

const runs: readonly Run[] = [
  {
    name: 'GOOG daily, SMA 10/30, no commission (the run that its own test pins)',
    file: 'goog-smacross-10-30-nocommission.json',
    bars: 'backtesting-py/GOOG.csv',
    timeframe: '1d',
    tickSize: '0.01',
    direction: 'long-short',
  },
  {
    name: 'GOOG daily, SMA 10/20, commission 0.2 %',
    file: 'goog-smacross-10-20-commission-0.2pct.json',
    bars: 'backtesting-py/GOOG.csv',
    timeframe: '1d',
    tickSize: '0.01',
    direction: 'long-short',
  },
  {
    name: 'EURUSD hourly, SMA 20/50, long only, commission 0.01 %',
    file: 'eurusd-1h-longonly-20-50.json',
    bars: 'backtesting-py/EURUSD.csv',
    timeframe: '1h',
    tickSize: '0.00001',
    direction: 'long-only',
  },
  {
    name: 'BTCUSDT hourly of 1m bars, SMA 20/50, long only, commission 0.1 %',
    file: 'btcusdt-1h-longonly-20-50.json',
    bars: 'binance-spot-1m/BTCUSDT-1m-20240701-20250630.csv.gz',
    timeframe: '1h',
    tickSize: '0.01',
    direction: 'long-only',
  },
];

/** The rows of the peer's table, and our figure of the same definition (see `statistics/figures.ts`). */
const figures: Readonly<Record<string, FigureKey>> = {
  'Exposure Time [%]': 'exposurePercent',
  'Equity Final [$]': 'finalPortfolioValue',
  'Equity Peak [$]': 'equityPeak',
  'Commissions [$]': 'fees',
  'Return [%]': 'returnPercent',
  'Buy & Hold Return [%]': 'buyAndHoldReturnPercent',
  'Return (Ann.) [%]': 'annualReturnPercent',
  'Volatility (Ann.) [%]': 'annualVolatilityPercent',
  'CAGR [%]': 'cagrPercent',
  'Sharpe Ratio': 'sharpeRatio',
  'Sortino Ratio': 'sortinoRatio',
  'Calmar Ratio': 'calmarRatio',
  'Alpha [%]': 'alphaPercent',
  Beta: 'beta',
  'Max. Drawdown [%]': 'maximumDrawdownPercent',
  'Avg. Drawdown [%]': 'averageDrawdownPercent',
  'Max. Drawdown Duration': 'maximumDrawdownDurationMs',
  'Avg. Drawdown Duration': 'averageDrawdownDurationMs',
  '# Trades': 'roundTrips',
  'Win Rate [%]': 'winRatePercent',
  'Best Trade [%]': 'bestTradePercent',
  'Worst Trade [%]': 'worstTradePercent',
  'Avg. Trade [%]': 'averageTradePercent',
  'Max. Trade Duration': 'maximumTradeDurationMs',
  'Avg. Trade Duration': 'averageTradeDurationMs',
  'Profit Factor': 'profitFactor',
  'Expectancy [%]': 'expectancyPercent',
  SQN: 'systemQualityNumber',
  'Kelly Criterion': 'kellyCriterion',
};

for (const run of runs) {
  const peerPath = sharedData(`reference/backtestingpy/${run.file}`);
  const barsPath = sharedData(run.bars);
  test(`backtesting.py: ${run.name}`, { skip: skipUnless(peerPath, barsPath) }, async (context) => {
    const peer = readPeerRun(peerPath!);
    const { columns } = await loadCandles({ path: barsPath!, symbol: 'X', timeframe: run.timeframe });
    const result = runOf(run, peer, columns);
    const trades = result.record.roundTrips.map((trip) => tradeRecord(trip, columns.openTime));
    assertSameTrades(peer, trades);
    const exact = toNumber(result.portfolio.balance('USD'));
    const errors = [
      ...assertSameFigures(peer, summaryOf(run, peer, columns, result, trades)),
      ['Equity Final [$], exact', relativeError(exact, Number(peer.stats['Equity Final [$]']))] as const,
    ];
    const [worst, error] = errors.reduce((a, b) => (b[1] > a[1] ? b : a));
    context.diagnostic(`${trades.length} trades equal; worst figure ${worst}: ${error.toExponential(1)}`);
    assert.ok(errors.at(-1)![1] <= TOLERANCE);
  });
}

function runOf(
  run: Run,
  peer: PeerRun,
  columns: CandleColumns,
  endOfRun: EndOfRun = 'close-at-last-open',
): BacktestResult {
  const { params } = peer as PeerRun & { readonly params: { readonly n1: number; readonly n2: number } };
  const definition = movingAverageCross as unknown as AnyStrategyDefinition;
  const parameters = checkParameters(definition, {
    fast: params.n1,
    slow: params.n2,
    type: 'sma',
    direction: run.direction,
  });
  assert.ok(parameters.ok);
  const traded: Instrument = instrument({
    symbol: 'X',
    baseCurrency: 'X',
    quoteCurrency: 'USD',
    tickSize: run.tickSize,
    stepSize: '1',
  });
  const session: SessionSpec = {
    botId: 'peer',
    definition,
    parameters: parameters.value,
    symbols: ['X'],
    timeframe: run.timeframe,
    instruments: [traded],
    currency: 'USD',
    startingBalance: fixed<Money>(String(peer.settings.cash ?? 10_000)),
    limits: noLimits,
    sizing: { kind: 'equity-fraction-at-fill', fraction: 1 },
    rates: new Map(),
  };
  const rate = peer.settings.commission ?? 0;
  const venue: VenueFactory = (instruments, account, emit) =>
    new MatchingEngine({ instruments, costs: percentFees(rate, rate), latencyMs: 0, seed: 1, account, emit });
  const bars = new Map([[`X:${run.timeframe}`, columns]]);
  return runBacktest({ session, columns: bars, venue, endOfRun, sampleIndicators: true });
}

/** Bars, sizes and prices to the last digit; profit and commission to the peer's rounding. */
function assertSameTrades(peer: PeerRun, trades: readonly TradeRecord[]): void {
  assert.equal(trades.length, peer.trades.length, 'number of trades');
  // The peer lists trades in the order in which they were closed, as we do.
  for (const [index, theirs] of peer.trades.entries()) {
    const ours = trades[index]!;
    const place = `trade ${index}, entered ${theirs.EntryTime}`;
    const size = ours.side === 'long' ? ours.quantity : -ours.quantity;
    assert.deepEqual(
      [ours.entryBar, ours.exitBar, size, ours.entryPrice, ours.exitPrice, ours.entryTime],
      [theirs.EntryBar, theirs.ExitBar, theirs.Size, theirs.EntryPrice, theirs.ExitPrice, timeOf(theirs.EntryTime)],
      place,
    );
    assert.ok(Math.abs(ours.profit - theirs.PnL) <= TOLERANCE * Math.abs(theirs.PnL) + 1e-9, `${place}: profit`);
    assert.ok(relativeError(ours.fees, theirs.Commission) <= TOLERANCE, `${place}: commission`);
    assert.ok(Math.abs(ours.returnFraction - theirs.ReturnPct) <= 1e-12, `${place}: return`);
  }
}

function assertSameFigures(peer: PeerRun, summary: RunSummary): (readonly [string, number])[] {
  const errors: (readonly [string, number])[] = [];
  for (const [name, expected] of Object.entries(peer.stats)) {
    if (['Start', 'End', 'Duration'].includes(name) || expected === null) continue;
    const key = figures[name];
    assert.ok(key !== undefined, `no figure for "${name}"`);
    const actual = summary.figures[key];
    const error = relativeError(actual, durationOf(expected) ?? Number(expected));
    assert.ok(error <= TOLERANCE, `${name}: ${actual}, the peer has ${expected}`);
    errors.push([name, error]);
  }
  return errors;
}

function summaryOf(
  run: Run,
  peer: PeerRun,
  columns: CandleColumns,
  result: BacktestResult,
  trades: readonly TradeRecord[],
): RunSummary {
  const closeTimes = columns.openTime.map((time) => time + columns.intervalMs);
  assert.deepEqual(result.times, closeTimes, 'one slice for each bar');
  const signals = { executed: 0, ignored: 0, refused: 0 };
  for (const { outcome } of result.record.signals) signals[outcome.kind] += 1;
  assert.equal(signals.refused, 0);
  return summarise({
    currency: 'USD',
    startingBalance: peer.settings.cash ?? 10_000,
    closeTimes,
    barLengthMs: timeframeMs(run.timeframe),
    equity: result.equity,
    market: columns.close,
    // The peer begins to trade on the first bar on which every indicator is defined.
    firstTradingBar: result.indicators.get('slow')!.findIndex((value) => !Number.isNaN(value)),
    fills: result.record.fills,
    trades,
    finalBalance: toNumber(result.portfolio.balance('USD')),
    openPositions: [],
    openTradesAtEnd: 'closed',
    signals,
  });
}

/** 0 for two zeros. */
function relativeError(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.max(Math.abs(expected), Number.MIN_VALUE);
}

/** `7 days 20:00:00` in milliseconds; `undefined` for anything else. */
function durationOf(value: string | number | null): number | undefined {
  const match = /^(\d+) days (\d\d):(\d\d):(\d\d)$/.exec(String(value));
  if (!match) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map(Number);
  return days! * DAY_MS + hours! * HOUR_MS + minutes! * 60_000 + seconds! * 1000;
}

// Two more figures of the peer's present code on the README's example, given in `reference-values.md`.
for (const [commission, equity, closedTrades] of [
  [0.002, 56_263.52, 93],
  [0.001, 68_875.68, 93],
] as const) {
  const run = runs[1]!;
  const peerPath = sharedData(`reference/backtestingpy/${run.file}`);
  const barsPath = sharedData(run.bars);
  const name = `backtesting.py: GOOG daily, SMA 10/20, commission ${commission}, the last trade left open`;
  test(name, { skip: skipUnless(peerPath, barsPath) }, async () => {
    const { columns } = await loadCandles({ path: barsPath!, symbol: 'X', timeframe: '1d' });
    const peer = readPeerRun(peerPath!);
    const result = runOf(run, { ...peer, settings: { ...peer.settings, commission } }, columns, 'keep');
    assert.equal(result.equity.at(-1)!.toFixed(2), equity.toFixed(2));
    assert.equal(result.record.roundTrips.length, closedTrades);
  });
}
