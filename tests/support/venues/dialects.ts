import type { FastifyInstance } from 'fastify';
import type { Candle } from '../../../src/domain/candle.ts';
import type { ScriptedMarket } from './scripted-market.ts';
import type { Dialect, VenueClient } from './venue-server.ts';

/* The exchanges' documented forms, as far as a market-data client needs them. Prices are told with two decimals more. */

type Query = Readonly<Record<string, string | undefined>>;

const bid = ({ close }: Candle): string => String(close - 0.25);
const ask = ({ close }: Candle): string => String(close + 0.25);

function reply(app: FastifyInstance, path: string, answer: (query: Query, parameters: Query) => unknown): void {
  app.get(path, async (request) => answer(request.query as Query, request.params as Query));
}

function subscribe(client: VenueClient, streams: readonly string[], isOn: boolean): void {
  for (const stream of streams) {
    if (isOn) client.streams.add(stream);
    else client.streams.delete(stream);
  }
}

const dashed = (symbol: string): string => symbol.replace(/(USDT|USD|EUR)$/, '-$1');
const undashed = (id: string | undefined): string => (id ?? '').replace('-', '');
const parts = (symbol: string): readonly [string, string] => {
  const [base = '', quote = ''] = dashed(symbol).split('-');
  return [base, quote];
};

const bybit: Dialect = {
  marketId: (symbol) => symbol,
  routes: (app, market) => {
    const ok = (result: unknown) => ({ retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: market.now });
    reply(app, '/v5/market/time', () =>
      ok({ timeSecond: String(Math.floor(market.now / 1_000)), timeNano: `${market.now}000000` }),
    );
    reply(app, '/v5/market/instruments-info', (query) => {
      const list = query.status === 'PreLaunch' ? [] : market.symbols.map(bybitInstrument);
      return ok({ category: query.category, list, nextPageCursor: '' });
    });
    reply(app, '/v5/market/kline', (query) => {
      const rows = market.rows(query.symbol!, Number(query.start), Number(query.limit)).toReversed();
      const list = rows.map((c) =>
        [c.openTime, c.open, c.high, c.low, c.close, c.volume, c.volume * c.close].map(String),
      );
      return ok({ category: query.category, symbol: query.symbol, list });
    });
    reply(app, '/v5/market/tickers', (query) =>
      ok({ category: query.category, list: [bybitTicker(query.symbol!, market.forming(query.symbol!))] }),
    );
  },
  socketPaths: ['/v5/public/linear', '/v5/public/spot'],
  heard: (text, client) => {
    const { op, args = [], req_id } = JSON.parse(text) as { op: string; args?: string[]; req_id: unknown };
    if (op === 'ping') return [JSON.stringify({ success: true, ret_msg: 'pong', conn_id: 'c', req_id, op })];
    subscribe(client, args, op === 'subscribe');
    return [JSON.stringify({ success: true, ret_msg: '', conn_id: 'c', req_id, op })];
  },
  candle: (id, c, confirm, now) => [
    `kline.1.${id}`,
    JSON.stringify({
      topic: `kline.1.${id}`,
      type: 'snapshot',
      ts: now,
      data: [
        {
          ...{ start: c.openTime, end: c.closeTime - 1, interval: '1', confirm, timestamp: now - 10 },
          ...{ open: String(c.open), close: String(c.close), high: String(c.high), low: String(c.low) },
          ...{ volume: String(c.volume), turnover: String(c.volume * c.close) },
        },
      ],
    }),
  ],
  price: (id, c, now) => [
    `tickers.${id}`,
    JSON.stringify({ topic: `tickers.${id}`, type: 'snapshot', data: bybitTicker(id, c), cs: 1, ts: now }),
  ],
};

function bybitTicker(symbol: string, c: Candle): unknown {
  return {
    ...{ symbol, lastPrice: String(c.close), markPrice: String(c.close), indexPrice: String(c.close) },
    ...{ openInterest: '10', openInterestValue: '1000', turnover24h: '1', volume24h: '1', fundingRate: '0.0001' },
    ...{ bid1Price: bid(c), bid1Size: '1', ask1Price: ask(c), ask1Size: '1', nextFundingTime: '1760342400000' },
  };
}

function bybitInstrument(symbol: string): unknown {
  const [baseCoin, quoteCoin] = parts(symbol);
  return {
    ...{ symbol, contractType: 'LinearPerpetual', status: 'Trading', baseCoin, quoteCoin, settleCoin: quoteCoin },
    ...{
      launchTime: '1585526400000',
      deliveryTime: '0',
      deliveryFeeRate: '',
      priceScale: '2',
      unifiedMarginTrade: true,
    },
    leverageFilter: { minLeverage: '1', maxLeverage: '100.00', leverageStep: '0.01' },
    priceFilter: { minPrice: '0.10', maxPrice: '1999999.80', tickSize: '0.10' },
    lotSizeFilter: {
      ...{ maxOrderQty: '1190.000', minOrderQty: '0.001', qtyStep: '0.001', postOnlyMaxOrderQty: '1190.000' },
      ...{ maxMktOrderQty: '500.000', minNotionalValue: '5' },
    },
    fundingInterval: 480,
  };
}

