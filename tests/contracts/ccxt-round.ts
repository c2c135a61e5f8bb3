import assert from 'node:assert/strict';
import { z } from 'zod';
import type { RunningExchange } from '../../src/exchange/simulated-exchange.ts';
import { toNumber } from '../../src/foundation/fixed-point.ts';
import { type CcxtBybit, unified } from './ccxt-bybit.ts';
import { type ClientRound, until } from './client-round.ts';

export const SWAP = 'BTC/USDT:USDT';
export const SPOT = 'BTC/USDT';
const OTHER = 'ETH/USDT:USDT';

const list = <Row extends z.ZodType>(row: Row): z.ZodArray<Row> => z.array(row).min(1);
const bySymbol = <Row extends z.ZodType>(row: Row): z.ZodRecord<z.ZodString, Row> => z.record(z.string(), row);
const anything = z.unknown();

/** Every unified call about the market that Bybit has of ccxt: by requests. */
export async function ccxtMarketRound(client: CcxtBybit, round: ClientRound): Promise<void> {
  const call = <Answer>(shape: z.ZodType<Answer>, method: string, ...parameters: unknown[]): Promise<Answer> =>
    round.call(method, shape, () => client.call(method, ...parameters));
  const markets = await call(
    bySymbol(z.object({ precision: z.object({ price: z.number(), amount: z.number() }) })),
    'loadMarkets',
  );
  assert.deepEqual(markets[SWAP]?.precision, { price: 0.1, amount: 0.001 });
  assert.deepEqual(markets[SPOT]?.precision, { price: 0.1, amount: 0.000001 });
  await call(unified.time, 'fetchTime');
  await call(bySymbol(anything), 'fetchCurrencies');
  await call(unified.ticker.extend(unified.quote.shape), 'fetchTicker', SWAP);
  await call(unified.ticker.extend(unified.quote.shape), 'fetchTicker', SPOT);
  await call(bySymbol(unified.ticker), 'fetchTickers', [SWAP, OTHER]);
  await call(bySymbol(unified.quote), 'fetchBidsAsks', [SWAP]);
  const candles = await call(list(unified.candle), 'fetchOHLCV', SWAP, '1m', undefined, 5);
  assert.equal(candles.length, 5);
  const since = candles[0]![0] - 86_400_000;
  const fromThen = await call(list(unified.candle), 'fetchOHLCV', SWAP, '1m', since, 3);
  assert.deepEqual(
    fromThen.map(([time]) => time),
    [since, since + 60_000, since + 120_000],
  );
  await call(list(unified.candle), 'fetchOHLCV', SPOT, '1d', undefined, 3);
  await call(list(unified.markCandle), 'fetchMarkOHLCV', SWAP, '1m', undefined, 3);
  await call(list(unified.markCandle), 'fetchIndexOHLCV', SWAP, '1m', undefined, 3);
  await call(list(unified.trade), 'fetchTrades', SWAP, undefined, 5);
  await call(unified.book, 'fetchOrderBook', SWAP, 25);
  await call(z.object({ fundingRate: z.number() }), 'fetchFundingRate', SWAP);
  await call(bySymbol(z.object({ fundingRate: z.number() })), 'fetchFundingRates', [SWAP]);
  await call(z.array(anything), 'fetchFundingRateHistory', SWAP);
}

/** Every watched call about the market. */
export async function ccxtWatchRound(client: CcxtBybit, round: ClientRound): Promise<void> {
  const call = <Answer>(shape: z.ZodType<Answer>, method: string, ...parameters: unknown[]): Promise<Answer> =>
    round.call(method, shape, () => client.call(method, ...parameters));
  await call(unified.ticker, 'watchTicker', SWAP);
  await call(unified.ticker, 'watchTicker', SPOT);
  await call(bySymbol(unified.ticker), 'watchTickers', [SWAP, OTHER]);
  // Another symbol than the order book's: ccxt keeps one book for both topics of a symbol.
  await call(bySymbol(unified.quote), 'watchBidsAsks', [OTHER]);
  await call(list(unified.candle), 'watchOHLCV', SWAP, '1m');
  await call(list(unified.candle), 'watchOHLCV', SPOT, '1m');
  await call(bySymbol(bySymbol(list(unified.candle))), 'watchOHLCVForSymbols', [
    [SWAP, '5m'],
    [OTHER, '1m'],
  ]);
  await call(list(unified.trade), 'watchTrades', SWAP);
  await call(list(unified.trade), 'watchTradesForSymbols', [SWAP, OTHER]);
  await call(unified.book, 'watchOrderBook', SWAP);
  // The first answer is the snapshot; the second one has a delta on top.
  const next = await call(unified.book, 'watchOrderBook', SWAP);
  assert.ok(next.bids[0]![0] < next.asks[0]![0]);
  await call(unified.book, 'watchOrderBookForSymbols', [SWAP]);
  for (const [method, ...parameters] of [
    ['unWatchTicker', SWAP],
    ['unWatchTickers', [OTHER]],
    ['unWatchOHLCV', SWAP, '1m'],
    ['unWatchTrades', SWAP],
    ['unWatchOrderBook', SWAP],
  ] as const) {
    await call(anything, method, ...parameters);
  }
}

