import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fill } from '../../../src/domain/fill.ts';
import type { OrderEvent } from '../../../src/domain/order.ts';
import { fixed } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { ExchangeAccount } from './exchange-books.ts';
import { type LocalBooks, ledgerDifferences } from './ledger-check.ts';

/* Books of two orders that are right: one bought 0.2 in two fills, one waits. Then one thing after another is made wrong. */

const fill = (fillId: string, quantity: string, price: string, fee: string): Fill => ({
  ...{ fillId, clientOrderId: 'a-1', botId: 'a', symbol: 'BTCUSDT', side: 'buy', feeCurrency: 'USDT' },
  ...{ price: fixed(price), quantity: fixed(quantity), fee: fixed(fee), liquidity: 'taker', time: epochMs(1) },
});
const filled = (one: Fill, complete: boolean): OrderEvent => ({
  ...{ kind: 'filled', clientOrderId: 'a-1', botId: 'a', symbol: 'BTCUSDT', time: epochMs(1) },
  ...{ fill: one, complete },
});
const fills = [fill('x1', '0.1', '100', '0.01'), fill('x2', '0.1', '101', '0.02')];

function local(change: Partial<LocalBooks> = {}): LocalBooks {
  const waiting = { kind: 'submitted', clientOrderId: 'a-2', botId: 'a', symbol: 'BTCUSDT', time: epochMs(1) } as const;
  const events = [filled(fills[0]!, false), filled(fills[1]!, true), waiting];
  return { intents: new Set(['a-1', 'a-2']), events, fills, ...change };
}

function order(orderLinkId: string, status: string): ExchangeAccount['orders'][number] {
  const amounts = { quantity: '0.2', executedQuantity: status === 'Filled' ? '0.2' : '0' };
  return { orderId: `v-${orderLinkId}`, orderLinkId, symbol: 'BTCUSDT', side: 'Buy', status, ...amounts };
}

function exchange(change: Partial<ExchangeAccount> = {}): ExchangeAccount {
  const executed = { type: 'Trade', orderLinkId: 'a-1', symbol: 'BTCUSDT', side: 'Buy', quantity: '0.1' };
  return {
    key: 'key',
    balances: { USDT: '999.97' },
    positions: [{ symbol: 'BTCUSDT', size: '0.2', entryValue: '20.1' }],
    orders: [order('a-1', 'Filled'), order('a-2', 'New')],
    executions: [
      { ...executed, execId: 'x1', price: '100', fee: '0.01' },
      { ...executed, execId: 'x2', price: '101', fee: '0.02' },
    ],
    entries: [{ kind: 'deposit', coin: 'USDT', amount: '1000' }],
    refusedOrders: [],
    ...change,
  };
}

test('books that are equal have no difference', () => {
  assert.deepEqual(ledgerDifferences(local(), exchange()), []);
});

test('each thing that may be wrong is told', () => {
  const { executions, orders } = exchange();
  const cases: readonly (readonly [LocalBooks, ExchangeAccount, RegExp])[] = [
    [local(), exchange({ orders: [...orders, order('z-9', 'Filled')] }), /phantom: v-z-9/],
    [local(), exchange({ orders: [...orders, order('a-1', 'Filled')] }), /doubled: a-1 was taken twice/],
    [local(), exchange({ orders: [orders[0]!] }), /lost: a-2 is open here/],
    [local(), exchange({ orders: [orders[0]!, order('a-2', 'Cancelled')] }), /a-2 is open here, and Cancelled/],
    [local({ events: local().events.slice(0, 2) }), exchange(), /phantom: a-2 is New at the exchange/],
    [local({ fills: [fills[0]!] }), exchange(), /lost: the fill x2/],
    [local({ fills: [...fills, fills[1]!] }), exchange(), /doubled: the fill x2/],
    [local({ fills: [...fills, fill('x3', '0.1', '1', '0')] }), exchange(), /phantom: the fill x3/],
    [local({ fills: [fills[0]!, fill('x2', '0.1', '101', '0.020000000001')] }), exchange(), /was booked as/],
    [local({ fills: [fills[0]!] }), exchange(), /BTCUSDT: 0.1 held here, 0.2 at the exchange/],
    [local(), exchange({ balances: { USDT: '999.970000000001' } }), /999.97 by our books, 999.970000000001/],
    [local(), exchange({ executions: executions.slice(0, 1) }), /phantom: the fill x2/],
  ];
  for (const [ours, theirs, expected] of cases) {
    const differences = ledgerDifferences(ours, theirs);
    assert.ok(
      differences.some((one) => expected.test(one)),
      `${expected}: ${JSON.stringify(differences)}`,
    );
  }
});