const binance: Dialect = {
  marketId: (symbol) => symbol,
  routes: (app, market) => {
    reply(app, '/api/v3/time', () => ({ serverTime: market.now }));
    reply(app, '/api/v3/exchangeInfo', () => ({
      ...{ timezone: 'UTC', serverTime: market.now, rateLimits: [], exchangeFilters: [] },
      symbols: market.symbols.map(binanceSymbol),
    }));
    reply(app, '/api/v3/klines', (query) =>
      market
        .rows(query.symbol!, Number(query.startTime), Number(query.limit))
        .map((c) => [
          c.openTime,
          ...[c.open, c.high, c.low, c.close, c.volume].map(String),
          c.closeTime - 1,
          '1',
          5,
          '1',
          '1',
          '0',
        ]),
    );
    reply(app, '/api/v3/ticker/24hr', (query) =>
      binanceTicker(query.symbol!, market.forming(query.symbol!), market.now, false),
    );
  },
  socketPaths: ['/ws/:stream', '/ws'],
  heard: (text, client) => {
    const { method, params = [], id } = JSON.parse(text) as { method: string; params?: string[]; id: unknown };
    subscribe(client, params, method === 'SUBSCRIBE');
    return [JSON.stringify({ result: null, id })];
  },
  candle: (id, c, x, now) => [
    `${id.toLowerCase()}@kline_1m`,
    JSON.stringify({
      ...{ e: 'kline', E: now, s: id },
      k: {
        ...{ t: c.openTime, T: c.closeTime - 1, s: id, i: '1m', f: 1, L: 2, n: 2, x, q: '1', V: '1', Q: '1', B: '0' },
        ...{ o: String(c.open), c: String(c.close), h: String(c.high), l: String(c.low), v: String(c.volume) },
      },
    }),
  ],
  price: (id, c, now) => [`${id.toLowerCase()}@ticker`, JSON.stringify(binanceTicker(id, c, now, true))],
};

function binanceTicker(s: string, c: Candle, now: number, isStream: boolean): unknown {
  if (isStream) {
    return {
      ...{ e: '24hrTicker', E: now, s, p: '0', P: '0', w: '1', x: '1', c: String(c.close), Q: '1', b: bid(c), B: '1' },
      ...{ a: ask(c), A: '1', o: String(c.open), h: String(c.high), l: String(c.low), v: '1', q: '1' },
      ...{ O: now - 86_400_000, C: now, F: 1, L: 2, n: 2 },
    };
  }
  return {
    ...{ symbol: s, lastPrice: String(c.close), bidPrice: bid(c), bidQty: '1', askPrice: ask(c), askQty: '1' },
    ...{ openPrice: String(c.open), highPrice: String(c.high), lowPrice: String(c.low), volume: '1', quoteVolume: '1' },
    ...{ openTime: now - 86_400_000, closeTime: now, firstId: 1, lastId: 2, count: 2 },
  };
}

function binanceSymbol(symbol: string): unknown {
  const [baseAsset, quoteAsset] = parts(symbol);
  return {
    ...{ symbol, status: 'TRADING', baseAsset, quoteAsset, baseAssetPrecision: 8, quotePrecision: 8 },
    ...{ quoteAssetPrecision: 8, orderTypes: ['LIMIT', 'MARKET'], icebergAllowed: true, isSpotTradingAllowed: true },
    ...{ isMarginTradingAllowed: true, permissions: [], permissionSets: [['SPOT']] },
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
      { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
      { filterType: 'NOTIONAL', minNotional: '5.00000000', applyMinToMarket: true, maxNotional: '9000000.00000000' },
    ],
  };
}

interface OkxArgument {
  readonly channel: string;
  readonly instId: string;
}

