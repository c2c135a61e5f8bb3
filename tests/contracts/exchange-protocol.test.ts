import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { formatFixed } from '../../src/foundation/fixed-point.ts';
import { ExchangeSession, type Message } from '../support/exchange-session.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const rows = z.array(z.record(z.string(), z.unknown()));
const candle = z.object({
  start: z.number(),
  end: z.number(),
  open: z.string(),
  high: z.string(),
  low: z.string(),
  close: z.string(),
  volume: z.string(),
  turnover: z.string(),
  confirm: z.boolean(),
});
const book = z.object({
  s: z.string(),
  b: z.array(z.tuple([z.string(), z.string()])),
  a: z.array(z.tuple([z.string(), z.string()])),
  u: z.number(),
  seq: z.number(),
});

function first<Data>(schema: z.ZodType<Data>, message: Message): Data {
  return z.tuple([schema]).rest(schema).parse(message['data'])[0];
}

describe('requests', () => {
  let session: ExchangeSession;
  before(async () => {
    session = await ExchangeSession.open();
  });
  after(() => session.close());

  test('an unknown key, a wrong signature, a late and an early request are refused by their codes', async () => {
    const wallet = (more: object) => session.get('/v5/account/wallet-balance', { accountType: 'UNIFIED' }, more);
    const now = session.clock.now();
    assert.equal((await wallet({})).retCode, 0);
    assert.equal((await wallet({ key: 'NOBODY' })).retCode, 10003);
    assert.equal((await wallet({ secret: 'WRONG' })).retCode, 10004);
    assert.equal((await wallet({ timestamp: now - 5_000 })).retCode, 0);
    assert.equal((await wallet({ timestamp: now - 5_001 })).retCode, 10002);
    assert.equal((await wallet({ timestamp: now + 999 })).retCode, 0);
    assert.equal((await wallet({ timestamp: now + 1_000 })).retCode, 10002);
  });

  test('the eleventh order of a second is refused, the headers count down, and a second later there is room again', async () => {
    await session.clock.advance(2_000);
    const body = JSON.stringify({ ...LINEAR, side: 'Buy', orderType: 'Limit', qty: '0.01', price: '90000' });
    const left: (string | null)[] = [];
    const codes: unknown[] = [];
    for (let i = 0; i < 11; i++) {
      const response = await session.send('POST', '/v5/order/create', body);
      assert.equal(response.headers.get('x-bapi-limit'), '10');
      left.push(response.headers.get('x-bapi-limit-status'));
      codes.push(((await response.json()) as { readonly retCode: number }).retCode);
    }
    assert.deepEqual(codes, [...Array<number>(10).fill(0), 10006]);
    assert.deepEqual(left, ['9', '8', '7', '6', '5', '4', '3', '2', '1', '0', '0']);
    await session.clock.advance(1_001);
    assert.equal((await session.order({ orderType: 'Limit', price: '90000' })).retCode, 0);
    await session.post('/v5/order/cancel-all', LINEAR);
    await session.clock.advance(10);
  });

  test('a cancel of a filled order, and of one that never was', async () => {
    const { result } = await session.order();
    const { orderId } = z.object({ orderId: z.string() }).parse(result);
    assert.equal((await session.post('/v5/order/cancel', { ...LINEAR, orderId })).retCode, 110001);
    assert.equal((await session.post('/v5/order/cancel', { ...LINEAR, orderId: 'no-such' })).retCode, 110001);
    assert.equal(
      (await session.post('/v5/order/cancel', { ...LINEAR, category: 'spot', orderId: 'no-such' })).retCode,
      170213,
    );
  });

  test('a page has a cursor to the next one', async () => {
    await session.clock.advance(2_000);
    for (let i = 0; i < 5; i++) await session.order({ qty: '0.001', orderLinkId: `page-${i}` });
    const list = (answer: { readonly result: unknown }) =>
      z.object({ list: rows, nextPageCursor: z.string() }).parse(answer.result);
    const one = list(await session.get('/v5/order/history', { ...LINEAR, limit: '3' }));
    const two = list(await session.get('/v5/order/history', { ...LINEAR, limit: '2', cursor: one.nextPageCursor }));
    const names = [...one.list, ...two.list].map((row) => row['orderLinkId']);
    assert.deepEqual(names, ['page-4', 'page-3', 'page-2', 'page-1', 'page-0']);
  });

  test('what there is not: a route, a category, a symbol, a body', async () => {
    const response = await session.send('GET', '/v5/market/nothing', '');
    assert.equal(response.status, 404);
    assert.equal((await session.get('/v5/market/kline', { ...LINEAR, interval: '7' })).retCode, 10001);
    assert.equal((await session.get('/v5/market/tickers', { category: 'linear', symbol: 'NOPEUSDT' })).retCode, 10001);
    assert.equal((await session.get('/v5/market/tickers', { category: 'spot', symbol: 'NOPEUSDT' })).retCode, 170121);
    assert.equal((await session.post('/v5/order/create', [])).retCode, 10001);
    assert.deepEqual(
      (await session.get('/v5/market/instruments-info', { category: 'linear', status: 'PreLaunch' })).result['list'],
      [],
    );
  });
});

