/**
 * Trades into bars, and bars into bigger bars, one at a time as they come. `candle-history.ts` does the same over whole
 * columns and gives the same bits.
 *
 * **Boundary.** `closed: 'left'` (the default) puts a trade that happens exactly on a boundary into the bar that opens
 * there, as every exchange does: only so does a rebuilt bar equal the exchange's. `closed: 'right'` puts it into the bar
 * that ends there, (09:00:00, 09:05:00]. Either way a bar is labelled by its close time. Weeks start on Monday 00:00 UTC.
 * Smaller bars are never split, so for them the rule makes no difference.
 *
 * **When a bar is over.** When something of a later bar comes, when a smaller bar comes that closes with it, or when
 * `closeUntil(time)` says that everything until then has been given. Never by a clock: silence is not an end.
 *
 * **Empty intervals.** `empty: 'skip'` (the default) makes no bar. `'flat'` makes one at the last close with volume 0
 * and `parts` 0, from the first real bar on. Flat bars are for the eye: made into bigger bars they count as bars, so
 * that a bigger bar which begins with a flat one opens at the last close and not at its first trade.
 *
 * **Late trades**, whose bar is over: `late: 'drop'` (the default for trades) drops and counts them; `'amend'` gives an
 * amended bar, as long as it is one of the last `remember` intervals (2 by default); older ones are dropped and counted.
 * A trade that is out of order within the running bar is not late: open is the price of the earliest time, close that
 * of the latest; among equal times the first and the last to come.
 *
 * **Revised bars.** `late: 'amend'` is the default for bars: a smaller bar that comes again with other values replaces
 * itself. In the running bar this is silent (it is recomputed), in a closed one it gives an amended bar. A smaller bar
 * that comes again unchanged is counted as repeated, and nothing else happens.
 *
 * **Whole or lacking.** A bigger bar says of how many smaller ones it is made (`parts`) and how many a whole one has
 * (`wholeParts`). One that lacks some is given all the same: what to do about it is for the caller to say.
 *
 * **Volume** is a compensated sum, left to right (see `compensated-sum.ts`): made of trades it is the float64 nearest
 * to the exchange's decimal figure. By way of smaller bars it equals the direct sum exactly when volumes are multiples
 * of a power of two, and otherwise to a relative 1e-12.
 */
import { type Candle, candleDefect, type Trade } from '../domain/candle.ts';
import { barOpenTime, divides, type Timeframe, timeframeMs } from '../domain/timeframe.ts';
import { InvariantError, invariant } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { Stateful } from '../foundation/state-codec.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import { type AggregatedCandle, type BarMaker, type BarPolicy, BarSequence } from './bar-sequence.ts';
import { addTo, type CompensatedSum, sumOf } from './compensated-sum.ts';

export interface CandleAggregation extends Partial<BarPolicy> {}

export interface TradeAggregation extends Partial<BarPolicy> {
  readonly closed?: 'left' | 'right';
}

/** The open time of the bar that a trade belongs to. */
export function barOfTrade(time: EpochMs, timeframe: Timeframe, closed: 'left' | 'right'): EpochMs {
  return barOpenTime(closed === 'left' ? time : epochMs(time - 1), timeframe);
}

interface TradeBar extends CompensatedSum {
  trades: number;
  firstTime: number;
  lastTime: number;
  open: number;
  high: number;
  low: number;
  close: number;
}

const barOfTrades: BarMaker<Trade, TradeBar> = {
  wholeParts: undefined,
  empty: () => ({
    trades: 0,
    firstTime: Number.POSITIVE_INFINITY,
    lastTime: Number.NEGATIVE_INFINITY,
    open: 0,
    high: Number.NEGATIVE_INFINITY,
    low: Number.POSITIVE_INFINITY,
    close: 0,
    sum: 0,
    carry: 0,
  }),
  add(bar, trade) {
    const { time, price } = trade;
    bar.trades++;
    if (time < bar.firstTime) {
      bar.firstTime = time;
      bar.open = price;
    }
    if (time >= bar.lastTime) {
      bar.lastTime = time;
      bar.close = price;
    }
    if (price > bar.high) bar.high = price;
    if (price < bar.low) bar.low = price;
    addTo(bar, trade.quantity);
    return true;
  },
  parts: (bar) => bar.trades,
  candle: (bar, openTime, closeTime) => ({
    openTime,
    closeTime,
    open: bar.open,
    high: bar.high,
    low: bar.low,
    close: bar.close,
    volume: sumOf(bar),
  }),
};

/** Makes bars of trades. See the top of the file for every rule. */
export class TradeAggregator implements Stateful {
  readonly timeframe: Timeframe;
  readonly #closed: 'left' | 'right';
  readonly #bars: BarSequence<Trade, TradeBar>;

  constructor(
    timeframe: Timeframe,
    { closed = 'left', empty = 'skip', late = 'drop', remember = 2 }: TradeAggregation = {},
  ) {
    this.timeframe = timeframe;
    this.#closed = closed;
    this.#bars = new BarSequence(timeframe, { empty, late, remember }, barOfTrades);
  }

