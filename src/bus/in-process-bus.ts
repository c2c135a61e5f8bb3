import { type Clock, nextTurn } from '../foundation/clock.ts';
import { invariant } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { isPattern } from './channel-pattern.ts';
import { ConsumerLoop, deadLetterName } from './consumer-loop.ts';
import { ConsumerSet } from './consumer-set.ts';
import type { ConsumeOptions, Consumer, EventBus, LogEntry, LogPosition, Message, Unsubscribe } from './event-bus.ts';
import { decodePayload, encodePayload } from './event-codec.ts';
import { InProcessMember } from './in-process-member.ts';
import { InProcessMemory } from './in-process-memory.ts';
import { Subscription } from './subscription.ts';
import type { Log, Topic } from './topics.ts';

export interface InProcessBusParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Share it among several buses, and they are like several processes on one server (default: one of its own). */
  readonly memory?: InProcessMemory;
  /** How long {@link InProcessBus.close} waits for handlers to finish the batch in hand. Default 5,000 ms. */
  readonly closeWithinMs?: number;
}

/** How often publishers make room for input and output, in messages and in milliseconds. */
const TURN_AFTER_MESSAGES = 64;
const TURN_AFTER_MS = 10;

/**
 * ADAPTER: the bus within one process. It keeps the promises of {@link EventBus} for as long as its memory lives; for
 * what outlives the process there is the store. Messages of all topics are handed over in the order in which they were
 * published, after `publish` has returned. A publisher that awaits is slowed down to let input and output have their
 * turn; time stands still for a virtual clock meanwhile, so a simulation does not see it.
 */
export class InProcessBus implements EventBus {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #memory: InProcessMemory;
  readonly #subscriptions = new Set<Subscription>();
  readonly #consumers: ConsumerSet;
  #closed = false;
  #messages = 0;
  #lastTurn = 0;

  constructor(parts: InProcessBusParts) {
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#memory = parts.memory ?? new InProcessMemory();
    this.#consumers = new ConsumerSet(parts.clock, parts.logger, parts.closeWithinMs);
  }

  async publish<Payload>(topic: Topic<Payload>, payload: Payload): Promise<void> {
    invariant(!isPattern(topic.channel), 'A message is published on a channel, not on a pattern', {
      channel: topic.channel,
    });
    const text = encodePayload(topic.codec, payload);
    if (this.#closed) return;
    this.#memory.send(topic.channel, text);
    if (this.#isTurnDue(1)) await this.#giveTurn();
  }

  async subscribe<Payload>(topic: Topic<Payload>, handler: (message: Message<Payload>) => void): Promise<Unsubscribe> {
    this.#mustBeOpen();
    const subscription = Subscription.of(topic, handler, this.#logger);
    this.#subscriptions.add(subscription);
    this.#memory.add(subscription);
    return async () => this.#cancel(subscription);
  }

  async append<Entry>(log: Log<Entry>, entries: readonly Entry[]): Promise<readonly LogPosition[]> {
    this.#mustBeOpen();
    const texts = entries.map((entry) => encodePayload(log.codec, entry));
    const target = this.#memory.log(log.name);
    const positions = texts.map((text) => target.append(text));
    target.announce();
    if (this.#isTurnDue(entries.length)) await this.#giveTurn();
    return positions;
  }

  async read<Entry>(log: Log<Entry>, after: LogPosition, count: number): Promise<readonly LogEntry<Entry>[]> {
    this.#mustBeOpen();
    const source = this.#memory.log(log.name);
    const { from, until } = source.range(after, count);
    const entries: LogEntry<Entry>[] = [];
    for (let number = from; number < until; number++) {
      const entry = decodePayload(log.codec, source.text(number));
      entries.push({ position: `${number}`, entry, deliveries: 1 });
    }
    return entries;
  }

  async oldest<Entry>(log: Log<Entry>): Promise<LogPosition | undefined> {
    this.#mustBeOpen();
    return this.#memory.log(log.name).oldest();
  }

  async consume<Entry>(
    log: Log<Entry>,
    options: ConsumeOptions,
    handler: (batch: readonly LogEntry<Entry>[]) => Promise<void>,
  ): Promise<Consumer> {
    this.#mustBeOpen();
    const deadLetters = this.#memory.log(deadLetterName(log.name));
    const member = new InProcessMember(this.#memory.log(log.name), deadLetters, options, this.#clock);
    const parts = { log, options, handler, member, clock: this.#clock, logger: this.#logger };
    return this.#consumers.add(new ConsumerLoop(parts));
  }

  async backlog<Entry>(log: Log<Entry>, group: string): Promise<number> {
    this.#mustBeOpen();
    return this.#memory.log(log.name).backlog(group);
  }

  async trim<Entry>(log: Log<Entry>, keep: number): Promise<number> {
    this.#mustBeOpen();
    return this.#memory.log(log.name).trim(keep);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const subscription of this.#subscriptions) this.#cancel(subscription);
    await this.#consumers.close();
  }

  #cancel(subscription: Subscription): void {
    subscription.cancel();
    this.#memory.remove(subscription);
    this.#subscriptions.delete(subscription);
  }

  #mustBeOpen(): void {
    invariant(!this.#closed, 'The bus is closed');
  }

  #isTurnDue(messages: number): boolean {
    this.#messages += messages;
    if (this.#messages < TURN_AFTER_MESSAGES) return false;
    this.#messages = 0;
    return this.#clock.monotonic() - this.#lastTurn > TURN_AFTER_MS;
  }

  async #giveTurn(): Promise<void> {
    await nextTurn();
    this.#lastTurn = this.#clock.monotonic();
  }
}
