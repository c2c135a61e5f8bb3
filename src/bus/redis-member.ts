import type { Redis } from 'ioredis';
import type { Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import { DEFAULT_RECLAIM_AFTER_MS, type Delivery, type GroupMember } from './consumer-loop.ts';
import type { ConsumeOptions, LogPosition } from './event-bus.ts';
import type { RedisConnection } from './redis-connection.ts';
import { ENTRY_FIELD, entryText, type StreamEntry } from './redis-log.ts';

/** How often a waiting consumer looks for what others left behind, at most and at least. */
const LOOK_AROUND_LONGEST_MS = 1_000;
const LOOK_AROUND_SHORTEST_MS = 50;

type StreamReply = [key: string, entries: StreamEntry[]][] | null;
type PendingReply = [position: LogPosition, consumer: string, idle: number, deliveries: number][];

export interface RedisMemberParts {
  readonly key: string;
  readonly deadLetterKey: string;
  readonly options: ConsumeOptions;
  readonly clock: Clock;
  /** Of this consumer alone: reading blocks it. */
  readonly connection: RedisConnection;
  /** To wake this one up. */
  readonly commands: RedisConnection;
}

/** A consumer's place in a group of a Redis stream. */
export class RedisMember implements GroupMember {
  readonly #parts: RedisMemberParts;
  readonly #lookAroundEvery: number;
  #nextLookAround = Number.NEGATIVE_INFINITY;
  #clientId: number | undefined;

  constructor(parts: RedisMemberParts) {
    this.#parts = parts;
    const quarter = (parts.options.reclaimAfterMs ?? DEFAULT_RECLAIM_AFTER_MS) / 4;
    this.#lookAroundEvery = Math.round(Math.min(Math.max(quarter, LOOK_AROUND_SHORTEST_MS), LOOK_AROUND_LONGEST_MS));
  }

  async join(): Promise<boolean> {
    const { key, options } = this.#parts;
    this.#clientId = await this.#request((redis) => redis.client('ID'));
    try {
      await this.#request((redis) => redis.xgroup('CREATE', key, options.group, '0', 'MKSTREAM'));
      return true;
    } catch (error) {
      if (!messageOf(error).startsWith('BUSYGROUP')) throw error;
      return false;
    }
  }

  async unfinished(): Promise<Delivery | undefined> {
    const { key, options } = this.#parts;
    for (;;) {
      // Reading one's own history counts as a delivery.
      const reply = await this.#request((redis) =>
        redis.xreadgroup('GROUP', options.group, options.consumer, 'COUNT', 1, 'STREAMS', key, '0'),
      );
      const entry = (reply as StreamReply)?.[0]?.[1][0];
      if (!entry) return undefined;
      const [position, fields] = entry;
      if (fields) return { position, text: entryText(fields), deliveries: await this.#deliveriesOf(position) };
      await this.acknowledge([position]); // It is no longer in the log.
    }
  }

  async reclaim(): Promise<Delivery | undefined> {
    const now = this.#parts.clock.monotonic();
    if (now < this.#nextLookAround) return undefined;
    const reclaimed = await this.#reclaimOne();
    // Where there was one there may be more.
    if (!reclaimed) this.#nextLookAround = now + this.#lookAroundEvery;
    return reclaimed;
  }

  async next(): Promise<readonly Delivery[]> {
    const { key, options, connection } = this.#parts;
    await connection.ready();
    // Not repeated when it fails: entries may have been given to us in an answer that was lost.
    const reply = (await connection.redis.xreadgroup(
      ...(['GROUP', options.group, options.consumer, 'COUNT', options.batchSize] as const),
      ...(['BLOCK', this.#lookAroundEvery, 'STREAMS', key, '>'] as const),
    )) as StreamReply;
    const entries = reply?.[0]?.[1] ?? [];
    return entries.map(([position, fields]) => ({ position, text: entryText(fields ?? []), deliveries: 1 }));
  }

  async acknowledge(positions: readonly LogPosition[]): Promise<void> {
    const { key, options } = this.#parts;
    await this.#request((redis) => redis.xack(key, options.group, ...positions));
  }

  async bury(delivery: Delivery, error: string): Promise<void> {
    const { key, deadLetterKey, options } = this.#parts;
    await this.#request(async (redis) => {
      const transaction = redis.multi();
      const about = ['position', delivery.position, 'group', options.group, 'error', error];
      transaction.xadd(deadLetterKey, '*', ENTRY_FIELD, delivery.text, ...about);
      transaction.xack(key, options.group, delivery.position);
      const replies = (await transaction.exec()) ?? [];
      for (const [failure] of replies) if (failure) throw failure;
    });
  }

  interrupt(): void {
    const { connection, commands } = this.#parts;
    if (!connection.isReady || !commands.isReady || this.#clientId === undefined) {
      connection.close();
      return;
    }
    // Where this comes too early, the read ends by itself soon.
    commands.redis.client('UNBLOCK', this.#clientId).catch(() => {});
  }

  async leave(): Promise<void> {
    this.#parts.connection.close();
  }

  /** One entry at a time, so that only what is handed on counts as delivered. */
  async #reclaimOne(): Promise<Delivery | undefined> {
    const { key, options } = this.#parts;
    const idle = options.reclaimAfterMs ?? DEFAULT_RECLAIM_AFTER_MS;
    const candidates = (await this.#request((redis) =>
      redis.xpending(key, options.group, 'IDLE', idle, '-', '+', 10),
    )) as PendingReply;
    for (const [position, consumer] of candidates) {
      if (consumer === options.consumer) continue;
      // Gives nothing where another consumer was faster.
      const [entry] = (await this.#request((redis) =>
        redis.xclaim(key, options.group, options.consumer, idle, position),
      )) as StreamEntry[];
      if (entry?.[1]) {
        return { position, text: entryText(entry[1]), deliveries: await this.#deliveriesOf(position) };
      }
    }
    return undefined;
  }

  async #deliveriesOf(position: LogPosition): Promise<number> {
    const { key, options } = this.#parts;
    const [pending] = (await this.#request((redis) =>
      redis.xpending(key, options.group, position, position, 1),
    )) as PendingReply;
    return pending?.[3] ?? 1;
  }

  #request<Reply>(operation: (redis: Redis) => Promise<Reply>): Promise<Reply> {
    return this.#parts.connection.request(operation);
  }
}
