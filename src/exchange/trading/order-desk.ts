import { multiply } from '../../foundation/fixed-point.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { SyntheticBook } from '../market/order-book.ts';
import type { PriceOf } from './account.ts';
import { bookFill } from './book-fill.ts';
import type { ChangeCollector } from './changes.ts';
import { closingOrder } from './exchange-orders.ts';
import { identifier } from './identifiers.ts';
import { type Match, takerMatches, wouldTake } from './matching.ts';
import { newOrder } from './new-order.ts';
import { type Amendment, hasFunds } from './order-check.ts';
import { followed } from './trailing-stop.ts';
import { isOpen, isResting, leavesOf, type OrderRequest, type VenueOrder } from './venue-order.ts';

interface DeskParts {
  readonly specOf: (order: VenueOrder) => InstrumentSpec;
  readonly bookOf: (order: VenueOrder) => SyntheticBook;
  readonly priceOf: PriceOf;
  readonly specs: readonly InstrumentSpec[];
  readonly nextNumber: () => number;
}

/** Prices of a position's stops; what is absent stays as it is. */
export interface PositionStops {
  readonly takeProfit?: bigint | undefined;
  readonly stopLoss?: bigint | undefined;
  /** A distance. */
  readonly trailingStop?: bigint | undefined;
  readonly activePrice?: bigint | undefined;
}

const POSITION_STOPS: readonly string[] = ['TakeProfit', 'StopLoss', 'TrailingStop'];

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
      const isStop = POSITION_STOPS.includes(order.stopOrderType);
      if (order.status === 'Untriggered' && !isStop) continue;
      this.#end(order, 'Cancelled', isStop ? 'CancelByTpSlTsClear' : 'CancelByReduceOnly', 'EC_NoError', changes);
    }
  }

  /** Sets the stops that are said; 0 takes one away. */
  setStops(spec: InstrumentSpec, stops: PositionStops, changes: ChangeCollector): void {
    const position = changes.account.ledger.position(spec.symbol, spec.quoteCoin);
    const wanted = [
      ['TakeProfit', stops.takeProfit],
      ['StopLoss', stops.stopLoss],
      ['TrailingStop', stops.trailingStop],
    ] as const;
    for (const [kind, price] of wanted) {
      if (price === undefined) continue;
      this.#endAll(
        changes.account.openOrders.filter((order) => order.symbol === spec.symbol && order.stopOrderType === kind),
        'CancelByTpSlTsClear',
        changes,
      );
      if (kind === 'TakeProfit') position.takeProfit = price;
      else if (kind === 'StopLoss') position.stopLoss = price;
      else Object.assign(position, { trailingStop: price, activePrice: stops.activePrice ?? 0n });
      if (price === 0n || position.size === 0n) continue;
      const order = this.#place(closingOrder(spec, kind, position.size, kind === 'TrailingStop' ? 0n : price), changes);
      if (kind === 'TrailingStop') this.#startTrailing(order, price, stops.activePrice ?? 0n);
      changes.order(order);
    }
    changes.position(position);
  }

  #startTrailing(order: VenueOrder, distance: bigint, activePrice: bigint): void {
    order.status = 'Untriggered';
    order.trailing = { distance, activePrice, best: 0n };
    this.follow(order, this.#parts.priceOf(order.symbol));
  }

  /** A trailing stop after a trade; its trigger price is told when it is asked for, not with every trade. */
  follow(order: VenueOrder, traded: bigint): void {
    if (order.trailing === undefined) return;
    const { trailing, triggerPrice } = followed(order.trailing, order.side, traded);
    order.trailing = trailing;
    order.triggerPrice = triggerPrice;
  }

  /** The exchange takes a position over: its orders go, and it is closed at the last price. */
  liquidate(spec: InstrumentSpec, changes: ChangeCollector): void {
    const { account } = changes;
    const { size } = account.ledger.position(spec.symbol, spec.quoteCoin);
    this.#endAll(
      account.openOrders.filter((order) => order.category === 'linear' && order.symbol === spec.symbol),
      'CancelByPrepareLiq',
      changes,
    );
    if (size === 0n) return;
    const order = this.#place(closingOrder(spec, 'Liquidation', size, 0n), changes);
    const { nextNumber, priceOf } = this.#parts;
    const price = priceOf(spec.symbol);
    const match = { price, quantity: order.quantity, isMaker: false };
    bookFill(order, match, changes, spec, nextNumber(), price, 'BustTrade');
    order.status = 'Filled';
    changes.order(order);
  }

  /** Orders that somebody else than their owner's program ends. */
  cancelFor(orders: readonly VenueOrder[], cancelType: string, changes: ChangeCollector): void {
    this.#endAll(orders, cancelType, changes);
  }

  #endAll(orders: readonly VenueOrder[], cancelType: string, changes: ChangeCollector): void {
    for (const order of orders) if (isOpen(order)) this.#end(order, ended(order), cancelType, 'EC_NoError', changes);
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
    this.setStops(this.#parts.specOf(order), { takeProfit: own(takeProfit), stopLoss: own(stopLoss) }, changes);
  }

  /** An order of the exchange itself, in the book at once. */
  #place(request: OrderRequest, changes: ChangeCollector): VenueOrder {
    const number = this.#parts.nextNumber();
    const orderId = identifier('stop', number, request.symbol);
    const lastPrice = this.#parts.priceOf(request.symbol);
    const order = newOrder(request, { orderId, number, time: changes.time, lastPrice });
    changes.account.add(order);
    this.#arrived.add(order);
    return order;
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
