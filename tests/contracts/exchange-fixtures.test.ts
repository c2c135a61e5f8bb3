import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { BarColumns } from '../../src/exchange/market/market-tape.ts';
import { startExchange } from '../../src/exchange/simulated-exchange.ts';
import { VirtualClock } from '../../src/foundation/clock.ts';
import { formatFixed } from '../../src/foundation/fixed-point.ts';
import { epochMs } from '../../src/foundation/time.ts';
import { ExchangeSession, type Message, type TestSocket } from '../support/exchange-session.ts';
import { lacks, shapeOf } from '../support/message-shape.ts';
import { sharedData, skipUnless } from '../support/shared-data.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const FIXTURES = 'bybit-v5-fixtures';
const skip = skipUnless(sharedData(FIXTURES));

/** What two recordings have otherwise than the documentation, which is followed: another spelling, a number of no use. */
const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  'ws_account_wallet.json': ['.data[].totalPerpUpl: missing'],
  'http_get_instruments_linear_symbol_type.json': ['.result.list[].symbolId: missing'],
};

describe('messages have the fields of the recorded ones, and each of its kind', { skip }, () => {
  let session: ExchangeSession;
  let publicSocket: TestSocket;
  let privateSocket: TestSocket;
  before(async () => {
    session = await ExchangeSession.open();
    publicSocket = await session.socket('/v5/public/linear');
    privateSocket = await session.privateSocket('order', 'execution', 'position', 'wallet');
    await publicSocket.subscribe('kline.5.BTCUSDT', 'tickers.BTCUSDT', 'publicTrade.BTCUSDT', 'orderbook.50.BTCUSDT');
    await session.order({ qty: '0.5' });
    await session.order({ orderType: 'Limit', price: '90000' });
    await session.order({ side: 'Sell', triggerPrice: '80000', triggerDirection: 2 });
    const cancelled = await session.order({ orderType: 'Limit', price: '89000', orderLinkId: 'gone' });
    assert.equal(cancelled.retCode, 0);
    await session.post('/v5/order/cancel', { ...LINEAR, orderLinkId: 'gone' });
    await session.clock.advance(60_000);
    await Promise.all([publicSocket.caughtUp(), privateSocket.caughtUp()]);
  });
  after(() => session.close());

  const requests: readonly (readonly [file: string, path: string, query: Readonly<Record<string, string>>])[] = [
    ['http_get_account_info.json', '/v5/account/info', {}],
    ['http_get_executions.json', '/v5/execution/list', LINEAR],
    ['http_get_fee_rate.json', '/v5/account/fee-rate', LINEAR],
    ['http_get_instruments_linear.json', '/v5/market/instruments-info', LINEAR],
    ['http_get_instruments_linear_symbol_type.json', '/v5/market/instruments-info', LINEAR],
    ['http_get_instruments_spot.json', '/v5/market/instruments-info', { category: 'spot' }],
    ['http_get_klines_linear.json', '/v5/market/kline', { ...LINEAR, interval: '1' }],
    ['http_get_orderbook.json', '/v5/market/orderbook', LINEAR],
    ['http_get_orders_history.json', '/v5/order/history', LINEAR],
    ['http_get_orders_realtime.json', '/v5/order/realtime', LINEAR],
    ['http_get_orders_realtime_tp_sl.json', '/v5/order/realtime', LINEAR],
    ['http_get_positions.json', '/v5/position/list', LINEAR],
    ['http_get_trades_recent.json', '/v5/market/recent-trade', LINEAR],
    ['http_get_user_query_api.json', '/v5/user/query-api', {}],
    ['http_get_wallet_balance.json', '/v5/account/wallet-balance', { accountType: 'UNIFIED' }],
    ['http_get_wallet_balance_spot_short.json', '/v5/account/wallet-balance', { accountType: 'UNIFIED' }],
  ];
  for (const [file, path, query] of requests) {
    test(file, async () => assertHasFieldsOf(file, await session.get(path, query)));
  }

  const pushed: readonly (readonly [file: string, topic: string, type?: string])[] = [
    ['ws_kline.json', 'kline.5.BTCUSDT'],
    ['ws_ticker_linear.json', 'tickers.BTCUSDT', 'snapshot'],
    ['ws_public_trade.json', 'publicTrade.BTCUSDT'],
    ['ws_orderbook_snapshot.json', 'orderbook.50.BTCUSDT', 'snapshot'],
    ['ws_orderbook_delta.json', 'orderbook.50.BTCUSDT', 'delta'],
    ['ws_account_order.json', 'order'],
    ['ws_account_order_stop_market.json', 'order'],
    ['ws_account_execution.json', 'execution'],
    ['ws_account_position.json', 'position'],
    ['ws_account_wallet.json', 'wallet'],
  ];
  for (const [file, topic, type] of pushed) {
    test(file, () => {
      const messages = [...publicSocket.of(topic), ...privateSocket.of(topic)];
      const ofType = messages.filter((one) => (type ?? one['type']) === one['type']);
      assertHasFieldsOf(file, ofType.find(hasBothSides));
    });
  }

  test('acknowledgements', async () => {
    assertHasFieldsOf('ws_subscription_ack.json', await publicSocket.subscribe('kline.1.BTCUSDT'));
    publicSocket.send({ op: 'subscribe', args: ['invalid.topic.BTCUSDT'] });
    const failure = await publicSocket.next(({ success }) => success === false);
    assertHasFieldsOf('ws_subscription_failure.json', failure);
    assert.equal(failure['ret_msg'], 'Invalid topic: invalid.topic.BTCUSDT');
  });
});

