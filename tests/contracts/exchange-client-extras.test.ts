/* Funding, open interest, trailing stops, limits of prices, protection and batches, through the client libraries. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DefaultLogger, WebsocketAPIClient } from 'bybit-api';
import { z } from 'zod';
import type { RunningExchange } from '../../src/exchange/simulated-exchange.ts';
import { fixed, formatFixed } from '../../src/foundation/fixed-point.ts';
import { HOUR_MS } from '../../src/foundation/time.ts';
import { bundledBars } from '../support/bundled-bars.ts';
import { RECORD_START } from '../support/exchange-under-test.ts';
import { liveExchange } from '../support/live-exchange.ts';
import { openBybitApi } from './bybit-api-round.ts';
import { type CcxtBybit, openCcxt } from './ccxt-bybit.ts';
import { until } from './client-round.ts';

const SWAP = 'BTC/USDT:USDT';
const LINEAR = { category: 'linear', symbol: 'BTCUSDT' } as const;
const RATE = '0.0001';
let exchange: RunningExchange;
let ccxt: CcxtBybit;

before(async () => {
  const funding = Array.from({ length: 48 }, (_, index) => ({
    time: RECORD_START + index * 8 * HOUR_MS,
    rate: fixed<never>(RATE),
  }));
  const columns = bundledBars('BTCUSDT', 16 * 1_440);
  exchange = await liveExchange({
    rateLimits: false,
    recordings: [{ symbol: 'BTCUSDT', columns, priceDecimals: 1, funding }],
  });
  ccxt = await openCcxt(exchange.url);
});

after(async () => {
  await ccxt.close();
  await exchange.close();
});

const last = (): number => Number(formatFixed(exchange.parts.venue.priceOf('BTCUSDT')));

test('ccxt reads funding rates and open interest', async () => {
  const rates = z.array(z.object({ fundingRate: z.number(), timestamp: z.number(), symbol: z.literal(SWAP) })).min(3);
  const told = rates.parse(await ccxt.call('fetchFundingRateHistory', SWAP));
  assert.ok(
    told.every(({ fundingRate, timestamp }) => fundingRate === Number(RATE) && timestamp % (8 * HOUR_MS) === 0),
  );
  const next = z.object({ fundingRate: z.number(), fundingTimestamp: z.number() });
  const present = next.parse(await ccxt.call('fetchFundingRate', SWAP));
  assert.equal(present.fundingRate, Number(RATE));
  assert.ok(present.fundingTimestamp > exchange.parts.clock.now());
  const interest = z.array(z.object({ openInterestAmount: z.number().positive(), timestamp: z.number() })).min(5);
  interest.parse(await ccxt.call('fetchOpenInterestHistory', SWAP, '1h', undefined, 5));
  z.object({ openInterestAmount: z.number().positive() }).parse(await ccxt.call('fetchOpenInterest', SWAP));
});

test('ccxt sets a trailing stop, and it is seen on the position', async () => {
  await ccxt.call('createOrder', SWAP, 'market', 'buy', 0.02);
  await until('the position', () => (exchange.accounts.get('KEY')!.ledger.positions[0]?.size ?? 0n) > 0n);
  const trailing = { trailingAmount: 500, trailingTriggerPrice: Math.round(last() * 1.05), reduceOnly: true };
  await ccxt.call('createOrder', SWAP, 'market', 'sell', 0.02, undefined, trailing);
  const [position] = z
    .array(z.object({ info: z.object({ trailingStop: z.string() }) }))
    .parse(await ccxt.call('fetchPositions', [SWAP]));
  assert.equal(Number(position!.info.trailingStop), 500);
  const stop = exchange.accounts.get('KEY')!.openOrders.find(({ stopOrderType }) => stopOrderType === 'TrailingStop');
  assert.equal(stop?.trailing?.best, 0n);
});

test('bybit-api sets limits of prices, protection and stops, and reads them again', async () => {
  const client = openBybitApi(exchange.url);
  const limit = await client.getOrderPriceLimit(LINEAR);
  assert.ok(Number(limit.result.buyLmt) > last() && Number(limit.result.sellLmt) < last());
  assert.equal((await client.setLimitPriceAction({ category: 'linear', modifyEnable: false })).retCode, 0);
  const far = { ...LINEAR, side: 'Buy', orderType: 'Limit', qty: '0.01', price: (last() * 1.5).toFixed(1) } as const;
  assert.equal((await client.submitOrder(far)).retCode, 110003);
  assert.equal((await client.getLimitPriceAction()).result.lpaPerp, false);
  const window = await client.setDisconnectCancelAllWindowV2({ product: 'DERIVATIVES', timeWindow: 20 });
  assert.equal(window.retCode, 0);
  const [info] = (await client.getDCPInfo()).result.dcpInfos;
  assert.deepEqual([info?.product, info?.timeWindow], ['DERIVATIVES', '20']);
  const stop = await client.setTradingStop({ ...LINEAR, tpslMode: 'Full', positionIdx: 0, trailingStop: '300' });
  assert.equal(stop.retCode, 0);
  const interest = await client.getOpenInterest({ ...LINEAR, intervalTime: '1h' });
  assert.equal(interest.result.list.length, 50);
  const rates = await client.getFundingRateHistory({ ...LINEAR, limit: 2 });
  assert.equal(rates.result.list.length, 2);
});

test('bybit-api sends batches over the order socket', async () => {
  const quiet = { ...DefaultLogger, trace() {}, info() {} };
  const wsUrl = `${exchange.url.replace('http', 'ws')}/v5/trade`;
  const trader = new WebsocketAPIClient({ key: 'KEY', secret: 'SECRET', wsUrl, attachEventListeners: false }, quiet);
  const order = {
    symbol: 'BTCUSDT',
    side: 'Buy',
    orderType: 'Limit',
    qty: '0.01',
    price: (last() / 2).toFixed(1),
  } as const;
  try {
    const names = ['batch-1', 'batch-2'];
    const created = await trader.batchSubmitOrders(
      'linear',
      names.map((orderLinkId) => ({ ...order, orderLinkId })),
    );
    assert.deepEqual(
      created.retExtInfo.list.map(({ code }) => code),
      [0, 0],
    );
    const open = (): readonly string[] =>
      exchange.accounts.get('KEY')!.openOrders.map(({ orderLinkId }) => orderLinkId);
    await until('the orders', () => names.every((name) => open().includes(name)));
    const cancelled = await trader.batchCancelOrder(
      'linear',
      names.map((orderLinkId) => ({ symbol: 'BTCUSDT', orderLinkId })),
    );
    assert.deepEqual(
      cancelled.retExtInfo.list.map(({ code }) => code),
      [0, 0],
    );
    await until('their end', () => !names.some((name) => open().includes(name)));
  } finally {
    trader.getWSClient().closeAll(true);
  }
});
