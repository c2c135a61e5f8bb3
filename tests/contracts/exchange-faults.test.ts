import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { z } from 'zod';
import type { FaultRequest } from '../../src/exchange/faults/fault.ts';
import { ExchangeSession, settled, type TestSocket } from '../support/exchange-session.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const KLINE = 'kline.1.BTCUSDT';
const TRADES = 'publicTrade.BTCUSDT';
const rows = z.array(z.record(z.string(), z.unknown()));

describe('faults of the simulated exchange', () => {
  let session: ExchangeSession;
  beforeEach(async () => {
    session = await ExchangeSession.open();
  });
  afterEach(() => session.close());

  const fault = (request: FaultRequest): number => session.exchange.faults.add(request);

  async function listen(...topics: readonly string[]): Promise<TestSocket> {
    const socket = await session.socket('/v5/public/linear');
    await socket.subscribe(...topics);
    return socket;
  }

  async function play(socket: TestSocket, ms: number): Promise<void> {
    await session.clock.advance(ms);
    await socket.caughtUp();
  }

  /** The numbers of the trades, in the order of arrival. */
  function heard(socket: TestSocket): readonly number[] {
    return socket
      .of(TRADES)
      .flatMap(({ data }) => rows.parse(data))
      .map(({ seq }) => Number(seq));
  }

  test('messages are lost, doubled, late, out of order, cut off, frozen, repeated', async () => {
    const late = await listen(TRADES);
    fault({ kind: 'delay', topic: TRADES, ms: 10_000, count: 1 });
    await play(late, 30_000);
    const order = heard(late);
    assert.ok(order[0]! > Math.min(...order));
    late.close();
    const clean = await listen(TRADES);
    await play(clean, 60_000);
    assert.equal(heard(clean).length, 12);
    const minute = async (request: FaultRequest): Promise<{ heard: readonly number[]; broken: number }> => {
      const id = fault(request);
      const socket = await listen(TRADES);
      await play(socket, 60_000);
      session.exchange.faults.remove(id);
      await play(socket, 5_000);
      return { heard: heard(socket).slice(0, 24), broken: socket.broken.length };
    };
    assert.ok((await minute({ kind: 'drop', topic: TRADES, probability: 0.5 })).heard.length < 12);
    assert.equal((await minute({ kind: 'freeze', topic: 'publicTrade.*' })).heard.length <= 1, true);
    const doubled = (await minute({ kind: 'duplicate', topic: TRADES })).heard;
    assert.equal(doubled[0], doubled[1]);
    const mixed = (await minute({ kind: 'reorder', topic: TRADES, ms: 30_000 })).heard;
    assert.notDeepEqual(
      mixed,
      [...mixed].sort((a, b) => a - b),
    );
    assert.equal((await minute({ kind: 'truncate', topic: TRADES })).broken, 12);
    const repeated = (await minute({ kind: 'repeat', topic: TRADES })).heard.slice(0, 12);
    assert.equal(new Set(repeated).size, 1);
  });

  test('the same seed strikes the same messages', async () => {
    const strikes = async (seed: number): Promise<readonly number[]> => {
      const other = await ExchangeSession.open({ seed });
      other.exchange.faults.add({ kind: 'drop', probability: 0.5 });
      const socket = await other.socket('/v5/public/linear');
      await socket.subscribe(TRADES);
      await other.clock.advance(120_000);
      await socket.caughtUp();
      await other.close();
      return heard(socket);
    };
    assert.deepEqual(await strikes(7), await strikes(7));
    assert.notDeepEqual(await strikes(7), await strikes(8));
  });

  test('a half-open socket hears nothing, says nothing and is not closed', async () => {
    const socket = await listen(TRADES);
    fault({ kind: 'half-open', sockets: 'public', count: 1 });
    const healthy = await listen(TRADES);
    socket.send({ op: 'ping', req_id: 'anybody there' });
    await play(healthy, 60_000);
    assert.equal(heard(socket).length, 0);
    assert.ok(!socket.messages.some(({ req_id }) => req_id === 'anybody there'));
    assert.ok(!socket.isClosed);
    assert.equal(heard(healthy).length, 12);
  });

  test('a storm cuts every socket again and again, and ends when it is taken away', async () => {
    const id = fault({ kind: 'disconnect-storm', everyMs: 1_000, sockets: 'public' });
    for (let i = 0; i < 3; i++) {
      const socket = await listen(TRADES);
      await session.clock.advance(1_000);
      await settled('the cut', () => socket.isClosed);
    }
    session.exchange.faults.remove(id);
    const socket = await listen(TRADES);
    await play(socket, 10_000);
    assert.ok(!socket.isClosed);
  });

  test('a subscription is refused, or never answered; an authentication likewise', async () => {
    fault({ kind: 'refuse-subscription', topic: KLINE, count: 1 });
    const socket = await session.socket('/v5/public/linear');
    assert.equal((await socket.subscribe(KLINE))['success'], false);
    fault({ kind: 'refuse-subscription', topic: KLINE, silently: true, count: 1 });
    socket.send({ op: 'subscribe', args: [KLINE], req_id: 'lost' });
    await play(socket, 60_000);
    assert.equal(socket.of(KLINE).length, 0);
    fault({ kind: 'ignore-auth', count: 1 });
    const stranger = await session.socket('/v5/private');
    stranger.send({ op: 'auth', args: ['KEY', session.clock.now() + 1_000, 'x'] });
    await stranger.caughtUp();
    assert.equal((await stranger.subscribe('order'))['success'], false);
  });

  test('a running candle is sent as closed; a closed one is revised, and look-ups give the revision', async () => {
    const socket = await listen(KLINE);
    fault({ kind: 'forming-as-closed', symbol: 'BTCUSDT', count: 1 });
    fault({ kind: 'revised-candle', symbol: 'BTCUSDT', ms: 2_000, ticks: 7, count: 1 });
    await play(socket, 65_000);
    const confirmed = socket
      .of(KLINE)
      .flatMap(({ data }) => rows.parse(data))
      .filter(({ confirm }) => confirm);
    assert.equal(confirmed.length, 3);
    const [forming, closed, revised] = confirmed;
    assert.ok(Number(forming!['volume']) < Number(closed!['volume']));
    assert.equal(Number(revised!['close']).toFixed(1), (Number(closed!['close']) + 0.7).toFixed(1));
    const { result } = await session.get('/v5/market/kline', { ...LINEAR, interval: '1', limit: '2' });
    assert.equal(z.array(z.array(z.string())).parse(result['list'])[1]![4], revised!['close']);
  });

  test('a minute that is revised is revised in the longer candles', async () => {
    const socket = await listen(KLINE);
    const look = async (interval: string, limit: number) => {
      const { result } = await session.get('/v5/market/kline', { ...LINEAR, interval, limit: `${limit}` });
      const list = z.array(z.array(z.string())).parse(result['list']);
      return list.map(
        (row) => row.map(Number) as [start: number, open: number, high: number, low: number, close: number],
      );
    };
    fault({ kind: 'revised-candle', symbol: 'BTCUSDT', ms: 2_000, ticks: 900, count: 10 });
    await play(socket, 10 * 60_000);
    const minutes = (await look('1', 12)).reverse();
    let compared = 0;
    for (const [start, ...rest] of await look('5', 3)) {
      const inside = minutes.filter(([minute]) => minute >= start && minute < start + 300_000);
      if (inside.length < 5) continue;
      const high = Math.max(...inside.map((row) => row[2]));
      const low = Math.min(...inside.map((row) => row[3]));
      assert.deepEqual(rest.slice(0, 4), [inside[0]![1], high, low, inside[4]![4]]);
      compared += 1;
    }
    assert.ok(compared > 0);
  });

  for (const kind of [429, 500, 503, 'nothing', 'reset', 'half'] as const) {
    test(`an order is accepted and its answer is: ${kind}`, async () => {
      fault({ kind: 'answer', path: '/v5/order/create', with: kind, when: 'after', count: 1 });
      const body = JSON.stringify({ ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.01', orderLinkId: 'lost-1' });
      const attempt = session.send('POST', '/v5/order/create', body).then(async (response) => {
        await response.json();
      });
      // An answer that never comes is not waited for.
      if (kind === 'nothing') await settled('the order', () => session.account.orders.length === 1);
      else await assert.rejects(attempt);
      if (kind === 'nothing') attempt.catch(() => {});
      await session.clock.advance(10);
      const again = await session.order({ orderLinkId: 'lost-1' });
      assert.equal(again.retCode, 110072);
      const { result } = await session.get('/v5/order/realtime', { ...LINEAR, orderLinkId: 'lost-1' });
      assert.equal(rows.parse(result['list'])[0]!['orderStatus'], 'Filled');
      assert.equal(session.account.executions.length, 1);
    });
  }

  test('a request that fails before it is accepted leaves nothing', async () => {
    fault({ kind: 'answer', path: '/v5/order/*', with: 503, when: 'before', count: 1 });
    await assert.rejects(session.order({ orderLinkId: 'never' }));
    assert.equal(session.account.orders.length, 0);
    assert.equal((await session.order({ orderLinkId: 'never' })).retCode, 0);
  });

  test('a request held back too long dies by its window: it is checked when it arrives', async () => {
    fault({ kind: 'slow', path: '/v5/order/create', ms: 6_000, when: 'before', count: 1 });
    const attempt = session.post('/v5/order/create', { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.01' });
    await settled('the request', () => 'POST /v5/order/create' in session.exchange.counts.all);
    await session.clock.advance(6_000);
    assert.equal((await attempt).retCode, 10002);
    assert.equal(session.account.orders.length, 0);
  });

  test('look-ups lag: orders, executions, position and wallet as they were', async () => {
    await session.order({ orderLinkId: 'early' });
    await session.clock.advance(5_000);
    fault({ kind: 'lagging-look-ups', ms: 2_000 });
    const look = async () => {
      const [order, fills, position, wallet] = await Promise.all([
        session.get('/v5/order/realtime', { ...LINEAR, orderLinkId: 'late' }),
        session.get('/v5/execution/list', LINEAR),
        session.get('/v5/position/list', LINEAR),
        session.get('/v5/account/wallet-balance', { accountType: 'UNIFIED', coin: 'USDT' }),
      ]);
      const lists = [order, fills, position].map(({ result }) => rows.parse(result['list']));
      const [account] = z.tuple([z.object({ coin: rows })]).parse(wallet.result['list']);
      return {
        orders: lists[0]!.length,
        fills: lists[1]!.length,
        size: lists[2]![0]!['size'],
        balance: account.coin[0]!['walletBalance'],
      };
    };
    const before = await look();
    await session.order({ orderLinkId: 'late' });
    assert.deepEqual(await look(), before);
    assert.deepEqual([before.orders, before.fills, before.size], [0, 1, '0.010']);
    await session.clock.advance(2_000);
    const later = await look();
    assert.deepEqual([later.orders, later.fills, later.size], [1, 2, '0.020']);
    assert.notEqual(later.balance, before.balance);
  });

  test('a skewed clock refuses who does not ask for the time', async () => {
    fault({ kind: 'clock-skew', ms: 30_000 });
    const wallet = (more: object) => session.get('/v5/account/wallet-balance', { accountType: 'UNIFIED' }, more);
    assert.equal((await wallet({})).retCode, 10002);
    const { time } = await session.get('/v5/market/time');
    assert.equal(time, session.clock.now() + 30_000);
    assert.equal((await wallet({ timestamp: time })).retCode, 0);
  });

  test('an outage: no answers, no sockets, and afterwards everything is as it was', async () => {
    await session.order({ orderType: 'Limit', price: '90000', orderLinkId: 'resting' });
    const socket = await listen(TRADES);
    const id = fault({ kind: 'outage' });
    await settled('the cut', () => socket.isClosed);
    assert.equal((await session.send('GET', '/v5/market/time', '')).status, 503);
    const refused = await session.socket('/v5/public/linear');
    await settled('the refusal', () => refused.isClosed);
    session.exchange.faults.remove(id);
    const { result } = await session.get('/v5/order/realtime', LINEAR);
    assert.equal(rows.parse(result['list']).length, 1);
  });

  test('faults are set, shown and taken away over HTTP, from this machine and by no page of a browser', async () => {
    const url = `${session.exchange.url}/admin/faults`;
    const post = (body: string, headers: object = {}) =>
      fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
    const answer = await post('{"kind":"drop","topic":"kline.*","probability":0.1}');
    const { id } = z.object({ id: z.number() }).parse(await answer.json());
    assert.deepEqual(
      session.exchange.faults.active.map(({ fault: active }) => active),
      [{ kind: 'drop', topic: 'kline.*', probability: 0.1 }],
    );
    assert.equal((await post('{"kind":"bogus"}')).status, 400);
    assert.equal((await post('{"kind":"drop"}', { origin: 'https://example.com' })).status, 403);
    assert.equal((await fetch(`${url}/${id}`, { method: 'DELETE' })).status, 200);
    assert.deepEqual(session.exchange.faults.active, []);
    const ledger = await fetch(`${session.exchange.url}/admin/ledger`);
    const { accounts } = z
      .object({ accounts: z.array(z.object({ balances: z.record(z.string(), z.string()) })) })
      .parse(await ledger.json());
    assert.deepEqual(accounts[0]!.balances, { USDT: '100000', BTC: '2' });
  });
});
