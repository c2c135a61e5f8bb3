import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MINUTE_MS } from '../../foundation/time.ts';
import type { ExchangeParts } from '../exchange-parts.ts';
import { fits } from '../faults/fault.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { RecordedMarket } from '../market/market.ts';
import {
  assetRow,
  candleRow,
  dayTicker,
  intervalOf,
  marketId,
  marketRow,
  type Row,
  refusal,
  snapshotLevels,
  tradeRow,
} from './bitvavo-messages.ts';

/** Points of an address in a minute. */
const WEIGHT_LIMIT = 1_000;
const DAY_TICKER_OF_ALL_WEIGHT = 25;
const CANDLES_LIMIT = 1_440;

type Query = Readonly<Record<string, string | undefined>>;

/** A request that is refused: HTTP status, Bitvavo's code and words. */
class BitvavoRefused extends Error {
  override readonly name = 'BitvavoRefused';
  readonly row: Row;

  constructor(code: number, message: string) {
    super(message);
    this.row = refusal(code, message);
  }
}

interface Listed {
  readonly market: RecordedMarket;
  readonly spec: InstrumentSpec;
}

/** Bitvavo's public REST (v2), over the same markets: each as a pair of its two coins. */
export function addBitvavoRoutes(app: FastifyInstance, parts: ExchangeParts): void {
  const listed = spotMarkets(parts);
  const find = (id: string | undefined): Listed => {
    const found = listed.find(({ spec }) => marketId(spec) === id);
    if (found === undefined) throw new BitvavoRefused(205, `market parameter ${id} is invalid.`);
    return found;
  };
  const chosen = (query: Query): readonly Listed[] => (query.market === undefined ? listed : [find(query.market)]);
  const answer = (query: Query, rows: readonly Row[]): unknown => (query.market === undefined ? rows : rows[0]);
  const bookOf = ({ spec }: Listed, depth: number) => parts.venue.book('spot', spec.symbol, depth);
  const weigh = weighing(parts);
  const add = (path: string, handle: (query: Query, id: string | undefined) => unknown): void => {
    app.get(`/v2/${path}`, async (request: FastifyRequest, reply) => {
      const query = request.query as Query;
      const { market } = request.params as Query;
      const isHeavy = path === 'ticker/24h' && query.market === undefined;
      return serve(path, parts, reply, weigh(request.ip, isHeavy ? DAY_TICKER_OF_ALL_WEIGHT : 1, reply), () => {
        return handle(query, market);
      });
    });
  };
  add('time', () => ({ time: parts.clock.now(), timeNs: parts.clock.now() * 1_000_000 }));
  add('markets', (query) =>
    answer(
      query,
      chosen(query).map(({ spec }) => marketRow(spec)),
    ),
  );
  add('assets', () => [...new Set(listed.flatMap(({ spec }) => [spec.baseCoin, spec.quoteCoin]))].map(assetRow));
  add('ticker/24h', (query) =>
    answer(
      query,
      chosen(query).map((one) => dayTicker(one.market, one.spec, bookOf(one, 1))),
    ),
  );
  add('ticker/price', (query) =>
    answer(
      query,
      chosen(query).map((one) => pick(one, bookOf(one, 1), ['market', 'last'])),
    ),
  );
  add('ticker/book', (query) => {
    return answer(
      query,
      chosen(query).map((one) => pick(one, bookOf(one, 1), ['market', 'bid', 'bidSize', 'ask', 'askSize'])),
    );
  });
  add(':market/candles', (query, id) => candles(find(id), query, parts));
  add(':market/trades', (query, id) => {
    const { market, spec } = find(id);
    return market.tape.recentPrints(market.now(), limitOf(query, 500, 1_000)).map((print) => tradeRow(print, spec));
  });
  add(':market/book', (query, id) => {
    const one = find(id);
    const { bids, asks } = bookOf(one, Math.min(Number(query.depth ?? 1_000), 1_000));
    const nonce = one.market.lastPrint.sequence;
    const timestamp = one.market.now() * 1_000_000;
    return { market: id, nonce, bids: snapshotLevels(bids), asks: snapshotLevels(asks), timestamp };
  });
}

/** The spot side of every market. */
export function spotMarkets({ markets, venue }: ExchangeParts): readonly Listed[] {
  return markets.flatMap((market) => {
    const spec = venue.spec('spot', market.symbol);
    return spec === undefined ? [] : [{ market, spec }];
  });
}

function serve(
  path: string,
  parts: ExchangeParts,
  reply: FastifyReply,
  allowed: boolean,
  handle: () => unknown,
): unknown {
  parts.counts.add(`GET /v2/${path}`);
  if (parts.faults.find('outage') !== undefined) return reply.code(503).send('Service Unavailable');
  const fault = parts.faults.strike('answer', (one) => typeof one.with === 'number' && fits(one.path, `/v2/${path}`));
  if (typeof fault?.with === 'number') return reply.code(fault.with).send('');
  if (!allowed) return reply.code(429).send(refusal(105, 'Your IP or API key has been banned for 15 minutes.'));
  try {
    return handle();
  } catch (thrown) {
    if (!(thrown instanceof BitvavoRefused)) throw thrown;
    return reply.code(400).send(thrown.row);
  }
}

function pick({ market, spec }: Listed, book: Parameters<typeof dayTicker>[2], names: readonly string[]): Row {
  const row = dayTicker(market, spec, book);
  return Object.fromEntries(names.map((name) => [name === 'last' ? 'price' : name, row[name]]));
}

/** Newest first; a minute without a trade has no row. */
function candles({ market }: Listed, query: Query, { candles: board }: ExchangeParts): unknown {
  const interval = intervalOf(query.interval ?? '');
  if (interval === undefined) throw new BitvavoRefused(203, 'interval parameter is required.');
  const to = Number(query.end ?? Number.MAX_SAFE_INTEGER);
  const range = {
    from: Number(query.start ?? 0),
    to,
    limit: limitOf(query, 1_440, CANDLES_LIMIT),
    fromStart: false,
  };
  return board
    .range(market, interval, range)
    .filter(({ volume }) => volume > 0n)
    .map(candleRow)
    .reverse();
}

function limitOf(query: Query, byDefault: number, most: number): number {
  const limit = query.limit === undefined ? byDefault : Number(query.limit);
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit;
  throw new BitvavoRefused(205, `limit parameter is invalid.`);
}

/** Counts the points of each address, and tells of them in the headers. */
function weighing(parts: ExchangeParts): (address: string, weight: number, reply: FastifyReply) => boolean {
  const windows = new Map<string, { readonly resetAt: number; used: number }>();
  return (address, weight, reply) => {
    const now = parts.wallClock.now();
    let window = windows.get(address);
    if (window === undefined || now >= window.resetAt) {
      window = { resetAt: now + MINUTE_MS, used: 0 };
      windows.set(address, window);
    }
    window.used += weight;
    reply.header('bitvavo-ratelimit-limit', String(WEIGHT_LIMIT));
    reply.header('bitvavo-ratelimit-remaining', String(Math.max(WEIGHT_LIMIT - window.used, 0)));
    reply.header('bitvavo-ratelimit-resetat', String(window.resetAt));
    return parts.rateLimiter === undefined || window.used <= WEIGHT_LIMIT;
  };
}
