import { fromNumber, type Price, toNumber } from '../foundation/fixed-point.ts';
import { epochMs } from '../foundation/time.ts';
import type { BarLiquidity, Fills } from './fills.ts';
import type { OrderEventListener } from './order-events.ts';
import { type BarPath, isBeyond, later, type PathPoint } from './path.ts';
import type { SymbolBook } from './symbol-book.ts';
import { trail } from './trailing.ts';
import type { VenueOrder } from './venue-order.ts';
import { about, type VenueOrders } from './venue-orders.ts';

/**
 * One bar's way through the book of one symbol. Each order knows the next place on the path where something happens to
 * it; the earliest of them all happens, may change others, and so on until nothing is left before the close.
 */
export class BarWalk {
  readonly #book: SymbolBook;
  readonly #path: BarPath;
  readonly #liquidity: BarLiquidity;
  readonly #fills: Fills;
  readonly #orders: VenueOrders;
  readonly #emit: OrderEventListener;
  /** How far the price has come. */
  #here: PathPoint;

  constructor(
    book: SymbolBook,
    path: BarPath,
    liquidity: BarLiquidity,
    fills: Fills,
    orders: VenueOrders,
    emit: OrderEventListener,
  ) {
    this.#book = book;
    this.#path = path;
    this.#liquidity = liquidity;
    this.#fills = fills;
    this.#orders = orders;
    this.#emit = emit;
    this.#here = path.start;
  }

  run(): void {
    for (const order of this.#book.orders) {
      order.isStale = true;
      order.isDoneForThisBar = false;
    }
    for (let order = this.#first(); order !== undefined; order = this.#first()) {
      this.#here = order.next!;
      order.isStale = true;
      this.#act(order);
    }
    for (const order of this.#book.orders) {
      if (order.phase === 'armed' && order.distance !== undefined) order.best = order.bestAtClose;
    }
    this.#book.touch();
  }

  /** The order to which something happens next: the earliest on the path, of those at one place the first submitted. */
  #first(): VenueOrder | undefined {
    let first: VenueOrder | undefined;
    // By index: orders may come and go between two calls, and they lie in the order of submission.
    for (let index = 0; index < this.#book.orders.length; index++) {
      const order = this.#book.orders[index]!;
      if (order.isStale) this.#plan(order);
      if (order.next !== undefined && (first === undefined || order.next.at < first.next!.at)) first = order;
    }
    return first;
  }

  #plan(order: VenueOrder): void {
    order.isStale = false;
    order.next = this.#nextAction(order);
    order.nextIsExpiry = false;
    if (order.expiresAt === Number.POSITIVE_INFINITY) return;
    const expiry = this.#path.atTime(epochMs(order.expiresAt));
    if (expiry === undefined || (order.next !== undefined && order.next.at < expiry.at)) return;
    order.next = later(this.#here, expiry);
    order.nextIsExpiry = true;
  }

  #nextAction(order: VenueOrder): PathPoint | undefined {
    if (order.isDoneForThisBar) return undefined;
    switch (order.phase) {
      case 'waiting':
        return undefined;
      case 'pending':
        // Also at the very close, which as a time belongs to the next bar: an order that follows another there.
        return order.activeAt <= this.#here.time ? this.#here : this.#path.atTime(order.activeAt);
      case 'armed':
        return order.distance === undefined
          ? this.#path.reach(this.#here, order.triggerPrice!, order.triggerDirection)
          : this.#follow(order, order.distance);
      case 'arriving':
        return this.#here;
      case 'resting':
        return this.#path.reach(this.#here, this.#book.fillLevel(order, order.limitPrice!), order.fillDirection);
    }
  }

  #follow(order: VenueOrder, distance: Price): PathPoint | undefined {
    const best = fromNumber<Price>(order.best);
    const { trigger, best: followed } = trail(this.#path, this.#here, order.terms.side, best, distance);
    order.bestAtClose = toNumber(followed);
    return trigger;
  }

  #act(order: VenueOrder): void {
    const here = this.#here;
    if (order.nextIsExpiry) {
      this.#orders.end(order, 'expired', 'its time has run out', epochMs(order.expiresAt));
      return;
    }
    switch (order.phase) {
      case 'pending':
        this.#activate(order);
        break;
      case 'armed':
        order.phase = 'arriving';
        this.#emit({ kind: 'triggered', ...about(order.terms, here.time), price: here.price });
        if (order.isOpen) this.#arrive(order);
        break;
      case 'arriving':
        this.#arrive(order);
        break;
      case 'resting':
        this.#fills.make(order, here, this.#liquidity);
        break;
      case 'waiting':
        break;
    }
  }

  #activate(order: VenueOrder): void {
    if (!order.isConditional) {
      order.phase = 'arriving';
      this.#arrive(order);
      return;
    }
    order.phase = 'armed';
    if (order.distance !== undefined) order.best = toNumber(this.#here.price);
  }

  /** The order meets the market: a market order trades; a limit trades if it may, and otherwise goes to rest. */
  #arrive(order: VenueOrder): void {
    const { limitPrice, terms } = order;
    const here = this.#here;
    if (limitPrice !== undefined) {
      // The limit lies on the tick's grid, so what the order sees is beyond it exactly when the path's price is.
      if (!isBeyond(here.price, limitPrice, order.fillDirection)) {
        this.#rest(order);
        return;
      }
      if (order.postOnly) {
        const reason = `post-only: the price is ${toNumber(here.price)}, the limit of the ${terms.side} ${toNumber(limitPrice)}`;
        this.#orders.reject(order, 'POST_ONLY_WOULD_TAKE', reason, here.time);
        return;
      }
    }
    this.#fills.take(order, here, this.#liquidity);
  }

  #rest(order: VenueOrder): void {
    const { kind } = order.terms.timeInForce;
    if (kind === 'IOC' || kind === 'FOK') {
      this.#orders.end(order, 'cancelled', `${kind}: the price is not within the limit`, this.#here.time);
    } else order.phase = 'resting';
  }
}
