import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderRequest, VenueOrder } from '../../../src/exchange/trading/venue-order.ts';
import { isOpen } from '../../../src/exchange/trading/venue-order.ts';
import { fixed, formatFixed, multiply } from '../../../src/foundation/fixed-point.ts';
import { Random } from '../../../src/foundation/random.ts';
import { orderRequest, type VirtualExchange, virtualExchange } from '../../support/exchange-under-test.ts';

const TICK: bigint = fixed('0.1');

function place({ parts, account }: VirtualExchange, request: OrderRequest): VenueOrder {
  const outcome = parts.venue.create(account, request);
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.error.message);
  return account.find(outcome.value.orderId, undefined)!;
}

function refusalOf({ parts, account }: VirtualExchange, request: OrderRequest): number {
  const outcome = parts.venue.create(account, request);
  assert.ok(!outcome.ok, 'the order was accepted');
  return outcome.error.code;
}

function last({ parts }: VirtualExchange): bigint {
  return parts.venue.priceOf('BTCUSDT');
}

function text(value: bigint): string {
  return formatFixed(value);
}

test('an order is acknowledged first and fills a moment later, at the best price of the book, with the taker fee', async () => {
  const exchange = virtualExchange();
  const best = exchange.parts.venue.book('linear', 'BTCUSDT', 1).asks[0]!;
  const order = place(exchange, orderRequest({ quantity: '0.01' }));
  assert.deepEqual([order.status, order.executedQuantity], ['New', 0n]);
  await exchange.clock.advance(10);
  assert.deepEqual([order.status, text(order.executedQuantity)], ['Filled', '0.01']);
  assert.equal(order.executedValue, multiply(best.price, fixed('0.01')));
  assert.equal(order.executedFee, multiply(order.executedValue, fixed('0.00055')));
  assert.equal(exchange.account.ledger.balance('USDT'), fixed<never>('100000') - order.executedFee);
});

test('a large taker walks the book; what the book cannot fill of a market order is cancelled', async () => {
  const exchange = virtualExchange({ funds: { USDT: fixed('900000000') } });
  const order = place(exchange, orderRequest({ quantity: '595' }));
  await exchange.clock.advance(10);
  const prices = exchange.account.executions.map(({ price }) => price);
  assert.ok(prices.length > 10 && prices.every((price, i) => i === 0 || price > prices[i - 1]!));
  assert.equal(order.status, prices.length === 200 ? 'Cancelled' : 'Filled');
  const before = exchange.account.executions.length;
  const second = place(exchange, orderRequest({ quantity: '0.001' }));
  await exchange.clock.advance(10);
  assert.ok(exchange.account.executions.length <= before + 1);
  assert.ok(second.status === 'Cancelled' || exchange.account.executions.at(-1)!.price >= prices.at(-1)!);
});

test('a resting order fills as a maker at its own price when the market trades through it, and pays the maker fee', async () => {
  const exchange = virtualExchange();
  const price = last(exchange) - 200n * TICK;
  const order = place(exchange, orderRequest({ quantity: '0.01', price: text(price) }));
  await exchange.clock.advance(10);
  assert.equal(order.status, 'New');
  for (let minutes = 0; minutes < 600 && isOpen(order); minutes++) await exchange.clock.advance(60_000);
  assert.equal(order.status, 'Filled');
  const [fill] = exchange.account.executions;
  assert.deepEqual([fill!.isMaker, fill!.price], [true, price]);
  assert.equal(fill!.fee, multiply(fill!.value, fixed('0.0002')));
});

test('post-only, fill-or-kill and immediate-or-cancel end as they must', async () => {
  const exchange = virtualExchange();
  const above = text(last(exchange) + 5n * TICK);
  const below = text(last(exchange) - 50n * TICK);
  const postOnly = place(exchange, orderRequest({ quantity: '0.01', price: above, timeInForce: 'PostOnly' }));
  const immediate = place(exchange, orderRequest({ quantity: '0.01', price: below, timeInForce: 'IOC' }));
  const kill = place(
    exchange,
    orderRequest({ quantity: '1', price: text(last(exchange)), timeInForce: 'FOK', side: 'Buy' }),
  );
  await exchange.clock.advance(10);
  assert.deepEqual([postOnly.status, postOnly.rejectReason], ['Cancelled', 'EC_PostOnlyWillTakeLiquidity']);
  assert.deepEqual([immediate.status, immediate.rejectReason], ['Cancelled', 'EC_NoImmediateQtyToFill']);
  assert.ok(kill.executedQuantity === 0n || kill.executedQuantity === kill.quantity);
});

