import { divide, multiply } from '../../foundation/fixed-point.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { Account, PriceOf } from './account.ts';
import { DEPTH } from './matching.ts';
import { type Refusal, refuse } from './refusals.ts';
import { isOpen, leavesOf, type OrderRequest, type VenueOrder } from './venue-order.ts';

/** When a client id may be used again. Bybit: never. Binance: as soon as no open order has it. */
export type ClientIdRule = 'always-unique' | 'unique-among-open';

/** Bybit's cap of active orders for each symbol of a perpetual. */
const ACTIVE_ORDERS = 500;
const CLIENT_ID = /^[A-Za-z0-9_-]{1,36}$/;

/** Everything that an order is checked against at its arrival. `undefined`: it is accepted. */
export function checkOrder(
  request: OrderRequest,
  spec: InstrumentSpec,
  account: Account,
  clientIds: ClientIdRule,
  priceOf: PriceOf,
  specs: readonly InstrumentSpec[],
): Refusal | undefined {
  return (
    (spec.status === 'Trading' ? undefined : refuse.notTrading(request.category)) ??
    checkClientId(request, account, clientIds) ??
    checkPrice(request.price, request, spec) ??
    checkQuantity(request, spec) ??
    checkTrigger(request, spec, priceOf(spec.symbol)) ??
    checkNotional(request, spec, priceOf(spec.symbol)) ??
    checkReduceOnly(request, spec, account) ??
    checkActiveOrders(request, account) ??
    checkFunds(request, spec, account, priceOf, specs)
  );
}

function checkClientId(request: OrderRequest, account: Account, rule: ClientIdRule): Refusal | undefined {
  const { orderLinkId, category } = request;
  if (orderLinkId === '') return undefined;
  if (!CLIENT_ID.test(orderLinkId)) return refuse.parameter('OrderLinkId is illegal');
  const named = account.ordersNamed(orderLinkId);
  const taken = rule === 'always-unique' ? named.length > 0 : named.some(isOpen);
  return taken ? refuse.duplicateLinkId(category) : undefined;
}

/** Range and step of a limit price. */
export function checkPrice(
  price: bigint,
  { orderType, category }: Pick<OrderRequest, 'orderType' | 'category'>,
  spec: InstrumentSpec,
): Refusal | undefined {
  if (orderType === 'Market') return undefined;
  if (price < spec.minimumPrice) return category === 'spot' ? refuse.priceLow() : refuse.priceRange();
  if (price > spec.maximumPrice) return category === 'spot' ? refuse.priceHigh() : refuse.priceRange();
  return price % spec.tickSize === 0n ? undefined : refuse.priceStep(category);
}

/** Range and step of a quantity. What is given in quote currency has no step. */
export function checkQuantity(
  request: Pick<OrderRequest, 'quantity' | 'inQuote' | 'orderType' | 'category'>,
  spec: InstrumentSpec,
): Refusal | undefined {
  const { quantity, category } = request;
  if (quantity <= 0n) return refuse.quantityMinimum(category);
  if (request.inQuote) return undefined;
  if (quantity % spec.quantityStep !== 0n) return refuse.quantityStep(category);
  if (category === 'linear' && quantity < spec.minimumQuantity) return refuse.quantityMinimum(category);
  const most = request.orderType === 'Market' ? spec.maximumMarketQuantity : spec.maximumQuantity;
  return quantity > most ? refuse.quantityMaximum(category) : undefined;
}

function checkTrigger(request: OrderRequest, spec: InstrumentSpec, last: bigint): Refusal | undefined {
  const { triggerPrice, triggerDirection } = request;
  if (triggerPrice === 0n) return undefined;
  if (triggerPrice % spec.tickSize !== 0n) return refuse.priceStep(request.category);
  if (triggerDirection === 1 && triggerPrice <= last) return refuse.triggerNotAbove();
  if (triggerDirection === 2 && triggerPrice >= last) return refuse.triggerNotBelow();
  return undefined;
}

function checkNotional(request: OrderRequest, spec: InstrumentSpec, last: bigint): Refusal | undefined {
  if (request.reduceOnly) return undefined;
  const price = request.orderType === 'Limit' ? request.price : last;
  const value = request.inQuote ? request.quantity : multiply(price, request.quantity);
  return value < spec.minimumNotional ? refuse.notional(request.category) : undefined;
}

function checkReduceOnly(request: OrderRequest, spec: InstrumentSpec, account: Account): Refusal | undefined {
  if (!request.reduceOnly || request.category === 'spot' || request.triggerPrice > 0n) return undefined;
  const { size } = account.ledger.position(spec.symbol, spec.quoteCoin);
  const reduces = size !== 0n && size > 0n === (request.side === 'Sell');
  return reduces ? undefined : refuse.reduceOnly();
}

