import type { Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { LogPosition } from './event-bus.ts';
import { reasonOf } from './redis-connection.ts';
import { appendCommand, RecentEntries } from './redis-recent-entries.ts';
import type { RespConnection } from './resp-connection.ts';
import { RespError } from './resp-reader.ts';

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
 * the unanswered transaction is then repeated, which may double its entries and never mixes them up. What a crashed server
 * has forgotten of the last seconds is appended again before anything else.
 */
export class RedisAppender {
  readonly #connection: RespConnection;
  readonly #logger: Logger;
  readonly #recent: RecentEntries;
  readonly #queue: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  /** The life of the connection in which the server was last seen to hold what it had acknowledged. */
  #checkedLife: number;

  constructor(connection: RespConnection, clock: Clock, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
    this.#recent = new RecentEntries(clock);
    this.#checkedLife = connection.lives;
    // Also when there is nothing more to append.
    connection.onReady(() => {
      this.#flushing ??= this.#flush();
    });
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
    if (this.#checkedLife !== this.#connection.lives) await this.#restoreWithoutMore();
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
      const position = await this.#request((connection) => connection.command(...appendCommand(only.key, only.text)));
      this.#settle(only, position as LogPosition);
      return;
    }
    const commands = batch.map(({ key, text }) => appendCommand(key, text));
    const replies = await this.#request((connection) => connection.transaction(commands));
    for (const [index, waiting] of batch.entries()) {
      const reply = replies[index];
      if (reply instanceof RespError) fail(waiting.call, reply);
      else this.#settle(waiting, reply as LogPosition);
    }
  }

  #settle({ key, text, call }: Waiting, position: LogPosition): void {
    this.#recent.add(key, text, position);
    call.positions.push(position);
    if (call.positions.length === call.size && !call.failed) call.resolve(call.positions);
  }

  /** Repeats `operation` until the server answers, each time after what the server has forgotten. */
  #request<Reply>(operation: (connection: RespConnection) => Promise<Reply>): Promise<Reply> {
    return this.#connection.request(async (connection) => {
      await this.#restoreForgotten(connection);
      return await operation(connection);
    });
  }

  async #restoreForgotten(connection: RespConnection): Promise<void> {
    const life = this.#connection.lives;
    if (life === this.#checkedLife) return;
    const entries = await this.#recent.restore(connection);
    this.#checkedLife = life;
    if (entries > 0) this.#logger.warn('Redis had forgotten its last entries; they were appended again', { entries });
  }

  async #restoreWithoutMore(): Promise<void> {
    try {
      await this.#connection.request((connection) => this.#restoreForgotten(connection));
    } catch (error) {
      this.#logger.warn('What Redis had acknowledged could not be checked', { error: messageOf(error) });
    }
  }
}

function fail(call: Call, error: unknown): void {
  if (call.failed) return;
  call.failed = true;
  call.reject(new Error(`Redis did not take the entries: ${reasonOf(error)}`));
}
