import type { Fill } from '../../../src/domain/fill.ts';
import type { OrderEvent } from '../../../src/domain/order.ts';
import { type Fixed, fixed, formatFixed, multiply } from '../../../src/foundation/fixed-point.ts';
import type { ExchangeAccount } from './exchange-books.ts';
import { isOpenAtExchange } from './exchange-books.ts';

/** What the store says of all bots of an account. */
export interface LocalBooks {
  /** The client ids of all orders that were ever meant to be sent. */
  readonly intents: ReadonlySet<string>;
  readonly events: readonly OrderEvent[];
  readonly fills: readonly Fill[];
}

const ENDED = new Set<OrderEvent['kind']>(['cancelled', 'expired', 'rejected']);

/**
 * Holds the store's books against the exchange's, to the last unit: each order sent once and known here, each execution
 * booked once with its price, quantity and fee, the same orders open, the same positions, the same balance.
 *
 * @returns what differs, in words
 */
export function ledgerDifferences(local: LocalBooks, exchange: ExchangeAccount): readonly string[] {
  return [
    ...orderDifferences(local, exchange),
    ...fillDifferences(local, exchange),
    ...positionDifferences(local, exchange),
    ...balanceDifference(local, exchange),
  ];
}

function orderDifferences({ intents, events }: LocalBooks, exchange: ExchangeAccount): string[] {
  const differences: string[] = [];
  const there = new Map<string, ExchangeAccount['orders'][number]>();
  for (const order of exchange.orders) {
    const { orderLinkId, orderId, status } = order;
    if (!intents.has(orderLinkId))
      differences.push(`phantom: ${orderId} (${orderLinkId}, ${status}) is no order of ours`);
    if (there.has(orderLinkId)) differences.push(`doubled: ${orderLinkId} was taken twice`);
    there.set(orderLinkId, order);
  }
  const open = openHere(events);
  for (const id of open) {
    const order = there.get(id);
    if (order === undefined) differences.push(`lost: ${id} is open here, and the exchange never had it`);
    else if (!isOpenAtExchange(order)) differences.push(`${id} is open here, and ${order.status} at the exchange`);
  }
  for (const [id, order] of there) {
    if (isOpenAtExchange(order) && !open.has(id))
      differences.push(`phantom: ${id} is ${order.status} at the exchange, not open here`);
  }
  return differences;
}

/** Sent, and not ended. */
function openHere(events: readonly OrderEvent[]): ReadonlySet<string> {
  const open = new Set<string>();
  for (const event of events) {
    if (ENDED.has(event.kind) || (event.kind === 'filled' && event.complete)) open.delete(event.clientOrderId);
    else open.add(event.clientOrderId);
  }
  return open;
}

function fillDifferences({ fills }: LocalBooks, exchange: ExchangeAccount): string[] {
  const differences: string[] = [];
  const here = new Map<string, Fill>();
  for (const fill of fills) {
    if (here.has(fill.fillId)) differences.push(`doubled: the fill ${fill.fillId} was booked twice`);
    here.set(fill.fillId, fill);
  }
  for (const execution of exchange.executions) {
    const { execId, orderLinkId, side, price, quantity, fee } = execution;
    const fill = here.get(execId);
    here.delete(execId);
    const there = [orderLinkId, side.toLowerCase(), price, quantity, fee].join(' ');
    if (fill === undefined) {
      differences.push(`lost: the fill ${execId} (${there}) was not booked`);
      continue;
    }
    const ours = [fill.clientOrderId, fill.side, ...[fill.price, fill.quantity, fill.fee].map(formatFixed)].join(' ');
    if (ours !== there) differences.push(`the fill ${execId} is ${there}, and was booked as ${ours}`);
  }
  for (const id of here.keys()) differences.push(`phantom: the fill ${id} was booked, and never happened`);
  return differences;
}

function positionDifferences({ fills }: LocalBooks, { positions }: ExchangeAccount): string[] {
  const held = new Map<string, bigint>();
  for (const { symbol, side, quantity } of fills) {
    held.set(symbol, (held.get(symbol) ?? 0n) + (side === 'buy' ? quantity : -quantity));
  }
  const there = new Map<string, bigint>(positions.map(({ symbol, size }) => [symbol, fixed(size)]));
  return [...new Set([...held.keys(), ...there.keys()])]
    .filter((symbol) => (held.get(symbol) ?? 0n) !== (there.get(symbol) ?? 0n))
    .map((symbol) => {
      const [ours, theirs] = [formatFixed(held.get(symbol) ?? 0n), formatFixed(there.get(symbol) ?? 0n)];
      return `${symbol}: ${ours} held here, ${theirs} at the exchange`;
    });
}

/**
 * What was paid in, what our fills brought and cost, and what the open positions were bought for, must be the exchange's
 * balance: its profit is booked when a position closes, ours is money that came and went.
 */
function balanceDifference({ fills }: LocalBooks, { balances, positions, entries }: ExchangeAccount): string[] {
  const coin = 'USDT';
  let expected = 0n;
  for (const entry of entries) {
    if (entry.coin === coin && (entry.kind === 'deposit' || entry.kind === 'withdrawal'))
      expected += fixed<Fixed>(entry.amount);
  }
  for (const { side, price, quantity, fee } of fills) {
    const value: bigint = multiply(price, quantity);
    expected += (side === 'buy' ? -value : value) - fee;
  }
  for (const { size, entryValue } of positions) {
    const value = fixed<Fixed>(entryValue);
    expected += size.startsWith('-') ? -value : value;
  }
  const balance = fixed<Fixed>(balances[coin] ?? '0');
  return balance === expected
    ? []
    : [`${coin}: ${formatFixed(expected)} by our books, ${formatFixed(balance)} at the exchange`];
}
