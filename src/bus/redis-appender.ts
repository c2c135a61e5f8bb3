import type { ChainableCommander } from 'ioredis';
import type { LogPosition } from './event-bus.ts';
import { type RedisConnection, reasonOf } from './redis-connection.ts';
import { ENTRY_FIELD } from './redis-log.ts';

/** Entries in one transaction. */
const BATCH = 1_000;
/** Entries that may wait for a server that is away; then `append` refuses. */
const BUFFER_LIMIT = 100_000;

interface Call {
  readonly positions: LogPosition[];
  readonly size: number;
  failed: boolean;
  resolve(positions: readonly LogPosition[]): void;
  reject(error: Error): void;
}

interface Waiting {
  readonly key: string;
  readonly text: string;
  readonly call: Call;
}

/**
 * Appends entries in the order of calls: everything that waits goes out in one transaction, and the next one only when
 * that has been answered. So an entry never overtakes an earlier one, also not when the server goes away in between:
 * the unanswered transaction is then repeated, which may double its entries and never mixes them up.
 */
export class RedisAppender {
  readonly #connection: RedisConnection;
  readonly #queue: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  append(key: string, texts: readonly string[]): Promise<readonly LogPosition[]> {
    if (texts.length === 0) return Promise.resolve([]);
    if (this.#queue.length >= BUFFER_LIMIT) {
      return Promise.reject(new Error(`Redis is away or too slow: ${this.#queue.length} entries wait for it already`));
    }
    return new Promise((resolve, reject) => {
      const call: Call = { positions: [], size: texts.length, failed: false, resolve, reject };
      for (const text of texts) this.#queue.push({ key, text, call });
      this.#flushing ??= this.#flush();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // Calls of the same turn go out together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH).filter(({ call }) => !call.failed);
      if (batch.length === 0) continue;
      try {
        await this.#send(batch);
      } catch (error) {
        for (const { call } of batch) fail(call, error);
      }
    }
    this.#flushing = undefined;
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const [only] = batch;
    if (only && batch.length === 1) {
      const position = await this.#connection.request((redis) => redis.xadd(only.key, '*', ENTRY_FIELD, only.text));
      settle(only.call, position as LogPosition);
      return;
    }
    const replies = await this.#connection.request(async (redis) => {
      const transaction: ChainableCommander = redis.multi();
      for (const { key, text } of batch) transaction.xadd(key, '*', ENTRY_FIELD, text);
      return (await transaction.exec()) ?? [];
    });
    for (const [index, { call }] of batch.entries()) {
      const [error, position] = replies[index] ?? [new Error('Redis did not say where the entry is'), null];
      if (error) fail(call, error);
      else settle(call, position as LogPosition);
    }
  }
}

function settle(call: Call, position: LogPosition): void {
  call.positions.push(position);
  if (call.positions.length === call.size && !call.failed) call.resolve(call.positions);
}

function fail(call: Call, error: unknown): void {
  if (call.failed) return;
  call.failed = true;
  call.reject(new Error(`Redis did not take the entries: ${reasonOf(error)}`));
}
