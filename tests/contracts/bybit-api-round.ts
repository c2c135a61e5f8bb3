import assert from 'node:assert/strict';
import { DefaultLogger, RestClientV5, WebsocketAPIClient, WebsocketClient } from 'bybit-api';
import { z } from 'zod';
import type { RunningExchange } from '../../src/exchange/simulated-exchange.ts';
import { formatFixed } from '../../src/foundation/fixed-point.ts';
import { type ClientRound, until } from './client-round.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' } as const;
const KEYS = { key: 'KEY', secret: 'SECRET' };
const quiet = { ...DefaultLogger, trace() {}, info() {} };

const text = z.string().min(1);
const names = z.object({ orderId: text, orderLinkId: z.string() });
const anything = z.object({});

/** An answer that is well, with its result. */
function well<Result extends z.ZodType>(result: Result): z.ZodObject<{ retCode: z.ZodLiteral<0>; result: Result }> {
  return z.object({ retCode: z.literal(0), result });
}

function listOf<Row extends z.ZodType>(row: Row): ReturnType<typeof well<z.ZodObject<{ list: z.ZodArray<Row> }>>> {
  return well(z.object({ list: z.array(row).min(1) }));
}

export function openBybitApi(url: string): RestClientV5 {
  return new RestClientV5({ ...KEYS, baseUrl: url, parseAPIRateLimits: true, recv_window: 5_000 });
}

export async function bybitApiMarketRound(client: RestClientV5, round: ClientRound): Promise<void> {
  await round.call('getServerTime', well(z.object({ timeSecond: text, timeNano: text })), () => client.getServerTime());
  await round.call('fetchServerTime', z.number(), () => client.fetchServerTime());
  const instrument = listOf(z.object({ symbol: text, priceFilter: z.object({ tickSize: text }) }));
  await round.call('getInstrumentsInfo', instrument, () => client.getInstrumentsInfo(LINEAR));
  await round.call('getInstrumentsInfo', instrument, () => client.getInstrumentsInfo({ category: 'spot' }));
  const candles = listOf(z.array(text).length(7));
  const { result } = await round.call('getKline', candles, () =>
    client.getKline({ ...LINEAR, interval: '1', limit: 3 }),
  );
  const times = result.list.map(([time]) => Number(time));
  assert.ok(times[0]! > times[1]! && times[1]! > times[2]!, 'newest first');
  const short = listOf(z.array(text).length(5));
  const asked = { ...LINEAR, interval: '1', limit: 3 } as const;
  await round.call('getMarkPriceKline', short, () => client.getMarkPriceKline(asked));
  await round.call('getIndexPriceKline', short, () => client.getIndexPriceKline(asked));
  await round.call('getTickers', listOf(z.object({ openInterestValue: text, bid1Price: text })), () =>
    client.getTickers(LINEAR),
  );
  await round.call('getTickers', listOf(z.object({ lastPrice: text, bid1Price: text })), () =>
    client.getTickers({ category: 'spot' }),
  );
  const side = z.array(z.tuple([text, text])).length(5);
  await round.call('getOrderbook', well(z.object({ a: side, b: side })), () =>
    client.getOrderbook({ ...LINEAR, limit: 5 }),
  );
  await round.call('getPublicTradingHistory', listOf(z.object({ execId: text, price: text })), () =>
    client.getPublicTradingHistory(LINEAR),
  );
  await round.call('getFundingRateHistory', well(anything), () => client.getFundingRateHistory(LINEAR));
}

