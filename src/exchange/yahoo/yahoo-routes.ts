import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toNumber } from '../../foundation/fixed-point.ts';
import { DAY_MS, SECOND_MS } from '../../foundation/time.ts';
import type { ExchangeParts } from '../exchange-parts.ts';
import { fits } from '../faults/fault.ts';
import type { RecordedMarket } from '../market/market.ts';
import { candleStart, type KlineInterval, type TapeCandle } from '../market/tape-candles.ts';

const PATH = '/v8/finance/chart/';
const INTERVALS: Readonly<Record<string, string>> = {
  '1m': '1',
  '2m': '2',
  '5m': '5',
  '15m': '15',
  '30m': '30',
  '60m': '60',
  '90m': '90',
  '1h': '60',
  '1d': 'D',
  '1wk': 'W',
  '1mo': 'M',
};
const RANGE_DAYS: Readonly<Record<string, number>> = {
  '1d': 1,
  '5d': 5,
  '1mo': 31,
  '3mo': 92,
  '6mo': 183,
  '1y': 366,
  max: 36_500,
};
const MOST_CANDLES = 100_000;

type Query = Readonly<Record<string, string | undefined>>;

/** Yahoo's chart endpoint over the same markets: `BTCUSDT` is `BTC-USD` there, quoted in dollars as if one USDT were one. */
export function addYahooRoutes(app: FastifyInstance, parts: ExchangeParts): void {
  app.get(`${PATH}:symbol`, async (request: FastifyRequest, reply) => {
    parts.counts.add(`GET ${PATH}`);
    if (parts.faults.find('outage') !== undefined) return reply.code(503).send('Service Unavailable');
    const fault = parts.faults.strike('answer', (one) => typeof one.with === 'number' && fits(one.path, PATH));
    if (typeof fault?.with === 'number') return reply.code(fault.with).send('Too Many Requests');
    const { symbol } = request.params as { readonly symbol: string };
    const market = parts.markets.find((one) => yahooSymbol(one) === symbol || one.symbol === symbol);
    if (market === undefined) {
      return refuse(reply, 404, 'Not Found', 'No data found, symbol may be delisted');
    }
    return chart(symbol, market, request.query as Query, parts, reply);
  });
}

function yahooSymbol({ specs }: RecordedMarket): string {
  return `${specs[0]!.baseCoin}-USD`;
}

function chart(
  symbol: string,
  market: RecordedMarket,
  query: Query,
  parts: ExchangeParts,
  reply: FastifyReply,
): unknown {
  const name = query.interval ?? '1d';
  const interval = Object.hasOwn(INTERVALS, name) ? (INTERVALS[name] as KlineInterval) : undefined;
  if (interval === undefined) {
    return refuse(reply, 422, 'Unprocessable Entity', `Invalid input - interval=${name} is not supported.`);
  }
  const now = market.now();
  const to = query.period2 === undefined ? now : Number(query.period2) * SECOND_MS - 1;
  const days = RANGE_DAYS[query.range ?? '1d'] ?? 1;
  const from = query.period1 === undefined ? to - days * DAY_MS : Number(query.period1) * SECOND_MS;
  if (!(from <= to)) {
    return refuse(reply, 400, 'Bad Request', 'Invalid input - start date cannot be after end date.');
  }
  const range = { from, to, limit: MOST_CANDLES, fromStart: true };
  const candles = from > now ? [] : parts.candles.range(market, interval, range).filter(({ start }) => start <= to);
  return { chart: { result: [chartResult(symbol, market, name, query.range ?? '', candles)], error: null } };
}

function chartResult(
  symbol: string,
  market: RecordedMarket,
  interval: string,
  range: string,
  candles: readonly TapeCandle[],
): object {
  const meta = metaOf(symbol, market, interval, range, candles);
  // A span without data has neither times nor columns.
  if (candles.length === 0) return { meta, indicators: { quote: [{}], adjclose: [{}] } };
  const column = (pick: (candle: TapeCandle) => bigint): (number | null)[] => {
    // What did not trade is null, as for any quiet minute there.
    return candles.map((candle) => (candle.volume === 0n ? null : asFloat32(pick(candle))));
  };
  const close = column((candle) => candle.close);
  const quote = {
    open: column((candle) => candle.open),
    high: column((candle) => candle.high),
    low: column((candle) => candle.low),
    close,
    volume: candles.map(({ volume }) => (volume === 0n ? null : Math.round(toNumber(volume)))),
  };
  const isDaily = /d|wk|mo/.test(interval);
  return {
    meta,
    timestamp: candles.map((candle) => timeOf(candle, market) / SECOND_MS),
    indicators: { quote: [quote], ...(isDaily && { adjclose: [{ adjclose: close }] }) },
  };
}

/** The bar that is under way is stamped with its last trade, off the grid. */
function timeOf({ start, end, lastTradeTime }: TapeCandle, market: RecordedMarket): number {
  return end > market.now() ? Math.floor(lastTradeTime / SECOND_MS) * SECOND_MS : start;
}

function metaOf(
  symbol: string,
  market: RecordedMarket,
  interval: string,
  range: string,
  candles: readonly TapeCandle[],
): Readonly<Record<string, unknown>> {
  const now = market.now();
  const day = market.day();
  const start = candleStart('D' as KlineInterval, now) / SECOND_MS;
  const end = start + 86_340;
  const session = (from: number, to: number): object => ({ timezone: 'UTC', start: from, end: to, gmtoffset: 0 });
  const before = market.tape.lastPrintAt((candles[0]?.start ?? now) - 1) ?? market.lastPrint;
  return {
    currency: 'USD',
    symbol,
    exchangeName: 'CCC',
    fullExchangeName: 'CCC',
    instrumentType: 'CRYPTOCURRENCY',
    firstTradeDate: Math.floor(market.tape.start / SECOND_MS),
    regularMarketTime: Math.floor(market.lastPrint.time / SECOND_MS),
    hasPrePostMarketData: false,
    gmtoffset: 0,
    timezone: 'UTC',
    exchangeTimezoneName: 'UTC',
    regularMarketPrice: toNumber(market.lastPrint.price),
    fiftyTwoWeekHigh: toNumber(day.high),
    fiftyTwoWeekLow: toNumber(day.low),
    regularMarketDayHigh: toNumber(day.high),
    regularMarketDayLow: toNumber(day.low),
    regularMarketVolume: Math.round(toNumber(day.volume)),
    longName: symbol,
    shortName: symbol,
    chartPreviousClose: toNumber(before.price),
    priceHint: 2,
    currentTradingPeriod: { pre: session(start, start), regular: session(start, end), post: session(end, end) },
    dataGranularity: interval,
    range,
    validRanges: ['1d', '5d', '1mo', '3mo', '6mo', '1y', '2y', '5y', '10y', 'ytd', 'max'],
  };
}

/** Yahoo keeps prices as float32 and writes them as doubles: 1319.9 comes as 1319.9000244140625. */
function asFloat32(value: bigint): number {
  return Math.fround(toNumber(value));
}

function refuse(reply: FastifyReply, status: number, code: string, description: string): unknown {
  return reply.code(status).send({ chart: { result: null, error: { code, description } } });
}
