import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import type { RunningExchange } from '../../src/exchange/simulated-exchange.ts';
import { fromNumber, toNumber } from '../../src/foundation/fixed-point.ts';
import { bundledBars } from '../support/bundled-bars.ts';
import { ExchangeSession } from '../support/exchange-session.ts';
import { RECORD_START } from '../support/exchange-under-test.ts';
import { liveExchange } from '../support/live-exchange.ts';
import { lacks, shapeOf } from '../support/message-shape.ts';
import { sharedData, skipUnless } from '../support/shared-data.ts';
import { unified } from './ccxt-bybit.ts';
import { ClientRound } from './client-round.ts';

type Methods = Readonly<Record<string, (...parameters: readonly unknown[]) => Promise<unknown>>>;
const MARKET = 'BTC/USDT';
const rows = z.array(z.record(z.string(), z.unknown()));

async function openBitvavo(url: string): Promise<Methods> {
  const file = new URL('./src/pro/bitvavo.js', import.meta.resolve('ccxt'));
  type Instance = Methods & { urls: { api: Record<string, string> } };
  const module = (await import(file.href)) as { readonly default: new (options: object) => Instance };
  const client = new module.default({ enableRateLimit: false });
  Object.assign(client.urls.api, { public: url, private: url, ws: `${url.replace('http', 'ws')}/v2` });
  await client['loadHttpProxyAgent']!();
  return client;
}

describe('ccxt pro on the Bitvavo feed, unmodified', () => {
  let exchange: RunningExchange;
  let client: Methods;
  const round = new ClientRound();
  const call = <Answer>(shape: z.ZodType<Answer>, method: string, ...parameters: unknown[]): Promise<Answer> =>
    round.call(method, shape, () => client[method]!(...parameters));
  before(async () => {
    exchange = await liveExchange({ rateLimits: false });
    client = await openBitvavo(exchange.url);
  });
  after(async () => {
    await client['close']!();
    await exchange.close();
  });

  test('its market round', async (context) => {
    const anything = z.unknown();
    await call(z.record(z.string(), anything), 'loadMarkets');
    await call(unified.time, 'fetchTime');
    await call(z.record(z.string(), anything), 'fetchCurrencies');
    await call(unified.ticker.extend(unified.quote.shape), 'fetchTicker', MARKET);
    await call(z.record(z.string(), unified.ticker), 'fetchTickers');
    assert.equal((await call(z.array(unified.candle), 'fetchOHLCV', MARKET, '1m', undefined, 5)).length, 5);
    await call(z.array(unified.trade).min(1), 'fetchTrades', MARKET, undefined, 5);
    await call(unified.book.omit({ timestamp: true }), 'fetchOrderBook', MARKET, 10);
    await call(unified.ticker, 'watchTicker', MARKET);
    await call(z.record(z.string(), unified.ticker), 'watchTickers', [MARKET]);
    await call(z.array(unified.candle).min(1), 'watchOHLCV', MARKET, '1m');
    await call(z.array(unified.trade).min(1), 'watchTrades', MARKET);
    const book = await call(unified.book.omit({ timestamp: true }), 'watchOrderBook', MARKET);
    assert.ok(book.bids[0]![0] < book.asks[0]![0]);
    context.diagnostic(`${round.calls.length} calls`);
  });
});

