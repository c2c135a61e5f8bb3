import { formatFixed } from '../../foundation/fixed-point.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../foundation/time.ts';
import { type Category, priceText, quantityText } from '../market/instruments.ts';
import { isKlineInterval } from '../market/tape-candles.ts';
import { priceLimits } from '../trading/price-limits.ts';
import { refuse } from '../trading/refusals.ts';
import { type Answer, type Call, instrumentOf, type PublicRoute, result } from './call.ts';
import { linearInstrument, spotInstrument } from './instrument-messages.ts';
import {
  klineRow,
  levelPairs,
  linearTicker,
  linearTickerRow,
  type Row,
  spotTicker,
  spotTickerRow,
  tradeRow,
} from './market-messages.ts';
import { RequestRefused } from './params.ts';

/** The routes of the market: nobody needs a key. */
export const marketRoutes: readonly PublicRoute[] = [
  { method: 'GET', path: '/v5/market/time', handle: time },
  { method: 'GET', path: '/v5/market/instruments-info', handle: instruments },
  { method: 'GET', path: '/v5/market/kline', handle: kline },
  { method: 'GET', path: '/v5/market/mark-price-kline', handle: priceKline },
  { method: 'GET', path: '/v5/market/index-price-kline', handle: priceKline },
  { method: 'GET', path: '/v5/market/tickers', handle: tickers },
  { method: 'GET', path: '/v5/market/recent-trade', handle: recentTrades },
  { method: 'GET', path: '/v5/market/orderbook', handle: orderBook },
  { method: 'GET', path: '/v5/market/funding/history', handle: fundingHistory },
  { method: 'GET', path: '/v5/market/open-interest', handle: openInterest },
  { method: 'GET', path: '/v5/market/price-limit', handle: priceLimit },
];

function time({ parts }: Call): Answer {
  const now = parts.clock.now();
  return result({ timeSecond: String(Math.floor(now / 1_000)), timeNano: `${now}000000` });
}

function instruments({ params, parts }: Call): Answer {
  const category = params.category();
  const symbol = params.text('symbol');
  const status = params.text('status') ?? 'Trading';
  const named = params.text('category')!;
  const rows = parts.venue.specs
    .filter((spec) => spec.category === category && status === spec.status && (symbol ?? spec.symbol) === spec.symbol)
    .filter((spec) => (params.text('baseCoin') ?? spec.baseCoin) === spec.baseCoin)
    .map(category === 'spot' ? spotInstrument : linearInstrument);
  return result({ category: named, list: rows, nextPageCursor: '' });
}

const FAR_FUTURE = 8_640_000_000_000_000;

function candlesOf(call: Call, category: Category): readonly Parameters<typeof klineRow>[0][] {
  const { params, parts } = call;
  const { market } = instrumentOf(call, category);
  const interval = params.required('interval');
  if (!isKlineInterval(interval)) throw new RequestRefused(refuse.parameter('Invalid period!'));
  const start = params.integer('start', 0, FAR_FUTURE);
  const end = params.integer('end', 0, FAR_FUTURE);
  const limit = params.integer('limit', 1, 1_000_000) ?? 200;
  const range = { from: start ?? 0, to: end ?? FAR_FUTURE, limit: Math.min(limit, 1_000) };
  // With a start and no end the real exchange gives the first candles from the start, else the last ones before the end.
  return parts.candles.range(market, interval, { ...range, fromStart: start !== undefined && end === undefined });
}

function kline(call: Call): Answer {
  const category = call.params.category('linear');
  if (category === undefined) throw new RequestRefused(refuse.symbol('linear'));
  const list = candlesOf(call, category).map(klineRow).reverse();
  return result({ category, symbol: call.params.required('symbol'), list });
}

/** Mark and index price are the last price; their candles have neither volume nor turnover. */
function priceKline(call: Call): Answer {
  const list = candlesOf(call, 'linear')
    .map((candle) => klineRow(candle).slice(0, 5))
    .reverse();
  return result({ category: 'linear', symbol: call.params.required('symbol'), list });
}

function tickers(call: Call): Answer {
  const { params, parts } = call;
  const category = params.category();
  if (category === undefined) return result({ category: params.text('category')!, list: [] });
  if (params.text('symbol') !== undefined) instrumentOf(call, category);
  const list = parts.markets.flatMap((market): Row[] => {
    const spec = parts.venue.spec(category, market.symbol);
    if (spec === undefined || (params.text('symbol') ?? spec.symbol) !== spec.symbol) return [];
    const book = parts.venue.book(category, spec.symbol, 1);
    if (category === 'linear') return [linearTickerRow(linearTicker(market, spec, book))];
    return [spotTickerRow(spotTicker(market, spec), spec, book)];
  });
  return result({ category, list });
}

