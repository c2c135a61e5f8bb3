import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { z } from 'zod';
import { type FaultRequest, IMPOSSIBLE_CANDLES } from '../../src/exchange/faults/fault.ts';
import { ExchangeSession, type Message, type TestSocket } from '../support/exchange-session.ts';

const KLINE = 'kline.1.BTCUSDT';
const TICKER = 'tickers.BTCUSDT';
const TRADES = 'publicTrade.BTCUSDT';
const rows = z.array(z.record(z.string(), z.unknown()));

describe('false values of the simulated exchange', () => {
  let session: ExchangeSession;
  beforeEach(async () => {
    session = await ExchangeSession.open();
  });
  afterEach(() => session.close());

  const fault = (request: FaultRequest): number => session.exchange.faults.add(request);

  /** What a minute brings when the fault is there. */
  async function minuteOf(topic: string, request: FaultRequest): Promise<TestSocket> {
    const socket = await session.socket('/v5/public/linear');
    await socket.subscribe(topic);
    await socket.caughtUp();
    socket.messages.length = 0;
    fault(request);
    await session.clock.advance(60_000);
    await socket.caughtUp();
    return socket;
  }

  const rowsOf = (messages: readonly Message[]): readonly Message[] =>
    messages.flatMap(({ data }) => (Array.isArray(data) ? rows.parse(data) : rows.parse([data])));

  for (const value of ['0', '-1', 'NaN', '', '1e400', '0x10', null, 17, ['1']] as const) {
    test(`a chosen field has the value ${JSON.stringify(value)}, as often as was asked for`, async () => {
      const closes = rowsOf(
        (
          await minuteOf(KLINE, {
            kind: 'false-value',
            topic: KLINE,
            field: 'close',
            value: typeof value === 'object' && value ? [...value] : value,
            count: 2,
          })
        ).of(KLINE),
      ).map(({ close }) => close);
      assert.deepEqual(closes.slice(0, 2), [value, value]);
      assert.ok(closes.slice(2).every((close) => typeof close === 'string' && Number(close) > 1_000));
    });
  }

  test('a field is missing, or is a number beyond all numbers', async () => {
    const [first] = rowsOf(
      (await minuteOf(TICKER, { kind: 'false-value', topic: TICKER, field: 'lastPrice', count: 1 })).of(TICKER),
    );
    assert.ok(first !== undefined && !('lastPrice' in first));
    const [trade] = rowsOf(
      (
        await minuteOf(TRADES, { kind: 'false-value', topic: TRADES, field: 'p', value: '1e400', bare: true, count: 1 })
      ).of(TRADES),
    );
    assert.equal(trade!.p, Number.POSITIVE_INFINITY);
  });

  test('without quotes a message may be no JSON any more', async () => {
    const { broken } = await minuteOf(TRADES, {
      kind: 'false-value',
      topic: TRADES,
      field: 'v',
      value: 'NaN',
      bare: true,
      count: 1,
    });
    assert.equal(broken.length, 1);
    assert.match(broken[0]!, /"v":NaN,/);
  });

  test('a price is a hundred times what it is, for one tick', async () => {
    const prices = rowsOf((await minuteOf(TRADES, { kind: 'spike', topic: TRADES, count: 1 })).of(TRADES)).map(
      ({ p }) => Number(p),
    );
    assert.ok(prices[0]! > 90 * prices[1]! && prices[0]! < 110 * prices[1]!);
    assert.ok(prices.slice(1).every((price) => price < 2 * prices[1]!));
  });

  test('a closed candle is a hundred times what it is, on the socket alone: look-ups are right', async () => {
    const candles = rowsOf((await minuteOf(KLINE, { kind: 'spike', topic: KLINE, closed: true, count: 1 })).of(KLINE));
    const closed = candles.filter(({ confirm }) => confirm === true);
    assert.equal(closed.length, 1);
    const [candle] = closed;
    assert.equal(candle!.close, candle!.high);
    assert.ok(Number(candle!.close) > 90 * Number(candle!.open) && Number(candle!.low) > 0);
    assert.ok(candles.filter(({ confirm }) => confirm === false).every(({ close }) => Number(close) < 1_000_000));
    const query = { category: 'linear', symbol: 'BTCUSDT', interval: '1', limit: '2' };
    const { result } = await session.get('/v5/market/kline', query);
    const list = z.array(z.array(z.string())).parse(result.list);
    assert.ok(list.every((row) => Number(row[4]) < 1_000_000));
    fault({ kind: 'spike', path: '/v5/market/kline', factor: 0.01, count: 1 });
    const low = await session.get('/v5/market/kline', query);
    for (const row of z.array(z.array(z.string())).parse(low.result.list)) {
      assert.ok(Number(row[4]) < 2_000 && row[3] === row[4] && Number(row[2]) > 10_000);
    }
    assert.deepEqual(await session.get('/v5/market/kline', query), { ...low, result });
  });

  for (const how of IMPOSSIBLE_CANDLES) {
    test(`a closed candle that can not be: ${how}`, async () => {
      const closed = rowsOf(
        (await minuteOf(KLINE, { kind: 'impossible-candle', how, topic: 'kline.*', closed: true, count: 1 })).of(KLINE),
      ).filter(({ confirm }) => confirm === true);
      const [candle] = closed;
      const number = (name: string): number => Number(candle![name]);
      const isSo: Readonly<Record<typeof how, boolean>> = {
        'high-below-low': number('high') < number('low'),
        'close-outside': number('close') > number('high'),
        'negative-volume': number('volume') < 0,
        'wrong-end': number('end') - number('start') !== 59_999,
        'off-the-grid': number('start') % 60_000 !== 0,
        seconds: number('start') < 1e11,
        microseconds: number('start') > 1e14,
      };
      assert.ok(isSo[how], JSON.stringify(candle));
      for (const [other, is] of Object.entries(isSo)) {
        if (is && other !== how) assert.match(how, /seconds|high-below-low|off-the-grid/, `${how} makes ${other} too`);
      }
    });
  }

  test('what a fault does not concern does not use it up', async () => {
    await minuteOf(TRADES, { kind: 'impossible-candle', how: 'negative-volume', topic: '*', count: 1 });
    assert.equal(session.exchange.faults.active.length, 1);
    assert.throws(() => fault({ kind: 'impossible-candle', how: 'upside-down' } as never), /Not a fault/);
  });
});