/** Every call about the account and its orders, by requests. Leaves a long position behind. */
export async function ccxtOrderRound(client: CcxtBybit, round: ClientRound, exchange: RunningExchange): Promise<void> {
  const call = <Answer>(shape: z.ZodType<Answer>, method: string, ...parameters: unknown[]): Promise<Answer> =>
    round.call(method, shape, () => client.call(method, ...parameters));
  const account = exchange.accounts.get('KEY')!;
  const { last } = await call(unified.ticker, 'fetchTicker', SWAP);
  const order = (
    type: string,
    side: string,
    amount: number,
    price?: number,
    extra: object = {},
  ): Promise<{ readonly id: string }> => call(unified.names, 'createOrder', SWAP, type, side, amount, price, extra);
  await call(z.object({ USDT: unified.balance }), 'fetchBalance');
  await call(unified.fee, 'fetchTradingFee', SWAP);
  await call(bySymbol(unified.fee), 'fetchTradingFees');
  await call(anything, 'setLeverage', 5, SWAP);
  assert.equal((await call(z.object({ longLeverage: z.number() }), 'fetchLeverage', SWAP)).longLeverage, 5);
  const market = await order('market', 'buy', 0.05);
  const limit = await order('limit', 'buy', 0.01, last - 500, { clientOrderId: 'ccxt-1' });
  const postOnly = await order('limit', 'buy', 0.01, last + 500, { postOnly: true });
  const immediate = await order('limit', 'buy', 0.01, last - 500, { timeInForce: 'IOC' });
  const kill = await order('limit', 'buy', 0.01, last - 500, { timeInForce: 'FOK' });
  const trigger = await order('market', 'sell', 0.01, undefined, {
    triggerPrice: last - 2_000,
    triggerDirection: 'descending',
  });
  await order('market', 'sell', 0.01, undefined, { stopLossPrice: last - 3_000 });
  await order('market', 'sell', 0.01, undefined, { takeProfitPrice: last + 3_000 });
  await order('limit', 'buy', 0.01, last - 600, {
    takeProfit: { triggerPrice: last + 5_000 },
    stopLoss: { triggerPrice: last - 5_000 },
  });
  await order('limit', 'sell', 0.01, last + 600, { reduceOnly: true });
  await call(anything, 'editOrder', limit.id, SWAP, 'limit', 'buy', 0.02, last - 400);
  const statusOf = (id: string): string => account.find(id, undefined)!.status;
  await until('the market order is filled', () => statusOf(market.id) === 'Filled');
  await until('three orders are cancelled', () =>
    [postOnly, immediate, kill].every(({ id }) => statusOf(id) === 'Cancelled'),
  );
  const open = await call(list(unified.order), 'fetchOpenOrders', SWAP);
  assert.equal(open.length, account.openOrders.length);
  assert.deepEqual(open.find(({ id }) => id === trigger.id)?.triggerPrice, Number((last - 2_000).toFixed(1)));
  const amended = await call(unified.order, 'fetchOpenOrder', limit.id, SWAP);
  assert.deepEqual(
    [amended.amount, amended.price, amended.clientOrderId],
    [0.02, Number((last - 400).toFixed(1)), 'ccxt-1'],
  );
  const filled = await call(unified.order, 'fetchOrder', market.id, SWAP, { acknowledged: true });
  assert.deepEqual([filled.status, filled.filled], ['closed', 0.05]);
  assert.equal((await call(list(unified.order), 'fetchClosedOrders', SWAP)).length, 1);
  assert.equal((await call(list(unified.order), 'fetchCanceledOrders', SWAP)).length, 3);
  await call(list(unified.order), 'fetchCanceledAndClosedOrders', SWAP);
  await call(unified.order, 'fetchClosedOrder', market.id, SWAP);
  const trades = await call(list(unified.myTrade), 'fetchMyTrades', SWAP);
  const cost = trades.reduce((sum, trade) => sum + trade.cost, 0);
  const fees = trades.reduce((sum, trade) => sum + trade.fee.cost, 0);
  assert.ok(Math.abs(fees - cost * 0.00055) < 1e-9);
  await call(list(unified.myTrade), 'fetchOrderTrades', market.id, SWAP);
  assert.equal((await call(unified.position, 'fetchPosition', SWAP)).contracts, 0.05);
  await call(list(unified.position), 'fetchPositions', [SWAP]);
  await call(anything, 'cancelOrder', trigger.id, SWAP);
  await call(anything, 'cancelOrder', undefined, SWAP, { orderLinkId: 'ccxt-1' });
  const two = [700, 800].map((below) => ({
    symbol: SWAP,
    type: 'limit',
    side: 'buy',
    amount: 0.01,
    price: last - below,
  }));
  const batch = await call(list(unified.names), 'createOrders', two);
  const change = { id: batch[0]!.id, symbol: SWAP, type: 'limit', side: 'buy', amount: 0.02, price: last - 900 };
  await call(anything, 'editOrders', [change]);
  await call(
    anything,
    'cancelOrders',
    batch.map(({ id }) => id),
    SWAP,
  );
  await call(anything, 'cancelAllOrders', SWAP);
  await until('nothing is open', () => account.openOrders.length === 0);
  assert.deepEqual(await call(z.array(unified.order), 'fetchOpenOrders', SWAP), []);
  const reduced = await order('market', 'sell', 0.02, undefined, { reduceOnly: true });
  await until('the position is smaller', () => statusOf(reduced.id) === 'Filled');
  await call(list(unified.position), 'fetchPositionsHistory', [SWAP]);
  const { contracts } = await call(unified.position, 'fetchPosition', SWAP);
  assert.equal(contracts, toNumber(account.ledger.position('BTCUSDT', 'USDT').size));
}

