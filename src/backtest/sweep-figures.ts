import type { FillTotals } from '../domain/fill-totals.ts';
import { timeframeMs } from '../domain/timeframe.ts';
import type { LeanRecord } from '../engine/lean-record.ts';
import { toNumber } from '../foundation/fixed-point.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { sum } from '../statistics/descriptive.ts';
import { summarise } from '../statistics/report.ts';
import { tradeRecord } from '../statistics/trade-record.ts';
import { timeHeld } from '../statistics/trade-statistics.ts';
import type { BacktestResult } from './backtest.ts';
import { figuresOf, type PeriodScale, periodScale } from './columns/point-figures.ts';
import { closeTimesOf, equityAt, leftOpen } from './run-outcome.ts';
import { SWEEP_FIGURES, type SweepFigures } from './sweep-point.ts';
import type { SweepTerms } from './sweep-terms.ts';

/**
 * Sums up runs over the same bars: the figures that a sweep asks for and no more, as `summarise` has them. What the runs
 * have in common is computed once.
 */
export class SweepSummary {
  readonly #terms: SweepTerms;
  readonly #main: CandleColumns;
  readonly #closeTimes: Float64Array;
  readonly #scale: PeriodScale;

  /** @param main the bars of the first feed */
  constructor(terms: SweepTerms, main: CandleColumns) {
    this.#terms = terms;
    this.#main = main;
    this.#closeTimes = closeTimesOf(main);
    this.#scale = periodScale(main, toNumber(terms.startingBalance));
  }

  figures(result: BacktestResult<LeanRecord<FillTotals>>): SweepFigures {
    const equity = equityAt(result, this.#closeTimes);
    const maximumDrawdown = maximumDrawdownOf(equity);
    if (maximumDrawdown === undefined) return this.#bySummary(result, equity);
    const { record } = result;
    const { currency } = this.#terms;
    const profits = record.roundTrips.map((trip) => toNumber(trip.profit));
    const winning = profits.filter((profit) => profit > 0);
    const end = this.#closeTimes.at(-1)!;
    const held = [...record.roundTrips, ...leftOpen(result).map(({ entryTime }) => ({ entryTime, exitTime: end }))];
    return figuresOf(
      {
        finalEquity: equity.at(-1)!,
        periodEquity: Float64Array.from(this.#scale.periodRows, (row) => equity[row]!),
        maximumDrawdown,
        roundTrips: profits.length,
        winners: winning.length,
        profit: sum(profits),
        gains: sum(winning),
        losses: sum(profits.filter((profit) => profit < 0)),
        fees: toNumber(record.fills.fees.get(currency) ?? 0n),
        fills: record.fills.length,
        turnover: record.fills.turnover,
        heldMs: timeHeld(held, this.#main.openTime[0]!, end),
        refused: record.refusedSignals,
      },
      this.#scale,
    );
  }

  /** Of equity that is odd: everything by the report's own function. */
  #bySummary(
    { record, portfolio, session }: BacktestResult<LeanRecord<FillTotals>>,
    equity: Float64Array,
  ): SweepFigures {
    const { currency, startingBalance, timeframe, endOfRun } = this.#terms;
    const { figures } = summarise({
      currency,
      startingBalance: toNumber(startingBalance),
      closeTimes: this.#closeTimes,
      barLengthMs: timeframeMs(timeframe),
      equity,
      market: this.#main.close,
      // Only buy & hold depends on it, which no sweep asks for.
      firstTradingBar: 0,
      fills: record.fills,
      trades: record.roundTrips.map((trip) => tradeRecord(trip, this.#main.openTime)),
      finalBalance: toNumber(portfolio.balance(currency)),
      openPositions: leftOpen({ portfolio, session }),
      openTradesAtEnd: endOfRun === 'keep' ? 'left open' : 'closed',
      signals: { executed: 0, ignored: 0, refused: record.refusedSignals },
    });
    return Float64Array.from(SWEEP_FIGURES, (key) => figures[key]);
  }
}

/** The greatest of `drawdownSeries`; `undefined` for equity that has no row, is no number, or begins at 0 or below. */
function maximumDrawdownOf(equity: Float64Array): number | undefined {
  if (!(equity[0]! > 0)) return undefined;
  let peak = 0;
  let maximum = 0;
  for (let row = 0; row < equity.length; row++) {
    const value = equity[row]!;
    if (value > peak) peak = value;
    const drawdown = 1 - value / peak;
    if (drawdown > maximum) maximum = drawdown;
    else if (Number.isNaN(drawdown)) return undefined;
  }
  return maximum;
}
