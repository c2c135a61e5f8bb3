import websocket, { type WebSocket } from '@fastify/websocket';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Candle } from '../../../src/domain/candle.ts';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import type { ScriptedMarket } from './scripted-market.ts';

/** What a connected client has subscribed to. */
export interface VenueClient {
  readonly socket: WebSocket;
  /** Names of streams, in the exchange's own words. */
  readonly streams: Set<string>;
}

/** How an exchange speaks: its answers over HTTP and its messages over WebSocket, in its documented forms. */
export interface Dialect {
  /** `BTCUSDT` → the exchange's name. */
  readonly marketId: (symbol: string) => string;
  readonly routes: (app: FastifyInstance, market: ScriptedMarket) => void;
  readonly socketPaths: readonly string[];
  /** What a client says: changes its streams, and gives the answers. */
  readonly heard: (message: string, client: VenueClient) => readonly string[];
  /** The stream's name and the message of a candle, where the exchange has such a stream. */
  readonly candle?: (marketId: string, candle: Candle, isClosed: boolean, now: number) => readonly [string, string];
  readonly price: (marketId: string, candle: Candle, now: number) => readonly [string, string];
}

/** A small stand-in for an exchange on a local port, that replays a script in the words of a dialect. */
export class VenueServer {
  readonly market: ScriptedMarket;
  readonly unknownRequests: string[] = [];
  readonly #dialect: Dialect;
  readonly #app: FastifyInstance;
  readonly #clients = new Set<VenueClient>();
  /** Connections are turned away while it is set. */
  isCut = false;
  /** Symbols whose candles are not told on the stream. */
  readonly muted = new Set<string>();
  connections = 0;

  private constructor(dialect: Dialect, market: ScriptedMarket, app: FastifyInstance) {
    this.#dialect = dialect;
    this.market = market;
    this.#app = app;
  }

  static async open(dialect: Dialect, market: ScriptedMarket): Promise<VenueServer> {
    const app = fastify({ forceCloseConnections: true });
    await app.register(websocket);
    const server = new VenueServer(dialect, market, app);
    dialect.routes(app, market);
    for (const path of dialect.socketPaths) {
      app.get(path, { websocket: true }, (socket: WebSocket) => server.#connected(socket));
    }
    app.setNotFoundHandler((request: FastifyRequest, reply) => {
      server.unknownRequests.push(request.url);
      return reply.code(404).send({ error: 'unknown' });
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return server;
  }

  get url(): string {
    const address = this.#app.server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  /** Streams that somebody listens to. */
  get streams(): readonly string[] {
    return [...this.#clients].flatMap(({ streams }) => [...streams]);
  }

  /** So many minutes pass, with forming candles in each. */
  async pass(minutes: number): Promise<void> {
    const { market } = this;
    for (let minute = 0; minute < minutes; minute++) {
      for (const symbol of market.symbols) this.#tellCandle(symbol, market.forming(symbol), false);
      const ended = market.closed;
      market.endMinute();
      for (const symbol of market.symbols) this.#tellPrice(symbol, market.candle(symbol, ended));
      // Prices and candles may travel by different sockets: let the first arrive, as on a real clock they would.
      await sleep(systemClock, 15);
      for (const symbol of market.symbols) this.#tellCandle(symbol, market.candle(symbol, ended), true);
      market.settleIntoMinute();
      for (const symbol of market.symbols) {
        this.#tellCandle(symbol, market.forming(symbol), false);
        this.#tellPrice(symbol, market.forming(symbol));
      }
    }
  }

  /** Cuts every connection; new ones are turned away until `restore`. */
  cut(): void {
    this.isCut = true;
    for (const { socket } of this.#clients) socket.terminate();
    this.#clients.clear();
  }

  restore(): void {
    this.isCut = false;
  }

  /** Says something in the stream's own words to everyone. */
  say(message: string): void {
    for (const { socket } of this.#clients) socket.send(message);
  }

  async close(): Promise<void> {
    for (const { socket } of this.#clients) socket.terminate();
    await this.#app.close();
  }

  #connected(socket: WebSocket): void {
    if (this.isCut) {
      socket.terminate();
      return;
    }
    this.connections += 1;
    const client: VenueClient = { socket, streams: new Set() };
    this.#clients.add(client);
    socket.on('message', (data: Buffer) => {
      for (const answer of this.#dialect.heard(data.toString(), client)) socket.send(answer);
    });
    socket.on('close', () => this.#clients.delete(client));
  }

  #tellCandle(symbol: string, candle: Candle, isClosed: boolean): void {
    if (this.muted.has(symbol)) return;
    const { candle: write, marketId } = this.#dialect;
    if (write !== undefined) this.#send(write(marketId(symbol), candle, isClosed, this.market.now));
  }

  #tellPrice(symbol: string, candle: Candle): void {
    const { price, marketId } = this.#dialect;
    this.#send(price(marketId(symbol), candle, this.market.now));
  }

  #send([stream, message]: readonly [string, string]): void {
    for (const { socket, streams } of this.#clients) if (streams.has(stream)) socket.send(message);
  }
}
