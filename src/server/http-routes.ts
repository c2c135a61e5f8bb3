import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Clock } from '../foundation/clock.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { BotAnswer, PageAnswer, ReadyAnswer } from '../protocol/answers.ts';
import { PROTOCOL_VERSION } from '../protocol/messages.ts';
import { wireFill, wireOrder, wireOrderEvent } from '../protocol/wire.ts';
import type { Page, Store } from '../store/store.ts';
import { answers } from './answer-schemas.ts';
import type { LiveViews } from './live-views.ts';
import { RequestRefused } from './refusal.ts';
import { botParams, candlesQuery, noParameters, pageQuery, parsed, symbolParams } from './request-schemas.ts';
import type { StoreReader } from './store-reader.ts';

export interface RouteParts {
  readonly reader: StoreReader;
  readonly views: LiveViews;
  readonly ready: () => Promise<ReadyAnswer>;
  readonly clock: Clock;
  readonly version: string;
}

interface Route<Params extends z.ZodObject, Query extends z.ZodObject, Answer> {
  readonly params: Params;
  readonly query: Query;
  readonly answer: z.ZodType<Answer>;
  handle(asked: z.output<Params> & z.output<Query>, reply: FastifyReply): Promise<Answer> | Answer;
}

/** Every route. All of them only read. */
export function addHttpRoutes(app: FastifyInstance, parts: RouteParts): void {
  addProcessRoutes(app, parts);
  addBotRoutes(app, parts);
  addMarketRoutes(app, parts);
}

function addProcessRoutes(app: FastifyInstance, { reader, views, ready, clock, version }: RouteParts): void {
  const startedAt = clock.monotonic();
  const plain = { params: noParameters, query: noParameters };
  add(app, '/health', { ...plain, answer: answers.health, handle: () => ({ alive: true as const }) });
  add(app, '/ready', {
    ...plain,
    answer: answers.ready,
    async handle(_, reply) {
      const answer = await ready();
      reply.code(answer.ready ? 200 : 503);
      return answer;
    },
  });
  add(app, '/api/status', {
    ...plain,
    answer: answers.status,
    handle: async () => ({
      version,
      protocolVersion: PROTOCOL_VERSION,
      time: clock.now(),
      uptimeMs: Math.round(clock.monotonic() - startedAt),
      bots: await botAnswers(reader, views),
      prices: [...views.markets.values()].map((market) => market.status()),
      connections: views.connections(),
    }),
  });
  add(app, '/api/audit/head', { ...plain, answer: answers.auditHead, handle: () => reader.auditHead() });
}

function addBotRoutes(app: FastifyInstance, { reader, views }: RouteParts): void {
  add(app, '/api/bots', {
    params: noParameters,
    query: noParameters,
    answer: answers.bots,
    handle: async () => ({ bots: await botAnswers(reader, views) }),
  });
  add(app, '/api/bots/:botId', {
    params: botParams,
    query: noParameters,
    answer: answers.bot,
    async handle({ botId }) {
      mustKnow(views.bots, botId, 'bot');
      return { botId, status: (await reader.statuses()).find((one) => one.botId === botId) ?? null };
    },
  });
  const rows =
    <Row, Item>(read: (store: Store, botId: string, page: Page) => Promise<readonly Row[]>, item: (row: Row) => Item) =>
    async (asked: { readonly botId: string; readonly offset: number; readonly limit: number }) => {
      const { botId, offset, limit } = asked;
      mustKnow(views.bots, botId, 'bot');
      // One more than asked for shows whether there is a next page.
      const found = await reader.read((store) => read(store, botId, { offset, limit: limit + 1 }));
      return pageOf(found.map(item), offset, limit);
    };
  const paged = { params: botParams, query: pageQuery };
  const same = <Row>(row: Row): Row => row;
  add(app, '/api/bots/:botId/signals', {
    ...paged,
    answer: answers.signals,
    handle: rows((store, botId, page) => store.signals(botId, page), same),
  });
  add(app, '/api/bots/:botId/orders', {
    ...paged,
    answer: answers.orders,
    handle: rows((store, botId, page) => store.orderIntents(botId, page), wireOrder),
  });
  add(app, '/api/bots/:botId/order-events', {
    ...paged,
    answer: answers.orderEvents,
    handle: rows((store, botId, page) => store.orderEvents(botId, page), wireOrderEvent),
  });
  add(app, '/api/bots/:botId/fills', {
    ...paged,
    answer: answers.fills,
    handle: rows((store, botId, page) => store.fills(botId, page), wireFill),
  });
  add(app, '/api/bots/:botId/equity', {
    ...paged,
    answer: answers.equity,
    handle: rows((store, botId, page) => store.equity(botId, page), same),
  });
}

function addMarketRoutes(app: FastifyInstance, { reader, views }: RouteParts): void {
  add(app, '/api/market/:symbol/candles', {
    params: symbolParams,
    query: candlesQuery,
    answer: answers.candles,
    async handle({ symbol, timeframe, count, until }) {
      mustKnow(views.markets, symbol, 'symbol');
      const feed = { symbol, timeframe };
      const candles = await reader.read((store) => store.lastCandles(feed, until as EpochMs, count));
      return { symbol, timeframe, candles };
    },
  });
}

/** A route that answers GET and HEAD; all other methods of it are refused before they get here. */
function add<Params extends z.ZodObject, Query extends z.ZodObject, Answer>(
  app: FastifyInstance,
  url: string,
  { params, query, answer, handle }: Route<Params, Query, Answer>,
): void {
  app.get(url, async (request: FastifyRequest, reply) => {
    const asked = { ...parsed(params, request.params), ...parsed(query, request.query) };
    return answer.parse(await handle(asked, reply));
  });
  refuseOtherMethods(app, url);
}

/** Makes the methods known, so that they are told from an unknown address; see the first hook of the server. */
export function refuseOtherMethods(app: FastifyInstance, url: string): void {
  app.route({
    method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url,
    handler: () => {
      throw methodRefused();
    },
  });
}

export function methodRefused(): RequestRefused {
  return new RequestRefused(405, 'METHOD_NOT_ALLOWED', 'This server is for reading: GET or HEAD.', {
    allow: 'GET, HEAD',
  });
}

async function botAnswers(reader: StoreReader, views: LiveViews): Promise<BotAnswer[]> {
  const statuses = new Map((await reader.statuses()).map((status) => [status.botId, status]));
  return [...views.bots.keys()].map((botId) => ({ botId, status: statuses.get(botId) ?? null }));
}

function mustKnow(known: ReadonlyMap<string, unknown>, name: string, what: 'bot' | 'symbol'): void {
  if (!known.has(name)) throw new RequestRefused(404, 'NOT_FOUND', `There is no such ${what} here.`);
}

function pageOf<Item>(found: readonly Item[], offset: number, limit: number): PageAnswer<Item> {
  const items = found.slice(0, limit);
  return { items, offset, limit, nextOffset: found.length > limit ? offset + limit : null };
}
