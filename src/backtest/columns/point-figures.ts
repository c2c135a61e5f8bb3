import { notional, toNumber } from '../../foundation/fixed-point.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import {
  calmarRatio,
  compoundedAnnualReturn,
  compoundedAnnualVolatility,
  downsideDeviation,
  geometricMeanReturn,
  ratio,
} from '../../statistics/compounded-ratios.ts';
import { sum } from '../../statistics/descriptive.ts';
import {
  annualisationOf,
  type CalendarPeriod,
  dayEnds,
  lastPerPeriod,
  simpleReturns,
} from '../../statistics/returns.ts';
import type { BacktestResult } from '../backtest.ts';
import { SWEEP_FIGURES, type SweepFigureKey, type SweepFigures } from '../sweep-point.ts';

/** What the figures of a point are made of. Sums are those of `descriptive.ts`, in the order of the fills. */
export interface PointTotals {
  readonly finalEquity: number;
  /** At the last bar of each period of returns, see {@link PeriodScale}. */
  readonly periodEquity: Float64Array;
  /** 0 … 1. */
  readonly maximumDrawdown: number;
  readonly roundTrips: number;
  readonly winners: number;
  /** Of all round trips, of the winners, of the losers (negative). */
  readonly profit: number;
  readonly gains: number;
  readonly losses: number;
  readonly fees: number;
  readonly fills: number;
  readonly turnover: number;
  /** The time with a position, in milliseconds, and of the whole run. */
  readonly heldMs: number;
  readonly refused: number;
}

/** What the figures of all points over the same bars have in common. */
export interface PeriodScale {
  readonly startingBalance: number;
  /** The last row of each period whose returns are compared (a day, for bars of a day and less). */
  readonly periodRows: Int32Array;
  readonly periodsPerYear: number;
  readonly spanMs: number;
}

/** @param bars at least one */
export function periodScale(bars: CandleColumns, startingBalance: number): PeriodScale {
  const { period, periodsPerYear } = annualisationOf(bars.openTime);
  return {
    startingBalance,
    periodRows: lastRows(bars.openTime, period),
    periodsPerYear,
    spanMs: bars.openTime[bars.length - 1]! + bars.intervalMs - bars.openTime[0]!,
  };
}

/** The row at which {@link lastPerPeriod} takes a value for each period. */
function lastRows(openTimes: Float64Array, period: CalendarPeriod): Int32Array {
  if (period === 'day') return dayEnds(openTimes).map((end) => end - 1);
  const rows = openTimes.map((_, row) => row);
  return Int32Array.from(lastPerPeriod(openTimes, rows, period).values);
}

/** The figures of a point, by the expressions of `statistics/report.ts`. */
export function figuresOf(totals: PointTotals, scale: PeriodScale): SweepFigures {
  const { finalEquity, maximumDrawdown, roundTrips } = totals;
  const { startingBalance, periodsPerYear } = scale;
  const totalProfit = finalEquity - startingBalance;
  const returns = simpleReturns(totals.periodEquity);
  const meanReturn = geometricMeanReturn(returns);
  const annual = compoundedAnnualReturn(returns, periodsPerYear, meanReturn);
  const volatility = compoundedAnnualVolatility(returns, periodsPerYear, meanReturn);
  const figures: Record<SweepFigureKey, number> = {
    finalPortfolioValue: finalEquity,
    totalProfit,
    returnPercent: (totalProfit / startingBalance) * 100,
    annualReturnPercent: annual * 100,
    annualVolatilityPercent: volatility * 100,
    sharpeRatio: ratio(annual, volatility),
    sortinoRatio: ratio(annual, downsideDeviation(returns) * Math.sqrt(periodsPerYear)),
    calmarRatio: calmarRatio(annual, maximumDrawdown),
    maximumDrawdownPercent: (0 - maximumDrawdown) * 100,
    roundTrips,
    winRatePercent: (totals.winners / roundTrips) * 100,
    moneyProfitFactor: ratio(totals.gains, -totals.losses),
    averageProfit: totals.profit / roundTrips,
    fees: totals.fees,
    fills: totals.fills,
    turnover: totals.turnover,
    timeInMarketPercent: (scale.spanMs > 0 ? totals.heldMs / scale.spanMs : Number.NaN) * 100,
    signalsRefused: totals.refused,
  };
  const row = new Float64Array(SWEEP_FIGURES.length);
  for (let index = 0; index < row.length; index++) row[index] = figures[SWEEP_FIGURES[index]!];
  return row;
}

/** The totals of a run of one symbol whose record was kept. */
export function totalsOf(result: BacktestResult, bars: CandleColumns, scale: PeriodScale): PointTotals {
  const { record, equity, portfolio } = result;
  const profits = record.roundTrips.map((trip) => toNumber(trip.profit));
  const winning = profits.filter((profit) => profit > 0);
  const end = bars.openTime[bars.length - 1]! + bars.intervalMs;
  let heldMs = 0;
  for (const trip of record.roundTrips) heldMs += trip.exitTime - trip.entryTime;
  for (const { openedAt } of portfolio.positions()) if (openedAt !== undefined) heldMs += end - openedAt;
  let feeUnits = 0n;
  for (const fill of record.fills) feeUnits += fill.fee;
  return {
    finalEquity: equity.at(-1)!,
    periodEquity: Float64Array.from(scale.periodRows, (row) => equity[row]!),
    maximumDrawdown: maximumDrawdownOf(equity),
    roundTrips: profits.length,
    winners: winning.length,
    profit: sum(profits),
    gains: sum(winning),
    losses: sum(profits.filter((profit) => profit < 0)),
    fees: toNumber(feeUnits),
    fills: record.fills.length,
    turnover: sum(record.fills.map((fill) => toNumber(notional(fill.price, fill.quantity)))),
    heldMs,
    refused: record.signals.reduce((count, { outcome }) => count + (outcome.kind === 'refused' ? 1 : 0), 0),
  };
}

/** The greatest of `drawdownSeries`, of an equity that begins above 0. */
function maximumDrawdownOf(equity: Float64Array): number {
  let peak = Number.NEGATIVE_INFINITY;
  let maximum = 0;
  for (let row = 0; row < equity.length; row++) {
    if (equity[row]! > peak) peak = equity[row]!;
    const drawdown = 1 - equity[row]! / peak;
    if (drawdown > maximum) maximum = drawdown;
  }
  return maximum;
}
