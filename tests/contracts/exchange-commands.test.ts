/* What happens to an account or a market without its owner's program, and what the judge knows of it. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { z } from 'zod';
import { KEY_STATES } from '../../src/exchange/trading/account.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { HOUR_MS } from '../../src/foundation/time.ts';
import { type Envelope, ExchangeSession, type Message } from '../support/exchange-session.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const rows = z.array(z.record(z.string(), z.unknown()));

describe('commands to the simulated exchange', () => {
  let session: ExchangeSession;
  beforeEach(async () => {
    session = await ExchangeSession.open();
  });
  afterEach(() => session.close());

  async function admin(path: string, body: object): Promise<{ status: number; answer: Message }> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${session.exchange.url}/admin/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return { status: response.status, answer: z.record(z.string(), z.unknown()).parse(await response.json()) };
  }

  async function look(path: string): Promise<Message> {
    const response = await fetch(`${session.exchange.url}/admin/${path}`);
    return z.record(z.string(), z.unknown()).parse(await response.json());
  }

  const listOf = ({ result }: Envelope): readonly Message[] => rows.parse(result.list);
  const orders = (): Promise<Envelope> => session.get('/v5/order/history', LINEAR);

  test("an order of the owner's hand and a deposit come without a request of any program", async () => {
    const socket = await session.privateSocket('order', 'execution', 'wallet');
    const { answer } = await admin('orders', { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.02' });
    await session.clock.advance(10);
    await admin('funds', { coin: 'USDT', amount: '250.5' });
    await socket.caughtUp();
    const [order] = listOf(await orders());
    assert.equal(order!.orderId, answer.orderId);
    assert.deepEqual([order!.orderLinkId, order!.orderStatus, order!.cumExecQty], ['', 'Filled', '0.020']);
    assert.equal(socket.of('execution').length >= 1 && socket.of('wallet').length >= 2, true);
    const paid = session.account.ledger.entries.at(-1)!;
    assert.deepEqual([paid.kind, paid.coin, paid.amount], ['deposit', 'USDT', fixed('250.5')]);
    assert.equal((await admin('funds', { coin: 'USDT', amount: '-1000000' })).status, 400);
    await admin('funds', { coin: 'USDT', amount: '-0.5' });
    assert.equal(session.account.ledger.entries.at(-1)!.kind, 'withdrawal');
  });

  test('a position is liquidated: its orders go, it is closed at the last price, and nothing is left of it', async () => {
    await session.order({ side: 'Sell', qty: '0.05' });
    await session.order({ orderType: 'Limit', side: 'Buy', price: '80000', orderLinkId: 'rests' });
    const socket = await session.privateSocket('order', 'execution', 'position');
    assert.equal((await admin('liquidate', { symbol: 'BTCUSDT' })).status, 200);
    await socket.caughtUp();
    const [bust] = rows.parse(socket.of('execution').at(-1)!.data);
    assert.deepEqual([bust!.execType, bust!.side, bust!.execQty], ['BustTrade', 'Buy', '0.050']);
    assert.equal(bust!.createType, 'CreateByLiq');
    const rested = listOf(await orders()).find(({ orderLinkId }) => orderLinkId === 'rests');
    assert.deepEqual([rested!.orderStatus, rested!.cancelType], ['Cancelled', 'CancelByPrepareLiq']);
    assert.equal(session.account.ledger.position('BTCUSDT', 'USDT').size, 0n);
    assert.equal((await admin('liquidate', { symbol: 'BTCUSDT' })).status, 400);
  });

  test('the exchange cancels open orders of its own accord', async () => {
    await session.order({ orderType: 'Limit', price: '80000', orderLinkId: 'one' });
    await session.order({ orderType: 'Limit', price: '80001', orderLinkId: 'two' });
    const { answer } = await admin('cancel', { symbol: 'BTCUSDT' });
    assert.deepEqual(
      rows.parse(answer.cancelled).map(({ orderLinkId }) => orderLinkId),
      ['one', 'two'],
    );
    for (const order of listOf(await orders())) assert.equal(order.cancelType, 'CancelByAdmin');
  });

  for (const state of KEY_STATES) {
    const codes = { valid: [0, 0], 'read-only': [0, 10005] } as const;
    const both = {
      revoked: 10003,
      'secret-changed': 10004,
      expired: 33004,
      'other-address': 10010,
      'no-permission': 10005,
    };
    const [reads, writes] =
      state === 'valid' || state === 'read-only' ? codes[state] : ([both[state], both[state]] as const);
    test(`a key that becomes ${state} while it is used gets ${reads} and ${writes}`, async () => {
      assert.equal((await admin('keys', { state })).status, 200);
      const wallet = await session.get('/v5/account/wallet-balance', { accountType: 'UNIFIED' });
      assert.equal(wallet.retCode, reads);
      assert.equal((await session.order()).retCode, writes);
      const { result } = await session.get('/v5/user/query-api');
      if (reads === 0) assert.equal(result.readOnly, state === 'read-only' ? 1 : 0);
      await admin('keys', { state: 'valid' });
      assert.equal((await session.order()).retCode, 0);
    });
  }

  test('an address is shut out with HTTP 403', async () => {
    session.exchange.faults.add({ kind: 'answer', with: 403, when: 'before', path: '/v5/order/*', count: 1 });
    const response = await session.send('POST', '/v5/order/create', JSON.stringify({ ...LINEAR }));
    assert.equal(response.status, 403);
    assert.equal(await response.text(), 'access too frequent');
  });

  test('steps change while orders are open: what fits the old rules is refused from then on', async () => {
    const limit = { orderType: 'Limit', price: '80000.1', qty: '0.015' };
    assert.equal((await session.order({ ...limit, orderLinkId: 'before' })).retCode, 0);
    assert.equal(
      (await admin('instruments', { symbol: 'BTCUSDT', tickSize: '0.5', quantityStep: '0.01' })).status,
      200,
    );
    const [listed] = listOf(await session.get('/v5/market/instruments-info', LINEAR));
    assert.equal(z.object({ tickSize: z.string() }).parse(listed!.priceFilter).tickSize, '0.50');
    assert.equal(z.object({ qtyStep: z.string() }).parse(listed!.lotSizeFilter).qtyStep, '0.01');
    assert.equal((await session.order(limit)).retCode, 10001);
    assert.equal((await session.order({ ...limit, price: '80000.5' })).retCode, 10001);
    assert.equal((await session.order({ ...limit, price: '80000.5', qty: '0.02' })).retCode, 0);
    assert.equal((await session.get('/v5/order/realtime', LINEAR)).retCode, 0);
    assert.equal((await admin('instruments', { symbol: 'BTCUSDT', tickSize: '0' })).status, 400);
    assert.equal((await admin('instruments', { symbol: 'NOPE', tickSize: '1' })).status, 400);
  });

  test('a halt: no order is taken, none fills, nothing is told, until it is over', async () => {
    await session.order({ orderType: 'Limit', price: '200000', side: 'Sell', orderLinkId: 'waits' });
    await admin('instruments', { symbol: 'BTCUSDT', status: 'Closed' });
    const socket = await session.socket('/v5/public/linear');
    await socket.subscribe('publicTrade.BTCUSDT', 'kline.1.BTCUSDT');
    await socket.caughtUp();
    socket.messages.length = 0;
    await session.clock.advance(120_000);
    await socket.caughtUp();
    assert.deepEqual([...socket.of('publicTrade.BTCUSDT'), ...socket.of('kline.1.BTCUSDT')], []);
    assert.equal((await session.order()).retCode, 110066);
    assert.equal((await session.order({ category: 'spot', side: 'Sell' })).retCode, 0);
    assert.deepEqual(listOf(await session.get('/v5/market/instruments-info', LINEAR)), []);
    const cancel = await session.post('/v5/order/cancel', { ...LINEAR, orderLinkId: 'waits' });
    assert.equal(cancel.retCode, 0);
    await admin('instruments', { symbol: 'BTCUSDT', status: 'Trading' });
    await session.clock.advance(60_000);
    await socket.caughtUp();
    assert.ok(socket.of('kline.1.BTCUSDT').length > 0);
    assert.equal((await session.order()).retCode, 0);
  });

  test('closed orders and executions vanish from look-ups when they are old; open ones and the judge keep theirs', async () => {
    await session.order({ orderLinkId: 'old' });
    await session.order({ orderType: 'Limit', price: '80000', orderLinkId: 'open' });
    await admin('history', { ms: HOUR_MS });
    assert.equal(listOf(await orders()).length, 1);
    await session.clock.advance(HOUR_MS + 60_000);
    assert.deepEqual(listOf(await orders()), []);
    assert.deepEqual(listOf(await session.get('/v5/execution/list', LINEAR)), []);
    assert.deepEqual(listOf(await session.get('/v5/order/realtime', { ...LINEAR, orderLinkId: 'old' })), []);
    const [open] = listOf(await session.get('/v5/order/realtime', LINEAR));
    assert.equal(open!.orderLinkId, 'open');
    // The client id is taken for ever.
    assert.equal((await session.order({ orderLinkId: 'old' })).retCode, 110072);
    const [account] = rows.parse((await look('ledger')).accounts);
    assert.deepEqual(
      rows.parse(account!.orders).map(({ orderLinkId }) => orderLinkId),
      ['old', 'open'],
    );
    await admin('history', { ms: null });
    assert.equal(listOf(await orders()).length, 1);
  });

  test('the ledger is exact, knows what was refused, and tells what is new since a moment', async () => {
    await session.order({ orderLinkId: 'first' });
    await session.order({ orderLinkId: 'first' });
    const since = session.clock.now();
    await session.order({ orderLinkId: 'second', side: 'Sell' });
    const [account] = rows.parse((await look('ledger')).accounts);
    const [first] = rows.parse(account!.orders);
    const names = ['orderLinkId', 'side', 'quantity', 'executedQuantity', 'status', 'category', 'symbol'];
    assert.deepEqual(
      names.map((name) => first![name]),
      ['first', 'Buy', '0.01', '0.01', 'Filled', 'linear', 'BTCUSDT'],
    );
    const executions = rows.parse(account!.executions);
    const total = (name: string): bigint => executions.reduce((sum, one) => sum + fixed<never>(String(one[name])), 0n);
    const entries = rows.parse(account!.entries);
    const fees = entries
      .filter(({ kind }) => kind === 'fee')
      .reduce((sum, { amount }) => sum + fixed<never>(String(amount)), 0n);
    assert.equal(total('fee'), -fees);
    const usdt = entries
      .filter(({ coin }) => coin === 'USDT')
      .reduce((sum, { amount }) => sum + fixed<never>(String(amount)), 0n);
    assert.equal(fixed<never>(String(z.record(z.string(), z.string()).parse(account!.balances).USDT)), usdt);
    const [refused] = rows.parse(account!.refusedOrders);
    assert.deepEqual([refused!.orderLinkId, refused!.code], ['first', 110072]);
    const news = await look(`orders?since=${since + 1}`);
    assert.deepEqual(
      rows.parse(news.orders).map(({ orderLinkId }) => orderLinkId),
      ['second'],
    );
    assert.equal(
      rows.parse(news.executions).every(({ orderLinkId }) => orderLinkId === 'second'),
      true,
    );
    assert.deepEqual(rows.parse((await look('orders?open=true')).orders), []);
    assert.match(String((await look('orders?since=soon')).error), /since is a time/);
    assert.match(String((await look('orders?account=nobody')).error), /Which account\?/);
  });
});
