import type { Redis } from 'ioredis';
import { type Clock, nextTurn, sleep } from '../foundation/clock.ts';
import { invariant, UserError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { Random } from '../foundation/random.ts';
import { isPattern } from './channel-pattern.ts';
import { ConsumerLoop, deadLetterName } from './consumer-loop.ts';
import { ConsumerSet } from './consumer-set.ts';
import type { ConsumeOptions, Consumer, EventBus, LogEntry, LogPosition, Message, Unsubscribe } from './event-bus.ts';
import { decodePayload, encodePayload } from './event-codec.ts';
import { RedisAppender } from './redis-appender.ts';
import {
  CONNECT_WITHIN_MS,
  connectRedis,
  isFinal,
  type RedisConnection,
  type RedisConnector,
} from './redis-connection.ts';
import { entryText, groupBacklog, oldestPosition, readEntries, trimAcknowledged } from './redis-log.ts';
import { RedisMember } from './redis-member.ts';
import { checkSafety } from './redis-safety.ts';
import { RedisSubscriber } from './redis-subscriber.ts';
import { RespConnection } from './resp-connection.ts';
import { Subscription } from './subscription.ts';
import type { Log, Topic } from './topics.ts';

export interface RedisBusOptions {
  /** See redis-address.ts. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Accept a Redis that may lose entries (default false). */
  readonly allowUnsafeRedis?: boolean;
  /** Begins every key and channel, so that several systems can share one Redis (default none). */
  readonly keyPrefix?: string;
  /** How long `close` waits for handlers to finish the batch in hand. Default 5,000 ms. */
  readonly closeWithinMs?: number;
}

/** How long a question to the bus may stay unanswered. */
const ANSWER_WITHIN_MS = 10_000;
/** How often a closing bus looks whether its appends have arrived. */
const DRAIN_LOOK_MS = 10;
/** Messages under way to the server; further ones are lost, as topics may be. */
const PUBLISH_LIMIT = 100_000;

/**
 * ADAPTER: the bus over Redis 6.2 or newer: Pub/Sub for topics, streams for logs. Throws a UserError where no Redis
 * answers, where it refuses us, or where it would lose entries silently.
 *
 * Once connected it survives the server's absence. Meanwhile what is published is lost (the log tells how much), appends
 * wait, up to 100,000 entries, and consumers go on where they were.
 */
export async function connectRedisBus(options: RedisBusOptions): Promise<EventBus> {
  const { clock, logger } = options;
  const { connector, commands } = await connectRedis(options.url, clock, logger);
  try {
    await checkSafety(commands, connector.address.label, options.allowUnsafeRedis ?? false, logger);
    return new RedisBus(options, { connector, commands, ...(await connectFast(connector, clock, logger)) });
  } catch (error) {
    commands.close();
    throw error;
  }
}

/**
 * What is on the way from a price to an order goes over connections of our own; the client library has all the rest.
 */
async function connectFast(
  { address }: RedisConnector,
  clock: Clock,
  logger: Logger,
): Promise<Pick<BusConnections, 'publisher' | 'subscriber'>> {
  const jitter = new Random(clock.now(), 'redis-reconnect-fast');
  const open = (name: string): RespConnection => new RespConnection({ address, name, clock, logger, jitter });
  const [publisher, subscriber] = [open('publisher'), open('subscriber')];
  const refuse = (): void => {
    for (const connection of [publisher, subscriber]) connection.close();
  };
  const cancel = clock.after(CONNECT_WITHIN_MS, refuse);
  try {
    await Promise.all([publisher.ready(), subscriber.ready()]);
  } catch {
    throw new UserError(
      `Redis at ${address.label} takes one connection and no more: raise maxclients in its redis.conf, or free some.`,
    );
  } finally {
    cancel();
  }
  return { publisher, subscriber };
}

interface BusConnections {
  readonly connector: RedisConnector;
  /** For questions, and what manages logs and groups. */
  readonly commands: RedisConnection;
  /** What is published and appended. */
  readonly publisher: RespConnection;
  readonly subscriber: RespConnection;
}

class RedisBus implements EventBus {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #prefix: string;
  readonly #connector: RedisConnector;
  readonly #commands: RedisConnection;
  readonly #publisher: RespConnection;
  readonly #appender: RedisAppender;
  readonly #subscriber: RedisSubscriber;
  readonly #consumers: ConsumerSet;
  #closed = false;
  #underWay = 0;
  #lost = 0;

  constructor(options: RedisBusOptions, { connector, commands, publisher, subscriber }: BusConnections) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#prefix = options.keyPrefix ?? '';
    this.#connector = connector;
    this.#commands = commands;
    this.#publisher = publisher;
    this.#appender = new RedisAppender(publisher, options.clock, options.logger);
    this.#subscriber = new RedisSubscriber(subscriber, this.#prefix, options.logger);
    this.#consumers = new ConsumerSet(options.clock, options.logger, options.closeWithinMs);
  }

  async publish<Payload>(topic: Topic<Payload>, payload: Payload): Promise<void> {
    invariant(!isPattern(topic.channel), 'A message is published on a channel, not on a pattern', {
      channel: topic.channel,
    });
    const text = encodePayload(topic.codec, payload);
    if (this.#closed) return;
    if (!this.#publisher.isReady || this.#underWay >= PUBLISH_LIMIT) return this.#lose();
    this.#underWay++;
    try {
      await this.#publisher.publish(this.#prefix + topic.channel, text);
      if (this.#lost > 0) this.#tellLoss();
    } catch (error) {
      if (isFinal(error)) throw error;
      this.#lose();
    } finally {
      this.#underWay--;
    }
  }

  async subscribe<Payload>(topic: Topic<Payload>, handler: (message: Message<Payload>) => void): Promise<Unsubscribe> {
    this.#mustBeOpen();
    const subscription = Subscription.of(topic, handler, this.#logger);
    await this.#subscriber.add(subscription);
    return () => this.#subscriber.remove(subscription);
  }

  async append<Entry>(log: Log<Entry>, entries: readonly Entry[]): Promise<readonly LogPosition[]> {
    this.#mustBeOpen();
    const texts = entries.map((entry) => encodePayload(log.codec, entry));
    return await this.#appender.append(this.#key(log.name), texts);
  }

  async read<Entry>(log: Log<Entry>, after: LogPosition, count: number): Promise<readonly LogEntry<Entry>[]> {
    const entries = await this.#ask((redis) => readEntries(redis, this.#key(log.name), after, count));
    return entries.map(([position, fields]) => {
      return { position, entry: decodePayload(log.codec, entryText(fields ?? [])), deliveries: 1 };
    });
  }

  oldest<Entry>(log: Log<Entry>): Promise<LogPosition | undefined> {
    return this.#ask((redis) => oldestPosition(redis, this.#key(log.name)));
  }

  async consume<Entry>(
    log: Log<Entry>,
    options: ConsumeOptions,
    handler: (batch: readonly LogEntry<Entry>[]) => Promise<void>,
  ): Promise<Consumer> {
    this.#mustBeOpen();
    const connection = this.#connector.open(`consumer-${options.group}`);
    const member = new RedisMember({
      key: this.#key(log.name),
      deadLetterKey: this.#key(deadLetterName(log.name)),
      options,
      clock: this.#clock,
      connection,
      commands: this.#commands,
    });
    try {
      await this.#withinTime(member.join());
    } catch (error) {
      connection.close();
      throw error;
    }
    const parts = { log, options, handler, member, clock: this.#clock, logger: this.#logger };
    return this.#consumers.add(new ConsumerLoop(parts));
  }

  backlog<Entry>(log: Log<Entry>, group: string): Promise<number> {
    return this.#ask((redis) => groupBacklog(redis, this.#key(log.name), group));
  }

  trim<Entry>(log: Log<Entry>, keep: number): Promise<number> {
    return this.#ask((redis) => trimAcknowledged(redis, this.#key(log.name), keep));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#subscriber.close();
    await this.#consumers.close();
    // What was appended before is on its way; without a server it can't arrive.
    await this.#drainAppends();
    this.#publisher.close();
    this.#commands.close();
  }

  /** Waits for the appends under way for as long as the server is there to take them. */
  async #drainAppends(): Promise<void> {
    let isIdle = false;
    void this.#appender.idle().then(() => {
      isIdle = true;
    });
    await nextTurn();
    for (let waited = 0; !isIdle && this.#publisher.isReady && waited < ANSWER_WITHIN_MS; waited += DRAIN_LOOK_MS) {
      await sleep(this.#clock, DRAIN_LOOK_MS);
    }
  }

  #key(name: string): string {
    return this.#prefix + name;
  }

  #mustBeOpen(): void {
    invariant(!this.#closed, 'The bus is closed');
  }

  /** For what does no harm when it is done twice. */
  async #ask<Reply>(question: (redis: Redis) => Promise<Reply>): Promise<Reply> {
    this.#mustBeOpen();
    return await this.#withinTime(this.#commands.request(question));
  }

  #withinTime<Reply>(work: Promise<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const late = () =>
        reject(
          new Error(`Redis at ${this.#connector.address.label} did not answer within ${ANSWER_WITHIN_MS / 1000} s`),
        );
      const cancel = this.#clock.after(ANSWER_WITHIN_MS, late);
      work.then(resolve, reject).finally(cancel);
    });
  }

  #lose(): void {
    if (this.#lost === 0) this.#logger.warn('Messages are lost until Redis is back: topics are not kept');
    this.#lost++;
  }

  #tellLoss(): void {
    this.#logger.warn('Messages were lost while Redis was away', { messages: this.#lost });
    this.#lost = 0;
  }
}
