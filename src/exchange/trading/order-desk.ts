import { multiply } from '../../foundation/fixed-point.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { SyntheticBook } from '../market/order-book.ts';
import type { PriceOf } from './account.ts';
import { bookFill } from './book-fill.ts';
import type { ChangeCollector } from './changes.ts';
import { identifier } from './identifiers.ts';
import { type Match, takerMatches, wouldTake } from './matching.ts';
import { newOrder } from './new-order.ts';
import { type Amendment, hasFunds } from './order-check.ts';
import { isOpen, isResting, leavesOf, type OrderRequest, type VenueOrder } from './venue-order.ts';

interface DeskParts {
  readonly specOf: (order: VenueOrder) => InstrumentSpec;
  readonly bookOf: (order: VenueOrder) => SyntheticBook;
  readonly priceOf: PriceOf;
  readonly specs: readonly InstrumentSpec[];
  readonly nextNumber: () => number;
}

/** What becomes of orders that were accepted: each way an order can go is one method. */
export class OrderDesk {
  readonly #parts: DeskParts;
  /** Orders that were acknowledged but have not reached the book are not in it. */
  readonly #arrived = new WeakSet<VenueOrder>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  hasArrived(order: VenueOrder): boolean {
    return this.#arrived.has(order);
  }

  /** An accepted order reaches the book. */
  arrive(order: VenueOrder, changes: ChangeCollector): void {
    this.#arrived.add(order);
    if (!isOpen(order)) return;
    if (order.status === 'Untriggered') changes.order(order);
    else this.#activate(order, changes);
  }

  trigger(order: VenueOrder, changes: ChangeCollector): void {
    order.status = 'Triggered';
    changes.order(order);
    order.status = 'New';
    const affordable = order.reduceOnly || this.#hasFunds(order, changes);
    if (affordable) this.#activate(order, changes);
    else this.#end(order, 'Rejected', 'UNKNOWN', 'EC_Others', changes);
  }

  amend(order: VenueOrder, change: Amendment, changes: ChangeCollector): void {
    if (!isOpen(order)) return;
    if (change.quantity !== undefined && change.quantity > order.quantity - leavesOf(order)) {
      order.quantity = change.quantity;
    }
    if (change.triggerPrice !== undefined) order.triggerPrice = change.triggerPrice;
    if (change.price !== undefined && order.orderType === 'Limit') order.price = change.price;
    // A changed order goes to the end of the queue, and may take at once.
    order.priority = this.#parts.nextNumber();
    if (order.status === 'Untriggered') changes.order(order);
    else this.#activate(order, changes);
  }

  /** A cancel that comes too late tells the end of the order a second time, as the real exchange does. */
  cancelByUser(order: VenueOrder, changes: ChangeCollector): void {
    if (order.status === 'Filled') {
      order.cancelType = 'CancelByUser';
      order.rejectReason = 'EC_OrigClOrdIDDoesNotExist';
      changes.order(order);
    } else if (isOpen(order)) this.#end(order, ended(order), 'CancelByUser', 'EC_PerCancelRequest', changes);
  }

  /** Books one fill; {@link finishFills} tells of the order when all of this step are booked. */
  fill(order: VenueOrder, match: Match, changes: ChangeCollector): void {
    const quantity = order.reduceOnly ? least(match.quantity, this.#reducible(order, changes)) : match.quantity;
    if (quantity === 0n) return;
    if (!match.isMaker) this.#parts.bookOf(order).take(match.price, quantity);
    const { nextNumber, priceOf, specOf } = this.#parts;
    bookFill(order, { ...match, quantity }, changes, specOf(order), nextNumber(), priceOf(order.symbol));
    order.status = this.#isComplete(order) ? 'Filled' : 'PartiallyFilled';
    changes.order(order);
  }

  /** Reduce-only orders that have nothing left to reduce go, and so do the stops of a position that is closed. */
  finishFills(orders: readonly VenueOrder[], changes: ChangeCollector): void {
    for (const order of new Set([...orders, ...changes.account.openOrders])) {
      if (!isOpen(order) || !order.reduceOnly || order.category !== 'linear' || !this.hasArrived(order)) continue;
      if (this.#reducible(order, changes) > 0n) continue;
      const isStop = order.stopOrderType === 'TakeProfit' || order.stopOrderType === 'StopLoss';
      if (order.status === 'Untriggered' && !isStop) continue;
      this.#end(order, 'Cancelled', isStop ? 'CancelByTpSlTsClear' : 'CancelByReduceOnly', 'EC_NoError', changes);
    }
  }

  setStops(
    spec: InstrumentSpec,
    takeProfit: bigint | undefined,
    stopLoss: bigint | undefined,
    changes: ChangeCollector,
  ): void {
    const position = changes.account.ledger.position(spec.symbol, spec.quoteCoin);
    const wanted = [
      ['TakeProfit', takeProfit],
      ['StopLoss', stopLoss],
    ] as const;
    for (const [kind, price] of wanted) {
      if (price === undefined) continue;
      for (const order of changes.account.openOrders) {
        if (order.symbol !== spec.symbol || order.stopOrderType !== kind) continue;
        this.#end(order, 'Cancelled', 'CancelByTpSlTsClear', 'EC_NoError', changes);
      }
      if (kind === 'TakeProfit') position.takeProfit = price;
      else position.stopLoss = price;
      if (price > 0n && position.size !== 0n) this.#placeStop(spec, kind, price, changes);
    }
    changes.position(position);
  }

  #activate(order: VenueOrder, changes: ChangeCollector): void {
    const book = this.#parts.bookOf(order);
    const leaves = order.reduceOnly ? least(leavesOf(order), this.#reducible(order, changes)) : leavesOf(order);
    const matches = leaves === 0n ? [] : takerMatches(order, leaves, book, this.#parts.specOf(order));
    const obstacle = obstacleOf(order, leaves, matches, book);
    if (obstacle !== undefined) {
      this.#end(order, ended(order), obstacle.cancelType, obstacle.rejectReason, changes);
      return;
    }
    const rests = order.orderType === 'Limit' && (order.timeInForce === 'GTC' || order.timeInForce === 'PostOnly');
    if (rests && matches.length === 0) changes.order(order);
    for (const match of matches) this.fill(order, match, changes);
    if (!rests && isResting(order)) this.#end(order, ended(order), 'UNKNOWN', 'EC_NoImmediateQtyToFill', changes);
    this.finishFills([order], changes);
    if (matches.length > 0) this.#attachStops(order, changes);
  }

  /** The order's own stops become the position's. */
  #attachStops(order: VenueOrder, changes: ChangeCollector): void {
    if (order.category !== 'linear' || order.reduceOnly) return;
    const { takeProfit, stopLoss } = order;
    if (takeProfit === 0n && stopLoss === 0n) return;
    const own = (price: bigint): bigint | undefined => (price > 0n ? price : undefined);
    this.setStops(this.#parts.specOf(order), own(takeProfit), own(stopLoss), changes);
  }

  #placeStop(spec: InstrumentSpec, kind: 'TakeProfit' | 'StopLoss', price: bigint, changes: ChangeCollector): void {
    const { size } = changes.account.ledger.position(spec.symbol, spec.quoteCoin);
    const number = this.#parts.nextNumber();
    const long = size > 0n;
    const request: OrderRequest = {
      category: 'linear',
      symbol: spec.symbol,
      side: long ? 'Sell' : 'Buy',
      orderType: 'Market',
      quantity: long ? size : -size,
      inQuote: false,
      price: 0n,
      timeInForce: 'IOC',
      orderLinkId: '',
      reduceOnly: true,
      closeOnTrigger: true,
      triggerPrice: price,
      triggerDirection: long === (kind === 'TakeProfit') ? 1 : 2,
      triggerBy: 'LastPrice',
      stopOrderType: kind,
      takeProfit: 0n,
      stopLoss: 0n,
      createType: kind === 'TakeProfit' ? 'CreateByTakeProfit' : 'CreateByStopLoss',
    };
    const orderId = identifier('stop', number, spec.symbol);
    const lastPrice = this.#parts.priceOf(spec.symbol);
    const order = newOrder(request, { orderId, number, time: changes.time, lastPrice });
    changes.account.add(order);
    this.#arrived.add(order);
    changes.order(order);
  }

  /** An order in quote currency is complete when what is left buys no step. */
  #isComplete(order: VenueOrder): boolean {
    if (!order.inQuote) return leavesOf(order) === 0n;
    const step = multiply(this.#parts.priceOf(order.symbol), this.#parts.specOf(order).quantityStep);
    return leavesOf(order) < step;
  }

  /** How much a reduce-only order may still fill. */
  #reducible(order: VenueOrder, changes: ChangeCollector): bigint {
    const { size } = changes.account.ledger.position(order.symbol, this.#parts.specOf(order).quoteCoin);
    if (size === 0n || size > 0n !== (order.side === 'Sell')) return 0n;
    return size < 0n ? -size : size;
  }

  #hasFunds(order: VenueOrder, changes: ChangeCollector): boolean {
    const { priceOf, specs, specOf } = this.#parts;
    return hasFunds(order, specOf(order), changes.account, priceOf, specs);
  }

  #end(
    order: VenueOrder,
    status: VenueOrder['status'],
    cancelType: string,
    rejectReason: string,
    changes: ChangeCollector,
  ): void {
    order.status = status;
    order.cancelType = cancelType;
    order.rejectReason = rejectReason;
    changes.order(order);
  }
}

/** What keeps an order from the book at all. */
function obstacleOf(
  order: VenueOrder,
  leaves: bigint,
  matches: readonly Match[],
  book: SyntheticBook,
): { readonly cancelType: string; readonly rejectReason: string } | undefined {
  if (leaves === 0n) return { cancelType: 'CancelByReduceOnly', rejectReason: 'EC_NoError' };
  if (order.timeInForce === 'PostOnly' && wouldTake(order, book)) {
    return { cancelType: 'CancelByUser', rejectReason: 'EC_PostOnlyWillTakeLiquidity' };
  }
  const offered = matches.reduce((sum, { quantity }) => sum + quantity, 0n);
  const isShort = order.timeInForce === 'FOK' && offered < leaves;
  return isShort ? { cancelType: 'UNKNOWN', rejectReason: 'EC_NoEnoughQtyToFill' } : undefined;
}

/** Spot has a status of its own for an order that was filled in part. */
function ended({ category, executedQuantity }: VenueOrder): VenueOrder['status'] {
  return category === 'spot' && executedQuantity > 0n ? 'PartiallyFilledCanceled' : 'Cancelled';
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
