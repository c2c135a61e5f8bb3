import assert from 'node:assert/strict';
import test from 'node:test';
import { DAY_MS, HOUR_MS } from '../../../src/foundation/time.ts';
import type { FigureKey } from '../../../src/statistics/figures.ts';
import { type RunSummary, summarise } from '../../../src/statistics/report.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import {
  type Bars,
  bigger,
  equityOf,
  fillsOf,
  type PeerRun,
  readBars,
  readPeerRun,
  timeOf,
  tradeRecordsOf,
} from './reference-data.ts';

/** Relative; backtesting.py holds its own table to 1e-8. */
const TOLERANCE = 1e-10;

const columns = [
  {
    name: 'GOOG daily, SMA 10/30, no commission',
    run: 'goog-smacross-10-30-nocommission.json',
    bars: 'backtesting-py/GOOG.csv',
    barLengthMs: DAY_MS,
    slow: 30,
  },
  {
    name: 'GOOG daily, SMA 10/20, commission 0.2 %',
    run: 'goog-smacross-10-20-commission-0.2pct.json',
    bars: 'backtesting-py/GOOG.csv',
    barLengthMs: DAY_MS,
    slow: 20,
  },
  {
    name: 'EURUSD hourly, long only, SMA 20/50',
    run: 'eurusd-1h-longonly-20-50.json',
    bars: 'backtesting-py/EURUSD.csv',
    barLengthMs: HOUR_MS,
    slow: 50,
  },
  {
    name: 'BTCUSDT hourly, long only, SMA 20/50',
    run: 'btcusdt-1h-longonly-20-50.json',
    bars: 'binance-spot-1m/BTCUSDT-1m-20240701-20250630.csv.gz',
    barLengthMs: HOUR_MS,
    slow: 50,
  },
] as const;

const rows: Readonly<Record<string, FigureKey>> = {
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

for (const column of columns) {
  const runPath = sharedData(`reference/backtestingpy/${column.run}`);
  const barsPath = sharedData(column.bars);
  test(`every figure of backtesting.py's table: ${column.name}`, { skip: skipUnless(runPath, barsPath) }, (context) => {
    const peer = readPeerRun(runPath!);
    const bars = bigger(readBars(barsPath!), column.barLengthMs);
    const summary = summaryOf(peer, bars, column.barLengthMs, column.slow - 1);
    let worst = 0;
    for (const [name, expected] of Object.entries(peer.stats)) {
      if (['Start', 'End', 'Duration'].includes(name)) continue;
      const key = rows[name];
      assert.ok(key !== undefined, `no figure for "${name}"`);
      const error = relativeError(summary.figures[key], durationOf(expected) ?? Number(expected));
      assert.ok(error <= TOLERANCE, `${name}: ${summary.figures[key]}, the peer has ${expected}`);
      worst = Math.max(worst, error);
    }
    context.diagnostic(`worst relative error ${worst.toExponential(1)}`);
    assert.equal(summary.startTime, timeOf(String(peer.stats.Start)));
    assert.equal(
      summary.endTime - column.barLengthMs,
      timeOf(String(peer.stats.End)),
      'the peer labels bars by their open',
    );
    assert.equal(summary.endTime - summary.startTime - column.barLengthMs, durationOf(peer.stats.Duration!));
  });
}

function summaryOf(peer: PeerRun, bars: Bars, barLengthMs: number, firstTradingBar: number): RunSummary {
  const trades = tradeRecordsOf(peer, 'X');
  const equity = equityOf(peer, trades, bars.close);
  return summarise({
    currency: 'USD',
    startingBalance: peer.settings.cash ?? 10_000,
    closeTimes: bars.openTime.map((time) => time + barLengthMs),
    barLengthMs,
    equity,
    market: bars.close,
    firstTradingBar,
    fills: trades.flatMap((trade) => fillsOf(trade, peer.settings.commission ?? 0)),
    trades,
    finalBalance: equity.at(-1)!,
    openPositions: [],
    openTradesAtEnd: 'closed',
    signals: { executed: 2 * trades.length, ignored: 0, refused: 0 },
  });
}

function relativeError(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.max(Math.abs(expected), Number.MIN_VALUE);
}

/** `7 days 20:00:00` in milliseconds; `undefined` for anything else. */
function durationOf(value: string | number | null): number | undefined {
  const match = /^(\d+) days (\d\d):(\d\d):(\d\d)$/.exec(String(value));
  if (!match) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map(Number);
  return days! * DAY_MS + hours! * HOUR_MS + minutes! * 60_000 + seconds! * 1000;
}