describe('the Bitvavo feed as it is', () => {
  let session: ExchangeSession;
  before(async () => {
    session = await ExchangeSession.open();
  });
  after(() => session.close());

  test('its ticker has one change a frame, its candles never say that they are closed, its list is the whole one', async () => {
    const socket = await session.socket('/v2');
    const subscribe = (channel: object): void => {
      socket.send({ action: 'subscribe', channels: [channel] });
    };
    subscribe({ name: 'ticker', markets: ['BTC-USDT'] });
    subscribe({ name: 'candles', interval: ['1m'], markets: ['BTC-USDT'] });
    await socket.next(
      ({ event, subscriptions }) => event === 'subscribed' && 'candles' in z.object({}).loose().parse(subscriptions),
    );
    assert.deepEqual(socket.messages.at(-1)!['subscriptions'], {
      ticker: ['BTC-USDT'],
      candles: { '1m': ['BTC-USDT'] },
    });
    await session.clock.advance(120_000);
    socket.send({ action: 'getTime', requestId: 1 });
    await socket.next(({ action }) => action === 'getTime');
    const frames = socket.messages.filter(({ event }) => event === 'ticker');
    assert.ok(frames.length > 24);
    const kinds = new Set(frames.map((frame) => Object.keys(frame).slice(2).join()));
    assert.deepEqual([...kinds].sort(), ['bestAsk,bestAskSize', 'bestBid,bestBidSize', 'lastPrice']);
    const candles = socket.messages.filter(({ event }) => event === 'candle');
    const row = z.tuple([z.tuple([z.number(), z.string(), z.string(), z.string(), z.string(), z.string()])]);
    assert.ok(candles.every(({ candle, ...rest }) => row.safeParse(candle).success && !('confirm' in rest)));
    assert.ok(new Set(candles.map(({ candle }) => row.parse(candle)[0][0])).size >= 2);
  });

  test('what there is not is an error with its code', async () => {
    const response = await fetch(`${session.exchange.url}/v2/ticker/24h?market=NOPE-EUR`);
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), { errorCode: 205, error: 'market parameter NOPE-EUR is invalid.' });
    assert.equal(response.headers.get('bitvavo-ratelimit-limit'), '1000');
  });
});

describe('Yahoo’s chart', () => {
  let session: ExchangeSession;
  before(async () => {
    session = await ExchangeSession.open();
  });
  after(() => session.close());

  const chart = async (query: string, symbol = 'BTC-USD'): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${session.exchange.url}/v8/finance/chart/${symbol}?${query}`);
    return { status: response.status, body: await response.json() };
  };
  const seconds = RECORD_START / 1_000;

  test('it has the fields of a recorded one', { skip: skipUnless(sharedData('yahoo-fixtures')) }, async () => {
    const file = sharedData('yahoo-fixtures/chart-BTC-USD-2020-01-01-to-2020-01-03.json')!;
    const recorded = z
      .object({ response: z.object({ bodyJson: z.unknown() }) })
      .parse(JSON.parse(readFileSync(file, 'utf8')));
    const { body } = await chart(`interval=1d&period1=${seconds}&period2=${seconds + 2 * 86_400}`);
    assert.deepEqual(lacks(shapeOf(recorded.response.bodyJson), shapeOf(body)), []);
  });

  test('its bars are the recorded ones, in seconds, as float32; the running one is stamped with its last trade', async () => {
    const { body } = await chart(`interval=1m&period1=${seconds}&period2=${seconds + 3_600}`);
    const shape = z.object({
      chart: z.object({
        result: z.tuple([
          z.object({
            timestamp: z.array(z.number()),
            indicators: z.object({ quote: z.tuple([z.record(z.string(), z.array(z.number().nullable()))]) }),
          }),
        ]),
      }),
    });
    const { timestamp, indicators } = shape.parse(body).chart.result[0];
    const bars = bundledBars('BTCUSDT', 60);
    assert.deepEqual(
      timestamp,
      Array.from({ length: 60 }, (_, i) => seconds + i * 60),
    );
    const close = Array.from({ length: 60 }, (_, i) => Math.fround(toNumber(fromNumber(bars.close[i]!))));
    assert.deepEqual(indicators.quote[0]['close'], close);
    await session.clock.advance(42_500);
    const now = session.clock.now();
    const running = shape.parse((await chart(`interval=5m&period1=${Math.floor(now / 1_000) - 600}`)).body).chart
      .result[0];
    assert.equal(running.timestamp.at(-1), Math.floor((now - 2_500) / 1_000));
  });

  test('nothing in the span, an unknown symbol, an unknown interval', async () => {
    const empty = await chart('interval=1m&period1=1000&period2=2000');
    const [{ indicators, ...rest }] = z
      .object({ chart: z.object({ result: z.tuple([z.object({ indicators: z.unknown() }).loose()]) }) })
      .parse(empty.body).chart.result;
    assert.deepEqual(rows.parse(z.object({ quote: z.unknown() }).parse(indicators).quote), [{}]);
    assert.ok(!('timestamp' in rest));
    const unknown = await chart('interval=1m', 'NOPE');
    assert.deepEqual(
      [unknown.status, unknown.body],
      [
        404,
        { chart: { result: null, error: { code: 'Not Found', description: 'No data found, symbol may be delisted' } } },
      ],
    );
    assert.equal((await chart('interval=7m')).status, 422);
  });
});