test('a stop waits for its price, then is a market order; reduce-only never opens', async () => {
  const exchange = virtualExchange();
  place(exchange, orderRequest({ quantity: '0.02' }));
  await exchange.clock.advance(10);
  const trigger = text(last(exchange) - 300n * TICK);
  const stop = place(
    exchange,
    orderRequest({ side: 'Sell', quantity: '0.05', triggerPrice: trigger, triggerDirection: 2, reduceOnly: true }),
  );
  assert.equal(stop.status, 'Untriggered');
  for (let minutes = 0; minutes < 700 && isOpen(stop); minutes++) await exchange.clock.advance(60_000);
  assert.equal(text(stop.executedQuantity), '0.02');
  assert.equal(exchange.account.ledger.position('BTCUSDT', 'USDT').size, 0n);
  assert.equal(refusalOf(exchange, orderRequest({ side: 'Sell', quantity: '0.01', reduceOnly: true })), 110017);
});

test('attached stops become orders of the position, and go when it is closed', async () => {
  const exchange = virtualExchange();
  const price = last(exchange);
  place(
    exchange,
    orderRequest({ quantity: '0.02', takeProfit: price + 90_000n * TICK, stopLoss: price - 90_000n * TICK }),
  );
  await exchange.clock.advance(10);
  assert.deepEqual(
    exchange.account.openOrders.map(({ stopOrderType }) => stopOrderType),
    ['TakeProfit', 'StopLoss'],
  );
  place(exchange, orderRequest({ side: 'Sell', quantity: '0.02', reduceOnly: true }));
  await exchange.clock.advance(10);
  assert.deepEqual(exchange.account.openOrders, []);
  assert.deepEqual(
    exchange.account.orders.slice(1, 3).map(({ cancelType }) => cancelType),
    ['CancelByTpSlTsClear', 'CancelByTpSlTsClear'],
  );
});

test('a cancel that is acknowledged while the order fills ends in a second message of the same end', async () => {
  const exchange = virtualExchange();
  const order = place(exchange, orderRequest({ quantity: '0.01' }));
  assert.ok(exchange.parts.venue.cancel(exchange.account, order).ok);
  await exchange.clock.advance(10);
  assert.deepEqual(
    [order.status, order.cancelType, order.rejectReason],
    ['Filled', 'CancelByUser', 'EC_OrigClOrdIDDoesNotExist'],
  );
  assert.equal(exchange.account.executions.length, 1);
});

test('refusals have the documented codes', () => {
  const exchange = virtualExchange();
  const near = text(last(exchange) - 10n * TICK);
  const limit = (more: object): OrderRequest => orderRequest({ quantity: '0.01', price: near, ...more });
  assert.equal(refusalOf(exchange, limit({ symbol: 'NOPEUSDT' })), 10001);
  assert.equal(refusalOf(exchange, limit({ symbol: 'NOPEUSDT', category: 'spot' })), 170121);
  assert.equal(refusalOf(exchange, limit({ price: '90000.05' })), 10001);
  assert.equal(refusalOf(exchange, limit({ price: '90000.05', category: 'spot' })), 170134);
  assert.equal(refusalOf(exchange, limit({ quantity: '0.0105' })), 10001);
  assert.equal(refusalOf(exchange, limit({ quantity: '0.0000001', category: 'spot' })), 170137);
  assert.equal(refusalOf(exchange, limit({ quantity: '5000' })), 10001);
  assert.equal(refusalOf(exchange, limit({ quantity: '0.001', price: '100' })), 110094);
  assert.equal(refusalOf(exchange, limit({ quantity: '0.001', price: '100', category: 'spot' })), 170140);
  assert.equal(refusalOf(exchange, limit({ quantity: '1000' })), 110007);
  assert.equal(refusalOf(exchange, limit({ quantity: '50', category: 'spot' })), 170131);
  assert.equal(refusalOf(exchange, limit({ price: '99999999999' })), 110003);
  assert.equal(refusalOf(exchange, limit({ orderLinkId: 'not allowed!' })), 10001);
  place(exchange, limit({ orderLinkId: 'once' }));
  assert.equal(refusalOf(exchange, limit({ orderLinkId: 'once' })), 110072);
  assert.equal(refusalOf(exchange, limit({ orderLinkId: 'once', category: 'spot' })), 170141);
});

