import type { HeldBalance, OrderReport, ReportedFill, WireOrder } from '../../execution/order-gateway.ts';
import { formatFixed, type Money, type Price, type Quantity } from '../../foundation/fixed-point.ts';
import { Row } from './ccxt-gateway-words.ts';

/*
 * Binance's rows of spot, as REST lists them and as the user data stream tells them, and the request of an order.
 * Source: binance-spot-api-docs, rest-api.md and user-data-stream.md.
 */

type SymbolOf = (marketId: string) => string;

const SIDES = { BUY: 'buy', SELL: 'sell' } as const;
const STATES = {
  NEW: 'working',
  PENDING_NEW: 'waiting',
  PARTIALLY_FILLED: 'working',
  PENDING_CANCEL: 'working',
  FILLED: 'filled',
  CANCELED: 'cancelled',
  REJECTED: 'rejected',
  EXPIRED: 'expired',
  EXPIRED_IN_MATCH: 'expired',
} as const;
const CONDITIONAL = ['STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'];

/** An order of REST. @throws SenselessMessage */
export function readBinanceOrder(row: Row, symbolOf: SymbolOf): OrderReport {
  return {
    clientOrderId: row.optionalText('clientOrderId'),
    venueOrderId: row.id('orderId'),
    symbol: symbolOf(row.text('symbol')),
    side: row.oneOf('side', SIDES),
    quantity: row.decimal<Quantity>('origQty'),
    filledQuantity: row.decimal<Quantity>('executedQty'),
    state: stateOf(row, 'status', 'type', 'isWorking'),
    reason: '',
    updatedAt: row.time('updateTime'),
  };
}

/** `executionReport`: the order, and what filled of it where that is what happened. @throws SenselessMessage */
export function readExecutionReport(
  value: unknown,
  symbolOf: SymbolOf,
): { readonly report: OrderReport; readonly fill: ReportedFill | undefined } {
  const row = new Row(value, 'an execution report of Binance');
  const reason = row.optionalText('r');
  const report: OrderReport = {
    // A cancel has an id of its own, and then names the order's here.
    clientOrderId: row.optionalText('C') ?? row.optionalText('c'),
    venueOrderId: row.id('i'),
    symbol: symbolOf(row.text('s')),
    side: row.oneOf('S', SIDES),
    quantity: row.decimal<Quantity>('q'),
    filledQuantity: row.decimal<Quantity>('z'),
    state: stateOf(row, 'X', 'o', 'w'),
    reason: reason === 'NONE' ? '' : (reason ?? ''),
    updatedAt: row.time('T'),
  };
  if (row.text('x') !== 'TRADE') return { report, fill: undefined };
  const fill: ReportedFill = {
    fillId: fillId(row.text('s'), row.id('t')),
    kind: 'trade',
    clientOrderId: report.clientOrderId,
    venueOrderId: report.venueOrderId,
    symbol: report.symbol,
    side: report.side,
    price: row.decimal<Price>('L'),
    quantity: row.decimal<Quantity>('l'),
    fee: row.decimal<Money>('n'),
    feeCurrency: row.optionalText('N') ?? '',
    liquidity: row.fields.m === true ? 'maker' : 'taker',
    time: row.time('T'),
  };
  return { report, fill };
}

/** A trade of REST, which does not name the client id of its order. @throws SenselessMessage */
export function readBinanceTrade(row: Row, symbolOf: SymbolOf): ReportedFill {
  const marketId = row.text('symbol');
  return {
    fillId: fillId(marketId, row.id('id')),
    kind: 'trade',
    clientOrderId: null,
    venueOrderId: row.id('orderId'),
    symbol: symbolOf(marketId),
    side: row.fields.isBuyer === true ? 'buy' : 'sell',
    price: row.decimal<Price>('price'),
    quantity: row.decimal<Quantity>('qty'),
    fee: row.decimal<Money>('commission'),
    feeCurrency: row.text('commissionAsset'),
    liquidity: row.fields.isMaker === true ? 'maker' : 'taker',
    time: row.time('time'),
  };
}

/** @throws SenselessMessage */
export function readBinanceBalance(row: Row): HeldBalance {
  return { currency: row.text('asset'), total: (row.decimal<Money>('free') + row.decimal<Money>('locked')) as Money };
}

/** The parameters of `POST /api/v3/order`. Numbers as exact texts. */
export function binanceOrderRequest(order: WireOrder, marketId: string): Readonly<Record<string, string>> {
  const { execution } = order;
  const limitPrice = execution.type === 'market' ? undefined : execution.limitPrice;
  const isPostOnly = execution.type === 'limit' && execution.postOnly;
  return {
    symbol: marketId,
    side: order.side === 'buy' ? 'BUY' : 'SELL',
    type: orderType(order),
    quantity: formatFixed(order.quantity),
    ...(limitPrice !== undefined && { price: formatFixed(limitPrice) }),
    ...(limitPrice !== undefined && !isPostOnly && { timeInForce: order.timeInForce }),
    ...('triggerPrice' in execution && { stopPrice: formatFixed(execution.triggerPrice) }),
    newClientOrderId: order.clientOrderId,
    newOrderRespType: 'ACK',
  };
}

function orderType({ execution }: WireOrder): string {
  if (execution.type === 'market') return 'MARKET';
  if (execution.type === 'limit') return execution.postOnly ? 'LIMIT_MAKER' : 'LIMIT';
  const name = execution.type === 'stop' ? 'STOP_LOSS' : 'TAKE_PROFIT';
  return execution.limitPrice === undefined ? name : `${name}_LIMIT`;
}

/** A conditional order is `NEW`, and not working, until its trigger is reached. */
function stateOf(row: Row, status: string, type: string, isWorking: string): OrderReport['state'] {
  const state = row.oneOf(status, STATES);
  const waits = row.fields[isWorking] === false && CONDITIONAL.includes(row.text(type));
  return state === 'working' && waits ? 'waiting' : state;
}

/** Trades are numbered within a market. */
function fillId(marketId: string, id: string): string {
  return `${marketId}-${id}`;
}
