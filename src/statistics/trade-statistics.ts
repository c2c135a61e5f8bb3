import { geometricMeanReturn, ratio } from './compounded-ratios.ts';
import { largest, mean, smallest, standardDeviation, sum } from './descriptive.ts';
import type { TradeRecord } from './trade-record.ts';

/** Figures over closed round trips. Money in quote currency after fees; returns as fractions; NaN where undefined. */
export interface TradeStatistics {
  readonly trades: number;
  /** Those with a profit above 0, and below 0; a trade of exactly 0 is neither. */
  readonly winners: number;
  readonly losers: number;
  /** `winners / trades`; NaN without trades. */
  readonly winRate: number;
  readonly netProfit: number;
  readonly averageProfit: number;
  readonly averageWin: number;
  /** Negative. */
  readonly averageLoss: number;
  readonly bestReturn: number;
  readonly worstReturn: number;
  /** Geometric mean of the trades' returns (backtesting.py "Avg. Trade"). */
  readonly averageReturn: number;
  /** Arithmetic mean of the trades' returns (backtesting.py "Expectancy"). */
  readonly expectancy: number;
  /** Σ of positive returns over |Σ of negative returns| (backtesting.py); NaN without a loss. */
  readonly profitFactor: number;
  /** The same over money, as brokers' reports have it. */
  readonly moneyProfitFactor: number;
  /** `√n · mean(profit) / s(profit)`, s of a sample (Van Tharp). */
  readonly systemQualityNumber: number;
  /** `W − (1 − W) / (average win / |average loss|)`; NaN without a win or without a loss (Kelly 1956). */
  readonly kellyCriterion: number;
  readonly longestMs: number;
  readonly averageDurationMs: number;
  readonly longestWinStreak: number;
  readonly longestLossStreak: number;
  readonly longTrades: number;
  readonly shortTrades: number;
}

export function tradeStatistics(trades: readonly TradeRecord[]): TradeStatistics {
  const profits = Float64Array.from(trades, (trade) => trade.profit);
  const returns = Float64Array.from(trades, (trade) => trade.returnFraction);
  const durations = Float64Array.from(trades, (trade) => trade.exitTime - trade.entryTime);
  const wins = profits.filter(isPositive);
  const losses = profits.filter(isNegative);
  const winRate = wins.length / trades.length;
  const averageWin = mean(wins);
  const averageLoss = mean(losses);
  return {
    trades: trades.length,
    winners: wins.length,
    losers: losses.length,
    winRate,
    netProfit: sum(profits),
    averageProfit: mean(profits),
    averageWin,
    averageLoss,
    bestReturn: largest(returns),
    worstReturn: smallest(returns),
    averageReturn: geometricMeanReturn(returns),
    expectancy: mean(returns),
    profitFactor: gainsOverLosses(returns),
    moneyProfitFactor: gainsOverLosses(profits),
    systemQualityNumber: ratio(Math.sqrt(trades.length) * mean(profits), standardDeviation(profits, 1)),
    kellyCriterion: winRate - (1 - winRate) / (averageWin / -averageLoss),
    longestMs: largest(durations),
    averageDurationMs: mean(durations),
    longestWinStreak: longestRun(profits, isPositive),
    longestLossStreak: longestRun(profits, isNegative),
    longTrades: trades.filter((trade) => trade.side === 'long').length,
    shortTrades: trades.filter((trade) => trade.side === 'short').length,
  };
}

function isPositive(value: number): boolean {
  return value > 0;
}

function isNegative(value: number): boolean {
  return value < 0;
}

function gainsOverLosses(values: Float64Array): number {
  return ratio(sum(values.filter(isPositive)), -sum(values.filter(isNegative)));
}

function longestRun(values: Float64Array, holds: (value: number) => boolean): number {
  let longest = 0;
  let current = 0;
  for (const value of values) {
    current = holds(value) ? current + 1 : 0;
    if (current > longest) longest = current;
  }
  return longest;
}

/** A stretch of bars, both ends included. */
export interface BarSpan {
  readonly entryBar: number;
  readonly exitBar: number;
}

/** The share of `bars` during which a position was held, counting the bars of entry and of exit whole (backtesting.py). */
export function exposure(spans: readonly BarSpan[], bars: number): number {
  let held = 0;
  let counted = 0;
  for (const span of [...spans].sort((left, right) => left.entryBar - right.entryBar)) {
    const from = Math.max(span.entryBar, counted);
    const to = Math.min(span.exitBar + 1, bars);
    if (to > from) held += to - from;
    counted = Math.max(counted, to);
  }
  return bars === 0 ? Number.NaN : held / bars;
}

/** A stretch of time, in milliseconds. */
export interface TimeSpan {
  readonly entryTime: number;
  readonly exitTime: number;
}

/** The share of the time [from, to) during which at least one of the spans ran; NaN of no time. */
export function timeInMarket(spans: readonly TimeSpan[], from: number, to: number): number {
  return to > from ? timeHeld(spans, from, to) / (to - from) : Number.NaN;
}

/** The time within [from, to) during which at least one of the spans ran, in milliseconds. */
export function timeHeld(spans: readonly TimeSpan[], from: number, to: number): number {
  let held = 0;
  let counted = from;
  for (const span of [...spans].sort((left, right) => left.entryTime - right.entryTime)) {
    const start = Math.max(span.entryTime, counted);
    const end = Math.min(span.exitTime, to);
    if (end > start) held += end - start;
    counted = Math.max(counted, end);
  }
  return held;
}
