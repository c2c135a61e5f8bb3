import type { EpochMs } from '../foundation/time.ts';
import type { Timeframe } from './timeframe.ts';

/**
 * A closed bar. Its timestamp is its close time (label right): `closeTime = openTime + timeframe`, and it holds what
 * happened in [openTime, closeTime). Prices are in quote currency per unit of base, volume in units of base; float64.
 */
export interface Candle {
  readonly openTime: EpochMs;
  readonly closeTime: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** One series of bars: what a strategy subscribes to. */
export interface Feed {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** A trade of the market. */
export interface Trade {
  /** The venue's clock. */
  readonly time: EpochMs;
  readonly price: number;
  /** In units of base, positive. */
  readonly quantity: number;
}

/** `BTCUSDT:1m`: the name of a feed in maps, channels and messages to people. */
export function feedName(feed: Feed): string {
  return `${feed.symbol}:${feed.timeframe}`;
}

/** What is impossible about a candle, in words; `undefined` for a sound one (invariant I12 and I13). */
export function candleDefect(candle: Candle): string | undefined {
  const { open, high, low, close, volume } = candle;
  if (!(Number.isFinite(open + high + low + close) && Number.isFinite(volume))) return 'a value is not a finite number';
  if (low <= 0) return `a price is not positive (low ${low})`;
  if (volume < 0) return `the volume is negative (${volume})`;
  if (high < low) return `the high ${high} is below the low ${low}`;
  if (open > high || open < low) return `the open ${open} is outside low ${low} … high ${high}`;
  if (close > high || close < low) return `the close ${close} is outside low ${low} … high ${high}`;
  if (!(Number.isSafeInteger(candle.openTime) && Number.isSafeInteger(candle.closeTime))) {
    return `its times are not whole milliseconds (${candle.openTime} … ${candle.closeTime})`;
  }
  if (candle.closeTime <= candle.openTime) return 'it closes before it opens';
  return undefined;
}
