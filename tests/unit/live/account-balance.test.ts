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

/** Looks that are half a minute apart, as the link makes them. */
class Looks {
  readonly balance = new AccountBalance();
  #now = 0;

  look(holdings: Holdings, ...bots: BotHoldings[]): string[] {
    this.#now += 30_000;
    return this.balance
      .compare(holdings, bots, this.#now)
      .map(({ what, ours, theirs }) => `${what}: ${ours} ${theirs}`);
  }

  /** Once more, at once. */
  again(holdings: Holdings, ...bots: BotHoldings[]): number {
    this.#now += 100;
    return this.balance.compare(holdings, bots, this.#now).length;
  }

  /** Until all that is there is known. */
  know(holdings: Holdings, ...bots: BotHoldings[]): this {
    for (let count = 0; count < 3; count++) this.look(holdings, ...bots);
    return this;
  }
}

test('what is there at first is told once where it is a position, and taken where it is money', () => {
  const looks = new Looks();
  const look = () => looks.look(venue('1000', '2', '10'), bot());
  assert.deepEqual([look(), look(), look(), look()], [[], ['position XUSDT: 0 2'], [], []]);
  assert.equal(looks.balance.externalPosition('XUSDT'), fixed('2'));
});

test('the bots’ own trades are no difference, whatever they gained', () => {
  const looks = new Looks().know(venue('1000'), bot());
  for (let count = 0; count < 2; count++) {
    assert.deepEqual(looks.look(venue('999', '3', '10'), bot('3', '-31')), []);
    assert.deepEqual(looks.look(venue('1010'), bot('0', '10')), []);
    assert.deepEqual(looks.look(venue('1010', '1', '7'), bot('3', '-31'), bot('-2', '34')), []);
  }
});

test('a difference must stand for a while, and is told once', () => {
  const looks = new Looks().know(venue('1000'), bot());
  const held = (quantity: string) => [venue('1000', quantity, '10'), bot('0', `-${Number(quantity) * 10}`)] as const;
  assert.deepEqual(looks.look(...held('1')), []);
  assert.equal(looks.again(...held('1')), 0, 'a tenth of a second is no while');
  assert.deepEqual(looks.look(...held('0')), [], 'gone: it was a fill on its way');
  assert.deepEqual(looks.look(...held('1')), []);
  assert.deepEqual(looks.look(...held('2')), [], 'another one');
  assert.deepEqual(looks.look(...held('2')), ['position XUSDT: 0 2']);
  assert.deepEqual(looks.look(...held('2')), []);
});

test('a deposit is a difference of the balance; less than a cent is rounding', () => {
  const looks = new Looks().know(venue('1000'), bot());
  assert.deepEqual([looks.look(venue('1000.009'), bot()), looks.look(venue('1000.009'), bot())], [[], []]);
  looks.look(venue('1500'), bot());
  assert.deepEqual(looks.look(venue('1500'), bot()), ['balance USDT: 0 1500']);
});

test('an external trade explains the position; the balance is taken anew, once it stands', () => {
  const looks = new Looks().know(venue('1000'), bot());
  looks.balance.addExternal(trade('buy', '2'));
  const look = (total: string) => looks.look(venue(total, '2', '10'), bot());
  assert.deepEqual([look('999'), look('999'), look('999')], [[], [], []]);
  look('998');
  assert.equal(look('998').length, 1);
});

test('an external trade before the first look is in what that finds', () => {
  const looks = new Looks();
  looks.balance.addExternal(trade('buy', '2'));
  const look = () => looks.look(venue('1000', '2', '10'), bot()).length;
  assert.deepEqual([look(), look(), look()], [0, 1, 0]);
});

test('funding of the external part moves the balance', () => {
  const looks = new Looks().know(venue('1000'), bot());
  looks.balance.addExternalFunding('USDT', fixed<Money>('5'));
  assert.deepEqual([looks.look(venue('995'), bot()), looks.look(venue('995'), bot())], [[], []]);
});