function checkActiveOrders(request: OrderRequest, account: Account): Refusal | undefined {
  if (request.category === 'spot') return undefined;
  const active = account.openOrders.filter(({ symbol, category }) => {
    return symbol === request.symbol && category === request.category;
  });
  return active.length >= ACTIVE_ORDERS ? refuse.tooManyOrders() : undefined;
}

/** Conditional orders bind nothing until they are triggered. */
function checkFunds(
  request: OrderRequest,
  spec: InstrumentSpec,
  account: Account,
  priceOf: PriceOf,
  specs: readonly InstrumentSpec[],
): Refusal | undefined {
  if (request.triggerPrice > 0n || request.reduceOnly) return undefined;
  return hasFunds(request, spec, account, priceOf, specs) ? undefined : refuse.balance(request.category);
}

/** Whether the account can carry the whole of the order. */
export function hasFunds(
  request: Omit<OrderRequest, 'triggerPrice'>,
  spec: InstrumentSpec,
  account: Account,
  priceOf: PriceOf,
  specs: readonly InstrumentSpec[],
): boolean {
  const price = request.price > 0n ? request.price : worstPrice(request.side, spec, priceOf);
  const value = request.inQuote ? request.quantity : multiply(price, request.quantity);
  if (request.category === 'spot') {
    const sells = request.side === 'Sell';
    const coin = sells ? spec.baseCoin : spec.quoteCoin;
    const sold = request.inQuote ? divide(request.quantity, price) : request.quantity;
    return (sells ? sold : value) <= account.margin(coin, priceOf, specs).available;
  }
  const opening = openingQuantity(request, account, spec);
  if (opening === 0n) return true;
  const need = account.linearNeed(spec.symbol, spec.quoteCoin, multiply(price, opening));
  return need <= account.margin(spec.quoteCoin, priceOf, specs).available;
}

/** A market order may take as far as this: nothing that the account does not have is ever spent. */
function worstPrice(side: OrderRequest['side'], spec: InstrumentSpec, priceOf: PriceOf): bigint {
  return priceOf(spec.symbol) + (side === 'Buy' ? BigInt(DEPTH + 1) * spec.tickSize : 0n);
}

/** How much of the order would go beyond closing the position. */
function openingQuantity(
  request: Pick<OrderRequest, 'side' | 'quantity'>,
  account: Account,
  spec: InstrumentSpec,
): bigint {
  const { size } = account.ledger.position(spec.symbol, spec.quoteCoin);
  if (size === 0n || size > 0n === (request.side === 'Buy')) return request.quantity;
  const held = size < 0n ? -size : size;
  return request.quantity > held ? request.quantity - held : 0n;
}

/** What a client may change of an open order. */
export interface Amendment {
  readonly quantity?: bigint;
  readonly price?: bigint;
  readonly triggerPrice?: bigint;
}

export function checkAmendment(
  order: VenueOrder,
  change: Amendment,
  spec: InstrumentSpec,
  account: Account,
  priceOf: PriceOf,
  specs: readonly InstrumentSpec[],
): Refusal | undefined {
  const quantity = change.quantity ?? order.quantity;
  const price = change.price ?? order.price;
  const triggerPrice = change.triggerPrice ?? order.triggerPrice;
  if (quantity === order.quantity && price === order.price && triggerPrice === order.triggerPrice) {
    return refuse.unchanged();
  }
  if (spec.status !== 'Trading') return refuse.notTrading(order.category);
  if (quantity <= order.quantity - leavesOf(order)) return refuse.quantityMinimum(order.category);
  const refusal = checkPrice(price, order, spec) ?? checkQuantity({ ...order, quantity }, spec);
  if (refusal !== undefined) return refusal;
  const leaves = leavesOf(order) + quantity - order.quantity;
  return canRaise(order, price, leaves, spec, account, priceOf, specs) ? undefined : refuse.balance(order.category);
}

/** Whether the account can carry what the change adds to the order. */
function canRaise(
  order: VenueOrder,
  price: bigint,
  leaves: bigint,
  spec: InstrumentSpec,
  account: Account,
  priceOf: PriceOf,
  specs: readonly InstrumentSpec[],
): boolean {
  if (order.reduceOnly || order.status === 'Untriggered') return true;
  const available = (coin: string): bigint => account.margin(coin, priceOf, specs).available;
  if (order.category === 'spot' && order.side === 'Sell') return leaves - leavesOf(order) <= available(spec.baseCoin);
  const added = multiply(price, leaves) - multiply(order.price, leavesOf(order));
  if (added <= 0n) return true;
  const need = order.category === 'spot' ? added : account.linearNeed(spec.symbol, spec.quoteCoin, added);
  return need <= available(spec.quoteCoin);
}
