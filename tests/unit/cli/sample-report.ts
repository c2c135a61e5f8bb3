import type { Fill } from '../../../src/domain/fill.ts';
import { DAY_MS } from '../../../src/foundation/time.ts';
import { drawdownSeries } from '../../../src/statistics/drawdown.ts';
import { type RunOutcome, summarise } from '../../../src/statistics/report.ts';
import type { CandleSeries, RunReport } from '../../../src/statistics/run-report.ts';
import type { TradeRecord } from '../../../src/statistics/trade-record.ts';
import { type Bars, equityOf, fillsOf, type PeerRun, tradeRecordsOf } from '../statistics/reference-data.ts';

/** A report of a run that backtesting.py made, with its moving averages as indicators. */
export function peerReport(
  peer: PeerRun,
  bars: Bars,
  periods: readonly [number, number],
  changes: Partial<RunReport> = {},
): RunReport {
  const symbol = 'GOOG';
  const commission = peer.settings.commission ?? 0;
  const trades = tradeRecordsOf(peer, symbol);
  const fills = trades.flatMap((trade) => fillsOf(trade, commission));
  const equity = equityOf(peer, trades, bars.close);
  const indicators = periods.map((period) => ({
    name: `SMA ${period}`,
    pane: 'price',
    style: 'line' as const,
    values: movingAverage(bars.close, period),
  }));
  const spread = indicators[0]!.values.map((value, row) => value - indicators[1]!.values[row]!);
  return reportOf({
    outcome: {
      currency: 'USD',
      startingBalance: peer.settings.cash ?? 10_000,
      closeTimes: bars.openTime.map((time) => time + DAY_MS),
      barLengthMs: DAY_MS,
      equity,
      market: bars.close,
      firstTradingBar: periods[1] - 1,
      fills,
      trades,
      finalBalance: equity.at(-1)!,
      openPositions: [],
      openTradesAtEnd: 'closed',
      signals: { executed: trades.length, ignored: 0, refused: 0 },
    },
    candles: bars,
    changes: {
      strategy: {
        name: 'sma-cross',
        title: 'SMA cross',
        description: 'Buys when the fast average crosses above the slow one, sells short when it crosses below.',
        parameters: { fast: periods[0], slow: periods[1] },
      },
      symbols: [symbol],
      indicators: [...indicators, { name: 'Spread', pane: 'spread', style: 'histogram', values: spread }],
      configuration: {
        cash: 10_000,
        commission,
        fill: 'next open',
        sizing: { kind: 'all-in', whole: true },
        openTradesAtEnd: 'closed',
      },
      ...changes,
    },
  });
}

/** A small report made up from an equity curve. */
export function smallReport(equity: readonly number[], changes: Partial<RunReport> = {}): RunReport {
  const start = Date.UTC(2024, 0, 1);
  const closes = Float64Array.from(equity, (_, row) => 100 + (row % 7));
  return reportOf({
    outcome: {
      currency: 'USDT',
      startingBalance: 1000,
      closeTimes: Float64Array.from(equity, (_, row) => start + (row + 1) * DAY_MS),
      barLengthMs: DAY_MS,
      equity: Float64Array.from(equity),
      market: closes,
      firstTradingBar: 0,
      fills: [],
      trades: changes.trades ?? [],
      finalBalance: equity.at(-1) ?? 1000,
      openPositions: changes.openPositions ?? [],
      openTradesAtEnd: 'left open',
      signals: { executed: 2, ignored: 1, refused: 1, refusedByCode: { RISK_EXPOSURE: 1 } },
    },
    candles: {
      openTime: closes.map((_, row) => start + row * DAY_MS),
      open: closes,
      high: closes,
      low: closes,
      close: closes,
    },
    changes,
  });
}

interface Ingredients {
  readonly outcome: RunOutcome & { readonly fills: readonly Fill[] };
  readonly candles: Omit<CandleSeries, 'volume'> & Partial<CandleSeries>;
  readonly changes: Partial<RunReport>;
}

function reportOf({ outcome, candles, changes }: Ingredients): RunReport {
  const symbol = changes.symbols?.[0] ?? 'BTCUSDT';
  return {
    strategy: { name: 'sample', title: 'Sample', parameters: {} },
    symbols: [symbol],
    timeframe: '1d',
    summary: summarise(outcome),
    closeTimes: outcome.closeTimes,
    equity: outcome.equity,
    drawdown: drawdownSeries(outcome.equity),
    fills: outcome.fills,
    trades: outcome.trades,
    openPositions: outcome.openPositions,
    candles: [{ feed: { symbol, timeframe: '1d' }, columns: { volume: candles.close.map(() => 1), ...candles } }],
    indicators: [],
    signals: outcome.signals,
    configuration: {},
    ...changes,
  };
}

export function trade(profit: number, changes: Partial<TradeRecord> = {}): TradeRecord {
  const start = Date.UTC(2024, 0, 2);
  return {
    symbol: 'BTCUSDT',
    side: 'long',
    entryTime: start,
    exitTime: start + 2 * DAY_MS,
    entryBar: 1,
    exitBar: 3,
    quantity: 1,
    entryPrice: 100,
    exitPrice: 100 + profit,
    profit,
    fees: 0,
    returnFraction: profit / 100,
    ...changes,
  };
}

function movingAverage(values: Float64Array, period: number): Float64Array {
  return values.map((_, row) =>
    row < period - 1
      ? Number.NaN
      : values.subarray(row - period + 1, row + 1).reduce((sum, value) => sum + value) / period,
  );
}
