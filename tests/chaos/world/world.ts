import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { BotStatus } from '../../../src/domain/event.ts';
import type { Clock } from '../../../src/foundation/clock.ts';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import type { RoleName } from '../../support/role-system.ts';
import { Edges, type Ports } from './edges.ts';
import { ExchangeProcess } from './exchange-process.ts';
import { lastingPort } from './lasting-port.ts';
import { Observer } from './observer.ts';
import { type LogLine, logFolder, readLog } from './role-logs.ts';
import { type SelfEnd, SupervisedRole } from './supervised-role.ts';

export interface WorldOptions {
  readonly seed: number;
  /** Minutes of the exchange in a minute of ours. */
  readonly speed: number;
  readonly symbols: readonly string[];
  /** The section `bots`. */
  readonly bots: readonly Readonly<Record<string, unknown>>[];
  /** More of the configuration, by section. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Whether orders go to the exchange's demo account; else they stay on paper. */
  readonly trades?: boolean;
  readonly clientIds?: 'always-unique' | 'unique-among-open';
}

export const PROCESSES: readonly (readonly [name: string, role: RoleName])[] = [
  ['recorder', 'recorder'],
  ['bots-1', 'bots'],
  ['bots-2', 'bots'],
  ['collector', 'collector'],
  ['server', 'server'],
];

const LOOK_EVERY_MS = 40;
const HISTORY = 30;

/**
 * The whole system as real processes: the simulated exchange, Redis, PostgreSQL, and the roles under a supervisor, each
 * with a failing line of its own to each of the three. Everything lives in the exchange's time.
 */
export class World {
  readonly options: WorldOptions;
  readonly folder: string;
  readonly schema: string;
  readonly keyPrefix: string;
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly exchange: ExchangeProcess;
  readonly roles = new Map<string, SupervisedRole>();
  readonly edges = new Map<string, Edges>();
  #observer: Observer | undefined;

  private constructor(
    options: WorldOptions,
    folder: string,
    servers: { readonly redis: RedisServer; readonly postgres: PostgresServer; readonly exchange: ExchangeProcess },
  ) {
    const id = randomUUID().slice(0, 8);
    this.options = options;
    this.folder = folder;
    this.schema = `chaos_${id}`;
    this.keyPrefix = `chaos-${id}:`;
    this.redis = servers.redis;
    this.postgres = servers.postgres;
    this.exchange = servers.exchange;
  }

