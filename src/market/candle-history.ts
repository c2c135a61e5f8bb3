/**
 * Trades into bars, and bars into bigger bars, over whole columns at once: the rules at the top of
 * `candle-aggregator.ts`, and the same bits. History is in order and final, so nothing is late and nothing is amended.
 */
import type { Trade } from '../domain/candle.ts';
import { barOpenTime, divides, type Timeframe, timeframeMs, timeframeOfLength } from '../domain/timeframe.ts';
import { InvariantError, invariant } from '../foundation/errors.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import type { AggregatedCandle } from './bar-sequence.ts';
import { barOfTrade, type TradeAggregation, TradeAggregator } from './candle-aggregator.ts';
import type { CandleColumns } from './candle-columns.ts';
import { CandleColumnsBuilder } from './candle-columns-builder.ts';
import { addTo, sumOf } from './compensated-sum.ts';

/** Trades as columns of one length, `time` (epoch ms) never falling. */
export interface TradeColumns {
  readonly time: Float64Array;
  readonly price: Float64Array;
  readonly quantity: Float64Array;
}

export interface AggregatedColumns {
  readonly columns: CandleColumns;
  /** For each bar: of how many trades or smaller bars it is made; 0 for a flat one. */
  readonly parts: Float64Array;
  /** How many smaller bars a whole one has; `undefined` when made of trades. */
  readonly wholeParts: number | undefined;
}

export interface HistoryAggregation {
  readonly empty?: 'skip' | 'flat';
  /** Everything until then is in the columns: bars that close at or before are over, even without anything after. */
  readonly until?: EpochMs;
}

/**
 * Bars into bigger bars. A last bigger bar whose time is not over is left out.
 *
 * @param candles bars of a known timeframe that divides `timeframe`, on its grid; else an InvariantError
 */
export function aggregateCandles(
  candles: CandleColumns,
  timeframe: Timeframe,
  { empty = 'skip', until }: HistoryAggregation = {},
): AggregatedColumns {
  const from = timeframeOfLength(candles.intervalMs);
  invariant(from !== undefined && divides(from, timeframe), 'Bars that do not make up the wanted ones', {
    intervalMs: candles.intervalMs,
    timeframe,
  });
  const { length, openTime, open, high, low, close, volume } = candles;
  const history = new HistoryBars(
    timeframe,
    empty,
    Math.max(until ?? 0, length > 0 ? candles.closeTime(length - 1) : 0),
  );
  let row = 0;
  while (row < length) {
    const opens = barOpenTime(epochMs(openTime[row]!), timeframe);
    const closes = opens + timeframeMs(timeframe);
    const total = { sum: 0, carry: 0 };
    const first = row;
    let highest = Number.NEGATIVE_INFINITY;
    let lowest = Number.POSITIVE_INFINITY;
    for (; row < length && openTime[row]! < closes; row++) {
      if (high[row]! > highest) highest = high[row]!;
      if (low[row]! < lowest) lowest = low[row]!;
      addTo(total, volume[row]!);
    }
    invariant(openTime[row - 1]! + candles.intervalMs <= closes, 'A bar that lies across the end of a bigger one', {
      openTime: openTime[row - 1],
      timeframe,
    });
    history.add(opens, open[first]!, highest, lowest, close[row - 1]!, sumOf(total), row - first);
  }
  return history.build(timeframeMs(timeframe) / candles.intervalMs);
}

/**
 * Trades into bars. A last bar whose time is not over (no later trade, no `until`) is left out. Trades whose time falls
 * are an InvariantError.
 */
export function aggregateTrades(
  trades: TradeColumns,
  timeframe: Timeframe,
  { closed = 'left', empty = 'skip', until }: HistoryAggregation & Pick<TradeAggregation, 'closed'> = {},
): AggregatedColumns {
  const { time, price, quantity } = trades;
  const barOf = (row: number): EpochMs => barOfTrade(epochMs(time[row]!), timeframe, closed);
  const history = new HistoryBars(timeframe, empty, Math.max(until ?? 0, time.length > 0 ? barOf(time.length - 1) : 0));
  let row = 0;
  while (row < time.length) {
    const opens = barOf(row);
    const total = { sum: 0, carry: 0 };
    const first = row;
    let highest = Number.NEGATIVE_INFINITY;
    let lowest = Number.POSITIVE_INFINITY;
    for (; row < time.length && barOf(row) === opens; row++) {
      if (row > 0 && time[row]! < time[row - 1]!) throw new InvariantError('Trades out of the order of time', { row });
      if (price[row]! > highest) highest = price[row]!;
      if (price[row]! < lowest) lowest = price[row]!;
      addTo(total, quantity[row]!);
    }
    history.add(opens, price[first]!, highest, lowest, price[row - 1]!, sumOf(total), row - first);
  }
  return history.build(undefined);
}

/** One bar after the other as they close, for a loop: over trades that come in any order the policy allows. */
export function* candlesOfTrades(
  trades: Iterable<Trade>,
  timeframe: Timeframe,
  policy: TradeAggregation & { readonly until?: EpochMs } = {},
): Generator<AggregatedCandle, void, undefined> {
  const aggregator = new TradeAggregator(timeframe, policy);
  for (const trade of trades) yield* aggregator.push(trade);
  if (policy.until !== undefined) yield* aggregator.closeUntil(policy.until);
}

/** Collects bars, with flat ones between them if asked, up to a moment. */
class HistoryBars {
  readonly #builder = new CandleColumnsBuilder();
  readonly #parts: number[] = [];
  readonly #length: number;
  readonly #flat: boolean;
  readonly #until: number;
  #next = Number.POSITIVE_INFINITY;
  #close = 0;

  constructor(timeframe: Timeframe, empty: 'skip' | 'flat', until: number) {
    this.#length = timeframeMs(timeframe);
    this.#flat = empty === 'flat';
    this.#until = until;
  }

  add(openTime: number, open: number, high: number, low: number, close: number, volume: number, parts: number): void {
    if (openTime + this.#length > this.#until) return;
    this.#fill(openTime);
    this.#builder.add(openTime, open, high, low, close, volume);
    this.#parts.push(parts);
    this.#next = openTime + this.#length;
    this.#close = close;
  }

  build(wholeParts: number | undefined): AggregatedColumns {
    this.#fill(this.#until);
    const parts = Float64Array.from(this.#parts);
    return { columns: this.#builder.build(this.#length), parts, wholeParts };
  }

  #fill(until: number): void {
    if (!this.#flat) return;
    for (const price = this.#close; this.#next + this.#length <= until; this.#next += this.#length) {
      this.#builder.add(this.#next, price, price, price, price, 0);
      this.#parts.push(0);
    }
  }
}
