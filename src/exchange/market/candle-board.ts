import type { RecordedMarket } from './market.ts';
import { candleAt, candleEnd, candleStart, type KlineInterval, type TapeCandle } from './tape-candles.ts';

const MINUTE = '1';

/**
 * Candles as the exchange tells them: what the record gives, but where one was revised after its close. A minute that was
 * revised is revised in the longer candles too.
 */
export class CandleBoard {
  readonly #revised = new Map<string, TapeCandle>();
  readonly #revisedMinutes = new Map<string, TapeCandle[]>();

  candle(market: RecordedMarket, interval: KlineInterval, start: number, now: number): TapeCandle | undefined {
    const revised = this.#revised.get(keyOf(market, interval, start));
    const candle = revised ?? candleAt(market.tape, interval, start, now);
    const minutes = this.#revisedMinutes.get(market.symbol);
    if (revised !== undefined || candle === undefined || minutes === undefined || interval === MINUTE) return candle;
    return minutes.reduce(withMinute, candle);
  }

  /**
   * At most `limit` candles that begin in [`from`, `to`], oldest first: the first ones from `from` where `fromStart`, else
   * the last ones before `to`.
   */
  range(
    market: RecordedMarket,
    interval: KlineInterval,
    { from, to, limit, fromStart }: { from: number; to: number; limit: number; fromStart: boolean },
  ): readonly TapeCandle[] {
    const now = market.now();
    const earliest = candleStart(interval, market.tape.start);
    const first = Math.max(roundUp(interval, from), earliest);
    const last = candleStart(interval, Math.min(to, now));
    const candles: TapeCandle[] = [];
    if (fromStart) {
      for (let start = first; start <= last && candles.length < limit; start = candleEnd(interval, start)) {
        candles.push(...this.#known(market, interval, start, now));
      }
      return candles;
    }
    for (let start = last; start >= first && candles.length < limit; start = candleStart(interval, start - 1)) {
      candles.push(...this.#known(market, interval, start, now));
    }
    return candles.reverse();
  }

  /** Moves the close of a closed candle by `ticks`, as an exchange does that corrects itself. */
  revise(market: RecordedMarket, interval: KlineInterval, start: number, ticks: bigint): void {
    const candle = this.candle(market, interval, start, market.now());
    if (candle === undefined) return;
    const revised = closingAt(candle, candle.close + ticks * market.tape.tickSize);
    this.#revised.set(keyOf(market, interval, start), revised);
    if (interval !== MINUTE) return;
    const others = (this.#revisedMinutes.get(market.symbol) ?? []).filter((minute) => minute.start !== start);
    this.#revisedMinutes.set(market.symbol, [...others, revised]);
  }

  #known(market: RecordedMarket, interval: KlineInterval, start: number, now: number): TapeCandle[] {
    const candle = this.candle(market, interval, start, now);
    return candle === undefined ? [] : [candle];
  }
}

function closingAt(candle: TapeCandle, close: bigint): TapeCandle {
  return {
    ...candle,
    close,
    high: close > candle.high ? close : candle.high,
    low: close < candle.low ? close : candle.low,
  };
}

/** A longer candle in which `minute` was revised, if it lies in it. Only closes are moved: its own where it is the last. */
function withMinute(candle: TapeCandle, minute: TapeCandle): TapeCandle {
  if (minute.start < candle.start || minute.end > candle.end) return candle;
  const touched = closingAt(candle, minute.close);
  return minute.end === candle.end ? touched : { ...touched, close: candle.close };
}

function roundUp(interval: KlineInterval, time: number): number {
  const start = candleStart(interval, time);
  return start === time ? start : candleEnd(interval, start);
}

function keyOf({ symbol }: RecordedMarket, interval: KlineInterval, start: number): string {
  return `${symbol}/${interval}/${start}`;
}
