import { Redis } from 'ioredis';
import pg from 'pg';
import type { Clock } from '../../../src/foundation/clock.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { MINUTE_MS } from '../../../src/foundation/time.ts';

export interface ObserverOptions {
  readonly redisUrl: string;
  readonly keyPrefix: string;
  readonly postgresUrl: string;
  readonly schema: string;
  readonly serverUrl: string;
  readonly symbols: readonly string[];
  readonly botIds: readonly string[];
  /** The exchange's. */
  readonly clock: Clock;
}

/** After a candle's end so much of our time may pass until everyone has it. */
const GRACE_MS = 700;
const LEASE_MS = 5_000;
/** Of the exchange's time: an older price is none. */
const FRESH_MS = 20_000;

interface SeenPrice {
  readonly arrivedAt: number;
  readonly occurredAt: number;
}

/**
 * Sees from outside, over lines of its own that nothing disturbs, whether the whole system works: prices flow, candles
 * are stored, every bot is held by a living process and has taken the newest candle, and the server answers.
 */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #prices = new Map<string, SeenPrice>();
  readonly #redis: Redis;
  readonly #postgres: pg.Pool;
  /** The oldest price that came, as its age at its arrival. */
  oldestPriceMs = 0;

  private constructor(options: ObserverOptions) {
    this.#options = options;
    this.#redis = new Redis(options.redisUrl, { lazyConnect: true, retryStrategy: () => 100 });
    this.#redis.on('error', () => {});
    this.#redis.on('message', (channel: string, text: string) => this.#see(channel, text));
    this.#postgres = new pg.Pool({ connectionString: options.postgresUrl, max: 2, connectionTimeoutMillis: 15_000 });
    this.#postgres.on('error', () => {});
    this.#postgres.on('connect', (client) => client.on('error', () => {}));
  }

  static async start(options: ObserverOptions): Promise<Observer> {
    const observer = new Observer(options);
    await observer.#redis.connect();
    await observer.#redis.subscribe(...options.symbols.map((symbol) => `${options.keyPrefix}market_data:${symbol}`));
    return observer;
  }

  async stop(): Promise<void> {
    this.#redis.disconnect();
    await this.#postgres.end();
  }

  /** Rows of the store as they lie in their tables. */
  async rows<Row>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const client = await this.#postgres.connect();
    try {
      await client.query(`set search_path to ${this.#options.schema}`);
      return (await client.query(sql, [...values])).rows as Row[];
    } finally {
      client.release();
    }
  }

  /** What does not work yet, counting only what happened after `since` (of the machine's wall clock); empty when all does. */
  async lacking(since: number): Promise<string> {
    try {
      return this.#lackingPrice(since) || (await this.#lackingRecord(since)) || (await this.#lackingServer());
    } catch (thrown) {
      return `no answer: ${String(thrown)}`;
    }
  }

  #see(channel: string, text: string): void {
    if (!text.includes('"kind":"price"')) return;
    const symbol = channel.slice(channel.lastIndexOf(':') + 1);
    const { occurredAt } = JSON.parse(text) as { occurredAt: number };
    this.#prices.set(symbol, { arrivedAt: systemClock.now(), occurredAt });
    this.oldestPriceMs = Math.max(this.oldestPriceMs, this.#options.clock.now() - occurredAt);
  }

  #lackingPrice(since: number): string {
    const { symbols, clock } = this.#options;
    for (const symbol of symbols) {
      const seen = this.#prices.get(symbol);
      if (seen === undefined || seen.arrivedAt < since) return `no price of ${symbol} came`;
      if (clock.now() - seen.occurredAt > FRESH_MS) return `the price of ${symbol} is old`;
    }
    return '';
  }

  async #lackingRecord(since: number): Promise<string> {
    const { symbols, botIds, clock } = this.#options;
    const wanted = this.#newestClose();
    const candles = await this.rows<{ symbol: string; close: string }>(
      `select symbol, max(close_time) as close from candles where timeframe = '1m' group by symbol`,
    );
    const closes = new Map(candles.map(({ symbol, close }) => [symbol, Number(close)]));
    const late = symbols.find((symbol) => (closes.get(symbol) ?? 0) < wanted);
    if (late !== undefined) return `the candle of ${late} that closed at ${wanted} is not stored`;
    const bots = await this.rows<{ bot_id: string; lifecycle: string; market_time: string; expires_at: string | null }>(
      `select bot_id, lifecycle, market_time, expires_at from bot_status left join leases on name = 'bot/' || bot_id`,
    );
    const sinceOfExchange = clock.now() - (systemClock.now() - since) * this.#speed();
    for (const botId of botIds) {
      const bot = bots.find((one) => one.bot_id === botId);
      if (bot === undefined || bot.lifecycle !== 'running') return `${botId} is ${bot?.lifecycle ?? 'not there'}`;
      if (Number(bot.expires_at) - LEASE_MS < sinceOfExchange) return `nobody holds ${botId}`;
      // A bot of longer candles takes the newest of its own.
      if (Number(bot.market_time) < wanted - 5 * MINUTE_MS) return `${botId} is behind`;
    }
    return '';
  }

  async #lackingServer(): Promise<string> {
    const answer = await fetch(`${this.#options.serverUrl}/ready`, { signal: AbortSignal.timeout(1_000) });
    await answer.arrayBuffer();
    return answer.ok ? '' : 'the server is not ready';
  }

  /** When the newest candle closed that everyone must have by now. */
  #newestClose(): number {
    const graceOfExchange = GRACE_MS * this.#speed();
    return Math.floor((this.#options.clock.now() - graceOfExchange) / MINUTE_MS) * MINUTE_MS;
  }

  #speed(): number {
    const { clock } = this.#options;
    return 'speed' in clock ? Number(clock.speed) : 1;
  }
}
