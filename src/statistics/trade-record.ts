import type { RoundTrip } from '../domain/position.ts';
import { toNumber } from '../foundation/fixed-point.ts';

/** A closed round trip in plain numbers: what the statistics and the pages read. Times in milliseconds, UTC. */
export interface TradeRecord {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly entryTime: number;
  readonly exitTime: number;
  /** Rows of the run's bars in which it was entered and left. */
  readonly entryBar: number;
  readonly exitBar: number;
  /** The largest size held, in units of base, positive. */
  readonly quantity: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  /** After fees, in quote currency. */
  readonly profit: number;
  /** Those paid in quote currency, entry and exit together. */
  readonly fees: number;
  /** `profit / (quantity × entryPrice)`: what was made of the capital held, after fees; 0.01 is one per cent. */
  readonly returnFraction: number;
}

/**
 * @param openTimes when each bar of the run opened, in milliseconds, rising
 */
export function tradeRecord(trip: RoundTrip, openTimes: ArrayLike<number>): TradeRecord {
  const quantity = toNumber(trip.quantity);
  const entryPrice = toNumber(trip.entryPrice);
  const profit = toNumber(trip.profit);
  return {
    symbol: trip.symbol,
    side: trip.side,
    entryTime: trip.entryTime,
    exitTime: trip.exitTime,
    entryBar: barAt(openTimes, trip.entryTime),
    exitBar: barAt(openTimes, trip.exitTime),
    quantity,
    entryPrice,
    exitPrice: toNumber(trip.exitPrice),
    profit,
    fees: toNumber(trip.quoteFees),
    returnFraction: profit / (quantity * entryPrice),
  };
}

/** The row of the bar in which `time` lies: the last that opened at or before it; 0 before the first, −1 without bars. */
export function barAt(openTimes: ArrayLike<number>, time: number): number {
  let low = 0;
  let high = openTimes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (openTimes[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return openTimes.length === 0 ? -1 : Math.max(0, low - 1);
}
