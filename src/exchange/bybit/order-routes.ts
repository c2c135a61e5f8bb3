import { refuse } from '../trading/refusals.ts';
import { isOpen, type VenueOrder } from '../trading/venue-order.ts';
import { type Answer, type PrivateCall, type PrivateRoute, pageOf, result } from './call.ts';
import { batchOf } from './order-batch.ts';
import { executionRow, orderRow } from './order-messages.ts';
import {
  accepted,
  amendOrder,
  cancelOrder,
  createOrder,
  namesOf,
  type OrderAction,
  tradedCategory,
} from './order-requests.ts';
import { type Params, RequestRefused } from './params.ts';

/** Requests a second of one account, by Bybit's "Rate limit rules". */
const LOOK_UPS = 50;

export const orderRoutes: readonly PrivateRoute[] = [
  { method: 'POST', path: '/v5/order/create', limit: 10, handle: one(createOrder) },
  { method: 'POST', path: '/v5/order/amend', limit: 10, handle: one(amendOrder) },
  { method: 'POST', path: '/v5/order/cancel', limit: 10, handle: one(cancelOrder) },
  { method: 'POST', path: '/v5/order/cancel-all', limit: 10, handle: cancelAll },
  { method: 'POST', path: '/v5/order/create-batch', limit: 10, handle: batchOf(createOrder) },
  { method: 'POST', path: '/v5/order/amend-batch', limit: 10, handle: batchOf(amendOrder) },
  { method: 'POST', path: '/v5/order/cancel-batch', limit: 10, handle: batchOf(cancelOrder) },
  { method: 'GET', path: '/v5/order/realtime', limit: LOOK_UPS, handle: openOrders },
  { method: 'GET', path: '/v5/order/history', limit: LOOK_UPS, handle: orderHistory },
  { method: 'GET', path: '/v5/execution/list', limit: LOOK_UPS, handle: executions },
];

function one(action: OrderAction): (call: PrivateCall) => Answer {
  return (call) => result(namesOf(accepted(action(call, call.params))));
}

function cancelAll({ account, params, parts }: PrivateCall): Answer {
  const category = tradedCategory(params);
  const concerns = scopeOf(params, parts.venue.specs, category);
  const filter = params.text('orderFilter');
  const cancelled = parts.venue.cancelAll(account, (order) => concerns(order) && fitsFilter(order, filter));
  return result({ list: cancelled.map(namesOf), success: '1' });
}

function fitsFilter(order: VenueOrder, filter: string | undefined): boolean {
  if (filter === undefined) return true;
  const conditional = order.status === 'Untriggered';
  return filter === 'Order' ? !conditional : conditional;
}

/** Which orders a request is about. A perpetual's must name a symbol or a coin; the symbol goes before. */
function scopeOf(
  params: Params,
  specs: PrivateCall['parts']['venue']['specs'],
  category: VenueOrder['category'],
): (order: VenueOrder) => boolean {
  const symbol = params.text('symbol');
  const baseCoin = params.text('baseCoin');
  const settleCoin = params.text('settleCoin');
  if (category === 'linear' && (symbol ?? baseCoin ?? settleCoin) === undefined) {
    throw new RequestRefused(
      refuse.parameter('Missing some parameters that must be filled in, symbol or settleCoin or baseCoin'),
    );
  }
  const symbols = specs
    .filter((spec) => spec.category === category)
    .filter((spec) => {
      if (symbol !== undefined) return spec.symbol === symbol;
      if (baseCoin !== undefined) return spec.baseCoin === baseCoin;
      return settleCoin === undefined || spec.quoteCoin === settleCoin;
    })
    .map((spec) => spec.symbol);
  return (order) => order.category === category && symbols.includes(order.symbol);
}

