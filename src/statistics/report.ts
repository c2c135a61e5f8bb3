import type { Fill } from '../domain/fill.ts';
import { FillTotals } from '../domain/fill-totals.ts';
import { notional, toNumber } from '../foundation/fixed-point.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../foundation/time.ts';
import {
  annualVolatility,
  arithmeticCalmarRatio,
  arithmeticSharpeRatio,
  arithmeticSortinoRatio,
  downsideRisk,
} from './arithmetic-ratios.ts';
import { beta, jensenAlpha } from './benchmark.ts';
import {
  calmarRatio,
  compoundAnnualGrowthRate,
  compoundedAnnualReturn,
  compoundedAnnualVolatility,
  compoundedSharpeRatio,
  compoundedSortinoRatio,
} from './compounded-ratios.ts';
import { largest, sum } from './descriptive.ts';
import { drawdownSeries, summariseDrawdown } from './drawdown.ts';
import type { FigureKey, Figures } from './figures.ts';
import type { OpenPosition } from './open-position.ts';
import { drawdownOfProfits, expectancyOf, sharpeOfProfits, sortinoOfProfits } from './profit-statistics.ts';
import {
  type Annualisation,
  annualisationOf,
  lastPerPeriod,
  logReturns,
  medianSpacing,
  simpleReturns,
} from './returns.ts';
import { conditionalValueAtRisk, omegaRatio, stability, tailRatio, valueAtRisk } from './tail-risk.ts';
import { barAt, type TradeRecord } from './trade-record.ts';
import { exposure, timeInMarket, tradeStatistics } from './trade-statistics.ts';

/** What became of the strategy's signals, counted. */
export interface SignalCounts {
  readonly executed: number;
  readonly ignored: number;
  readonly refused: number;
  /** Refusals by their code. */
  readonly refusedByCode?: Readonly<Record<string, number>>;
}

/** What a run has left behind: all that its summary needs. Money in {@link currency}, times in milliseconds UTC. */
export interface RunOutcome {
  readonly currency: string;
  readonly startingBalance: number;
  /** The bars of the main feed: when each closed, rising, and how long a bar is. */
  readonly closeTimes: Float64Array;
  readonly barLengthMs: number;
  /** Cash and positions at each of those closes. */
  readonly equity: Float64Array;
  /** The first symbol's close at each of them: what buy & hold, alpha and beta compare with. */
  readonly market: Float64Array;
  /** The first row on which the strategy could decide: its lookback is behind it. */
  readonly firstTradingBar: number;
  /** Or their sums. */
  readonly fills: readonly Fill[] | FillTotals;
  readonly trades: readonly TradeRecord[];
  readonly finalBalance: number;
  readonly openPositions: readonly OpenPosition[];
  /** Whether positions open at the end were closed on the last bar, or left open and valued at its close. */
  readonly openTradesAtEnd: 'closed' | 'left open';
  readonly signals: SignalCounts;
  /** A fraction a year; default 0. */
  readonly riskFreeRate?: number;
  /** Default: {@link annualisationOf} the bars. */
  readonly annualisation?: Annualisation;
}

/** One run in figures. Their titles, units and definitions are in `FIGURES`; NaN is "undefined". */
export interface RunSummary {
  readonly currency: string;
  /** The open of the first bar and the close of the last; NaN without bars. */
  readonly startTime: number;
  readonly endTime: number;
  /** Return, risk and empyrical's figures come from equity at the end of each such period (UTC). */
  readonly returnsPeriod: Annualisation['period'];
  readonly figures: Figures;
  readonly feesByCurrency: Readonly<Record<string, number>>;
  /** What is still held, by symbol, in units of base; negative is short. */
  readonly finalInventory: Readonly<Record<string, number>>;
  readonly refusedByCode: Readonly<Record<string, number>>;
  readonly openTradesAtEnd: RunOutcome['openTradesAtEnd'];
  readonly riskFreeRate: number;
}

