import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Holdings, ReportedFill } from '../../../src/execution/order-gateway.ts';
import { fixed, type Money, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { AccountBalance, type BotHoldings } from '../../../src/live/orders/account-balance.ts';

function venue(total: string, quantity = '0', averagePrice = '0'): Holdings {
  const position = {
    symbol: 'XUSDT',
    quantity: fixed<Quantity>(quantity),
    averagePrice: fixed<Price>(averagePrice),
  };
  return {
    positions: quantity === '0' ? [] : [position],
    balances: [{ currency: 'USDT', total: fixed<Money>(total) }],
  };
}

function bot(quantity = '0', cashFlow = '0'): BotHoldings {
  const positions = new Map([['XUSDT', fixed<Quantity>(quantity)]]);
  return { positions, currency: 'USDT', cashFlow: fixed<Money>(cashFlow) };
}

function trade(side: 'buy' | 'sell', quantity: string): ReportedFill {
  return {
    fillId: 'f',
    kind: 'trade',
    clientOrderId: null,
    venueOrderId: 'v',
    symbol: 'XUSDT',
    side,
    price: fixed<Price>('10'),
    quantity: fixed<Quantity>(quantity),
    fee: fixed<Money>('0'),
    feeCurrency: 'USDT',
    liquidity: 'taker',
    time: epochMs(0),
  };
}

/** An account that was looked at so often that it is known. */
function known(holdings: Holdings, ...bots: BotHoldings[]): AccountBalance {
  const balance = new AccountBalance();
  for (let look = 0; look < 3; look++) balance.compare(holdings, bots, true);
  return balance;
}

test('what is there at first is told once where it is a position, and taken where it is money', () => {
  const balance = new AccountBalance();
  const look = () => balance.compare(venue('1000', '2', '10'), [bot()], true).map(({ what, theirs }) => [what, theirs]);
  assert.deepEqual([look(), look(), look(), look()], [[], [['position XUSDT', '2']], [], []]);
  assert.equal(balance.externalPosition('XUSDT'), fixed('2'));
});

test('the bots’ own trades are no difference, whatever they gained', () => {
  const balance = known(venue('1000'), bot());
  assert.deepEqual(balance.compare(venue('999', '3', '10'), [bot('3', '-31')], true), []);
  assert.deepEqual(balance.compare(venue('1010'), [bot('0', '10')], true), []);
  assert.deepEqual(balance.compare(venue('1010', '1', '7'), [bot('3', '-31'), bot('-2', '34')], true), []);
});

test('a difference must stand in two quiet looks, and is told once', () => {
  const balance = known(venue('1000'), bot());
  const look = (quantity: string, isQuiet = true) =>
    balance.compare(venue('1000', quantity, '10'), [bot('0', `-${Number(quantity) * 10}`)], isQuiet).length;
  assert.equal(look('1'), 0);
  assert.equal(look('1', false), 0);
  assert.equal(look('0'), 0, 'gone: it was a fill on its way');
  assert.equal(look('1'), 0);
  assert.equal(look('2'), 0, 'another one');
  assert.equal(look('2'), 1);
  assert.equal(look('2'), 0);
});

test('a deposit is a difference of the balance; less than a cent is rounding', () => {
  const balance = known(venue('1000'), bot());
  const look = (total: string) => balance.compare(venue(total), [bot()], true);
  assert.deepEqual([look('1000.009'), look('1000.009')], [[], []]);
  look('1500');
  assert.deepEqual(look('1500'), [{ what: 'balance USDT', ours: '0', theirs: '1500' }]);
});

test('an external trade explains the position; the balance is taken anew, once it stands', () => {
  const balance = known(venue('1000'), bot());
  balance.addExternal(trade('buy', '2'));
  const look = (total: string) => balance.compare(venue(total, '2', '10'), [bot()], true);
  assert.deepEqual([look('999'), look('999'), look('999')], [[], [], []]);
  look('998');
  assert.equal(look('998').length, 1);
});

test('an external trade before the first look is in what that finds', () => {
  const balance = new AccountBalance();
  balance.addExternal(trade('buy', '2'));
  const look = () => balance.compare(venue('1000', '2', '10'), [bot()], true).length;
  assert.deepEqual([look(), look(), look()], [0, 1, 0]);
});

test('funding of the external part moves the balance', () => {
  const balance = known(venue('1000'), bot());
  balance.addExternalFunding('USDT', fixed<Money>('5'));
  assert.deepEqual(balance.compare(venue('995'), [bot()], true), []);
});