export async function bybitApiOrderRound(
  client: RestClientV5,
  round: ClientRound,
  exchange: RunningExchange,
): Promise<void> {
  const account = exchange.accounts.get('KEY')!;
  const open = (): number => account.openOrders.length;
  const last = Number(formatFixed(exchange.parts.venue.priceOf('BTCUSDT')));
  const below = (distance: number): string => (last - distance).toFixed(1);
  await round.call('getWalletBalance', listOf(z.object({ totalEquity: text })), () =>
    client.getWalletBalance({ accountType: 'UNIFIED' }),
  );
  await round.call('getAccountInfo', well(z.object({ unifiedMarginStatus: z.number() })), () =>
    client.getAccountInfo(),
  );
  await round.call('getFeeRate', listOf(z.object({ takerFeeRate: text })), () => client.getFeeRate(LINEAR));
  const key = await round.call(
    'getQueryApiKey',
    well(z.object({ permissions: z.object({ Wallet: z.array(text) }) })),
    () => client.getQueryApiKey(),
  );
  assert.ok(!key.result.permissions.Wallet.includes('Withdraw'));
  const before = account.ledger.balance('USDT');
  const funds = { adjustType: 0, utaDemoApplyMoney: [{ coin: 'USDT', amountStr: '100000' }] } as const;
  const request = { ...funds, utaDemoApplyMoney: [...funds.utaDemoApplyMoney] };
  await round.call('requestDemoTradingFunds', well(anything), () => client.requestDemoTradingFunds(request));
  assert.equal(formatFixed(account.ledger.balance('USDT') - before), '100000');
  await round.call('setLeverage', well(anything), () =>
    client.setLeverage({ ...LINEAR, buyLeverage: '5', sellLeverage: '5' }),
  );
  const limit = { ...LINEAR, side: 'Buy', orderType: 'Limit', qty: '0.01' } as const;
  const market = { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.05' } as const;
  await round.call('submitOrder', well(names), () => client.submitOrder(market));
  await until('the position is there', () => account.executions.length > 0 && open() === 0);
  const named = { ...limit, price: below(500), timeInForce: 'PostOnly', orderLinkId: 'bybit-1' } as const;
  await round.call('submitOrder', well(names), () => client.submitOrder(named));
  const repeated = await round.call('submitOrder', z.object({ retCode: z.number() }), () => client.submitOrder(named));
  assert.equal(repeated.retCode, 110072);
  await round.call('amendOrder', well(names), () =>
    client.amendOrder({ ...LINEAR, orderLinkId: 'bybit-1', qty: '0.02' }),
  );
  await until('it is amended', () => formatFixed(account.find(undefined, 'bybit-1')!.quantity) === '0.02');
  const orders = await round.call('getActiveOrders', listOf(z.object({ orderLinkId: text, qty: text })), () =>
    client.getActiveOrders(LINEAR),
  );
  assert.deepEqual(orders.result.list, [{ orderLinkId: 'bybit-1', qty: '0.020' }]);
  await round.call('cancelOrder', well(names), () => client.cancelOrder({ ...LINEAR, orderLinkId: 'bybit-1' }));
  const stops = {
    ...LINEAR,
    takeProfit: below(-5_000),
    stopLoss: below(5_000),
    tpslMode: 'Full',
    positionIdx: 0,
  } as const;
  await round.call('setTradingStop', well(anything), () => client.setTradingStop(stops));
  await until('the stops are there', () => open() === 2);
  const item = {
    symbol: 'BTCUSDT',
    side: 'Buy',
    orderType: 'Limit',
    qty: '0.01',
    price: below(700),
    orderLinkId: 'b-1',
  } as const;
  const codes = z.object({
    retCode: z.literal(0),
    retExtInfo: z.object({ list: z.array(z.object({ code: z.number() })) }),
  });
  const created = await round.call('batchSubmitOrders', codes, () => client.batchSubmitOrders('linear', [item, item]));
  assert.deepEqual(created.retExtInfo.list, [{ code: 0 }, { code: 110072 }]);
  const one = { symbol: 'BTCUSDT', orderLinkId: 'b-1' };
  await round.call('batchAmendOrders', codes, () => client.batchAmendOrders('linear', [{ ...one, qty: '0.03' }]));
  await round.call('batchCancelOrders', codes, () => client.batchCancelOrders('linear', [one]));
  await round.call('cancelAllOrders', well(z.object({ list: z.array(names) })), () => client.cancelAllOrders(LINEAR));
  await until('nothing is open', () => open() === 0);
  await round.call('getHistoricOrders', listOf(z.object({ orderStatus: text })), () =>
    client.getHistoricOrders(LINEAR),
  );
  await round.call('getExecutionList', listOf(z.object({ execFee: text })), () => client.getExecutionList(LINEAR));
  const position = await round.call('getPositionInfo', listOf(z.object({ size: text })), () =>
    client.getPositionInfo(LINEAR),
  );
  assert.deepEqual(position.result.list, [{ size: '0.050' }]);
  await round.call('submitOrder', well(names), () =>
    client.submitOrder({ ...market, side: 'Sell', qty: '0.02', reduceOnly: true }),
  );
  await until('the position is smaller', () => formatFixed(account.ledger.position('BTCUSDT', 'USDT').size) === '0.03');
  await round.call('getClosedPnL', listOf(z.object({ closedPnl: text })), () => client.getClosedPnL(LINEAR));
  await round.call('getTransactionLog', listOf(z.object({ cashBalance: text })), () => client.getTransactionLog());
}

/** Public and private streams, and orders by socket. */
export async function bybitApiSocketRound(exchange: RunningExchange, round: ClientRound): Promise<void> {
  const socket = exchange.url.replace('http', 'ws');
  const open = (path: string): WebsocketClient =>
    new WebsocketClient({ ...KEYS, wsUrl: `${socket}${path}`, pingInterval: 300, pongTimeout: 1_000 }, quiet);
  const seen = new Set<string>();
  const exceptions: unknown[] = [];
  const note = (client: WebsocketClient): WebsocketClient => {
    client.on('update', (update: unknown) => {
      const { topic, type } = z.object({ topic: text, type: z.string().default('') }).parse(update);
      seen.add(`${topic} ${type}`.trim());
    });
    client.on('exception', (exception: unknown) => exceptions.push(exception));
    return client;
  };
  const publicClient = note(open('/v5/public/linear'));
  const topics = [
    'kline.1.BTCUSDT',
    'tickers.BTCUSDT',
    'publicTrade.BTCUSDT',
    'orderbook.50.BTCUSDT',
    'orderbook.1.BTCUSDT',
  ];
  await round.call('subscribeV5', z.unknown(), () => Promise.all(publicClient.subscribeV5(topics, 'linear')));
  const privateClient = note(open('/v5/private'));
  await round.call('subscribeV5', z.unknown(), () =>
    Promise.all(privateClient.subscribeV5(['order', 'execution', 'position', 'wallet'], 'linear')),
  );
  const trader = new WebsocketAPIClient({ ...KEYS, wsUrl: `${socket}/v5/trade` }, quiet);
  const outcome = z.object({ retCode: z.literal(0), data: names });
  const price = (Number(formatFixed(exchange.parts.venue.priceOf('BTCUSDT'))) - 500).toFixed(1);
  const limit = { ...LINEAR, side: 'Buy', orderType: 'Limit', qty: '0.02', price } as const;
  await until('the private topics are asked for', () => (exchange.counts.all['WS private subscribe'] ?? 0) > 0);
  await round.call('submitNewOrder', outcome, () =>
    trader.submitNewOrder({ ...LINEAR, side: 'Sell', orderType: 'Market', qty: '0.02' }),
  );
  const { data } = await round.call('submitNewOrder', outcome, () => trader.submitNewOrder(limit));
  await round.call('amendOrder', outcome, () => trader.amendOrder({ ...LINEAR, orderId: data.orderId, qty: '0.03' }));
  await round.call('cancelOrder', outcome, () => trader.cancelOrder({ ...LINEAR, orderId: data.orderId }));
  const expected = [
    'kline.1.BTCUSDT snapshot',
    'tickers.BTCUSDT snapshot',
    'tickers.BTCUSDT delta',
    'publicTrade.BTCUSDT snapshot',
    'orderbook.50.BTCUSDT snapshot',
    'orderbook.50.BTCUSDT delta',
    'orderbook.1.BTCUSDT snapshot',
    'order',
    'execution',
    'position',
    'wallet',
  ];
  await until('every topic has spoken', () => expected.every((topic) => seen.has(topic)));
  await until('pings are answered', () => (exchange.counts.all['WS private ping'] ?? 0) > 1);
  assert.deepEqual(exceptions, []);
  for (const client of [publicClient, privateClient, trader.getWSClient()]) client.closeAll(true);
}