/** Sums up a run. Never throws: figures that are undefined for it are NaN. */
export function summarise(run: RunOutcome): RunSummary {
  const openTimes = run.closeTimes.map((time) => time - run.barLengthMs);
  const annualisation = run.annualisation ?? annualisationOf(openTimes);
  const result = resultFigures(run);
  return {
    currency: run.currency,
    startTime: openTimes[0] ?? Number.NaN,
    endTime: run.closeTimes.at(-1) ?? Number.NaN,
    returnsPeriod: annualisation.period,
    figures: {
      ...result,
      ...riskFigures(run, openTimes, annualisation, result),
      ...tradeFigures(run, openTimes),
      ...activityFigures(run, openTimes),
      ...closedProfitFigures(run, result.finalPortfolioValue),
    },
    feesByCurrency: feesByCurrency(run.fills),
    finalInventory: Object.fromEntries(run.openPositions.map((position) => [position.symbol, position.quantity])),
    refusedByCode: run.signals.refusedByCode ?? {},
    openTradesAtEnd: run.openTradesAtEnd,
    riskFreeRate: run.riskFreeRate ?? 0,
  };
}

type Part<Key extends FigureKey> = Pick<Figures, Key>;

type ResultKey =
  | 'startingBalance'
  | 'finalPortfolioValue'
  | 'finalBalance'
  | 'finalInventoryValue'
  | 'totalProfit'
  | 'realisedProfit'
  | 'unrealisedProfit'
  | 'fees'
  | 'returnPercent'
  | 'buyAndHoldReturnPercent'
  | 'equityPeak';

function resultFigures(run: RunOutcome): Part<ResultKey> {
  const finalPortfolioValue = run.equity.at(-1) ?? run.startingBalance;
  const totalProfit = finalPortfolioValue - run.startingBalance;
  const firstPrice = run.market[Math.min(run.firstTradingBar, run.market.length - 1)];
  const lastPrice = run.market.at(-1);
  return {
    startingBalance: run.startingBalance,
    finalPortfolioValue,
    finalBalance: run.finalBalance,
    finalInventoryValue: sum(run.openPositions.map((position) => position.value)),
    totalProfit,
    realisedProfit: sum(run.trades.map((trade) => trade.profit)),
    unrealisedProfit: sum(run.openPositions.map((position) => position.unrealisedProfit)),
    fees: feesByCurrency(run.fills)[run.currency] ?? 0,
    returnPercent: (totalProfit / run.startingBalance) * 100,
    buyAndHoldReturnPercent: ((lastPrice ?? Number.NaN) / (firstPrice ?? Number.NaN) - 1) * 100,
    equityPeak: largest(run.equity),
  };
}

type RiskKey =
  | 'annualReturnPercent'
  | 'annualVolatilityPercent'
  | 'cagrPercent'
  | 'sharpeRatio'
  | 'sortinoRatio'
  | 'calmarRatio'
  | 'alphaPercent'
  | 'beta'
  | 'periodsPerYear'
  | 'maximumDrawdownPercent'
  | 'averageDrawdownPercent'
  | 'maximumDrawdownDurationMs'
  | 'averageDrawdownDurationMs'
  | 'maximumDrawdownPeakTime'
  | 'maximumDrawdownValleyTime'
  | ReturnsKey;

function riskFigures(
  run: RunOutcome,
  openTimes: Float64Array,
  { period, periodsPerYear }: Annualisation,
  result: Part<'returnPercent' | 'buyAndHoldReturnPercent' | 'finalPortfolioValue'>,
): Part<RiskKey> {
  const riskFreeRate = run.riskFreeRate ?? 0;
  const returns = simpleReturns(lastPerPeriod(openTimes, run.equity, period).values);
  const drawdown = summariseDrawdown(run.closeTimes, drawdownSeries(run.equity));
  const unit = wholeUnit(medianSpacing(openTimes, 100));
  const years = spanMs(run.closeTimes) / (365.25 * DAY_MS);
  const annual = compoundedAnnualReturn(returns, periodsPerYear);
  const marketBeta = beta(logReturns(run.equity), logReturns(run.market));
  return {
    annualReturnPercent: annual * 100,
    annualVolatilityPercent: compoundedAnnualVolatility(returns, periodsPerYear) * 100,
    cagrPercent: compoundAnnualGrowthRate(run.startingBalance, result.finalPortfolioValue, years) * 100,
    sharpeRatio: compoundedSharpeRatio(returns, periodsPerYear, riskFreeRate),
    sortinoRatio: compoundedSortinoRatio(returns, periodsPerYear, riskFreeRate),
    calmarRatio: calmarRatio(annual, drawdown.maximum),
    alphaPercent:
      jensenAlpha(result.returnPercent / 100, result.buyAndHoldReturnPercent / 100, marketBeta, riskFreeRate) * 100,
    beta: marketBeta,
    periodsPerYear,
    maximumDrawdownPercent: minus(drawdown.maximum) * 100,
    averageDrawdownPercent: minus(drawdown.average) * 100,
    maximumDrawdownDurationMs: roundUp(drawdown.longestMs, unit),
    averageDrawdownDurationMs: roundUp(drawdown.averageDurationMs, unit),
    maximumDrawdownPeakTime: drawdown.peakTime,
    maximumDrawdownValleyTime: drawdown.valleyTime,
    ...returnsFigures(returns, periodsPerYear, riskFreeRate),
  };
}

