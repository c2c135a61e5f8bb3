import type { Candle, Feed, Trade } from '../../domain/candle.ts';
import { barOpenTime } from '../../domain/timeframe.ts';
import { type EpochMs, epochMs } from '../../foundation/time.ts';
import { TradeAggregator } from '../../market/candle-aggregator.ts';

/** Sums of the same decimals in another order differ by so much, relatively. */
const TOLERANCE = 1e-9;

/** More candles than these do not wait for their trades. */
const MOST_WAITING = 10;

/** A candle that came, and the same one built from the trades. */
export interface RebuiltCandle {
  readonly given: Candle;
  readonly rebuilt: Candle;
  readonly isSame: boolean;
}

/**
 * Builds the candles of one feed from its trades and compares them with the exchange's. Only whole ones: trades that
 * were missed, since the connection began in the middle of a candle or broke, would show as differences.
 */
export class TradeComparison {
  readonly #feed: Feed;
  #bars: TradeAggregator;
  /** Candles that open before this are not whole; `undefined` until the first trade of a connection. */
  #wholeFrom: number | undefined;
  readonly #rebuilt = new Map<number, Candle>();
  readonly #given = new Map<number, Candle>();

  constructor(feed: Feed) {
    this.#feed = feed;
    this.#bars = new TradeAggregator(feed.timeframe);
  }

  trade(trade: Trade): readonly RebuiltCandle[] {
    this.#wholeFrom ??= barOpenTime(trade.time, this.#feed.timeframe) + 1;
    for (const { candle } of this.#bars.push(trade)) {
      if (candle.openTime >= this.#wholeFrom) this.#rebuilt.set(candle.openTime, candle);
    }
    return this.#compared();
  }

  /** A candle was given, from the stream or the history. */
  candle(candle: Candle): readonly RebuiltCandle[] {
    if (this.#wholeFrom === undefined || candle.openTime < this.#wholeFrom) return [];
    this.#given.set(candle.openTime, candle);
    if (this.#given.size > MOST_WAITING) this.#given.delete(this.#given.keys().next().value!);
    return this.#compared();
  }

  /** The connection broke. */
  broken(): void {
    this.#bars = new TradeAggregator(this.#feed.timeframe);
    this.#wholeFrom = undefined;
    this.#rebuilt.clear();
    this.#given.clear();
  }

  /** A candle waits until a trade of a later one has come: then all of its own have. */
  #compared(): readonly RebuiltCandle[] {
    const pairs: RebuiltCandle[] = [];
    for (const [openTime, rebuilt] of this.#rebuilt) {
      const given = this.#given.get(openTime);
      if (given === undefined) continue;
      this.#rebuilt.delete(openTime);
      this.#forgetUntil(epochMs(openTime));
      pairs.push({ given, rebuilt, isSame: isAlike(given, rebuilt) });
    }
    return pairs;
  }

  /** A flat candle without a trade has none to be compared with. */
  #forgetUntil(openTime: EpochMs): void {
    for (const one of [...this.#given.keys()]) if (one <= openTime) this.#given.delete(one);
  }
}

function isAlike(given: Candle, rebuilt: Candle): boolean {
  const isNear = (left: number, right: number): boolean => Math.abs(left - right) <= TOLERANCE * Math.max(left, right);
  return (
    given.open === rebuilt.open &&
    given.high === rebuilt.high &&
    given.low === rebuilt.low &&
    given.close === rebuilt.close &&
    isNear(given.volume, rebuilt.volume)
  );
}
