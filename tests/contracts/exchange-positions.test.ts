/* Stops that follow, funding, limits of prices, protection of who is disconnected, batches on the order socket. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { z } from 'zod';
import type { ExchangeOptions } from '../../src/exchange/simulated-exchange.ts';
import { followed } from '../../src/exchange/trading/trailing-stop.ts';
import { fixed, formatFixed } from '../../src/foundation/fixed-point.ts';
import { HOUR_MS } from '../../src/foundation/time.ts';
import { bundledBars } from '../support/bundled-bars.ts';
import { type Envelope, ExchangeSession, type Message, settled } from '../support/exchange-session.ts';
import { RECORD_START, TEST_KEY } from '../support/exchange-under-test.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const rows = z.array(z.record(z.string(), z.unknown()));
const listOf = ({ result }: Envelope): readonly Message[] => rows.parse(result.list);

async function withExchange(
  options: Partial<ExchangeOptions>,
  work: (session: ExchangeSession) => Promise<void>,
): Promise<void> {
  const session = await ExchangeSession.open(options);
  try {
    await work(session);
  } finally {
    await session.close();
  }
}

const last = (session: ExchangeSession): bigint => session.exchange.parts.venue.priceOf('BTCUSDT');
const tick: bigint = fixed('0.1');

describe('trailing stops', () => {
  const start = { distance: 10n, activePrice: 0n, best: 0n };

  test('a stop that sells follows the highest price and never goes back', () => {
    let state = followed(start, 'Sell', 100n);
    const triggers = [100n, 105n, 103n, 120n, 111n].map((traded) => {
      state = followed(state.trailing, 'Sell', traded);
      return state.triggerPrice;
    });
    assert.deepEqual(triggers, [90n, 95n, 95n, 110n, 110n]);
  });

  test('a stop that buys follows the lowest price, once the market has been at its active price', () => {
    let state = followed({ ...start, activePrice: 95n }, 'Buy', 100n);
    const triggers = [101n, 95n, 97n, 80n, 89n].map((traded) => {
      state = followed(state.trailing, 'Buy', traded);
      return state.triggerPrice;
    });
    assert.deepEqual(triggers, [0n, 105n, 105n, 90n, 90n]);
  });

  test('a position with a trailing stop is closed when the market has come back by the distance', () =>
    withExchange({}, async (session) => {
      await session.order({ qty: '0.05' });
      const distance = formatFixed(100n * tick);
      const set = await session.post('/v5/position/trading-stop', {
        ...LINEAR,
        trailingStop: distance,
        positionIdx: 0,
      });
      assert.equal(set.retCode, 0);
      const [position] = listOf(await session.get('/v5/position/list', LINEAR));
      assert.equal(Number(position!.trailingStop), Number(distance));
      const [stop] = listOf(await session.get('/v5/order/realtime', LINEAR));
      assert.deepEqual([stop!.stopOrderType, stop!.orderStatus], ['TrailingStop', 'Untriggered']);
      let best = 0n;
      let closedAt: bigint | undefined;
      session.exchange.parts.listeners.add({
        onPrint(_market, { price }) {
          if (closedAt !== undefined) return;
          best = price > best ? price : best;
          if (session.account.ledger.position('BTCUSDT', 'USDT').size === 0n) closedAt = price;
        },
      });
      await session.clock.advance(6 * HOUR_MS);
      assert.ok(closedAt !== undefined && closedAt <= best - 100n * tick, `${closedAt} after ${best}`);
      const closing = session.account.executions.at(-1)!;
      assert.deepEqual([closing.stopOrderType, closing.createType], ['TrailingStop', 'CreateByTrailingStop']);
    }));

  test('one that is not active yet does not sell, and goes with its position', () =>
    withExchange({}, async (session) => {
      await session.order({ side: 'Sell', qty: '0.05' });
      const stops = { trailingStop: '5', activePrice: formatFixed(last(session) / 2n - ((last(session) / 2n) % tick)) };
      assert.equal((await session.post('/v5/position/trading-stop', { ...LINEAR, ...stops })).retCode, 0);
      await session.clock.advance(HOUR_MS);
      assert.notEqual(session.account.ledger.position('BTCUSDT', 'USDT').size, 0n);
      await session.order({ qty: '0.05' });
      const history = listOf(await session.get('/v5/order/history', LINEAR));
      const stop = history.find(({ stopOrderType }) => stopOrderType === 'TrailingStop');
      assert.equal(stop!.cancelType, 'CancelByTpSlTsClear');
      const odd = await session.post('/v5/position/trading-stop', { ...LINEAR, trailingStop: '5' });
      assert.equal(odd.retCode, 10001);
    }));
});

describe('limits of prices', () => {
  test('a spot price beyond the limit is refused, a perpetual one moved to it; both as the account wants', () =>
    withExchange({}, async (session) => {
      const limits = (category: string): Promise<Envelope> =>
        session.get('/v5/market/price-limit', { category, symbol: 'BTCUSDT' });
      const { buyLmt, sellLmt } = (await limits('linear')).result;
      const price = Number(formatFixed(last(session)));
      assert.ok(Math.abs(Number(buyLmt) / price - 1.01) < 1e-4 && Math.abs(Number(sellLmt) / price - 0.99) < 1e-4);
      const far = { orderType: 'Limit', price: formatFixed(last(session) * 2n), qty: '0.01' };
      const low = formatFixed(last(session) / 2n - ((last(session) / 2n) % tick));
      assert.equal((await session.order({ ...far, category: 'spot' })).retCode, 170193);
      assert.equal((await session.order({ ...far, category: 'spot', side: 'Sell', price: low })).retCode, 170194);
      const moved = await session.order({ ...far, orderLinkId: 'moved' });
      assert.equal(moved.retCode, 0);
      const [order] = listOf(await session.get('/v5/order/history', { ...LINEAR, orderLinkId: 'moved' }));
      assert.ok(Number(order!.price) <= 1.011 * price && Number(order!.price) > price);
      for (const [category, modifyEnable] of [
        ['linear', false],
        ['spot', true],
      ] as const) {
        await session.post('/v5/account/set-limit-px-action', { category, modifyEnable });
      }
      assert.equal((await session.order(far)).retCode, 110003);
      assert.equal((await session.order({ ...far, category: 'spot' })).retCode, 0);
      // On the far side of the market everything is allowed.
      assert.equal((await session.order({ ...far, side: 'Sell' })).retCode, 0);
      const { result } = await session.get('/v5/account/user-setting-config');
      assert.deepEqual(result, { lpaSpot: true, lpaPerp: false });
    }));
});

describe('funding', () => {
  const due = RECORD_START + 40 * HOUR_MS;
  const rate: bigint = fixed('0.0001');
  const recording = { symbol: 'BTCUSDT', columns: bundledBars('BTCUSDT', 2_880), priceDecimals: 1 };
  const funding = [
    { time: due - 8 * HOUR_MS, rate: fixed<never>('-0.00002') },
    { time: due + 1, rate },
  ];

  test('is paid by longs and received by shorts when it is due, to the last unit, and told', () =>
    withExchange({ recordings: [{ ...recording, funding }] }, async (session) => {
      const [ticker] = listOf(await session.get('/v5/market/tickers', LINEAR));
      assert.deepEqual([ticker!.fundingRate, ticker!.nextFundingTime], ['0.0001', String(due)]);
      await session.order({ qty: '0.5' });
      await session.clock.advance(due - 60_000 - session.clock.now());
      const socket = await session.privateSocket('execution', 'wallet', 'position');
      const before = session.account.ledger.balance('USDT');
      await session.clock.advance(due - session.clock.now());
      await socket.caughtUp();
      const [paid] = session.account.executions.filter(({ type }) => type === 'Funding');
      assert.equal(session.account.ledger.balance('USDT'), before - paid!.fee);
      assert.equal(paid!.fee, (paid!.value * rate) / fixed<never>('1'));
      const [told] = rows.parse(socket.of('execution').at(-1)!.data);
      assert.deepEqual([told!.execType, told!.execFee], ['Funding', formatFixed(paid!.fee)]);
      const history = listOf(await session.get('/v5/market/funding/history', LINEAR));
      assert.deepEqual(
        history.map(({ fundingRate, fundingRateTimestamp }) => [fundingRate, fundingRateTimestamp]),
        [
          ['0.0001', String(due)],
          ['-0.00002', String(due - 8 * HOUR_MS)],
        ],
      );
      const log = listOf(await session.get('/v5/account/transaction-log'));
      assert.deepEqual([log[0]!.type, log[0]!.funding], ['SETTLEMENT', formatFixed(-paid!.fee)]);
      const trades = listOf(await session.get('/v5/execution/list', { ...LINEAR, execType: 'Trade' }));
      assert.ok(trades.length > 0 && trades.every(({ execType }) => execType === 'Trade'));
    }));

  test('a short receives what a long would pay; without a position nothing moves', () =>
    withExchange({ recordings: [{ ...recording, funding }] }, async (session) => {
      await session.order({ qty: '0.5', side: 'Sell' });
      const before = session.account.ledger.balance('USDT');
      await session.clock.advance(due - session.clock.now());
      assert.ok(session.account.ledger.balance('USDT') > before);
      await session.order({ qty: '0.5' });
      const entries = session.account.ledger.entries.length;
      await session.clock.advance(8 * HOUR_MS);
      assert.equal(session.account.ledger.entries.length, entries);
    }));
});

describe('a client that is gone', () => {
  const rest = { orderType: 'Limit', price: '80000' };

  test('has its orders cancelled after its window, of the product that it named, unless it is back in time', () =>
    withExchange({}, async (session) => {
      const window = await session.post('/v5/order/disconnected-cancel-all', {
        product: 'DERIVATIVES',
        timeWindow: 10,
      });
      assert.equal(window.retCode, 0);
      const { result } = await session.get('/v5/account/query-dcp-info');
      assert.deepEqual(result.dcpInfos, [{ product: 'DERIVATIVES', dcpStatus: 'ON', timeWindow: '10' }]);
      await session.order({ ...rest, orderLinkId: 'linear' });
      await session.order({ ...rest, category: 'spot', orderLinkId: 'spot' });
      const open = (): readonly string[] => session.account.openOrders.map(({ orderLinkId }) => orderLinkId);
      const closed = async (): Promise<void> => {
        const connections = session.exchange.openConnections;
        session.exchange.disconnect('private');
        await settled('the cut', () => session.exchange.openConnections < connections);
      };
      await session.privateSocket('order', 'dcp.future');
      await closed();
      await session.clock.advance(9_000);
      await session.privateSocket('dcp.future');
      await session.clock.advance(30_000);
      assert.deepEqual(open(), ['linear', 'spot']);
      await closed();
      await session.clock.advance(9_990);
      assert.deepEqual(open(), ['linear', 'spot']);
      await session.clock.advance(20);
      assert.deepEqual(open(), ['spot']);
      const [order] = listOf(await session.get('/v5/order/history', LINEAR));
      assert.equal(order!.cancelType, 'CancelByDCP');
    }));

  test('without the topic nothing happens', () =>
    withExchange({}, async (session) => {
      await session.post('/v5/order/disconnected-cancel-all', { product: 'DERIVATIVES', timeWindow: 3 });
      await session.order(rest);
      await session.privateSocket('order');
      session.exchange.disconnect('private');
      await session.clock.advance(60_000);
      assert.equal(session.account.openOrders.length, 1);
    }));
});

test('batches on the order socket: each item has its own code', () =>
  withExchange({}, async (session) => {
    const socket = await session.socket('/v5/trade');
    const expires = session.clock.now() + 10_000;
    const sign = createHmac('sha256', TEST_KEY.secret).update(`GET/realtime${expires}`).digest('hex');
    socket.send({ op: 'auth', args: [TEST_KEY.key, expires, sign] });
    await socket.next(({ op }) => op === 'auth');
    const order = { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '80000' };
    const ask = async (reqId: string, op: string, request: readonly object[]): Promise<Message> => {
      const header = { 'X-BAPI-TIMESTAMP': String(session.clock.now()) };
      socket.send({ reqId, op, header, args: [{ category: 'linear', request }] });
      return socket.next((message) => message.reqId === reqId);
    };
    const items = [
      { ...order, orderLinkId: 'a' },
      { ...order, qty: '0.0001' },
      { ...order, orderLinkId: 'b' },
    ];
    const created = await ask('1', 'order.create-batch', items);
    assert.equal(created.retCode, 0);
    const codes = (answer: Message): readonly unknown[] =>
      z
        .object({ list: rows })
        .parse(answer.retExtInfo)
        .list.map(({ code }) => code);
    assert.deepEqual(codes(created), [0, 10001, 0]);
    await session.clock.advance(10);
    const amended = await ask('2', 'order.amend-batch', [{ symbol: 'BTCUSDT', orderLinkId: 'a', price: '80001' }]);
    assert.deepEqual(codes(amended), [0]);
    await session.clock.advance(10);
    const cancelled = await ask('3', 'order.cancel-batch', [
      { symbol: 'BTCUSDT', orderLinkId: 'a' },
      { symbol: 'BTCUSDT', orderLinkId: 'none' },
    ]);
    assert.deepEqual(codes(cancelled), [0, 110001]);
    await session.clock.advance(10);
    assert.deepEqual(
      session.account.orders.map(({ orderLinkId, status, price }) => [orderLinkId, status, formatFixed(price)]),
      [
        ['a', 'Cancelled', '80001'],
        ['b', 'New', '80000'],
      ],
    );
  }));

test('the open interest is told at the steps that were asked for, page by page', () =>
  withExchange({}, async (session) => {
    const query = { ...LINEAR, intervalTime: '1h', limit: '3' };
    const first = await session.get('/v5/market/open-interest', query);
    const times = listOf(first).map(({ timestamp }) => Number(timestamp));
    const now = session.clock.now();
    assert.deepEqual(times, [now, now - HOUR_MS, now - 2 * HOUR_MS]);
    assert.ok(listOf(first).every(({ openInterest }) => Number(openInterest) > 0));
    const next = await session.get('/v5/market/open-interest', {
      ...query,
      cursor: String(first.result.nextPageCursor),
    });
    assert.equal(Number(listOf(next)[0]!.timestamp), now - 3 * HOUR_MS);
  }));