/** Orders of a spot pair. */
export async function ccxtSpotRound(client: CcxtBybit, round: ClientRound, exchange: RunningExchange): Promise<void> {
  const call = <Answer>(shape: z.ZodType<Answer>, method: string, ...parameters: unknown[]): Promise<Answer> =>
    round.call(method, shape, () => client.call(method, ...parameters));
  const { ledger } = exchange.accounts.get('KEY')!;
  const { last } = await call(unified.ticker, 'fetchTicker', SPOT);
  await call(unified.names, 'createOrder', SPOT, 'market', 'buy', 0.01);
  await call(unified.names, 'createMarketBuyOrderWithCost', SPOT, 100);
  await call(unified.names, 'createMarketSellOrderWithCost', SPOT, 100);
  await call(unified.names, 'createOrder', SPOT, 'limit', 'sell', 0.01, last + 500);
  await until(
    'three are filled',
    () => exchange.accounts.get('KEY')!.executions.filter(({ category }) => category === 'spot').length >= 3,
  );
  assert.equal((await call(list(unified.order), 'fetchOpenOrders', SPOT)).length, 1);
  const trades = await call(list(unified.myTrade), 'fetchMyTrades', SPOT);
  assert.deepEqual([...new Set(trades.map(({ fee }) => fee.currency))].sort(), ['BTC', 'USDT']);
  await call(anything, 'cancelAllOrders', SPOT);
  await until('nothing is open', () => exchange.accounts.get('KEY')!.openOrders.length === 0);
  const balances = await call(z.object({ BTC: unified.balance }), 'fetchBalance');
  assert.equal(balances.BTC.total, toNumber(ledger.balance('BTC')));
}

/** What the private sockets tell, and orders by socket. */
export async function ccxtPrivateRound(
  client: CcxtBybit,
  round: ClientRound,
  exchange: RunningExchange,
): Promise<void> {
  const call = <Answer>(shape: z.ZodType<Answer>, method: string, ...parameters: unknown[]): Promise<Answer> =>
    round.call(method, shape, () => client.call(method, ...parameters));
  const { last } = await call(unified.ticker, 'fetchTicker', SWAP);
  // The first answer about positions comes of a request; from then on the topic tells.
  await call(z.array(unified.position), 'watchPositions', [SWAP]);
  const told = Promise.all([
    call(list(unified.order), 'watchOrders', SWAP),
    call(list(unified.myTrade), 'watchMyTrades', SWAP),
    call(list(unified.position), 'watchPositions', [SWAP]),
    call(z.object({ USDT: z.object({ total: z.number() }) }), 'watchBalance'),
  ]);
  const topics = ['order', 'execution', 'position', 'wallet'];
  await until('four topics are asked for', () => topics.every((topic) => `WS topic ${topic}` in exchange.counts.all));
  const sold = await call(unified.names, 'createOrder', SWAP, 'market', 'sell', 0.01);
  const [orders, trades] = await told;
  assert.equal(orders[0]!.id, sold.id);
  assert.equal(trades[0]!.order, sold.id);
  const { id } = await call(unified.names, 'createOrderWs', SWAP, 'limit', 'buy', 0.01, last - 500);
  await call(unified.names, 'editOrderWs', id, SWAP, 'limit', 'buy', 0.01, last - 600);
  await call(unified.names, 'cancelOrderWs', id, SWAP);
  await until('it is cancelled', () => exchange.accounts.get('KEY')!.find(id, undefined)!.status === 'Cancelled');
}
