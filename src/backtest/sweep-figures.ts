import { timeframeMs } from '../domain/timeframe.ts';
import type { LeanRecord } from '../engine/lean-record.ts';
import { toNumber } from '../foundation/fixed-point.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { summarise } from '../statistics/report.ts';
import { tradeRecord } from '../statistics/trade-record.ts';
import type { BacktestResult } from './backtest.ts';
import { closeTimesOf, equityAt, leftOpen } from './run-outcome.ts';
import { SWEEP_FIGURES, type SweepFigures } from './sweep-point.ts';
import type { SweepTerms } from './sweep-terms.ts';

/** Sums up runs over the same bars. */
export class SweepSummary {
  readonly #terms: SweepTerms;
  readonly #main: CandleColumns;
  readonly #closeTimes: Float64Array;

  /** @param main the bars of the first feed */
  constructor(terms: SweepTerms, main: CandleColumns) {
    this.#terms = terms;
    this.#main = main;
    this.#closeTimes = closeTimesOf(main);
  }

  figures(result: BacktestResult<LeanRecord>): SweepFigures {
    const { record, portfolio } = result;
    const { currency, startingBalance, timeframe, endOfRun } = this.#terms;
    const { figures } = summarise({
      currency,
      startingBalance: toNumber(startingBalance),
      closeTimes: this.#closeTimes,
      barLengthMs: timeframeMs(timeframe),
      equity: equityAt(result, this.#closeTimes),
      market: this.#main.close,
      // Only buy & hold depends on it, which no sweep asks for.
      firstTradingBar: 0,
      fills: record.fills,
      trades: record.roundTrips.map((trip) => tradeRecord(trip, this.#main.openTime)),
      finalBalance: toNumber(portfolio.balance(currency)),
      openPositions: leftOpen(result),
      openTradesAtEnd: endOfRun === 'keep' ? 'left open' : 'closed',
      signals: { executed: 0, ignored: 0, refused: record.refusedSignals },
    });
    return Float64Array.from(SWEEP_FIGURES, (key) => figures[key]);
  }
}
