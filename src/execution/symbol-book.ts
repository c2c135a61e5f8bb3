import type { Instrument } from '../domain/instrument.ts';
import { type Price, toNumber } from '../foundation/fixed-point.ts';
import type { VenueOrder } from './venue-order.ts';

/** When a resting limit fills: when the path touches its price, or only one tick beyond. */
export type LimitFill = 'touch' | 'through';

/**
 * The open orders of one symbol, in the order of submission, and a few float64 bounds within which a bar can't concern
 * any of them. The bounds lie a hair wide, so that whatever exact arithmetic would let happen passes them.
 */
export class SymbolBook {
  readonly instrument: Instrument;
  readonly orders: VenueOrder[] = [];
  /** Of the last bar; NaN before the first. */
  lastClose = Number.NaN;
  lastCloseTime = Number.NEGATIVE_INFINITY;
  readonly #limitFill: LimitFill;
  #isArmed = true;
  /** A bar whose high is below and whose low is above these reaches nothing. */
  #reachedFromBelow = Number.POSITIVE_INFINITY;
  #reachedFromAbove = Number.NEGATIVE_INFINITY;
  /** The next activation or expiry. */
  #wakeTime = Number.POSITIVE_INFINITY;
  /** Armed trailing stops: their level moves with each bar. */
  readonly #trailing: VenueOrder[] = [];

  constructor(instrument: Instrument, limitFill: LimitFill) {
    this.instrument = instrument;
    this.#limitFill = limitFill;
  }

  add(order: VenueOrder): void {
    this.orders.push(order);
    this.#isArmed = false;
  }

  remove(order: VenueOrder): void {
    const last = this.orders.length - 1;
    // Mostly it is the only one, or the last.
    if (this.orders[last] === order) this.orders.pop();
    else this.orders.splice(this.orders.indexOf(order), 1);
    this.#isArmed = false;
  }

  /** As it was before the first bar. */
  clear(): void {
    this.orders.length = 0;
    this.lastClose = Number.NaN;
    this.lastCloseTime = Number.NEGATIVE_INFINITY;
    this.#isArmed = false;
  }

  /** Says that an order has changed its phase. */
  touch(): void {
    this.#isArmed = false;
  }

  /** The price at which a resting limit fills. */
  fillLevel(order: VenueOrder, limitPrice: Price): Price {
    if (this.#limitFill === 'touch') return limitPrice;
    const tick = this.instrument.tickSize;
    return (order.terms.side === 'buy' ? limitPrice - tick : limitPrice + tick) as Price;
  }

  /** Whether the bar can do nothing to any order here; then it has been taken in. Allocates nothing. */
  passes(openTime: number, closeTime: number, high: number, low: number): boolean {
    if (!this.#isArmed) this.#arm();
    if (high >= this.#reachedFromBelow || low <= this.#reachedFromAbove) return false;
    if (this.#wakeTime < closeTime || this.#wakeTime <= openTime) return false;
    const trailing = this.#trailing;
    if (trailing.length === 0) return true;
    for (let index = 0; index < trailing.length; index++) {
      if (mayTrigger(trailing[index]!, high, low)) return false;
    }
    for (let index = 0; index < trailing.length; index++) {
      const order = trailing[index]!;
      const sells = order.terms.side === 'sell';
      if (sells ? high > order.best : low < order.best) order.best = sells ? high : low;
    }
    return true;
  }

  #arm(): void {
    this.#isArmed = true;
    this.#reachedFromBelow = Number.POSITIVE_INFINITY;
    this.#reachedFromAbove = Number.NEGATIVE_INFINITY;
    this.#wakeTime = Number.POSITIVE_INFINITY;
    while (this.#trailing.length > 0) this.#trailing.pop();
    for (let index = 0; index < this.orders.length; index++) this.#watch(this.orders[index]!);
  }

  #watch(order: VenueOrder): void {
    if (order.expiresAt < this.#wakeTime) this.#wakeTime = order.expiresAt;
    switch (order.phase) {
      case 'waiting':
        return;
      case 'pending':
        if (order.activeAt < this.#wakeTime) this.#wakeTime = order.activeAt;
        return;
      case 'armed':
        if (order.distance !== undefined) this.#trailing.push(order);
        else this.#watchLevel(order.triggerPrice!, order.triggerDirection === 'up');
        return;
      case 'arriving':
        this.#reachedFromBelow = Number.NEGATIVE_INFINITY;
        return;
      case 'resting':
        this.#watchLevel(this.fillLevel(order, order.limitPrice!), order.fillDirection === 'up');
    }
  }

  #watchLevel(level: Price, fromBelow: boolean): void {
    const price = toNumber(level);
    if (fromBelow) this.#reachedFromBelow = Math.min(this.#reachedFromBelow, price - slack(price));
    else this.#reachedFromAbove = Math.max(this.#reachedFromAbove, price + slack(price));
  }
}

/** Whether the bar's range alone does not rule out that the trailing stop triggers. */
function mayTrigger(order: VenueOrder, high: number, low: number): boolean {
  const { best, distanceNumber: distance } = order;
  if (order.terms.side === 'sell') return low <= Math.max(high, best) - distance + slack(high);
  return high >= Math.min(low, best) + distance - slack(high);
}

/** More than what a float64 price and its exact decimal can differ by. */
function slack(price: number): number {
  return 1e-12 + Math.abs(price) * 1e-15;
}