type ReturnsKey =
  | 'arithmeticSharpeRatio'
  | 'arithmeticSortinoRatio'
  | 'arithmeticCalmarRatio'
  | 'arithmeticVolatilityPercent'
  | 'downsideRiskPercent'
  | 'omegaRatio'
  | 'tailRatio'
  | 'stability'
  | 'valueAtRiskPercent'
  | 'conditionalValueAtRiskPercent';

function returnsFigures(returns: Float64Array, periodsPerYear: number, riskFreeRate: number): Part<ReturnsKey> {
  const riskFree = (1 + riskFreeRate) ** (1 / periodsPerYear) - 1;
  return {
    arithmeticSharpeRatio: arithmeticSharpeRatio(returns, periodsPerYear, riskFree),
    arithmeticSortinoRatio: arithmeticSortinoRatio(returns, periodsPerYear, riskFree),
    arithmeticCalmarRatio: arithmeticCalmarRatio(returns, periodsPerYear),
    arithmeticVolatilityPercent: annualVolatility(returns, periodsPerYear) * 100,
    downsideRiskPercent: downsideRisk(returns, periodsPerYear, riskFree) * 100,
    omegaRatio: omegaRatio(returns, riskFree),
    tailRatio: tailRatio(returns),
    stability: stability(returns),
    valueAtRiskPercent: valueAtRisk(returns) * 100,
    conditionalValueAtRiskPercent: conditionalValueAtRisk(returns) * 100,
  };
}

type TradeKey =
  | 'roundTrips'
  | 'winners'
  | 'losers'
  | 'winRatePercent'
  | 'longTrades'
  | 'shortTrades'
  | 'bestTradePercent'
  | 'worstTradePercent'
  | 'averageTradePercent'
  | 'expectancyPercent'
  | 'averageProfit'
  | 'averageWin'
  | 'averageLoss'
  | 'profitFactor'
  | 'moneyProfitFactor'
  | 'systemQualityNumber'
  | 'kellyCriterion'
  | 'maximumTradeDurationMs'
  | 'averageTradeDurationMs'
  | 'longestWinStreak'
  | 'longestLossStreak';

function tradeFigures(run: RunOutcome, openTimes: Float64Array): Part<TradeKey> {
  const trades = tradeStatistics(run.trades);
  const unit = wholeUnit(medianSpacing(openTimes, 100));
  return {
    roundTrips: trades.trades,
    winners: trades.winners,
    losers: trades.losers,
    winRatePercent: trades.winRate * 100,
    longTrades: trades.longTrades,
    shortTrades: trades.shortTrades,
    bestTradePercent: trades.bestReturn * 100,
    worstTradePercent: trades.worstReturn * 100,
    averageTradePercent: trades.averageReturn * 100,
    expectancyPercent: trades.expectancy * 100,
    averageProfit: trades.averageProfit,
    averageWin: trades.averageWin,
    averageLoss: trades.averageLoss,
    profitFactor: trades.profitFactor,
    moneyProfitFactor: trades.moneyProfitFactor,
    systemQualityNumber: trades.systemQualityNumber,
    kellyCriterion: trades.kellyCriterion,
    maximumTradeDurationMs: roundUp(trades.longestMs, unit),
    averageTradeDurationMs: roundUp(trades.averageDurationMs, unit),
    longestWinStreak: trades.longestWinStreak,
    longestLossStreak: trades.longestLossStreak,
  };
}

