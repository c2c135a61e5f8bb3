import { formatFixed } from '../../foundation/fixed-point.ts';
import type { Account } from '../trading/account.ts';
import type { Execution, VenueOrder } from '../trading/venue-order.ts';

type Row = Readonly<Record<string, unknown>>;

/** The whole truth of an account: what a checker compares with. Exact decimals, times in ms of the exchange's clock. */
export function accountTruth(account: Account): Row {
  const { ledger } = account;
  return {
    key: account.apiKey.key,
    keyState: account.keyState,
    balances: Object.fromEntries(ledger.coins.map((coin) => [coin, formatFixed(ledger.balance(coin))])),
    positions: ledger.positions.map(({ symbol, size, entryValue }) => ({
      symbol,
      size: formatFixed(size),
      entryValue: formatFixed(entryValue),
    })),
    orders: account.orders.map(orderTruth),
    executions: account.executions.map(executionTruth),
    entries: ledger.entries.map((entry) => ({ ...entry, amount: formatFixed(entry.amount) })),
    refusedOrders: account.refusedOrders,
  };
}

export function orderTruth(order: VenueOrder): Row {
  return {
    orderId: order.orderId,
    orderLinkId: order.orderLinkId,
    category: order.category,
    symbol: order.symbol,
    side: order.side,
    type: order.orderType,
    status: order.status,
    cancelType: order.cancelType,
    createType: order.createType,
    reduceOnly: order.reduceOnly,
    quantity: formatFixed(order.quantity),
    price: formatFixed(order.price),
    triggerPrice: formatFixed(order.triggerPrice),
    executedQuantity: formatFixed(order.executedQuantity),
    executedValue: formatFixed(order.executedValue),
    fee: formatFixed(order.executedFee),
    createdTime: order.createdTime,
    updatedTime: order.updatedTime,
  };
}

export function executionTruth(execution: Execution): Row {
  return {
    execId: execution.execId,
    type: execution.type,
    orderId: execution.orderId,
    orderLinkId: execution.orderLinkId,
    category: execution.category,
    symbol: execution.symbol,
    side: execution.side,
    price: formatFixed(execution.price),
    quantity: formatFixed(execution.quantity),
    fee: formatFixed(execution.fee),
    feeCurrency: execution.feeCurrency,
    pnl: formatFixed(execution.pnl),
    isMaker: execution.isMaker,
    time: execution.time,
  };
}
