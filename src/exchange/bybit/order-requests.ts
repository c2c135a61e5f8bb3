import type { Result } from '../../foundation/result.ts';
import type { Category, InstrumentSpec } from '../market/instruments.ts';
import type { Amendment } from '../trading/order-check.ts';
import { type Refusal, refuse } from '../trading/refusals.ts';
import type { OrderNames } from '../trading/venue.ts';
import type { OrderRequest, TimeInForce, VenueOrder } from '../trading/venue-order.ts';
import type { PrivateCall } from './call.ts';
import type { Row } from './market-messages.ts';
import { type Params, RequestRefused } from './params.ts';

/*
 * Requests that change orders, as HTTP and the order socket share them: parameters in, the names of the order out.
 */

type Outcome = Result<OrderNames, Refusal>;
export type OrderAction = (call: PrivateCall, params: Params) => Outcome;

/** What is refused is kept, for the judge. */
export function createOrder(call: PrivateCall, params: Params): Outcome {
  try {
    const outcome = placeOrder(call, params);
    if (!outcome.ok) keepRefusal(call, params, outcome.error);
    return outcome;
  } catch (thrown) {
    if (thrown instanceof RequestRefused) keepRefusal(call, params, thrown.refusal);
    throw thrown;
  }
}

function placeOrder({ account, parts }: PrivateCall, params: Params): Outcome {
  const category = tradedCategory(params);
  const spec = specOf(parts.venue.specs, category, params);
  return parts.venue.create(account, readOrder(params, spec));
}

function keepRefusal({ account, parts }: PrivateCall, params: Params, { code, message }: Refusal): void {
  account.refusedOrders.push({
    time: parts.clock.now(),
    orderLinkId: params.text('orderLinkId') ?? '',
    category: params.text('category') ?? '',
    symbol: params.text('symbol') ?? '',
    code,
    message,
  });
}

export function amendOrder(call: PrivateCall, params: Params): Outcome {
  const { account, parts } = call;
  const order = orderOf(call, params);
  const quantity = params.decimal('qty');
  const price = params.decimal('price');
  const triggerPrice = params.decimal('triggerPrice');
  const change: Amendment = {
    ...(quantity !== undefined && { quantity }),
    ...(price !== undefined && { price }),
    ...(triggerPrice !== undefined && { triggerPrice }),
  };
  return parts.venue.amend(account, order, change);
}

export function cancelOrder(call: PrivateCall, params: Params): Outcome {
  return call.parts.venue.cancel(call.account, orderOf(call, params));
}

/** What an answer tells of an order, and nothing more. */
export function namesOf({ orderId, orderLinkId }: OrderNames): Row {
  return { orderId, orderLinkId };
}

/** The value, or the refusal as an answer. */
export function accepted(outcome: Outcome): OrderNames {
  if (outcome.ok) return outcome.value;
  throw new RequestRefused(outcome.error);
}

export function tradedCategory(params: Params): Category {
  const category = params.category();
  if (category === undefined) throw new RequestRefused(refuse.symbol('linear'));
  return category;
}

function specOf(specs: readonly InstrumentSpec[], category: Category, params: Params): InstrumentSpec {
  const symbol = params.required('symbol');
  const spec = specs.find((one) => one.category === category && one.symbol === symbol);
  if (spec === undefined) throw new RequestRefused(refuse.symbol(category));
  return spec;
}

function orderOf({ account }: PrivateCall, params: Params): VenueOrder {
  const category = tradedCategory(params);
  const order = account.find(params.text('orderId'), params.text('orderLinkId'));
  const symbol = params.text('symbol');
  const isMeant = order !== undefined && order.category === category && (symbol ?? order.symbol) === order.symbol;
  if (!isMeant) throw new RequestRefused(refuse.unknownOrder(category));
  return order;
}

function readOrder(params: Params, spec: InstrumentSpec): OrderRequest {
  const orderType = params.oneOf('orderType', ['Market', 'Limit']) ?? missing('orderType');
  const side = params.oneOf('side', ['Buy', 'Sell']) ?? missing('side');
  if ((params.integer('positionIdx', 0, 2) ?? 0) !== 0) {
    throw new RequestRefused(refuse.parameter('position idx not match position mode'));
  }
  const spot = spec.category === 'spot';
  // A spot market order to buy says what it spends, one to sell what it sells, unless `marketUnit` says otherwise.
  const unit = params.text('marketUnit') ?? (side === 'Buy' ? 'quoteCoin' : 'baseCoin');
  const inQuote = spot && orderType === 'Market' && unit === 'quoteCoin';
  const triggerPrice = params.decimal('triggerPrice') ?? 0n;
  const reduceOnly = !spot && params.flag('reduceOnly');
  return {
    category: spec.category,
    symbol: spec.symbol,
    side,
    orderType,
    quantity: params.decimal('qty') ?? missing('qty'),
    inQuote,
    price: orderType === 'Limit' ? (params.decimal('price') ?? missing('price')) : 0n,
    timeInForce: orderType === 'Market' ? 'IOC' : readTimeInForce(params),
    orderLinkId: params.text('orderLinkId') ?? '',
    reduceOnly: reduceOnly || (!spot && params.flag('closeOnTrigger')),
    closeOnTrigger: !spot && params.flag('closeOnTrigger'),
    triggerPrice,
    triggerDirection: readDirection(params, triggerPrice, spec.category),
    triggerBy: params.text('triggerBy') ?? 'LastPrice',
    stopOrderType: triggerPrice === 0n ? '' : spot && params.text('orderFilter') !== 'StopOrder' ? 'tpslOrder' : 'Stop',
    takeProfit: params.decimal('takeProfit') ?? 0n,
    stopLoss: params.decimal('stopLoss') ?? 0n,
    createType: 'CreateByUser',
  };
}

function readTimeInForce(params: Params): TimeInForce {
  return params.oneOf('timeInForce', ['GTC', 'IOC', 'FOK', 'PostOnly']) ?? 'GTC';
}

/** A perpetual's conditional order must say on which side of the price it waits. */
function readDirection(params: Params, triggerPrice: bigint, category: Category): 0 | 1 | 2 {
  if (triggerPrice === 0n || category === 'spot') return 0;
  const direction = params.integer('triggerDirection', 1, 2) ?? missing('triggerDirection');
  return direction === 1 ? 1 : 2;
}

function missing(name: string): never {
  throw new RequestRefused(refuse.parameter(`${name} invalid`));
}
