import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { crashPoint } from '../foundation/crash-point.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { ConsumeOptions, Consumer, LogEntry, LogPosition } from './event-bus.ts';
import { decodePayload } from './event-codec.ts';
import type { Log } from './topics.ts';

export const DEFAULT_RECLAIM_AFTER_MS = 10_000;
const DEFAULT_RETRY_DELAY_MS = 250;
const DEFAULT_MAXIMUM_DELIVERIES = 5;
/** Before going on after the bus itself failed. */
const RECOVERY_DELAY_MS = 100;

/** The log to which goes what nobody could handle. */
export function deadLetterName(name: string): string {
  return `${name}:dead`;
}

/** An entry as the bus hands it out. */
export interface Delivery {
  readonly position: LogPosition;
  readonly text: string;
  /** 1 for the first time, this time included. */
  readonly deliveries: number;
}

/** One consumer's place in one group of one log: what an adapter must be able to do. */
export interface GroupMember {
  /** Makes the group where it is absent. Whether it was. Called at the start and after each failure. */
  join(): Promise<boolean>;
  /** The oldest entry that this consumer was given and has not acknowledged; counts as one more delivery. */
  unfinished(): Promise<Delivery | undefined>;
  /** Takes over one entry that another consumer left unacknowledged for too long; counts as one more delivery. */
  reclaim(): Promise<Delivery | undefined>;
  /** A batch of new entries. Waits for them for a while; empty when none came or when interrupted. */
  next(): Promise<readonly Delivery[]>;
  acknowledge(positions: readonly LogPosition[]): Promise<void>;
  /** Moves an entry to the dead-letter log and acknowledges it. */
  bury(delivery: Delivery, error: string): Promise<void>;
  /** Makes {@link next} give back what it has. */
  interrupt(): void;
  leave(): Promise<void>;
}

export interface ConsumerParts<Entry> {
  readonly log: Log<Entry>;
  readonly options: ConsumeOptions;
  readonly handler: (batch: readonly LogEntry<Entry>[]) => Promise<void>;
  readonly member: GroupMember;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The life of a consumer, the same over every adapter: first what it was given before, then what others left, then new
 * entries; a batch at a time.
 *
 * An entry that is delivered again comes alone, so that a poisonous one takes none of its batch with it to the
 * dead-letter log, and so that entries keep their order.
 */
export class ConsumerLoop<Entry> implements Consumer {
  readonly #parts: ConsumerParts<Entry>;
  readonly #ended: Promise<void>;
  #stopping = false;
  #abandoned = false;
  /** Whether entries may be in our name that are not acknowledged. */
  #hasUnfinished = true;
  #endPause: (() => void) | undefined;

  /** The member has joined. */
  constructor(parts: ConsumerParts<Entry>) {
    this.#parts = parts;
    this.#ended = this.#run();
  }

  stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#parts.member.interrupt();
      this.#endPause?.();
    }
    return this.#ended;
  }

  /** Leaves without waiting for a handler that doesn't come back: what it has in hand stays unacknowledged. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.stop().catch(() => {});
    await this.#parts.member.leave();
  }

  async #run(): Promise<void> {
    const { member } = this.#parts;
    while (!this.#stopping) {
      try {
        const batch = await this.#take();
        if (batch.length > 0 && !this.#abandoned) await this.#attempt(batch);
      } catch (error) {
        if (!this.#stopping) await this.#recover(error);
      }
    }
    if (!this.#abandoned) await member.leave();
  }

  async #take(): Promise<readonly Delivery[]> {
    const { member } = this.#parts;
    if (this.#hasUnfinished) {
      const unfinished = await member.unfinished();
      if (unfinished) return [unfinished];
      this.#hasUnfinished = false;
    }
    const reclaimed = await member.reclaim();
    return reclaimed ? [reclaimed] : await member.next();
  }

  async #attempt(batch: readonly Delivery[]): Promise<void> {
    const { handler, member } = this.#parts;
    const entries: LogEntry<Entry>[] = [];
    for (const delivery of batch) {
      const entry = await this.#open(delivery);
      if (entry) entries.push(entry);
    }
    if (entries.length === 0) return;
    try {
      await handler(entries);
    } catch (error) {
      if (!this.#abandoned) await this.#rejected(batch, entries, messageOf(error));
      return;
    }
    if (this.#abandoned) return;
    crashPoint('before-bus-acknowledgement');
    await member.acknowledge(entries.map((entry) => entry.position));
    crashPoint('after-bus-acknowledgement');
  }

  /** The entry to hand to the handler; buries what must not or cannot be delivered. */
  async #open(delivery: Delivery): Promise<LogEntry<Entry> | undefined> {
    const { position, text, deliveries } = delivery;
    const { log, options } = this.#parts;
    const maximum = options.maximumDeliveries ?? DEFAULT_MAXIMUM_DELIVERIES;
    if (deliveries > maximum) {
      await this.#bury(delivery, `delivered ${deliveries - 1} times and never acknowledged`);
      return undefined;
    }
    try {
      return { position, entry: decodePayload(log.codec, text), deliveries };
    } catch (error) {
      await this.#bury(delivery, `cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #rejected(batch: readonly Delivery[], entries: readonly LogEntry<Entry>[], error: string): Promise<void> {
    const { options, logger } = this.#parts;
    this.#hasUnfinished = true;
    logger.warn('A batch from the bus was rejected', { ...this.#place(), entries: entries.length, error });
    const maximum = options.maximumDeliveries ?? DEFAULT_MAXIMUM_DELIVERIES;
    const positions = new Set(entries.map((entry) => entry.position));
    const delivered = batch.filter((delivery) => positions.has(delivery.position));
    const exhausted = delivered.filter((delivery) => delivery.deliveries >= maximum);
    for (const delivery of exhausted) await this.#bury(delivery, error);
    if (exhausted.length < delivered.length) await this.#pause(options.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS);
  }

  async #bury(delivery: Delivery, error: string): Promise<void> {
    const { member, options, logger } = this.#parts;
    await member.bury(delivery, error);
    logger.error('An entry went to the dead-letter log', { ...this.#place(), position: delivery.position, error });
    try {
      options.onDeadLetter?.(delivery.position, error);
    } catch (thrown) {
      logger.error('onDeadLetter failed', { ...this.#place(), error: messageOf(thrown) });
    }
  }

  /** The bus itself failed: waits a little, joins again, and begins with what may have been given to us meanwhile. */
  async #recover(error: unknown): Promise<void> {
    const { member, logger } = this.#parts;
    logger.warn('A consumer lost the bus and tries again', { ...this.#place(), error: messageOf(error) });
    this.#hasUnfinished = true;
    await this.#pause(RECOVERY_DELAY_MS);
    try {
      if (this.#stopping || !(await member.join())) return;
      logger.error('A group of the bus was gone; made again from the oldest entry that is left', this.#place());
    } catch {
      // The next round tells what is wrong.
    }
  }

  #pause(duration: number): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      let cancel: CancelTimer = () => {};
      this.#endPause = () => {
        cancel();
        this.#endPause = undefined;
        resolve();
      };
      cancel = this.#parts.clock.after(duration, this.#endPause);
    });
  }

  #place(): { log: string; group: string; consumer: string } {
    const { log, options } = this.#parts;
    return { log: log.name, group: options.group, consumer: options.consumer };
  }
}
