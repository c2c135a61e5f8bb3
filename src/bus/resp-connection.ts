import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { sleep } from '../foundation/clock.ts';
import { invariant, messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Random } from '../foundation/random.ts';
import type { RedisAddress } from './redis-address.ts';
import {
  CONNECT_WITHIN_MS,
  HEARTBEAT_MS,
  isFinal,
  RECONNECT_FIRST_MS,
  RECONNECT_LONGEST_MS,
  REPEAT_AFTER_MS,
  SILENCE_LIMIT_MS,
} from './redis-connection.ts';
import { RespError, type RespListener, RespReader, type RespValue } from './resp-reader.ts';
import { openRespSocket, type RespSocket } from './resp-socket.ts';
import { encodeCommand, encodePublish } from './resp-writer.ts';

export interface RespConnectionParts {
  readonly address: RedisAddress;
  /** What the connection is for: `publisher`, `subscriber`. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly jitter: Random;
}

/** What is heard on a connection that has subscribed. */
export type MessageListener = Pick<RespListener, 'message' | 'patternMessage'>;

interface Waiting {
  resolve(value: RespValue): void;
  reject(error: Error): void;
}

/** How often it is looked whether an answer is overdue. */
const LOOK_EVERY_MS = 500;
const IGNORED: MessageListener = { message: () => {}, patternMessage: () => {} };

/**
 * A connection for what must be fast: few commands, written as they are, all those of one turn in one piece. It behaves
 * as a {@link RedisConnection} does: it comes back by itself, for ever, with jittered back-off, and rejects at once what
 * was unanswered when it broke, never sending it again. A connection on which an answer is overdue for 4 s is given up.
 */
export class RespConnection {
  readonly #parts: RespConnectionParts;
  readonly #reader: RespReader;
  readonly #waitingForReady = new Set<{ resolve: () => void; reject: (error: Error) => void }>();
  readonly #listeners: (() => void)[] = [];
  readonly #stopHeartbeat: CancelTimer;
  #messages: MessageListener = IGNORED;
  #socket: RespSocket | undefined;
  /** Commands whose answers have not come, in their order; those before `#firstUnanswered` are answered. */
  #unanswered: (Waiting | undefined)[] = [];
  #firstUnanswered = 0;
  /** What the present turn writes. */
  #outgoing = '';
  #isReady = false;
  #lives = 0;
  #attempts = 0;
  /** Since when an answer is awaited, or when bytes last came while one was; by the monotonic clock. */
  #silentSince = 0;
  #lastPing = 0;
  #cancelTimer: CancelTimer | undefined;
  #lossIsTold = false;
  #closed = false;

  constructor(parts: RespConnectionParts) {
    this.#parts = parts;
    this.#reader = new RespReader({
      reply: (value) => this.#answer(value),
      message: (channel, text) => this.#messages.message(channel, text),
      patternMessage: (pattern, channel, text) => this.#messages.patternMessage(pattern, channel, text),
    });
    this.#stopHeartbeat = parts.clock.every(LOOK_EVERY_MS, () => this.#look());
    this.#connect();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** How often it was made; more than before where the server may have been another, or have forgotten something. */
  get lives(): number {
    return this.#lives;
  }

  /** Calls `listener` each time commands reach the server (again). */
  onReady(listener: () => void): void {
    this.#listeners.push(listener);
  }

  onMessages(listener: MessageListener): void {
    this.#messages = listener;
  }