/** What look-ups know of orders, newest first: the open ones, and those that ended not too long ago. */
function knownOrders({ account, asOf, parts }: PrivateCall, concerns: (order: VenueOrder) => boolean): VenueOrder[] {
  return account.orders
    .filter(concerns)
    .map((order) => account.orderAt(order, asOf))
    .filter((order) => order !== undefined)
    .filter((order) => isOpen(order) || parts.lookUps.holds(order.updatedTime, asOf))
    .reverse();
}

function orderList(call: PrivateCall, orders: readonly VenueOrder[]): Answer {
  const { parts, params } = call;
  const { page, nextPageCursor } = pageOf(orders, ({ number }) => number, params, { limit: 20, most: 50 });
  const list = page.map((order) => orderRow(order, parts.venue.spec(order.category, order.symbol)!));
  return result({ list, nextPageCursor, category: params.text('category')! });
}

/** Open orders; a closed one too where it is named, and the last 500 of them where `openOnly=1`. */
function openOrders(call: PrivateCall): Answer {
  const { params, parts } = call;
  if (params.category() === undefined) return orderList(call, []);
  const category = tradedCategory(params);
  const named = namedBy(params);
  const scope = named === undefined ? scopeOf(params, parts.venue.specs, category) : inCategory(category);
  const filter = params.text('orderFilter');
  const orders = knownOrders(call, (order) => scope(order) && (named?.(order) ?? true));
  const closed = params.text('openOnly') === '1';
  return orderList(
    call,
    orders
      .filter((order) => (named !== undefined || isOpen(order) !== closed) && fitsFilter(order, filter))
      .slice(0, 500),
  );
}

function orderHistory(call: PrivateCall): Answer {
  const { params } = call;
  if (params.category() === undefined) return orderList(call, []);
  const concerns = inScope(params);
  return orderList(
    call,
    knownOrders(call, concerns).filter((order) => !isOpen(order) && fitsStatus(order, params.text('orderStatus'))),
  );
}

function fitsStatus({ status }: VenueOrder, wanted: string | undefined): boolean {
  return wanted === undefined || status === wanted;
}

function inCategory(category: string): (order: VenueOrder) => boolean {
  return (order) => order.category === category;
}

function namedBy(params: Params): ((order: { orderId: string; orderLinkId: string }) => boolean) | undefined {
  const orderId = params.text('orderId');
  const orderLinkId = params.text('orderLinkId');
  if (orderId !== undefined) return (order) => order.orderId === orderId;
  return orderLinkId === undefined ? undefined : (order) => order.orderLinkId === orderLinkId;
}

interface Dated {
  readonly category: string;
  readonly symbol: string;
  readonly orderId: string;
  readonly orderLinkId: string;
  readonly createdTime: number;
}

/** What history look-ups share: category, symbol, names, and a span of time. */
function inScope(params: Params): (dated: Dated) => boolean {
  const category = tradedCategory(params);
  const symbol = params.text('symbol');
  const named = namedBy(params);
  const from = params.integer('startTime', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const to = params.integer('endTime', 0, Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER;
  return (dated) =>
    dated.category === category &&
    (symbol ?? dated.symbol) === dated.symbol &&
    (named?.(dated) ?? true) &&
    dated.createdTime >= from &&
    dated.createdTime <= to;
}

function executions(call: PrivateCall): Answer {
  const { account, params, parts, asOf } = call;
  const category = params.category();
  if (category === undefined) return result({ nextPageCursor: '', category: params.text('category')!, list: [] });
  const concerns = inScope(params);
  const known = account.executions
    .filter(({ time }) => time <= asOf && parts.lookUps.holds(time, asOf))
    .filter((execution) => concerns({ ...execution, createdTime: execution.time }))
    .filter(({ type }) => (params.text('execType') ?? type) === type)
    .reverse();
  const { page, nextPageCursor } = pageOf(known, ({ sequence }) => sequence, params, { limit: 50, most: 100 });
  const list = page.map((execution) => executionRow(execution, parts.venue.spec(category, execution.symbol)!));
  return result({ nextPageCursor, category, list });
}
