import { ChildServer, removeFolder, startOnFreePort, temporaryFolder } from './child-server.ts';
import { findRedisServer } from './server-binaries.ts';

export interface RedisServerOptions {
  /** Whether it keeps an append-only file (default true). */
  readonly aof?: boolean;
  /** More settings of redis.conf, for example `{ 'maxmemory-policy': 'allkeys-lru' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real Redis of our own, on a free port of this machine, with its data in a temporary folder. */
export class RedisServer {
  readonly port: number;
  readonly url: string;
  readonly #folder: string;
  readonly #options: RedisServerOptions;
  #server: ChildServer | undefined;

  private constructor(port: number, folder: string, options: RedisServerOptions) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const folder = temporaryFolder('redis');
    return await startOnFreePort(async (port) => {
      const server = new RedisServer(port, folder, options);
      await server.restart();
      return server;
    });
  }

  /** kill -9: it has no time to write anything. */
  async kill(): Promise<void> {
    await this.#server?.signal('SIGKILL');
  }

  /** Starts it again after {@link kill}, on the same port with the same data. */
  async restart(): Promise<void> {
    const program = findRedisServer();
    if (!program) throw new Error('redis-server is not installed: apt-get install redis-server');
    const settings = {
      port: `${this.port}`,
      bind: '127.0.0.1',
      dir: this.#folder,
      save: '',
      appendonly: this.#options.aof === false ? 'no' : 'yes',
      ...this.#options.settings,
    };
    this.#server = await ChildServer.start({
      program,
      arguments: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      readyLine: /Ready to accept connections/,
      stopSignal: 'SIGKILL',
    });
  }

  /** Freezes it: connections stay open and nothing answers. */
  pause(): void {
    this.#server?.pause();
  }

  resume(): void {
    this.#server?.resume();
  }

  /** Stops it and removes its data. */
  async stop(): Promise<void> {
    await this.#server?.stop();
    removeFolder(this.#folder);
  }
}

/** Starts a real Redis of our own. `stop()` it; it also goes when this process ends. */
export function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  return RedisServer.start(options);
}
