import type { Socket } from 'node:net';
import websocket from '@fastify/websocket';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { SUBPROTOCOL } from '../protocol/messages.ts';
import { type AccessGuard, isPreflight } from './access-guard.ts';
import { methodRefused } from './http-routes.ts';
import { errorAnswer, type Refusal, RequestRefused, rawAnswer, securityHeaders } from './refusal.ts';
import type { ServerLimits } from './server-options.ts';

export interface HttpServerParts {
  readonly guard: AccessGuard;
  readonly logger: Logger;
  readonly limits: ServerLimits;
  readonly isStopping: () => boolean;
}

const BODY_BYTES = 1_000_000;
/** The head of a request: address and headers together. */
const HEAD_BYTES = 16_384;
/** For the whole of a request, after its head: for who sends in drops. */
const REST_WITHIN_MS = 5_000;
/** For who reads an answer in drops, or keeps a connection without a use for it. */
const SILENT_SOCKET_MS = 30_000;
const KEEP_ALIVE_MS = 5_000;
/** Clients have nothing to say. */
const INCOMING_MESSAGE_BYTES = 1_024;
/** Connections besides the WebSockets. */
const HTTP_CONNECTIONS = 256;

/** A server without routes that lets in whom the guard lets in, answers every failure as JSON, and bounds everything. */
export async function httpServer(parts: HttpServerParts): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES,
    requestTimeout: parts.limits.headWithinMs + REST_WITHIN_MS,
    connectionTimeout: SILENT_SOCKET_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 128 },
    http: {
      maxHeaderSize: HEAD_BYTES,
      headersTimeout: parts.limits.headWithinMs,
      connectionsCheckingInterval: 1_000,
      // Anything else that asks for an upgrade (HTTP/2) is served as if it had not.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    frameworkErrors: (error, request, reply) => refuseUnrouted(parts.guard, error, request, reply),
    clientErrorHandler: refuseUnreadable,
  });
  app.server.maxConnections = parts.limits.maximumClients + HTTP_CONNECTIONS;
  // Past the limit Node would leave headers out, one of those that the guard looks at perhaps; it counts them itself.
  app.server.maxHeadersCount = 0;
  await app.register(websocket, {
    options: {
      maxPayload: INCOMING_MESSAGE_BYTES,
      perMessageDeflate: false,
      // By hand, see Client: automatic answers would pile up before a client that does not read.
      autoPong: false,
      handleProtocols: (offered: ReadonlySet<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    },
    // The roster says good-bye.
    preClose(this: FastifyInstance, done: () => void) {
      this.websocketServer.close(() => {});
      done();
    },
  });
  app.addHook('onRequest', async (request, reply) => letIn(parts, request, reply));
  app.setNotFoundHandler((_, reply) => refuse(reply, notFound));
  app.setErrorHandler((error: FastifyError, request, reply) => refuse(reply, refusalOf(error, request, parts.logger)));
  return app;
}

const notFound: Refusal = { status: 404, code: 'NOT_FOUND', message: 'There is nothing at this address.' };

/** Before a body is looked at, or anything else is done. */
async function letIn(parts: HttpServerParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  reply.headers(securityHeaders);
  const refusal = parts.guard.refusalOf(request.raw);
  if (refusal) return refuse(reply, refusal);
  reply.headers(parts.guard.crossOriginHeaders(request.raw));
  if (parts.isStopping()) {
    return refuse(reply, {
      status: 503,
      code: 'STOPPING',
      message: 'The server stops.',
      headers: { connection: 'close' },
    });
  }
  const isUpgradeElsewhere = request.ws && !request.routeOptions.config.isChannel;
  if (request.is404 || isUpgradeElsewhere) return refuse(reply, notFound);
  if (isPreflight(request.raw)) {
    return reply
      .code(204)
      .headers({ 'access-control-allow-methods': 'GET, HEAD', 'access-control-allow-headers': 'authorization' })
      .send();
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(reply, methodRefused());
  if (hasBody(request)) {
    return refuse(reply, {
      status: 413,
      code: 'BODY_REFUSED',
      message: 'Requests have no body here.',
      headers: { connection: 'close' },
    });
  }
  return undefined;
}

function hasBody({ headers }: FastifyRequest): boolean {
  return 'transfer-encoding' in headers || (headers['content-length'] ?? '0') !== '0';
}

function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  // A body that nobody reads must not hold the connection.
  if (hasBody(reply.request)) reply.header('connection', 'close');
  return reply
    .code(refusal.status)
    .headers(refusal.headers ?? {})
    .send(errorAnswer(refusal));
}

/** What may be told of a failure; what may not goes to the logger. The address stays out of it: it is the caller's. */
function refusalOf(error: FastifyError, request: FastifyRequest, logger: Logger): Refusal {
  if (error instanceof RequestRefused) return error;
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return { status, code: 'BAD_REQUEST', message: 'The request can not be read.' };
  logger.error('A request failed', { route: request.routeOptions.url, error: messageOf(error) });
  return { status: 500, code: 'INTERNAL', message: 'Something failed here; the log says what.' };
}

/** For addresses that the router can't read: it has called no hook by then. */
function refuseUnrouted(guard: AccessGuard, error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const isLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
  const refusal: Refusal = guard.refusalOf(request.raw) ?? {
    status: isLong ? 414 : 400,
    code: isLong ? 'ADDRESS_TOO_LONG' : 'BAD_REQUEST',
    message: isLong ? 'A name in the address is too long.' : 'The address can not be read.',
  };
  reply.headers({ ...securityHeaders, connection: 'close' });
  // After an upgrade nobody else closes the socket.
  reply.raw.once('finish', () => request.raw.socket.destroySoon());
  void refuse(reply, refusal);
}

/** For what is not HTTP, too large a head, or too slow. */
function refuseUnreadable(error: Error & { readonly code: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(unreadable(error.code));
  socket.destroySoon();
}

function unreadable(code: string): string {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const message = `The head of a request has at most ${HEAD_BYTES} bytes.`;
    return rawAnswer('431 Request Header Fields Too Large', { status: 431, code: 'HEADERS_TOO_LARGE', message });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return rawAnswer('408 Request Timeout', {
      status: 408,
      code: 'REQUEST_TIMEOUT',
      message: 'The request took too long.',
    });
  }
  return rawAnswer('400 Bad Request', { status: 400, code: 'BAD_REQUEST', message: 'The request can not be read.' });
}