const okx: Dialect = {
  marketId: dashed,
  routes: (app, market) => {
    const ok = (data: unknown) => ({ code: '0', msg: '', data });
    reply(app, '/api/v5/public/time', () => ok([{ ts: String(market.now) }]));
    reply(app, '/api/v5/public/instruments', () => ok(market.symbols.map(okxInstrument)));
    for (const path of ['/api/v5/market/candles', '/api/v5/market/history-candles']) {
      reply(app, path, (query) => {
        const symbol = undashed(query.instId);
        const rows = market.rows(symbol, Number(query.before) + 1, Number(query.limit));
        return ok(rows.map((c) => okxRow(c, c.closeTime <= market.now)).toReversed());
      });
    }
    reply(app, '/api/v5/market/ticker', (query) =>
      ok([okxTicker(query.instId!, market.forming(undashed(query.instId)), market.now)]),
    );
  },
  socketPaths: ['/ws/v5/public', '/ws/v5/business'],
  heard: (text, client) => {
    if (text === 'ping') return ['pong'];
    const { op, args } = JSON.parse(text) as { op: string; args: readonly OkxArgument[] };
    subscribe(
      client,
      args.map(({ channel, instId }) => `${channel}:${instId}`),
      op === 'subscribe',
    );
    return args.map((arg) => JSON.stringify({ event: op, arg, connId: 'a4d3ae55' }));
  },
  candle: (instId, c, isClosed) => [
    `candle1m:${instId}`,
    JSON.stringify({ arg: { channel: 'candle1m', instId }, data: [okxRow(c, isClosed)] }),
  ],
  price: (instId, c, now) => [
    `tickers:${instId}`,
    JSON.stringify({ arg: { channel: 'tickers', instId }, data: [okxTicker(instId, c, now)] }),
  ],
};

function okxRow(c: Candle, isClosed: boolean): readonly string[] {
  const amount = String(c.volume * c.close);
  return [...[c.openTime, c.open, c.high, c.low, c.close, c.volume].map(String), amount, amount, isClosed ? '1' : '0'];
}

function okxTicker(instId: string, c: Candle, now: number): unknown {
  return {
    ...{ instType: 'SPOT', instId, last: String(c.close), lastSz: '1', askPx: ask(c), askSz: '1', bidPx: bid(c) },
    ...{ bidSz: '1', open24h: '1', high24h: '1', low24h: '1', volCcy24h: '1', vol24h: '1', ts: String(now) },
    ...{ sodUtc0: '1', sodUtc8: '1' },
  };
}

function okxInstrument(symbol: string): unknown {
  const [baseCcy, quoteCcy] = parts(symbol);
  return {
    ...{ alias: '', baseCcy, category: '1', ctMult: '', ctType: '', ctVal: '', ctValCcy: '', expTime: '', lever: '10' },
    ...{
      instId: dashed(symbol),
      instType: 'SPOT',
      listTime: '1548133413000',
      lotSz: '0.00000001',
      maxLmtSz: '1000000',
    },
    ...{ minSz: '0.00001', optType: '', quoteCcy, settleCcy: '', state: 'live', stk: '', tickSz: '0.1', uly: '' },
    ...{ instFamily: '', maxMktSz: '1000000' },
  };
}

const coinbase: Dialect = {
  marketId: dashed,
  routes: (app, market) => {
    const product = (symbol: string): unknown => coinbaseProduct(symbol, market.forming(symbol));
    reply(app, '/api/v3/brokerage/time', () => coinbaseTime(market));
    reply(app, '/v2/time', () => ({
      data: { iso: new Date(market.now).toISOString(), epoch: Math.floor(market.now / 1_000) },
    }));
    reply(app, '/api/v3/brokerage/market/products', (query) => ({
      products: query.product_type === 'FUTURE' ? [] : market.symbols.map(product),
      num_products: String(market.symbols.length),
    }));
    reply(app, '/api/v3/brokerage/market/products/:id', (_, { id }) => product(undashed(id)));
    reply(app, '/api/v3/brokerage/market/products/:id/ticker', (_, { id }) => {
      const c = market.forming(undashed(id));
      const trade = { trade_id: '1', product_id: id, price: String(c.close), size: '1', side: 'BUY' };
      return { trades: [{ ...trade, time: new Date(market.now).toISOString() }], best_bid: bid(c), best_ask: ask(c) };
    });
    reply(app, '/api/v3/brokerage/market/products/:id/candles', (query, { id }) => {
      const until = Number(query.end) * 1_000;
      const rows = market
        .rows(undashed(id), Number(query.start) * 1_000, 300)
        .filter(({ openTime }) => openTime < until);
      const text = (c: Candle): unknown => ({
        ...{ start: String(c.openTime / 1_000), low: String(c.low), high: String(c.high) },
        ...{ open: String(c.open), close: String(c.close), volume: String(c.volume) },
      });
      return { candles: rows.map(text).toReversed() };
    });
  },
  socketPaths: ['/'],
  heard: (text, client) => {
    const { type, product_ids, channel } = JSON.parse(text) as { type: string; product_ids: string[]; channel: string };
    subscribe(
      client,
      product_ids.map((id) => `${channel}:${id}`),
      type === 'subscribe',
    );
    return [JSON.stringify({ channel: 'subscriptions', events: [{ subscriptions: { [channel]: product_ids } }] })];
  },
  price: (id, c, now) => [
    `ticker:${id}`,
    JSON.stringify({
      ...{ channel: 'ticker', client_id: '', timestamp: new Date(now).toISOString(), sequence_num: 1 },
      events: [
        {
          type: 'update',
          tickers: [
            {
              type: 'ticker',
              product_id: id,
              price: String(c.close),
              volume_24_h: '1',
              best_bid: bid(c),
              best_ask: ask(c),
            },
          ],
        },
      ],
    }),
  ],
};