  /** Resolves when commands reach the server. Rejects once the connection is closed. */
  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('The bus is closed'));
    if (this.#isReady) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waitingForReady.add({ resolve, reject });
    });
  }

  /** Resolves to the number of those who listened. */
  publish(channel: string, text: string): Promise<RespValue> {
    return this.#send(encodePublish(channel, text));
  }

  /** Rejects with a {@link RespError} where the server says no, with another error where the connection breaks. */
  command(...parts: readonly string[]): Promise<RespValue> {
    return this.#send(encodeCommand(parts));
  }

  /** All or nothing, in order. The answer of each; those that failed when they were run are errors among the others. */
  async transaction(commands: readonly (readonly string[])[]): Promise<readonly RespValue[]> {
    const queued: Promise<RespValue>[] = [this.command('MULTI')];
    for (const parts of commands) queued.push(this.command(...parts));
    const executed = this.command('EXEC');
    const [replies, ...refusals] = await Promise.allSettled([executed, ...queued]);
    // What was refused as it was queued says why the whole was refused.
    for (const refusal of refusals) if (refusal.status === 'rejected') throw refusal.reason as Error;
    if (replies.status === 'rejected') throw replies.reason as Error;
    invariant(Array.isArray(replies.value), 'Redis did not run a transaction', { commands: commands.length });
    return replies.value as readonly RespValue[];
  }

  /** Repeats `operation` until the server answers; so only for what does no harm when it is done twice. */
  async request<Reply>(operation: (connection: this) => Promise<Reply>): Promise<Reply> {
    for (;;) {
      await this.ready();
      try {
        return await operation(this);
      } catch (error) {
        if (this.#closed || isFinal(error)) throw error;
        await sleep(this.#parts.clock, REPEAT_AFTER_MS);
      }
    }
  }

  /** At once. What waits for an answer is rejected. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopHeartbeat();
    this.#cancelTimer?.();
    const closed = new Error('The bus is closed');
    for (const waiter of this.#waitingForReady) waiter.reject(closed);
    this.#waitingForReady.clear();
    const socket = this.#socket;
    if (this.#isReady) this.#flush();
    this.#breakOff(closed);
    socket?.end();
  }

  #send(text: string): Promise<RespValue> {
    if (this.#socket === undefined) return Promise.reject(new Error('There is no connection to Redis'));
    return new Promise((resolve, reject) => {
      if (this.#firstUnanswered === this.#unanswered.length) this.#silentSince = this.#parts.clock.monotonic();
      this.#unanswered.push({ resolve, reject });
      if (this.#outgoing === '') queueMicrotask(() => this.#flush());
      this.#outgoing += text;
    });
  }

  #flush(): void {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (text !== '') this.#socket?.write(text);
  }

  #answer(value: RespValue): void {
    const waiting = this.#unanswered[this.#firstUnanswered];
    invariant(waiting !== undefined, 'Redis answered what it was not asked', { connection: this.#parts.name });
    this.#unanswered[this.#firstUnanswered] = undefined;
    this.#firstUnanswered += 1;
    if (this.#firstUnanswered === this.#unanswered.length) {
      this.#unanswered.length = 0;
      this.#firstUnanswered = 0;
    } else if (this.#firstUnanswered > 4_096 && this.#firstUnanswered * 2 > this.#unanswered.length) {
      this.#unanswered = this.#unanswered.slice(this.#firstUnanswered);
      this.#firstUnanswered = 0;
    }
    if (value instanceof RespError) waiting.reject(value);
    else waiting.resolve(value);
  }

  #connect(): void {
    const { address, clock } = this.#parts;
    this.#attempts += 1;
    const socket = openRespSocket(address, {
      connected: () => {
        if (this.#socket === socket) void this.#greet(socket);
      },
      bytes: (chunk) => {
        if (this.#socket === socket) this.#read(chunk);
      },
      closed: (error) => {
        if (this.#socket === socket) this.#lose(error);
      },
    });
    this.#socket = socket;
    this.#cancelTimer = clock.after(CONNECT_WITHIN_MS, () => {
      if (this.#socket === socket && !this.#isReady) this.#lose(new Error('Redis does not answer'));
    });
  }

  /** Says who we are; the last answer shows that the server serves us. */
  async #greet(socket: RespSocket): Promise<void> {
    const { username, password, database } = this.#parts.address;
    const said: Promise<RespValue>[] = [];
    if (password !== undefined) {
      said.push(username === undefined ? this.command('AUTH', password) : this.command('AUTH', username, password));
    }
    if (database !== 0) said.push(this.command('SELECT', `${database}`));
    // A server that forbids names serves us all the same.
    const named = this.command('CLIENT', 'SETNAME', `tradewind-${this.#parts.name}`);
    named.catch(() => {});
    said.push(this.command('PING'));
    try {
      await Promise.all(said);
    } catch (error) {
      await Promise.allSettled(said);
      if (this.#socket === socket) this.#lose(error as Error);
      return;
    }
    if (this.#socket === socket) this.#begin();
  }

  #begin(): void {
    const { address, name, clock, logger } = this.#parts;
    this.#cancelTimer?.();
    this.#isReady = true;
    this.#attempts = 0;
    this.#lives += 1;
    this.#lastPing = clock.monotonic();
    if (this.#lossIsTold) logger.info('The connection to Redis is back', { address: address.label, connection: name });
    this.#lossIsTold = false;
    for (const waiter of this.#waitingForReady) waiter.resolve();
    this.#waitingForReady.clear();
    for (const listener of this.#listeners) listener();
  }

  #read(chunk: Buffer): void {
    this.#silentSince = this.#parts.clock.monotonic();
    try {
      this.#reader.feed(chunk);
    } catch (error) {
      this.#lose(error as Error);
    }
  }

  /** Gives the connection up and tries again a little later. */
  #lose(error: Error | undefined): void {
    const { address, name, clock, logger, jitter } = this.#parts;
    const place = { address: address.label, connection: name };
    const reason = error ?? new Error('The connection to Redis was closed');
    logger.debug('Redis connection', { ...place, error: messageOf(reason) });
    if (this.#isReady && !this.#lossIsTold) {
      this.#lossIsTold = true;
      logger.warn('The connection to Redis was lost; trying again', place);
    }
    const socket = this.#socket;
    this.#breakOff(new Error(messageOf(reason)));
    socket?.destroy();
    if (this.#closed) return;
    const longest = Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(this.#attempts, 10), RECONNECT_LONGEST_MS);
    this.#cancelTimer = clock.after(longest * (0.5 + 0.5 * jitter.next()), () => this.#connect());
  }

  #breakOff(error: Error): void {
    this.#cancelTimer?.();
    this.#socket = undefined;
    this.#isReady = false;
    this.#outgoing = '';
    this.#reader.reset();
    const unanswered = this.#unanswered.slice(this.#firstUnanswered);
    this.#unanswered = [];
    this.#firstUnanswered = 0;
    for (const waiting of unanswered) waiting!.reject(error);
  }

  /** A half-open connection, or a server that hangs, shows by an answer that does not come. */
  #look(): void {
    if (!this.#isReady) return;
    const now = this.#parts.clock.monotonic();
    const waits = this.#firstUnanswered < this.#unanswered.length;
    if (waits && now - this.#silentSince >= SILENCE_LIMIT_MS) {
      this.#lose(new Error(`Redis was silent for ${SILENCE_LIMIT_MS / 1_000} s`));
    } else if (!waits && now - this.#lastPing >= HEARTBEAT_MS) {
      this.#lastPing = now;
      this.command('PING').catch(() => {});
    }
  }
}
