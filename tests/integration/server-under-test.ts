import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { priceSource } from '../../src/app/market-watch.ts';
import { InProcessBus } from '../../src/bus/in-process-bus.ts';
import { type Clock, systemClock } from '../../src/foundation/clock.ts';
import { PriceBoard } from '../../src/live/price-board.ts';
import type { ChannelMessage } from '../../src/protocol/messages.ts';
import type { ServerOptions } from '../../src/server/server-options.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import type { BotCommit, Lease, Store } from '../../src/store/store.ts';
import { sampleCommit } from '../contracts/store-samples.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

/** A server that really listens, with a bus and a store of its own, for one test. */
export interface ServerUnderTest {
  readonly server: RunningServer;
  readonly bus: InProcessBus;
  readonly store: Store;
  readonly logger: RecordingLogger;
  /** Asks without any help of a browser's rules: any header, any method. */
  ask(path: string, options?: AskOptions): Promise<Answer>;
  /** Sends these very bytes, and gives what comes back until the server hangs up. */
  send(...parts: string[]): Promise<string>;
  /** Opens a WebSocket as a browser does. */
  open(path: string, protocols?: readonly string[]): WebSocketReader;
  /** Opens a WebSocket by hand, for a reader that does not read. Gives the paused connection after the handshake. */
  openByHand(path: string, headers?: Readonly<Record<string, string>>): Promise<Socket>;
  commit(botId: string, changes: Partial<BotCommit>): Promise<void>;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  json(): unknown;
}

export async function serverUnderTest(
  t: TestContext,
  changes: Partial<ServerOptions> & { readonly clock?: Clock } = {},
): Promise<ServerUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-server-'));
  const clock = changes.clock ?? systemClock;
  const logger = new RecordingLogger();
  const store = await openEmbeddedStore({ path: join(folder, 'store.db'), synchronous: 'NORMAL' });
  await store.migrate();
  const bus = new InProcessBus({ clock, logger });
  const options: ServerOptions = {
    host: '127.0.0.1',
    port: 0,
    bus,
    store,
    prices: priceSource(new PriceBoard(bus, clock), () => clock.now()),
    symbols: ['BTCUSDT', 'ETHUSDT'],
    botIds: ['alpha', 'beta'],
    logger,
    clock,
    ...changes,
  };
  const server = await startServer(options);
  t.after(async () => {
    await server.close();
    await bus.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const leases = new Map<string, { lease: Lease; revision: number }>();
  return {
    server,
    bus,
    store,
    logger,
    ask: (path, asked) => ask(server.port, path, asked),
    send: (...parts) => send(server.port, parts),
    open: (path, protocols = []) => new WebSocketReader(`ws://127.0.0.1:${server.port}${path}`, protocols),
    openByHand: (path, headers = {}) => openByHand(server.port, path, headers),
    async commit(botId, commit) {
      const held = leases.get(botId) ?? {
        lease: (await store.acquireLease(botId, 'test', 60_000, clock.now()))!,
        revision: 0,
      };
      const done = await store.commitBot(sampleCommit(botId, held.lease, held.revision, commit));
      if (!done.ok) throw new Error(done.error.message);
      leases.set(botId, { lease: held.lease, revision: done.value });
    },
  };
}

function ask(port: number, path: string, { method = 'GET', headers = {}, body }: AskOptions = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = httpRequest({ host: '127.0.0.1', port, path, method, agent: false });
  for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
  request.on('error', reject);
  request.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve({ status: response.statusCode!, headers: response.headers, text: '', json: () => undefined });
  });
  request.on('response', (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('error', reject);
    response.on('end', () =>
      resolve({
        status: response.statusCode!,
        headers: response.headers,
        text,
        json: () => JSON.parse(text) as unknown,
      }),
    );
  });
  request.end(body);
  return promise;
}

async function send(port: number, parts: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  // The server may hang up while we still speak.
  socket.on('error', () => {});
  for (const part of parts) socket.write(part, 'latin1');
  await once(socket, 'close');
  return text;
}

export const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const;

async function openByHand(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...UPGRADE, ...headers }).map((pair) => pair.join(': '));
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  if (!head.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(head.toString('latin1'));
  socket.pause();
  return socket;
}

/** Node's own WebSocket, whose messages are awaited one after another. */
export class WebSocketReader {
  readonly socket: WebSocket;
  /** Resolves with the close code and reason. 1006: there was no handshake, or the connection broke. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #messages: ChannelMessage[] = [];
  #onMessage: (() => void) | undefined;

  constructor(url: string, protocols: readonly string[]) {
    this.socket = new WebSocket(url, [...protocols]);
    this.closed = new Promise((resolve) => {
      this.socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
    });
    this.socket.addEventListener('error', () => {});
    this.socket.addEventListener('message', ({ data }) => {
      this.#messages.push(JSON.parse(String(data)) as ChannelMessage);
      this.#onMessage?.();
    });
  }

  async next(): Promise<ChannelMessage> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.#onMessage = resolve;
      });
    }
    return this.#messages.shift()!;
  }

  /** Messages up to and including the first that `isLast`. */
  async until(isLast: (message: ChannelMessage) => boolean): Promise<ChannelMessage[]> {
    const taken: ChannelMessage[] = [];
    do taken.push(await this.next());
    while (!isLast(taken.at(-1)!));
    return taken;
  }

  async leave(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