function coinbaseTime(market: ScriptedMarket): unknown {
  const iso = new Date(market.now).toISOString();
  return { iso, epochSeconds: String(Math.floor(market.now / 1_000)), epochMillis: String(market.now) };
}

function coinbaseProduct(symbol: string, c: Candle): unknown {
  const [base_currency_id, quote_currency_id] = parts(symbol);
  return {
    ...{ product_id: dashed(symbol), price: String(c.close), base_increment: '0.00000001', quote_increment: '0.01' },
    ...{ quote_min_size: '1', quote_max_size: '150000000', base_min_size: '0.00000001', base_max_size: '3400' },
    ...{ base_name: base_currency_id, quote_name: quote_currency_id, watched: false, is_disabled: false, new: false },
    ...{ status: 'online', cancel_only: false, limit_only: false, post_only: false, trading_disabled: false },
    ...{ auction_mode: false, product_type: 'SPOT', quote_currency_id, base_currency_id, price_increment: '0.01' },
    ...{ fcm_trading_session_details: null, alias: '', alias_to: [], view_only: false, product_venue: 'CBE' },
  };
}

interface BitvavoChannel {
  readonly name: string;
  readonly markets: readonly string[];
  readonly interval?: readonly string[];
}

const bitvavo: Dialect = {
  marketId: dashed,
  routes: (app, market) => {
    reply(app, '/v2/time', () => ({ time: market.now, timeNs: market.now * 1_000_000 }));
    reply(app, '/v2/markets', () => market.symbols.map(bitvavoMarket));
    reply(app, '/v2/ticker/24h', (query) =>
      bitvavoTicker(query.market!, market.forming(undashed(query.market)), market.now),
    );
    reply(app, '/v2/:id/candles', (query, { id }) =>
      market.rows(undashed(id), Number(query.start), Number(query.limit)).map(bitvavoRow).toReversed(),
    );
  },
  socketPaths: ['/v2'],
  heard: (text, client) => {
    const { action, channels } = JSON.parse(text) as { action: string; channels: readonly BitvavoChannel[] };
    for (const { name, markets, interval } of channels) {
      const suffix = interval === undefined ? '' : `:${interval[0]}`;
      subscribe(
        client,
        markets.map((id) => `${name}:${id}${suffix}`),
        action === 'subscribe',
      );
    }
    const subscriptions = Object.fromEntries(channels.map(({ name, markets }) => [name, markets]));
    return [JSON.stringify({ event: `${action}d`, subscriptions })];
  },
  // Nothing says that a candle has closed: the next one does.
  candle: (market, c) => [
    `candles:${market}:1m`,
    JSON.stringify({ event: 'candle', market, interval: '1m', candle: [bitvavoRow(c)] }),
  ],
  price: (market, c, now) => [
    `ticker24h:${market}`,
    JSON.stringify({ event: 'ticker24h', data: [bitvavoTicker(market, c, now)] }),
  ],
};

function bitvavoRow(c: Candle): readonly unknown[] {
  return [c.openTime, ...[c.open, c.high, c.low, c.close, c.volume].map(String)];
}

function bitvavoTicker(market: string, c: Candle, timestamp: number): unknown {
  return {
    ...{ market, open: String(c.open), high: String(c.high), low: String(c.low), last: String(c.close), volume: '1' },
    ...{ volumeQuote: '1', bid: bid(c), bidSize: '1', ask: ask(c), askSize: '1', timestamp, startTimestamp: timestamp },
  };
}

function bitvavoMarket(symbol: string): unknown {
  const [base, quote] = parts(symbol);
  return {
    ...{ market: dashed(symbol), status: 'trading', base, quote, pricePrecision: null, tickSize: '0.01' },
    ...{ minOrderInBaseAsset: '0.00006100', minOrderInQuoteAsset: '5.00', maxOrderInBaseAsset: '1000000000.00000000' },
    ...{ maxOrderInQuoteAsset: '1000000000.00', quantityDecimals: 8, notionalDecimals: 2, maxOpenOrders: 100 },
    ...{ feeCategory: 'A', orderTypes: ['market', 'limit'] },
  };
}

export const dialects: ReadonlyMap<string, Dialect> = new Map(
  Object.entries({ bybit, binance, okx, coinbase, bitvavo }),
);