/** A difference of a book may concern one side only: it then says less than the recorded one. */
function hasBothSides({ data }: Message): boolean {
  const sides = z.object({ b: z.array(z.unknown()), a: z.array(z.unknown()) }).safeParse(data);
  return !sides.success || (sides.data.b.length > 0 && sides.data.a.length > 0);
}

function assertHasFieldsOf(file: string, ours: unknown): void {
  const theirs: unknown = JSON.parse(readFileSync(sharedData(`${FIXTURES}/${file}`)!, 'utf8'));
  assert.deepEqual(lacks(shapeOf(theirs), shapeOf(ours)), DIFFERENCES[file] ?? []);
}

test('a recorded day of Bybit comes out value for value', {
  skip: skipUnless(sharedData('bybit-linear-1m')),
}, async () => {
  for (const [symbol, decimals] of [
    ['BTCUSDT', 1],
    ['SOLUSDT', 2],
    ['DOGEUSDT', 5],
  ] as const) {
    const text = gunzipSync(readFileSync(sharedData(`bybit-linear-1m/${symbol}-1m.csv.gz`)!)).toString('utf8');
    const lines = text
      .split('\n', 1_001)
      .slice(1)
      .map((line) => line.split(','));
    const column = (index: number): number[] => lines.map((line) => Number(line[index]));
    const columns: BarColumns = {
      length: lines.length,
      openTime: column(0),
      open: column(1),
      high: column(2),
      low: column(3),
      close: column(4),
      volume: column(5),
    };
    const clock = new VirtualClock(epochMs(Number(lines.at(-1)![0]) + 59_999));
    const exchange = await startExchange({
      clock,
      recordings: [{ symbol, columns, priceDecimals: decimals }],
      keys: [],
      funds: {},
    });
    const answer = await fetch(
      `${exchange.url}/v5/market/kline?category=linear&symbol=${symbol}&interval=1&limit=1000`,
    );
    const { result } = z
      .object({ result: z.object({ list: z.array(z.array(z.string())) }) })
      .parse(await answer.json());
    await exchange.close();
    const told = result.list.map((row) => row.slice(0, 6)).reverse();
    assert.equal(told.length, 1_000);
    assert.deepEqual(
      told,
      lines.map(([time, ...values]) => [time, ...values.map((value) => plain(value))]),
    );
  }
});

function plain(text: string): string {
  return formatFixed(BigInt(Math.round(Number(text) * 1e8)) * 10_000n);
}