describe('sockets', () => {
  let session: ExchangeSession;
  before(async () => {
    session = await ExchangeSession.open();
  });
  after(() => session.close());

  test('each candle is confirmed once, after its last trade, and is then what a request gives', async () => {
    const socket = await session.socket('/v5/public/linear');
    await socket.subscribe('kline.1.BTCUSDT');
    await session.clock.advance(5 * 60_000);
    await socket.caughtUp();
    const candles = socket.of('kline.1.BTCUSDT').map((message) => first(candle, message));
    const confirmed = candles.filter(({ confirm }) => confirm);
    assert.equal(confirmed.length, 5);
    assert.equal(new Set(confirmed.map(({ start }) => start)).size, 5);
    assert.ok(candles.every(({ start, end }) => end === start + 59_999));
    const { result } = await session.get('/v5/market/kline', { ...LINEAR, interval: '1', limit: '6' });
    const list = z.array(z.array(z.string())).parse(result['list']);
    assert.deepEqual(
      confirmed.map((one) => [String(one.start), one.open, one.high, one.low, one.close, one.volume, one.turnover]),
      list.slice(1).reverse(),
    );
  });

  test('a perpetual ticker is one snapshot and then changes, which add up to what a request gives; spot has no quote', async () => {
    const socket = await session.socket('/v5/public/linear');
    await socket.subscribe('tickers.BTCUSDT');
    await session.clock.advance(30_000);
    await socket.caughtUp();
    const messages = socket.of('tickers.BTCUSDT');
    assert.deepEqual([...new Set(messages.map(({ type }) => type))], ['snapshot', 'delta']);
    assert.equal(messages.filter(({ type }) => type === 'snapshot').length, 1);
    const merged = Object.assign({}, ...messages.map(({ data }) => data)) as Record<string, string>;
    const { result } = await session.get('/v5/market/tickers', LINEAR);
    const [row] = rows.parse(result['list']);
    for (const name of ['lastPrice', 'bid1Price', 'ask1Size', 'highPrice24h', 'volume24h'])
      assert.equal(merged[name], row![name]);
    const spot = await session.socket('/v5/public/spot');
    assert.equal((await spot.subscribe('tickers.BTCUSDT'))['ret_msg'], 'subscribe');
    const ticker = await spot.next(({ topic }) => topic === 'tickers.BTCUSDT');
    assert.ok(!('bid1Price' in z.object({}).loose().parse(ticker['data'])));
  });

  test('a book of snapshot and differences is the book that a request gives, own orders included', async () => {
    const socket = await session.socket('/v5/public/linear');
    await socket.subscribe('orderbook.50.BTCUSDT');
    await session.order({
      orderType: 'Limit',
      price: formatFixed(session.exchange.parts.venue.priceOf('BTCUSDT') - 2_000_000_000_000n),
      qty: '7',
    });
    await session.clock.advance(61_000);
    await socket.caughtUp();
    const books = socket.of('orderbook.50.BTCUSDT').map(({ data }) => book.parse(data));
    const [bids, asks] = [new Map<string, string>(), new Map<string, string>()];
    for (const [index, { b, a, u }] of books.entries()) {
      if (index > 0) assert.equal(u, books[index - 1]!.u + 1);
      for (const [side, levels] of [
        [bids, b],
        [asks, a],
      ] as const) {
        for (const [price, size] of levels) {
          if (size === '0') side.delete(price);
          else side.set(price, size);
        }
      }
    }
    const { result } = await session.get('/v5/market/orderbook', { ...LINEAR, limit: '50' });
    const asked = book.parse(result);
    const sorted = (side: Map<string, string>, sign: number) =>
      [...side].sort(([x], [y]) => sign * (Number(x) - Number(y)));
    assert.deepEqual(sorted(bids, -1), asked.b);
    assert.deepEqual(sorted(asks, 1), asked.a);
    assert.ok(asked.b[0]![0] < asked.a[0]![0]);
    await session.post('/v5/order/cancel-all', LINEAR);
    await session.clock.advance(10);
  });

  test('the answer comes before the fill; the private topics tell of it, and the money adds up', async () => {
    const socket = await session.privateSocket('order', 'execution', 'position', 'wallet');
    const before = session.account.ledger.balance('USDT');
    await session.post('/v5/order/create', { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.05' });
    assert.equal(socket.of('execution').length, 0);
    await session.clock.advance(10);
    await socket.caughtUp();
    const executions = socket.of('execution').flatMap(({ data }) => rows.parse(data));
    assert.ok(executions.length > 0);
    const orders = socket.of('order').flatMap(({ data }) => rows.parse(data));
    assert.equal(orders.at(-1)!['orderStatus'], 'Filled');
    const wallet = z.object({ coin: rows });
    const told = first(wallet, socket.of('wallet').at(-1)!).coin.find(({ coin }) => coin === 'USDT')!;
    assert.equal(told['walletBalance'], formatFixed(session.account.ledger.balance('USDT')));
    const fees = session.account.executions.reduce((sum, { fee }) => sum + fee, 0n);
    assert.equal(session.account.ledger.balance('USDT') - before, -fees);
  });

  test('a cancel that loses against the fill gives the two messages of one end', async () => {
    const socket = await session.privateSocket('order');
    const { result } = await session.post('/v5/order/create', {
      ...LINEAR,
      side: 'Sell',
      orderType: 'Market',
      qty: '0.01',
    });
    const { orderId } = z.object({ orderId: z.string() }).parse(result);
    assert.equal((await session.post('/v5/order/cancel', { ...LINEAR, orderId })).retCode, 0);
    await session.clock.advance(10);
    await socket.caughtUp();
    const ends = socket.of('order').flatMap(({ data }) => rows.parse(data));
    assert.deepEqual(
      ends.map((row) => [row['orderStatus'], row['cancelType'], row['rejectReason']]),
      [
        ['Filled', 'UNKNOWN', 'EC_NoError'],
        ['Filled', 'CancelByUser', 'EC_OrigClOrdIDDoesNotExist'],
      ],
    );
  });

  test('a socket that was away is told nothing of what it missed', async () => {
    const gone = await session.privateSocket('execution');
    gone.close();
    await session.order({ qty: '0.002' });
    const back = await session.privateSocket('execution');
    await session.order({ qty: '0.003' });
    await back.caughtUp();
    const told = back
      .of('execution')
      .flatMap(({ data }) => rows.parse(data))
      .map(({ execQty }) => execQty);
    assert.deepEqual(told, ['0.003']);
  });

  test('strangers hear nothing private, and unknown topics are refused', async () => {
    const stranger = await session.socket('/v5/private');
    assert.equal((await stranger.subscribe('order'))['success'], false);
    stranger.send({ op: 'auth', args: ['KEY', session.clock.now() + 1_000, 'wrong'] });
    assert.equal((await stranger.next(({ op }) => op === 'auth'))['success'], false);
    const socket = await session.socket('/v5/public/linear');
    const answer = await socket.subscribe('kline.7.BTCUSDT');
    assert.deepEqual([answer['success'], answer['ret_msg']], [false, 'Invalid topic: kline.7.BTCUSDT']);
  });
});
