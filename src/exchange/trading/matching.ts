import { multiply, ONE } from '../../foundation/fixed-point.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { BookLevel, SyntheticBook } from '../market/order-book.ts';
import type { Print } from '../market/tape.ts';
import { isResting, leavesOf, type VenueOrder } from './venue-order.ts';

/**
 * How orders meet the recorded market. They never meet each other.
 *
 * A taker takes the levels of the book, best first, at their prices, down to its limit; a market order at most
 * {@link DEPTH} levels. A resting order fills as a maker at its own price: wholly when the market trades beyond it; when
 * the market trades at its price, out of the size of that trade, which orders at one price share in the order of time.
 */
export const DEPTH = 200;

/** A part of an order that fills. */
export interface Match {
  readonly price: bigint;
  readonly quantity: bigint;
  readonly isMaker: boolean;
}

/** What the book offers to the order right now, best price first. Nothing is taken yet. */
export function takerMatches(order: VenueOrder, most: bigint, book: SyntheticBook, spec: InstrumentSpec): Match[] {
  const matches: Match[] = [];
  let left = most;
  for (const level of book.offersFor(order.side, DEPTH)) {
    if (left <= 0n || !isWithinLimit(order, level)) break;
    const quantity = order.inQuote ? affordable(left, level, spec) : least(left, level.size);
    if (quantity === 0n) break;
    matches.push({ price: level.price, quantity, isMaker: false });
    left -= order.inQuote ? multiply(level.price, quantity) : quantity;
  }
  return matches;
}

function isWithinLimit({ orderType, side, price }: VenueOrder, level: BookLevel): boolean {
  if (orderType === 'Market') return true;
  return side === 'Buy' ? level.price <= price : level.price >= price;
}

/** How much of a level an amount of quote currency buys, in whole steps. */
function affordable(quote: bigint, level: BookLevel, spec: InstrumentSpec): bigint {
  const quantity = (quote * ONE) / level.price;
  return least(quantity - (quantity % spec.quantityStep), level.size);
}

/** Whether a post-only order would take at once. */
export function wouldTake(order: VenueOrder, book: SyntheticBook): boolean {
  const best = book.offersFor(order.side, DEPTH).next();
  return !best.done && isWithinLimit(order, best.value);
}

/** Which resting orders a trade of the market fills, and how far: by price, then by time. */
export function makerMatches(
  orders: readonly VenueOrder[],
  print: Print,
): readonly { readonly order: VenueOrder; readonly match: Match }[] {
  const reached = orders.filter((order) => isResting(order) && isReached(order, print.price)).sort(byPriceThenTime);
  let left = print.size;
  return reached.flatMap((order) => {
    const leaves = leavesOf(order);
    const beyond = order.price !== print.price;
    const quantity = beyond ? leaves : least(leaves, left);
    if (!beyond) left -= quantity;
    return quantity === 0n ? [] : [{ order, match: { price: order.price, quantity, isMaker: true } }];
  });
}

function isReached({ side, price }: VenueOrder, traded: bigint): boolean {
  return side === 'Buy' ? traded <= price : traded >= price;
}

function byPriceThenTime(one: VenueOrder, other: VenueOrder): number {
  if (one.side === other.side && one.price !== other.price) {
    return one.price > other.price === (one.side === 'Buy') ? -1 : 1;
  }
  return one.priority - other.priority;
}

export function isTriggered({ triggerDirection, triggerPrice }: VenueOrder, traded: bigint): boolean {
  // A trailing stop that is not active yet.
  if (triggerPrice === 0n) return false;
  return triggerDirection === 1 ? traded >= triggerPrice : traded <= triggerPrice;
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
