import { divide, formatFixed, multiply } from '../../foundation/fixed-point.ts';
import { type InstrumentSpec, priceText, quantityText } from '../market/instruments.ts';
import { type Execution, isOpen, leavesOf, type VenueOrder } from '../trading/venue-order.ts';
import type { Row } from './market-messages.ts';

/** An order as `GET /v5/order/realtime` and `/history` list it. */
export function orderRow(order: VenueOrder, spec: InstrumentSpec): Row {
  const price = (value: bigint): string => priceText(spec, value);
  const orEmpty = (value: bigint): string => (value === 0n ? '' : price(value));
  return {
    orderId: order.orderId,
    orderLinkId: order.orderLinkId,
    blockTradeId: '',
    symbol: order.symbol,
    price: price(order.price),
    qty: order.inQuote ? formatFixed(order.quantity) : quantityText(spec, order.quantity),
    side: order.side,
    isLeverage: order.category === 'spot' ? '0' : '',
    positionIdx: 0,
    orderStatus: order.status,
    cancelType: order.cancelType,
    rejectReason: order.rejectReason,
    avgPrice: meanPrice(order),
    ...leavesFields(order, spec),
    cumExecQty: quantityText(spec, order.executedQuantity),
    cumExecValue: formatFixed(order.executedValue),
    cumExecFee: formatFixed(order.executedFee),
    timeInForce: order.timeInForce,
    orderType: order.orderType,
    stopOrderType: order.stopOrderType,
    orderIv: '',
    triggerPrice: order.triggerPrice === 0n ? '0.00' : price(order.triggerPrice),
    takeProfit: orEmpty(order.takeProfit),
    stopLoss: orEmpty(order.stopLoss),
    tpTriggerBy: order.takeProfit === 0n ? '' : 'LastPrice',
    slTriggerBy: order.stopLoss === 0n ? '' : 'LastPrice',
    triggerDirection: order.triggerDirection,
    triggerBy: order.triggerPrice === 0n ? '' : order.triggerBy,
    lastPriceOnCreated: price(order.lastPriceOnCreated),
    reduceOnly: order.reduceOnly,
    closeOnTrigger: order.closeOnTrigger,
    smpType: 'None',
    smpGroup: 0,
    smpOrderId: '',
    tpslMode: order.takeProfit > 0n || order.stopLoss > 0n || order.closeOnTrigger ? 'Full' : '',
    tpLimitPrice: '',
    slLimitPrice: '',
    placeType: '',
    marketUnit: order.inQuote ? 'quoteCoin' : '',
    createType: order.createType,
    createdTime: String(order.createdTime),
    updatedTime: String(order.updatedTime),
    cumFeeDetail: order.executedFee === 0n ? {} : { [order.feeCurrency]: formatFixed(order.executedFee) },
  };
}

/** An order as the private topic `order` tells it. */
export function orderData(order: VenueOrder, spec: InstrumentSpec): Row {
  return {
    category: order.category,
    ...orderRow(order, spec),
    closedPnl: formatFixed(order.closedPnl),
    feeCurrency: order.feeCurrency,
  };
}

function meanPrice({ executedQuantity, executedValue }: VenueOrder): string {
  return executedQuantity === 0n ? '' : formatFixed(divide(executedValue, executedQuantity));
}

/** What is left of an order that is over is nothing. */
function leavesFields(order: VenueOrder, spec: InstrumentSpec): Row {
  const leaves = isOpen(order) ? leavesOf(order) : 0n;
  const price = order.price > 0n ? order.price : order.lastPriceOnCreated;
  const value = order.inQuote ? leaves : multiply(price, leaves);
  return {
    leavesQty: order.inQuote ? formatFixed(leaves) : quantityText(spec, leaves),
    leavesValue: formatFixed(value),
  };
}

/** An execution as `GET /v5/execution/list` lists it. */
export function executionRow(execution: Execution, spec: InstrumentSpec): Row {
  return {
    symbol: execution.symbol,
    orderId: execution.orderId,
    orderLinkId: execution.orderLinkId,
    side: execution.side,
    orderPrice: priceText(spec, execution.orderPrice),
    orderQty: quantityText(spec, execution.orderQuantity),
    leavesQty: quantityText(spec, execution.leaves),
    createType: execution.createType,
    orderType: execution.orderType,
    stopOrderType: execution.stopOrderType === '' ? 'UNKNOWN' : execution.stopOrderType,
    execFee: formatFixed(execution.fee),
    execId: execution.execId,
    execPrice: priceText(spec, execution.price),
    execQty: quantityText(spec, execution.quantity),
    execType: execution.type,
    execValue: formatFixed(execution.value),
    execTime: String(execution.time),
    feeCurrency: execution.feeCurrency,
    isMaker: execution.isMaker,
    feeRate: formatFixed(execution.feeRate),
    tradeIv: '',
    markIv: '',
    markPrice: priceText(spec, execution.markPrice),
    indexPrice: '',
    underlyingPrice: '',
    blockTradeId: '',
    closedSize: quantityText(spec, execution.closedSize),
    seq: execution.sequence,
  };
}

/** An execution as the private topic `execution` tells it. */
export function executionData(execution: Execution, spec: InstrumentSpec): Row {
  return {
    category: execution.category,
    ...executionRow(execution, spec),
    isLeverage: '0',
    execPnl: formatFixed(execution.pnl),
  };
}