function recentTrades(call: Call): Answer {
  const category = call.params.category();
  if (category === undefined) throw new RequestRefused(refuse.symbol('linear'));
  const { market, spec } = instrumentOf(call, category);
  const most = category === 'spot' ? 60 : 1_000;
  const count = Math.min(call.params.integer('limit', 1, 1_000) ?? (category === 'spot' ? 60 : 500), most);
  const list = market.tape.recentPrints(market.now(), count).map((print) => tradeRow(print, spec));
  return result({ category, list });
}

function orderBook(call: Call): Answer {
  const category = call.params.category();
  if (category === undefined) throw new RequestRefused(refuse.symbol('linear'));
  const { market, spec } = instrumentOf(call, category);
  const depth = call.params.integer('limit', 1, 1_000) ?? (category === 'spot' ? 1 : 25);
  const book = call.parts.venue.book(category, spec.symbol, depth);
  const ts = market.now();
  const sequence = market.lastPrint.sequence;
  return result({
    s: spec.symbol,
    b: levelPairs(book.bids, spec),
    a: levelPairs(book.asks, spec),
    ts,
    u: sequence % 1_000_000_000,
    seq: sequence,
    cts: ts,
  });
}

const MOST_FUNDING_ROWS = 200;

/** What was due up to now, newest first. */
function fundingHistory(call: Call): Answer {
  const { params, parts } = call;
  const { market, spec } = instrumentOf(call, 'linear');
  const start = params.integer('startTime', 0, FAR_FUTURE);
  const end = params.integer('endTime', 0, FAR_FUTURE);
  if (start !== undefined && end === undefined) throw new RequestRefused(refuse.parameter('endTime invalid'));
  const limit = params.integer('limit', 1, MOST_FUNDING_ROWS) ?? MOST_FUNDING_ROWS;
  const list = market.funding
    .between(start ?? 0, Math.min(end ?? FAR_FUTURE, parts.clock.now()))
    .slice(0, limit)
    .map(({ time, rate }) => ({
      symbol: spec.symbol,
      fundingRate: formatFixed(rate),
      fundingRateTimestamp: String(time),
    }));
  return result({ category: 'linear', list });
}

const OPEN_INTEREST_INTERVALS: Readonly<Record<string, number>> = {
  '5min': 5 * MINUTE_MS,
  '15min': 15 * MINUTE_MS,
  '30min': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '4h': 4 * HOUR_MS,
  '1d': DAY_MS,
};

/** Nobody's open interest is recorded: what traded in the 24 hours before stands for it. */
function openInterest(call: Call): Answer {
  const { params, parts } = call;
  const { market, spec } = instrumentOf(call, 'linear');
  const step = OPEN_INTEREST_INTERVALS[params.required('intervalTime')];
  if (step === undefined) throw new RequestRefused(refuse.parameter('intervalTime invalid'));
  const from = Math.max(params.integer('startTime', 0, FAR_FUTURE) ?? 0, market.tape.start);
  const cursor = params.integer('cursor', 0, FAR_FUTURE) ?? FAR_FUTURE;
  const to = Math.min(params.integer('endTime', 0, FAR_FUTURE) ?? FAR_FUTURE, cursor - 1, parts.clock.now());
  const limit = params.integer('limit', 1, 200) ?? 50;
  const list: Row[] = [];
  let time = Math.floor(to / step) * step;
  for (; time >= from && list.length < limit; time -= step) {
    list.push({ openInterest: quantityText(spec, market.volumeBefore(time)), timestamp: String(time) });
  }
  return result({
    symbol: spec.symbol,
    category: 'linear',
    list,
    nextPageCursor: time >= from ? String(time + step) : '',
  });
}

function priceLimit(call: Call): Answer {
  const category = call.params.category('linear');
  if (category === undefined) throw new RequestRefused(refuse.symbol('linear'));
  const { market, spec } = instrumentOf(call, category);
  const { highestBuy, lowestSell } = priceLimits(spec, market.lastPrint.price);
  const [buyLmt, sellLmt] = [priceText(spec, highestBuy), priceText(spec, lowestSell)];
  return result({ symbol: spec.symbol, buyLmt, sellLmt, ts: String(market.now()) });
}
