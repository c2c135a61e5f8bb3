import { reducesAccount, type WireOrder } from '../../execution/order-gateway.ts';
import { formatFixed } from '../../foundation/fixed-point.ts';

const RISES = 1;
const FALLS = 2;

/**
 * The body of `POST /v5/order/create`. Numbers as exact texts. A market order of spot counts base, also to buy.
 * Source: bybit-exchange/docs, docs/v5/order/create-order.mdx.
 */
export function bybitOrderRequest(
  order: WireOrder,
  marketId: string,
  category: 'linear' | 'spot',
): Readonly<Record<string, string | number | boolean>> {
  const { execution, side } = order;
  const limitPrice = execution.type === 'market' ? undefined : execution.limitPrice;
  const isPostOnly = execution.type === 'limit' && execution.postOnly;
  return {
    category,
    symbol: marketId,
    side: side === 'buy' ? 'Buy' : 'Sell',
    orderType: limitPrice === undefined ? 'Market' : 'Limit',
    qty: formatFixed(order.quantity),
    ...(limitPrice !== undefined && {
      price: formatFixed(limitPrice),
      timeInForce: isPostOnly ? 'PostOnly' : order.timeInForce,
    }),
    orderLinkId: order.clientOrderId,
    ...(category === 'linear' && { positionIdx: 0, reduceOnly: reducesAccount(order) }),
    ...(category === 'spot' && limitPrice === undefined && { marketUnit: 'baseCoin' }),
    ...triggerOf(order, category),
  };
}

/** A stop waits for the price to move against the side, a take-profit for it to move in its favour. */
function triggerOf(
  { execution, side }: WireOrder,
  category: 'linear' | 'spot',
): Readonly<Record<string, string | number>> {
  if (execution.type !== 'stop' && execution.type !== 'take-profit') return {};
  const triggerPrice = formatFixed(execution.triggerPrice);
  if (category === 'spot') return { triggerPrice, orderFilter: 'StopOrder' };
  const rises = (execution.type === 'stop') === (side === 'buy');
  return { triggerPrice, triggerDirection: rises ? RISES : FALLS, triggerBy: 'LastPrice' };
}