test('a client id may come again after its order, where the exchange is set so', async () => {
  const exchange = virtualExchange({ clientIds: 'unique-among-open' });
  const request = orderRequest({ quantity: '0.01', orderLinkId: 'again' });
  place(exchange, request);
  assert.equal(refusalOf(exchange, request), 110072);
  await exchange.clock.advance(10);
  place(exchange, request);
  await exchange.clock.advance(10);
  assert.equal(text(exchange.account.ledger.position('BTCUSDT', 'USDT').size), '0.02');
});

test('a spot order in quote currency spends no more than it says, and pays its fee in what it receives', async () => {
  const exchange = virtualExchange();
  const order = place(exchange, orderRequest({ category: 'spot', quantity: '1000', inQuote: true }));
  await exchange.clock.advance(10);
  assert.equal(order.status, 'Filled');
  assert.ok(order.executedValue <= fixed<never>('1000') && order.executedValue > fixed<never>('999'));
  const { ledger } = exchange.account;
  assert.equal(ledger.balance('USDT'), fixed<never>('100000') - order.executedValue);
  assert.equal(ledger.balance('BTC'), fixed<never>('2') + order.executedQuantity - order.executedFee);
  assert.equal(order.feeCurrency, 'BTC');
});

test('after a day of random orders every balance is the sum of its entries, and every fill is in the books once', async () => {
  const exchange = virtualExchange({ funds: { USDT: fixed('1000000'), BTC: fixed('20') } });
  const { account, parts } = exchange;
  const random = new Random(4, 'orders');
  for (let i = 0; i < 400; i++) {
    const side = random.next() < 0.5 ? 'Buy' : 'Sell';
    const category = random.next() < 0.6 ? 'linear' : 'spot';
    const price = last(exchange) + BigInt(random.integer(-100, 100)) * TICK;
    const quantity = `0.${String(random.integer(1, 900)).padStart(3, '0')}`;
    const limit = random.next() < 0.7 ? { price: text(price) } : {};
    parts.venue.create(account, orderRequest({ category, side, quantity, ...limit }));
    if (i % 50 === 49) parts.venue.cancelAll(account, () => random.next() < 0.5);
    await exchange.clock.advance(random.integer(1, 60_000));
  }
  assert.ok(account.executions.length > 200, `${account.executions.length} executions`);
  for (const coin of account.ledger.coins) {
    const entries = account.ledger.entries.filter((entry) => entry.coin === coin);
    assert.equal(
      account.ledger.balance(coin),
      entries.reduce((sum, { amount }) => sum + amount, 0n),
    );
  }
  const linear = account.executions.filter(({ category }) => category === 'linear');
  const position = account.ledger.position('BTCUSDT', 'USDT');
  const bought = linear.reduce((sum, { side, quantity }) => sum + (side === 'Buy' ? quantity : -quantity), 0n);
  assert.equal(position.size, bought);
  // What came in and went out in cash, less what the position is carried at, is the profit booked.
  const cash = linear.reduce((sum, { side, value }) => sum + (side === 'Buy' ? -value : value), 0n);
  const carried = position.size >= 0n ? position.entryValue : -position.entryValue;
  assert.equal(
    linear.reduce((sum, { pnl }) => sum + pnl, 0n),
    cash + carried,
  );
  for (const order of account.orders) {
    const fills = account.executions.filter(({ orderId }) => orderId === order.orderId);
    assert.equal(
      order.executedQuantity,
      fills.reduce((sum, { quantity }) => sum + quantity, 0n),
    );
    assert.equal(
      order.executedFee,
      fills.reduce((sum, { fee }) => sum + fee, 0n),
    );
    assert.ok(order.executedQuantity <= order.quantity);
  }
});
