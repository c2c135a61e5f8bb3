import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RedisServer, startRedis } from '../../tests/support/redis-server.ts';
import { findRedisServer } from '../../tests/support/server-binaries.ts';
import { benchmarkEnvironment } from '../harness/command.ts';
import { CannotRun } from '../harness/contender.ts';
import { LineProcess } from '../harness/line-process.ts';
import type { Latencies } from './latencies.ts';

const BOT = fileURLToPath(new URL('bot-process.ts', import.meta.url));
const MARKET = fileURLToPath(new URL('market-process.ts', import.meta.url));
/** What bin/tradewind.js starts a live system with. */
const V8_FLAGS = [
  '--max-inlined-bytecode-size-cumulative=6000',
  '--max-inlined-bytecode-size=2000',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
];

export type Transport = 'tcp' | 'unix';

/** A Redis of our own, as the product wants it (append-only file), that is reached both ways. */
export class ChainServer {
  readonly #redis: RedisServer;
  readonly folder: string;

  private constructor(redis: RedisServer, folder: string) {
    this.#redis = redis;
    this.folder = folder;
  }

  /** @throws CannotRun where there is no redis-server */
  static async start(): Promise<ChainServer> {
    if (!findRedisServer())
      throw new CannotRun('There is no redis-server on this machine: apt-get install redis-server.');
    const folder = mkdtempSync(join(tmpdir(), 'tradewind-chain-'));
    const redis = await startRedis({ aof: true, settings: { unixsocket: join(folder, 'redis.sock') } });
    return new ChainServer(redis, folder);
  }

  url(transport: Transport): string {
    return transport === 'tcp' ? this.#redis.url : `unix://${join(this.folder, 'redis.sock')}`;
  }

  /** For the program in C. */
  place(transport: Transport): string {
    return transport === 'tcp' ? `${this.#redis.port}` : join(this.folder, 'redis.sock');
  }

  async stop(): Promise<void> {
    await this.#redis.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface ProductOptions {
  /** The bots warm up as they do before they trade. */
  readonly warm?: boolean;
  /** The design before: through CSV files in this folder. */
  readonly files?: string;
}

/** The chain of the product: a process of bots, and one that is their market. */
export class ProductChain {
  readonly #bots: LineProcess;
  readonly #market: LineProcess;

  private constructor(bots: LineProcess, market: LineProcess) {
    this.#bots = bots;
    this.#market = market;
  }

  static async start(url: string, symbols: number, options: ProductOptions = {}): Promise<ProductChain> {
    const { warm = false, files } = options;
    const node = (script: string, ...words: string[]): LineProcess =>
      new LineProcess(
        process.execPath,
        [...V8_FLAGS, '--disable-warning=ExperimentalWarning', script, ...words],
        process.cwd(),
        benchmarkEnvironment(),
      );
    // The market first: it writes the files that bots read.
    const market = node(MARKET, url, `${symbols}`, ...(files === undefined ? [] : ['--files', files]));
    await market.greeting;
    const words = [...(warm ? ['--warm'] : []), ...(files === undefined ? [] : ['--poll', files])];
    const bots = node(BOT, url, `${symbols}`, ...words);
    await bots.greeting;
    return new ProductChain(bots, market);
  }

  /** @param perSecond 0: one candle at a time */
  async run(warmUp: number, count: number, perSecond: number): Promise<Latencies> {
    return (await this.#market.ask({ warmUp, count, perSecond })) as unknown as Latencies;
  }

  async stop(): Promise<void> {
    await this.#market.close();
    await this.#bots.close();
  }
}
