import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Random } from '../../../src/foundation/random.ts';
import { type LinkMode, PASS } from './link-mode.ts';
import { Pipe } from './pipe.ts';

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly pipes: readonly [up: Pipe, down: Pipe];
}

/**
 * Stands between two programs and does to their connections what networks do. What it passes it passes unread, so that it
 * fits any protocol. One mode holds for all connections, those to come included.
 */
export class TcpProxy {
  readonly port: number;
  readonly #target: number;
  readonly #random: Random;
  readonly #links = new Set<Link>();
  #server: Server;
  #mode: LinkMode = PASS;
  /** How many connections were let in. */
  accepted = 0;

  private constructor(server: Server, target: number, seed: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#target = target;
    this.#random = new Random(seed, `proxy ${target}`);
    server.on('connection', (client) => this.#link(client));
  }

  /** @param target the port of this machine that it stands before */
  static async start(target: number, seed = 1): Promise<TcpProxy> {
    return new TcpProxy(await listen(0), target, seed);
  }

  get openLinks(): number {
    return this.#links.size;
  }

  get mode(): LinkMode {
    return this.#mode;
  }

  async setMode(mode: LinkMode): Promise<void> {
    const before = this.#mode;
    this.#mode = mode;
    for (const { pipes } of this.#links) for (const pipe of pipes) pipe.setMode(mode);
    if (mode.kind === 'refuse' && before.kind !== 'refuse') this.#server.close();
    if (mode.kind !== 'refuse' && before.kind === 'refuse') {
      this.#server = await listen(this.port);
      this.#server.on('connection', (client) => this.#link(client));
    }
  }

  heal(): Promise<void> {
    return this.setMode(PASS);
  }

  /** RST to both ends of every open connection. */
  resetAll(): void {
    for (const link of this.#links) this.#reset(link);
  }

  async stop(): Promise<void> {
    if (this.#mode.kind !== 'refuse') this.#server.close();
    this.resetAll();
  }

  #link(client: Socket): void {
    this.accepted += 1;
    const upstream = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    const up = new Pipe(client, upstream, false, this.#mode, this.#random);
    const down = new Pipe(upstream, client, true, this.#mode, this.#random);
    const link: Link = { client, upstream, pipes: [up, down] };
    this.#links.add(link);
    for (const socket of [client, upstream]) {
      // What went wrong with one end is told to the other by its pipe.
      socket.on('error', () => {});
      socket.on('close', () => {
        if (client.destroyed && upstream.destroyed) this.#links.delete(link);
      });
    }
  }

  #reset(link: Link): void {
    for (const pipe of link.pipes) pipe.stop();
    link.client.resetAndDestroy();
    link.upstream.resetAndDestroy();
    this.#links.delete(link);
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
