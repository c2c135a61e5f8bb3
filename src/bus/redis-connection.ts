import type { Redis, RedisOptions } from 'ioredis';
import { type Clock, sleep } from '../foundation/clock.ts';
import { messageOf, UserError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { Random } from '../foundation/random.ts';
import { parseRedisAddress, type RedisAddress, startCommand, withCredentials } from './redis-address.ts';

/** How long the first connection may take. */
export const CONNECT_WITHIN_MS = 2_500;
/** A connection on which a command stays unanswered for so long is dead (half-open, or the server hangs). */
export const SILENCE_LIMIT_MS = 4_000;
export const HEARTBEAT_MS = 2_000;
/** How long a server may take to close a connection that we have closed. */
const DISCONNECT_WITHIN_MS = 200;
export const RECONNECT_FIRST_MS = 50;
export const RECONNECT_LONGEST_MS = 1_000;
/** Before a command is repeated that the server could not serve just now. */
export const REPEAT_AFTER_MS = 50;

/** Makes connections to one Redis server. */
export interface RedisConnector {
  readonly address: RedisAddress;
  /** A further connection; it is usable at once, and waits for the server by itself. */
  open(name: string): RedisConnection;
}

interface ConnectionParts {
  readonly redis: Redis;
  readonly name: string;
  readonly address: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * A connection that comes back by itself, for ever, with jittered back-off. What was unanswered when it broke is
 * rejected at once, never silently sent again: the caller knows whether its command may be repeated.
 */
export class RedisConnection {
  readonly redis: Redis;
  readonly #clock: Clock;
  readonly #waiting = new Set<{ resolve: () => void; reject: (error: Error) => void }>();
  readonly #stopHeartbeat: () => void;
  readonly #listeners: (() => void)[] = [];
  #lives = 0;
  #closed = false;

  constructor({ redis, name, address, clock, logger }: ConnectionParts) {
    const place = { address, connection: name };
    this.redis = redis;
    this.#clock = clock;
    let wasReady = false;
    let lost = false;
    redis.on('ready', () => {
      wasReady = true;
      if (lost) logger.info('The connection to Redis is back', place);
      lost = false;
      this.#lives += 1;
      for (const waiter of this.#waiting) waiter.resolve();
      this.#waiting.clear();
      for (const listener of this.#listeners) listener();
    });
    redis.on('close', () => {
      if (!wasReady || lost || this.#closed) return;
      lost = true;
      logger.warn('The connection to Redis was lost; trying again', place);
    });
    redis.on('error', (error) => logger.debug('Redis connection', { ...place, error: messageOf(error) }));
    this.#stopHeartbeat = clock.every(HEARTBEAT_MS, () => {
      if (this.isReady) redis.ping().catch(() => {});
    });
  }

  get isReady(): boolean {
    return this.redis.status === 'ready';
  }

  /** How often it was made; more than before where the server may have been another, or have forgotten something. */
  get lives(): number {
    return this.#lives;
  }

  /** Calls `listener` each time commands reach the server (again). */
  onReady(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Resolves when commands reach the server. Rejects once the connection is closed. */
  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('The bus is closed'));
    if (this.isReady) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.add({ resolve, reject });
    });
  }

  /** Repeats `operation` until the server answers; so only for what does no harm when it is done twice. */
  async request<Reply>(operation: (redis: Redis) => Promise<Reply>): Promise<Reply> {
    for (;;) {
      await this.ready();
      try {
        return await operation(this.redis);
      } catch (error) {
        if (this.#closed || isFinal(error)) throw error;
        await sleep(this.#clock, REPEAT_AFTER_MS);
      }
    }
  }

  /** At once. What waits for an answer is rejected. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopHeartbeat();
    for (const waiter of this.#waiting) waiter.reject(new Error('The bus is closed'));
    this.#waiting.clear();
    this.redis.disconnect();
  }
}

/** Whether repeating the command is no use: the server itself said no for good, or the command could not even be sent. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return true;
  if (error.name !== 'ReplyError') return false;
  return !/^(LOADING|BUSY|TRYAGAIN|MASTERDOWN|CLUSTERDOWN)\b/.test(reasonOf(error));
}

/** What the server said. A refused transaction carries the refusals of its commands, which say why. */
export function reasonOf(error: unknown): string {
  const { previousErrors } = error as { previousErrors?: readonly unknown[] };
  return messageOf(previousErrors?.[0] ?? error);
}

/**
 * Connects to the server at `url`. Throws a UserError that names the place, never the password, where none answers
 * within about 3 s or where it refuses us.
 */
export async function connectRedis(
  url: string,
  clock: Clock,
  logger: Logger,
): Promise<{ connector: RedisConnector; commands: RedisConnection }> {
  const address = parseRedisAddress(url);
  const { Redis } = await import('ioredis');
  const jitter = new Random(clock.now(), 'redis-reconnect');
  const state = { established: false };
  const retryStrategy = (times: number): number | null => {
    if (!state.established) return null;
    const longest = Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(times - 1, 10), RECONNECT_LONGEST_MS);
    return longest * (0.5 + 0.5 * jitter.next());
  };
  const options = {
    protocol: 2,
    lazyConnect: true,
    connectTimeout: CONNECT_WITHIN_MS,
    disconnectTimeout: DISCONNECT_WITHIN_MS,
    // A server that still loads its data is asked again soon; ioredis would wait a second or more.
    maxLoadingRetryTime: RECONNECT_FIRST_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    retryStrategy,
    // Both together: what is unanswered when the connection breaks is rejected. (Without the first, ioredis never
    // settles it.) Subscriptions are renewed by RedisSubscriber, since ioredis leaves a failure of that unhandled.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
  } satisfies RedisOptions;
  const create = (name: string): RedisConnection => {
    const named = { ...options, connectionName: `tradewind-${name}` };
    const redis =
      address.place.kind === 'unix'
        ? new Redis({ ...named, ...unixOptions(address.place.path, address) })
        : new Redis(url, named);
    return new RedisConnection({ redis, name, address: address.label, clock, logger });
  };
  const commands = create('commands');
  await establish(commands, address, clock);
  state.established = true;
  const open = (name: string): RedisConnection => {
    const connection = create(name);
    connection.redis.connect().catch(() => {}); // It tries again by itself.
    return connection;
  };
  return { connector: { address, open }, commands };
}

function unixOptions(path: string, { username, password, database }: RedisAddress) {
  return {
    path,
    db: database,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

async function establish(connection: RedisConnection, address: RedisAddress, clock: Clock): Promise<void> {
  const { redis } = connection;
  let cause: unknown;
  const remember = (error: unknown): void => {
    cause = error;
  };
  redis.on('error', remember);
  const cancel = clock.after(CONNECT_WITHIN_MS, () => connection.close());
  try {
    await redis.connect();
  } catch (error) {
    connection.close();
    throw new UserError(refusal(address, cause ?? error));
  } finally {
    cancel();
    redis.off('error', remember);
  }
}

function refusal(address: RedisAddress, cause: unknown): string {
  const message = messageOf(cause);
  const { label } = address;
  if (/^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password)/.test(message)) {
    return `Redis at ${label} refuses the user name or password: correct them in its address, ${withCredentials(address)}.`;
  }
  if (cause instanceof Error && cause.name === 'ReplyError') {
    return `Redis at ${label} refuses the connection (${message}): correct its settings or its address in the configuration.`;
  }
  return `No Redis answers at ${label}: start one there with \`${startCommand(address)}\`, or correct the address in the configuration.`;
}