  /** Everything runs, and is whole, when this resolves. */
  static async start(options: WorldOptions): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'tradewind-chaos-'));
    const { symbols, speed, seed, clientIds } = options;
    const exchange = await ExchangeProcess.start({
      ...{ symbols, speed, seed, cwd: folder, tradesPerMinute: 120 },
      ...(clientIds && { clientIds }),
    });
    const [redis, postgres] = await Promise.all([startRedis({ aof: true }), startPostgres()]);
    const world = new World(options, folder, { redis, postgres, exchange });
    try {
      await world.#startRoles();
    } catch (thrown) {
      await world.stop();
      throw thrown;
    }
    return world;
  }

  /** The exchange's clock. */
  get clock(): Clock {
    return this.exchange.clock;
  }

  get observer(): Observer {
    return this.#observer!;
  }

  get botIds(): readonly string[] {
    return this.options.bots.map(({ id }) => String(id));
  }

  role(name: string): SupervisedRole {
    return this.roles.get(name)!;
  }

  edge(name: string): Edges {
    return this.edges.get(name)!;
  }

  /** The lines of every process. */
  get allEdges(): readonly Edges[] {
    return [...this.edges.values()];
  }

  /** The configuration that a process was started with. */
  configurationFile(name: string): string {
    return join(this.folder, `${name}.yaml`);
  }

  /** Real milliseconds as milliseconds of the exchange. */
  inExchangeTime(realMs: number): number {
    return realMs * this.options.speed;
  }

  /** Nothing is disturbed any more. */
  async heal(): Promise<void> {
    await this.exchange.clearFaults();
    await Promise.all(this.allEdges.map((edges) => edges.heal()));
    for (const role of this.roles.values()) role.thaw();
    this.redis.resume();
  }

  /**
   * Waits until everything works again.
   *
   * @param since of the machine's wall clock
   * @returns real milliseconds since then; `undefined` with what was lacking, when it took longer than `limitMs`
   */
  async whole(
    since: number,
    limitMs = 30_000,
  ): Promise<{ readonly tookMs: number | undefined; readonly lacking: string }> {
    for (;;) {
      const lacking = await this.observer.lacking(since);
      const tookMs = systemClock.now() - since;
      if (lacking === '') return { tookMs, lacking };
      if (tookMs > limitMs || this.#isHopeless()) return { tookMs: undefined, lacking };
      await sleep(systemClock, LOOK_EVERY_MS);
    }
  }

  /** What a process logged after `since`. */
  logged(name: string, since: number, pattern: RegExp): readonly LogLine[] {
    return readLog(this.folder, name).filter(({ time, message }) => time >= since && pattern.test(message));
  }

  /** The process of bots that took up a bot last: killing the other one would prove little. */
  get holder(): string {
    const taken = ['bots-1', 'bots-2'].map(
      (name) => [name, this.logged(name, 0, /bot\.started/).at(-1)?.time ?? 0] as const,
    );
    return taken.reduce((latest, one) => (one[1] > latest[1] ? one : latest))[0];
  }

  get selfEnds(): readonly SelfEnd[] {
    return [...this.roles.values()].flatMap((role) => role.selfEnds);
  }

  async statuses(): Promise<readonly BotStatus[]> {
    const rows = await this.observer.rows<{ status: BotStatus }>('select status from bot_status');
    return rows.map(({ status }) => status);
  }

  /** How far each bot has committed: the same text as long as none of them does anything. */
  async revisions(): Promise<string> {
    return JSON.stringify(await this.observer.rows('select bot_id, revision from bot_checkpoints order by bot_id'));
  }

  /** How many orders the exchange ever took. */
  async ordersAtExchange(): Promise<number> {
    return (await this.exchange.books()).orders.length;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.roles.values()].map((role) => role.end()));
    await this.#observer?.stop();
    await Promise.all(this.allEdges.map((edges) => edges.stop()));
    await this.exchange.stop();
    this.redis.resume();
    await this.redis.stop();
    await this.postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #startRoles(): Promise<void> {
    const { symbols, seed } = this.options;
    const serverPort = await lastingPort(seed);
    const ports: Ports = { exchange: this.exchange.port, redis: this.redis.port, postgres: this.postgres.port };
    for (const [index, [name]] of PROCESSES.entries()) {
      const edges = await Edges.start(ports, seed + index);
      this.edges.set(name, edges);
      writeFileSync(this.configurationFile(name), stringify(this.#configuration(name, edges, serverPort)));
    }
    const began = systemClock.now();
    for (const [name, role] of PROCESSES) this.addRole(name, role, name).start();
    this.#observer = await Observer.start({
      redisUrl: this.redis.url,
      keyPrefix: this.keyPrefix,
      postgresUrl: this.postgres.url,
      schema: this.schema,
      serverUrl: `http://127.0.0.1:${serverPort}`,
      symbols,
      botIds: this.botIds,
      clock: this.clock,
    });
    const { tookMs, lacking } = await this.whole(began, 60_000);
    if (tookMs === undefined) throw new Error(`the system did not come up: ${lacking}\n${this.#lastWords()}`);
  }

  /** One more process; it uses the lines and the configuration of `like`. */
  addRole(name: string, role: RoleName, like: string): SupervisedRole {
    const { speed, trades } = this.options;
    const { key, secret } = this.exchange;
    const made = new SupervisedRole({
      ...{ name, role, folder: this.folder },
      parameters: ['--config', this.configurationFile(like), '--clock-speed', String(speed), '--json'],
      ...(trades && { environment: { TRADEWIND_BYBIT_DEMO_KEY: key, TRADEWIND_BYBIT_DEMO_SECRET: secret } }),
    });
    this.roles.set(name, made);
    return made;
  }

  /** A role that ends again and again by itself, and at no crash point, will not come up. */
  #isHopeless(): boolean {
    const since = systemClock.now() - 20_000;
    const gaveUp = ({ at, signal }: SelfEnd): boolean => at > since && signal !== 'SIGKILL';
    return [...this.roles.values()].some(({ selfEnds }) => selfEnds.filter(gaveUp).length >= 6);
  }

  #configuration(name: string, edges: Edges, serverPort: number): Readonly<Record<string, unknown>> {
    const { symbols, bots, settings = {}, trades } = this.options;
    const url = `http://127.0.0.1:${edges.exchange.port}`;
    const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
      ...(trades && { trading: { mode: 'demo' } }),
      market: { provider: 'bybit', url, symbols: [...symbols], timeframe: '1m', history: trades ? 0 : HISTORY },
      risk: { maximumTradesPerDay: null, dailyLossLimit: null },
      bus: { url: `redis://127.0.0.1:${edges.redis.port}`, keyPrefix: this.keyPrefix },
      store: {
        url: this.postgres.url.replace(`:${this.postgres.port}/`, `:${edges.postgres.port}/`),
        schema: this.schema,
      },
      record: { csv: null },
      logging: { folder: logFolder(this.folder, name) },
      server: { port: serverPort },
    };
    const merged = new Map<string, unknown>(Object.entries(sections));
    for (const [section, more] of Object.entries(settings)) merged.set(section, { ...sections[section], ...more });
    return { ...Object.fromEntries(merged), bots };
  }

  #lastWords(): string {
    return [...this.roles.values()].map(({ name, output }) => `${name}: ${output.slice(-600)}`).join('\n');
  }
}