  /** Returns the bars that this trade closes, or amends. Throws when price or quantity is not a sound number. */
  push(trade: Trade): readonly AggregatedCandle[] {
    const { price, quantity } = trade;
    if (!(price > 0 && price < Number.POSITIVE_INFINITY && quantity >= 0 && quantity < Number.POSITIVE_INFINITY)) {
      throw new InvariantError('An impossible trade', { ...trade });
    }
    return this.#bars.push(barOfTrade(trade.time, this.timeframe, this.#closed), trade);
  }

  /** Ends every bar that closes at or before `time`: the caller vouches that all their trades were pushed. */
  closeUntil(time: EpochMs): readonly AggregatedCandle[] {
    return this.#bars.closeUntil(time);
  }

  /** The bar that is not over, as it stands. */
  get running(): Candle | undefined {
    return this.#bars.running;
  }

  /** How many trades came too late to be taken. */
  get droppedTrades(): number {
    return this.#bars.dropped;
  }

  snapshot(): Json {
    return this.#bars.snapshot();
  }

  restore(state: Json): void {
    this.#bars.restore(state);
  }
}

/** The smaller bars of one bigger one, in time order. */
interface CandleBar {
  readonly candles: Candle[];
}

function barOfCandles(wholeParts: number): BarMaker<Candle, CandleBar> {
  return {
    wholeParts,
    empty: () => ({ candles: [] }),
    add({ candles }, candle) {
      let place = candles.length;
      while (place > 0 && candles[place - 1]!.openTime > candle.openTime) place--;
      const before = candles[place - 1];
      if (before === undefined || before.openTime < candle.openTime) candles.splice(place, 0, candle);
      else if (sameCandle(before, candle)) return false;
      else candles[place - 1] = candle;
      return true;
    },
    parts: ({ candles }) => candles.length,
    candle({ candles }, openTime, closeTime) {
      const volume = { sum: 0, carry: 0 };
      let high = Number.NEGATIVE_INFINITY;
      let low = Number.POSITIVE_INFINITY;
      for (const candle of candles) {
        if (candle.high > high) high = candle.high;
        if (candle.low < low) low = candle.low;
        addTo(volume, candle.volume);
      }
      const { open } = candles[0]!;
      const { close } = candles.at(-1)!;
      return { openTime, closeTime, open, high, low, close, volume: sumOf(volume) };
    },
  };
}

function sameCandle(one: Candle, other: Candle): boolean {
  return (
    one.open === other.open &&
    one.high === other.high &&
    one.low === other.low &&
    one.close === other.close &&
    one.volume === other.volume
  );
}

/** Makes bigger bars of closed bars. See the top of the file for every rule. */
export class CandleAggregator implements Stateful {
  readonly from: Timeframe;
  readonly timeframe: Timeframe;
  readonly #bars: BarSequence<Candle, CandleBar>;

  /** @param timeframe a whole multiple of `from`, else an InvariantError */
  constructor(
    from: Timeframe,
    timeframe: Timeframe,
    { empty = 'skip', late = 'amend', remember = 2 }: CandleAggregation = {},
  ) {
    invariant(divides(from, timeframe), 'Bars of this length are not made of whole smaller ones', { from, timeframe });
    this.from = from;
    this.timeframe = timeframe;
    const wholeParts = timeframeMs(timeframe) / timeframeMs(from);
    this.#bars = new BarSequence(timeframe, { empty, late, remember }, barOfCandles(wholeParts));
  }

  /**
   * Takes a closed bar, or a revised one. Returns the bigger bars that it closes or amends. Throws when the bar is
   * impossible, of another length, or lies across the end of a bigger bar.
   */
  push(candle: Candle): readonly AggregatedCandle[] {
    const defect = candleDefect(candle);
    if (defect !== undefined) throw new InvariantError('An impossible bar', { defect, ...candle });
    const openTime = barOpenTime(candle.openTime, this.timeframe);
    const closeTime = openTime + timeframeMs(this.timeframe);
    const length = candle.closeTime - candle.openTime;
    if (length !== timeframeMs(this.from) || candle.closeTime > closeTime) {
      const { from, timeframe } = this;
      throw new InvariantError('A bar that does not fit', { openTime: candle.openTime, length, from, timeframe });
    }
    const events = this.#bars.push(openTime, candle);
    if (candle.closeTime < closeTime) return events;
    const closed = this.#bars.closeUntil(closeTime);
    return events.length === 0 ? closed : [...events, ...closed];
  }

  /** Ends every bigger bar that closes at or before `time`: the caller vouches that all their bars were pushed. */
  closeUntil(time: EpochMs): readonly AggregatedCandle[] {
    return this.#bars.closeUntil(time);
  }

  /** The bigger bar that is not over, as it stands. */
  get running(): Candle | undefined {
    return this.#bars.running;
  }

  /** How many bars came too late to be taken. */
  get droppedCandles(): number {
    return this.#bars.dropped;
  }

  /** How many bars came again unchanged. */
  get repeatedCandles(): number {
    return this.#bars.repeated;
  }

  snapshot(): Json {
    return this.#bars.snapshot();
  }

  restore(state: Json): void {
    this.#bars.restore(state);
  }
}
