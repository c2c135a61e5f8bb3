import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sleep } from '../../foundation/clock.ts';
import type { ExchangeParts } from '../exchange-parts.ts';
import { type FaultOf, fits } from '../faults/fault.ts';
import type { Account } from '../trading/account.ts';
import { type Refusal, refuse } from '../trading/refusals.ts';
import { accountRoutes } from './account-routes.ts';
import { settingRoutes } from './account-settings.ts';
import type { Answer, PrivateRoute, PublicRoute } from './call.ts';
import { marketRoutes } from './market-routes.ts';
import { orderRoutes } from './order-routes.ts';
import { Params, RequestRefused } from './params.ts';
import { positionRoutes } from './position-routes.ts';
import type { Allowance } from './rate-limiter.ts';
import { authenticate } from './request-auth.ts';

type Route = PublicRoute | PrivateRoute;

/**
 * Bybit's REST: every answer, refusals included, is HTTP 200 with an envelope. Faults come in twice: before anything was
 * done, and when all was done and only the answer is left to send.
 */
export function addHttpRoutes(app: FastifyInstance, parts: ExchangeParts): void {
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  for (const route of [...marketRoutes, ...orderRoutes, ...positionRoutes, ...accountRoutes, ...settingRoutes]) {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => serve(route, request, reply, parts),
    });
  }
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send(envelope(parts, refuse.route(), {})));
}

async function serve(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: ExchangeParts,
): Promise<unknown> {
  parts.counts.add(`${route.method} ${route.path}`);
  if (parts.faults.find('outage') !== undefined) return reply.code(503).send('Service Unavailable');
  if (parts.rateLimiter?.takeAddress(request.ip) === false) return reply.code(403).send('access too frequent');
  await slowDown('before', route, parts);
  const before = strike('before', route, parts);
  if (before !== undefined) return fail(before, reply, '');
  const body = answerTo(route, request, reply, parts);
  await slowDown('after', route, parts);
  const after = strike('after', route, parts);
  if (after !== undefined) return fail(after, reply, JSON.stringify(body));
  if ('limit' in route || !parts.faults.hasFalseAnswers) return reply.send(body);
  return reply.type('application/json; charset=utf-8').send(parts.faults.answer(route.path, JSON.stringify(body)));
}

/** Does what is asked and gives the envelope of the answer. */
function answerTo(route: Route, request: FastifyRequest, reply: FastifyReply, parts: ExchangeParts): object {
  try {
    const { result, extra } =
      'limit' in route ? handlePrivate(route, request, reply, parts) : handlePublic(route, request, parts);
    return envelope(parts, { code: 0, message: 'OK' }, result, extra);
  } catch (thrown) {
    if (!(thrown instanceof RequestRefused)) throw thrown;
    return envelope(parts, thrown.refusal, {});
  }
}

function handlePublic(route: PublicRoute, request: FastifyRequest, parts: ExchangeParts): Answer {
  return route.handle({
    params: paramsOf(request),
    parts: { ...parts, clock: seenClock(parts) },
    asOf: parts.clock.now(),
  });
}

function handlePrivate(
  route: PrivateRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: ExchangeParts,
): Answer {
  const account = accountOf(request, parts);
  if (route.method === 'POST' && account.isReadOnly) throw new RequestRefused(refuse.permission());
  const allowance = parts.rateLimiter?.take(`${account.apiKey.key} ${route.path}`, route.limit);
  if (allowance !== undefined) tellAllowance(reply, allowance, parts);
  if (allowance?.allowed === false) throw new RequestRefused(refuse.tooManyVisits());
  const lag = route.method === 'GET' ? (parts.faults.strike('lagging-look-ups')?.ms ?? 0) : 0;
  return route.handle({ params: paramsOf(request), parts, asOf: parts.clock.now() - lag, account });
}

function accountOf(request: FastifyRequest, parts: ExchangeParts): Account {
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const signed = {
    key: header('x-bapi-api-key'),
    timestamp: header('x-bapi-timestamp'),
    receiveWindow: header('x-bapi-recv-window'),
    signature: header('x-bapi-sign'),
    payload: request.method === 'GET' ? queryOf(request) : textOf(request.body),
  };
  const outcome = authenticate(signed, (key) => parts.accounts.get(key), serverTimes(parts));
  if (outcome.ok) return outcome.value;
  throw new RequestRefused(outcome.error);
}

function tellAllowance(reply: FastifyReply, { limit, left, resetAt }: Allowance, parts: ExchangeParts): void {
  reply.header('X-Bapi-Limit', String(limit));
  reply.header('X-Bapi-Limit-Status', String(left));
  reply.header('X-Bapi-Limit-Reset-Timestamp', String(resetAt));
  reply.header('Timenow', String(parts.clock.now()));
}

function paramsOf(request: FastifyRequest): Params {
  if (request.method === 'GET') return new Params(Object.fromEntries(new URLSearchParams(queryOf(request))));
  try {
    return new Params(JSON.parse(textOf(request.body)));
  } catch {
    throw new RequestRefused(refuse.parameter('the body is not JSON'));
  }
}

/** Exactly as sent, for the signature. */
function queryOf(request: FastifyRequest): string {
  const url = request.raw.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : '';
}

function envelope(parts: ExchangeParts, { code, message }: Refusal, result: object, extra: object = {}): object {
  return { retCode: code, retMsg: message, result, retExtInfo: extra, time: serverTimes(parts)[0] };
}

/** The exchange's time as requests see it: the market's, and the world's where that is another. */
export function serverTimes({ clock, wallClock, faults }: ExchangeParts): readonly [number, ...number[]] {
  const skew = faults.find('clock-skew')?.ms ?? 0;
  return clock === wallClock ? [clock.now() + skew] : [clock.now() + skew, wallClock.now() + skew];
}

/** The clock of look-ups of the time. */
function seenClock(parts: ExchangeParts): ExchangeParts['clock'] {
  if (parts.faults.find('clock-skew') === undefined) return parts.clock;
  const { clock } = parts;
  return {
    now: () => serverTimes(parts)[0] as ReturnType<typeof clock.now>,
    monotonic: () => clock.monotonic(),
    after: (delay, action) => clock.after(delay, action),
    every: (period, action) => clock.every(period, action),
  };
}

type When = 'before' | 'after';

function strike(when: When, route: Route, { faults }: ExchangeParts): FaultOf<'answer'> | undefined {
  return faults.strike('answer', (fault) => fault.when === when && fits(fault.path, route.path));
}

async function slowDown(when: When, route: Route, { faults, clock }: ExchangeParts): Promise<void> {
  const fault = faults.strike('slow', (one) => one.when === when && fits(one.path, route.path));
  if (fault !== undefined) await sleep(clock, fault.ms);
}

/** Answers wrongly, or not at all. */
function fail({ with: kind }: FaultOf<'answer'>, reply: FastifyReply, text: string): unknown {
  // As the exchange answers an address that it has shut out.
  if (kind === 403) return reply.code(403).send('access too frequent');
  if (typeof kind === 'number') {
    return reply.code(kind).type('text/html').send(`<html><body>${kind}</body></html>`);
  }
  reply.hijack();
  if (kind === 'half') {
    reply.raw.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    reply.raw.write(text.slice(0, Math.floor(text.length / 2)), () => reply.raw.destroy());
  } else if (kind === 'reset') reply.raw.socket?.resetAndDestroy();
  return undefined;
}
