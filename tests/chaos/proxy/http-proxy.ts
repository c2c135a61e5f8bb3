import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import { Random } from '../../../src/foundation/random.ts';

/** What may happen to a request over HTTP, besides what happens to its connection. */
export type RequestFault =
  /** It was done, and the answer is lost: the connection ends, or nothing more comes. */
  | { readonly kind: 'swallow-answer'; readonly end: 'reset' | 'silence' }
  /** It is on its way for so long, and arrives all the same, whoever still waits for the answer. */
  | { readonly kind: 'hold'; readonly ms: number }
  /** It arrives twice; one of the answers is given. */
  | { readonly kind: 'duplicate'; readonly give: 'first' | 'second' }
  /** It was done, or was not (`forward: false`), and the answer is another one. */
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly forward: boolean }
  /** It was done, and the answer breaks off in the middle. */
  | { readonly kind: 'half-answer' };

export interface RequestRule {
  readonly fault: RequestFault;
  /** Which requests, by method and path. */
  readonly matches: RegExp;
  readonly probability?: number;
  /** So often, and no more. */
  readonly count?: number;
}

/** A request that a fault struck. */
export interface StruckRequest {
  readonly kind: RequestFault['kind'];
  /** `POST /v5/order/create` */
  readonly call: string;
  readonly body: string;
}

interface ActiveRule extends RequestRule {
  left: number;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Stands between programs that speak HTTP, and loses, delays and doubles requests and answers; sockets pass through. */
export class HttpProxy {
  readonly port: number;
  readonly struck: StruckRequest[] = [];
  /** How many requests came. */
  requests = 0;
  readonly #server: Server;
  readonly #target: number;
  readonly #random: Random;
  readonly #sockets = new Set<Socket>();
  #rules: ActiveRule[] = [];

  private constructor(server: Server, target: number, seed: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#target = target;
    this.#random = new Random(seed, 'requests');
    server.on('request', (request, response) => void this.#serve(request, response));
    server.on('upgrade', (request, socket, head) => this.#tunnel(request, socket as Socket, head));
  }

  static async start(target: number, seed = 1): Promise<HttpProxy> {
    const server = createServer({ keepAliveTimeout: 60_000 }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HttpProxy(server, target, seed);
  }

  add(rule: RequestRule): void {
    this.#rules.push({ ...rule, left: rule.count ?? Number.POSITIVE_INFINITY });
  }

  heal(): void {
    this.#rules = [];
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    try {
      const body = await buffer(request);
      const call = `${request.method} ${(request.url ?? '').replace(/\?.*$/s, '')}`;
      const fault = this.#choose(call);
      if (fault !== undefined) this.struck.push({ kind: fault.kind, call, body: body.toString() });
      await this.#answer(request, response, body, fault);
    } catch {
      // One of the ends is gone: the other is told by the end of its connection.
      response.destroy();
    }
  }

  #choose(call: string): RequestFault | undefined {
    for (const rule of this.#rules) {
      if (rule.left <= 0 || !rule.matches.test(call)) continue;
      if (this.#random.next() >= (rule.probability ?? 1)) continue;
      rule.left -= 1;
      return rule.fault;
    }
    return undefined;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    fault: RequestFault | undefined,
  ): Promise<void> {
    if (fault?.kind === 'hold') await sleep(systemClock, fault.ms);
    if (fault?.kind === 'answer' && !fault.forward) {
      give(response, fault.status, fault.body);
      return;
    }
    let answer = await this.#forward(request, body);
    if (fault?.kind === 'duplicate') {
      const second = await this.#forward(request, body);
      if (fault.give === 'second') answer = second;
    }
    if (fault?.kind === 'swallow-answer') {
      if (fault.end === 'reset') request.socket.resetAndDestroy();
    } else if (fault?.kind === 'answer') {
      give(response, fault.status, fault.body);
    } else if (fault?.kind === 'half-answer') {
      response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': answer.body.length });
      response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => request.socket.end());
    } else {
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    }
  }

  async #forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const sent = httpRequest({ host: '127.0.0.1', port: this.#target, method, path: url, headers, agent: false });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const { 'transfer-encoding': _, connection: __, ...kept } = answer.headers;
    return { status: answer.statusCode ?? 502, headers: kept, body: await buffer(answer) };
  }

  /** A WebSocket: from here on bytes pass unread. */
  #tunnel({ method, url, rawHeaders }: IncomingMessage, client: Socket, head: Buffer): void {
    const upstream = connect(this.#target, '127.0.0.1', () => {
      const lines = [`${method} ${url} HTTP/1.1`];
      for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
    const ends = [client, upstream] as const;
    for (const [socket, other] of [ends, [upstream, client] as const]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

function give(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