type ActivityKey =
  | 'fills'
  | 'exposurePercent'
  | 'timeInMarketPercent'
  | 'turnover'
  | 'turnoverRatio'
  | 'signalsExecuted'
  | 'signalsIgnored'
  | 'signalsRefused'
  | 'bars';

function activityFigures(run: RunOutcome, openTimes: Float64Array): Part<ActivityKey> {
  const bars = run.closeTimes.length;
  const end = run.closeTimes.at(-1) ?? Number.NaN;
  const held = [
    ...run.trades,
    ...run.openPositions.map(({ entryTime }) => ({
      entryTime,
      exitTime: end,
      entryBar: barAt(openTimes, entryTime),
      exitBar: bars - 1,
    })),
  ];
  const turnover = turnoverOf(run.fills);
  return {
    fills: run.fills.length,
    exposurePercent: exposure(held, bars) * 100,
    timeInMarketPercent: timeInMarket(held, openTimes[0] ?? Number.NaN, end) * 100,
    turnover,
    turnoverRatio: turnover / run.startingBalance,
    signalsExecuted: run.signals.executed,
    signalsIgnored: run.signals.ignored,
    signalsRefused: run.signals.refused,
    bars,
  };
}

type ClosedProfitKey =
  | 'profitExpectancy'
  | 'expectancyRatio'
  | 'profitDrawdown'
  | 'profitDrawdownPercent'
  | 'profitSharpeRatio'
  | 'profitSortinoRatio'
  | 'cagr365Percent';

function closedProfitFigures(run: RunOutcome, finalPortfolioValue: number): Part<ClosedProfitKey> {
  const profits = [...run.trades].sort((left, right) => left.exitTime - right.exitTime).map((trade) => trade.profit);
  const duration = spanMs(run.closeTimes);
  const expectancy = expectancyOf(profits);
  const drawdown = drawdownOfProfits(profits, run.startingBalance);
  return {
    profitExpectancy: expectancy.expectancy,
    expectancyRatio: expectancy.ratio,
    profitDrawdown: drawdown.absolute,
    profitDrawdownPercent: drawdown.relative * 100,
    profitSharpeRatio: sharpeOfProfits(profits, run.startingBalance, duration),
    profitSortinoRatio: sortinoOfProfits(profits, run.startingBalance, duration),
    cagr365Percent:
      compoundAnnualGrowthRate(run.startingBalance, finalPortfolioValue, Math.floor(duration / DAY_MS) / 365) * 100,
  };
}

function turnoverOf(fills: RunOutcome['fills']): number {
  if (fills instanceof FillTotals) return fills.turnover;
  return sum(fills.map((fill) => toNumber(notional(fill.price, fill.quantity))));
}

function feesByCurrency(fills: RunOutcome['fills']): Record<string, number> {
  const totals = fills instanceof FillTotals ? fills.fees : feeTotals(fills);
  return Object.fromEntries([...totals].map(([currency, total]) => [currency, toNumber(total)]));
}

function feeTotals(fills: readonly Fill[]): Map<string, bigint> {
  const totals = new Map<string, bigint>();
  for (const fill of fills) totals.set(fill.feeCurrency, (totals.get(fill.feeCurrency) ?? 0n) + fill.fee);
  return totals;
}

/** From the first close to the last; 0 without bars. */
function spanMs(closeTimes: Float64Array): number {
  return (closeTimes.at(-1) ?? 0) - (closeTimes[0] ?? 0);
}

/** The largest of day, hour, minute, second and millisecond of which `spacing` is a whole number. */
function wholeUnit(spacing: number): number {
  return [DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS].find((unit) => spacing % unit === 0) ?? 1;
}

function roundUp(duration: number, unit: number): number {
  return Math.ceil(duration / unit) * unit;
}

/** `-value`, without a negative zero. */
function minus(value: number): number {
  return 0 - value;
}
