import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { type ExchangeOptions, type RunningExchange, startExchange } from '../../src/exchange/simulated-exchange.ts';
import type { Account } from '../../src/exchange/trading/account.ts';
import { sleep, systemClock, VirtualClock } from '../../src/foundation/clock.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { epochMs, HOUR_MS } from '../../src/foundation/time.ts';
import { bundledBars } from './bundled-bars.ts';
import { RECORD_START, TEST_KEY } from './exchange-under-test.ts';

const ANSWER_MS = 5_000;

export const envelopeSchema = z.object({
  retCode: z.number(),
  retMsg: z.string(),
  result: z.record(z.string(), z.unknown()),
  retExtInfo: z.record(z.string(), z.unknown()),
  time: z.number(),
});
export type Envelope = z.output<typeof envelopeSchema>;
export type Message = Readonly<Record<string, unknown>>;

/** The exchange on a real port and a clock that only the test moves, and a plain client of it. */
export class ExchangeSession {
  readonly exchange: RunningExchange;
  readonly clock: VirtualClock;
  readonly account: Account;
  readonly #sockets: TestSocket[] = [];

  private constructor(exchange: RunningExchange, clock: VirtualClock) {
    this.exchange = exchange;
    this.clock = clock;
    this.account = exchange.accounts.get(TEST_KEY.key)!;
  }

  /** At noon of the second of two recorded days. */
  static async open(options: Partial<ExchangeOptions> = {}): Promise<ExchangeSession> {
    const clock = new VirtualClock(epochMs(RECORD_START + 36 * HOUR_MS));
    const exchange = await startExchange({
      clock,
      recordings: [{ symbol: 'BTCUSDT', columns: bundledBars('BTCUSDT', 2_880), priceDecimals: 1 }],
      keys: [TEST_KEY],
      funds: { USDT: fixed('100000'), BTC: fixed('2') },
      ...options,
    });
    return new ExchangeSession(exchange, clock);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.exchange.close();
  }

  /** An answer as it came. Signed where `more` does not say otherwise. */
  async send(method: 'GET' | 'POST', path: string, payload: string, more: Partial<Signature> = {}): Promise<Response> {
    const { key, secret, timestamp, window } = { ...this.#signature(), ...more };
    const sign = createHmac('sha256', secret).update(`${timestamp}${key}${window}${payload}`).digest('hex');
    const headers = {
      'X-BAPI-API-KEY': key,
      'X-BAPI-TIMESTAMP': String(timestamp),
      'X-BAPI-RECV-WINDOW': String(window),
      'X-BAPI-SIGN': sign,
      ...(method === 'POST' && { 'content-type': 'application/json' }),
    };
    const url = `${this.exchange.url}${path}${method === 'GET' && payload !== '' ? `?${payload}` : ''}`;
    const signal = AbortSignal.timeout(ANSWER_MS);
    return fetch(url, { method, headers, signal, ...(method === 'POST' && { body: payload }) });
  }

  async get(
    path: string,
    query: Readonly<Record<string, string>> = {},
    more: Partial<Signature> = {},
  ): Promise<Envelope> {
    const response = await this.send('GET', path, new URLSearchParams(query).toString(), more);
    return envelopeSchema.parse(await response.json());
  }

  async post(path: string, body: object, more: Partial<Signature> = {}): Promise<Envelope> {
    const response = await this.send('POST', path, JSON.stringify(body), more);
    return envelopeSchema.parse(await response.json());
  }

  /** Places a linear order, a market order to buy where nothing else is said, and lets it reach the book. */
  async order(more: Readonly<Record<string, unknown>> = {}): Promise<Envelope> {
    const market = { category: 'linear', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Market', qty: '0.01' };
    const answer = await this.post('/v5/order/create', { ...market, ...more });
    await this.clock.advance(10);
    return answer;
  }

  async socket(path: string): Promise<TestSocket> {
    const socket = await TestSocket.open(`${this.exchange.url.replace('http', 'ws')}${path}`);
    this.#sockets.push(socket);
    return socket;
  }

  /** A private socket that has been let in. */
  async privateSocket(...topics: readonly string[]): Promise<TestSocket> {
    const socket = await this.socket('/v5/private');
    const expires = this.clock.now() + 10_000;
    const sign = createHmac('sha256', TEST_KEY.secret).update(`GET/realtime${expires}`).digest('hex');
    socket.send({ op: 'auth', args: [TEST_KEY.key, expires, sign] });
    await socket.next(({ op }) => op === 'auth');
    if (topics.length > 0) await socket.subscribe(...topics);
    return socket;
  }

  #signature(): Signature {
    return { key: TEST_KEY.key, secret: TEST_KEY.secret, timestamp: this.clock.now(), window: 5_000 };
  }
}

export interface Signature {
  readonly key: string;
  readonly secret: string;
  readonly timestamp: number;
  readonly window: number;
}

/** A plain socket that keeps what it heard. */
export class TestSocket {
  /** Messages that are JSON. */
  readonly messages: Message[] = [];
  /** Texts that are not. */
  readonly broken: string[] = [];
  isClosed = false;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#hear(String(data)));
    socket.addEventListener('close', () => {
      this.isClosed = true;
    });
    socket.addEventListener('error', () => {});
  }

  static async open(url: string): Promise<TestSocket> {
    const socket = new TestSocket(new WebSocket(url));
    await settled('the socket opens', () => socket.#socket.readyState !== WebSocket.CONNECTING);
    return socket;
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Subscribes and waits for the acknowledgement. */
  async subscribe(...topics: readonly string[]): Promise<Message> {
    this.send({ op: 'subscribe', args: topics, req_id: topics.join() });
    return this.next(({ req_id }) => req_id === topics.join());
  }

  /** The first message that is meant, heard already or yet to come. */
  async next(isMeant: (message: Message) => boolean): Promise<Message> {
    await settled('a message', () => this.messages.some(isMeant));
    return this.messages.find(isMeant)!;
  }

  of(topic: string): readonly Message[] {
    return this.messages.filter((message) => message['topic'] === topic);
  }

  /** Waits until the server has answered a ping: what it sent before has then arrived. */
  async caughtUp(): Promise<void> {
    const id = `ping-${this.messages.length}-${this.broken.length}`;
    this.send({ op: 'ping', req_id: id });
    await this.next(({ req_id, op }) => req_id === id && op !== 'subscribe');
  }

  close(): void {
    this.#socket.close();
  }

  #hear(text: string): void {
    try {
      this.messages.push(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
    } catch {
      this.broken.push(text);
    }
  }
}

/** Waits for the network, which keeps its own time. */
export async function settled(what: string, isSo: () => boolean): Promise<void> {
  for (let waited = 0; waited < ANSWER_MS; waited += 5) {
    if (isSo()) return;
    await sleep(systemClock, 5);
  }
  throw new Error(`in vain waited for: ${what}`);
}
