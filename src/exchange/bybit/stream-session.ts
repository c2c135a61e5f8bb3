import type { ExchangeParts } from '../exchange-parts.ts';
import { fits } from '../faults/fault.ts';
import type { Account } from '../trading/account.ts';
import { serverTimes } from './http-server.ts';
import { authenticateSocket } from './request-auth.ts';
import type { SocketConnection, SocketRequest } from './socket-connection.ts';

/** Bybit's limits of a subscription: characters of all topics of a connection; topics of one request on spot. */
const TOPIC_CHARACTERS = 21_000;
const SPOT_TOPICS_PER_REQUEST = 10;

/** What a public or a private stream understands: subscribe, unsubscribe, ping, auth. */
export class StreamSession {
  readonly #connection: SocketConnection;
  readonly #parts: ExchangeParts;
  readonly #topics = new Set<string>();
  #account: Account | undefined;

  constructor(connection: SocketConnection, parts: ExchangeParts) {
    this.#connection = connection;
    this.#parts = parts;
    connection.listen((request) => this.#handle(request));
    connection.onClose(() => this.#leave());
  }

  #handle(request: SocketRequest): void {
    const op = typeof request.op === 'string' ? request.op : '';
    this.#parts.counts.add(`WS ${this.#connection.stream.kind} ${op}`);
    const handlers: Readonly<Record<string, () => void>> = {
      subscribe: () => this.#subscribe(request),
      unsubscribe: () => this.#unsubscribe(request),
      ping: () => this.#pong(request),
      auth: () => this.#authenticate(request),
    };
    const handler = Object.hasOwn(handlers, op) ? handlers[op] : undefined;
    if (handler === undefined) this.#answer(request, false, `Invalid op: ${op}`);
    else handler();
  }

  #subscribe(request: SocketRequest): void {
    const topics = topicsOf(request);
    const fault = this.#parts.faults.strike('refuse-subscription', ({ topic }) =>
      topics.some((one) => fits(topic, one)),
    );
    if (fault?.silently) return;
    const reason = fault === undefined ? this.#refusalOf(topics) : `Invalid topic: ${topics[0]}`;
    this.#answer(request, reason === undefined, reason);
    if (reason !== undefined) return;
    for (const topic of topics) {
      if (this.#topics.has(topic)) continue;
      this.#topics.add(topic);
      this.#join(topic);
    }
  }

  #refusalOf(topics: readonly string[]): string | undefined {
    const { stream } = this.#connection;
    if (topics.length === 0) return 'Invalid args';
    if (stream.kind === 'private' && this.#account === undefined) return 'Request not authorized';
    if (stream.kind === 'public' && stream.category === 'spot' && topics.length > SPOT_TOPICS_PER_REQUEST) {
      return `args size >${SPOT_TOPICS_PER_REQUEST}`;
    }
    const characters = [...this.#topics, ...topics].reduce((sum, topic) => sum + topic.length, 0);
    if (characters > TOPIC_CHARACTERS) return `args length >${TOPIC_CHARACTERS}`;
    const unknown = topics.find((topic) => !this.#isTopic(topic));
    return unknown === undefined ? undefined : `Invalid topic: ${unknown}`;
  }

  #isTopic(topic: string): boolean {
    const { stream } = this.#connection;
    if (stream.kind === 'private') return this.#parts.privateFeed.isTopic(topic);
    return (
      stream.kind === 'public' &&
      stream.category !== undefined &&
      this.#parts.publicFeed.isTopic(stream.category, topic)
    );
  }

  #join(topic: string): void {
    this.#parts.counts.add(`WS topic ${topic}`);
    const { stream } = this.#connection;
    if (stream.kind === 'private') this.#parts.privateFeed.subscribe(this.#account!, topic, this.#connection);
    else if (stream.kind === 'public') this.#parts.publicFeed.subscribe(stream.category!, topic, this.#connection);
  }

  #unsubscribe(request: SocketRequest): void {
    for (const topic of topicsOf(request)) {
      if (!this.#topics.delete(topic)) continue;
      const { stream } = this.#connection;
      if (stream.kind === 'private') this.#parts.privateFeed.unsubscribe(this.#account!, topic, this.#connection);
      else if (stream.kind === 'public') this.#parts.publicFeed.unsubscribe(stream.category!, topic, this.#connection);
    }
    this.#answer(request, true);
  }

  #leave(): void {
    const { stream } = this.#connection;
    if (this.#account !== undefined) this.#parts.privateFeed.leave(this.#account, this.#connection);
    if (stream.kind !== 'public') return;
    for (const topic of this.#topics) this.#parts.publicFeed.unsubscribe(stream.category!, topic, this.#connection);
  }

  #authenticate(request: SocketRequest): void {
    if (this.#parts.faults.strike('ignore-auth') !== undefined) return;
    const args = Array.isArray(request.args) ? request.args : [];
    const outcome = authenticateSocket(args, (key) => this.#parts.accounts.get(key), serverTimes(this.#parts));
    if (outcome.ok) this.#account = outcome.value;
    this.#answer(request, outcome.ok, outcome.ok ? '' : outcome.error.message);
  }

  #pong(request: SocketRequest): void {
    const { id, stream } = this.#connection;
    const requestId = request.req_id;
    if (stream.kind === 'public') {
      this.#connection.reply({ success: true, ret_msg: 'pong', conn_id: id, req_id: requestId ?? '', op: 'ping' });
    } else {
      const args = [String(this.#parts.clock.now())];
      this.#connection.reply({ ...(requestId !== undefined && { req_id: requestId }), op: 'pong', args, conn_id: id });
    }
  }

  #answer(request: SocketRequest, success: boolean, reason?: string): void {
    const { id, stream } = this.#connection;
    const op = request.op;
    const isSpot = stream.kind === 'public' && stream.category === 'spot';
    const retMsg = reason ?? (isSpot ? op : '');
    const requestId = request.req_id;
    this.#connection.reply({
      success,
      ret_msg: retMsg,
      conn_id: id,
      ...(requestId !== undefined && { req_id: requestId }),
      op,
    });
  }
}

function topicsOf(request: SocketRequest): readonly string[] {
  const args = request.args;
  return Array.isArray(args) ? args.filter((topic) => typeof topic === 'string') : [];
}
