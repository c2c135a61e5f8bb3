import type { Log, Topic } from './topics.ts';

/** Where an entry stands in a log. Opaque; compare only for equality. */
export type LogPosition = string;

/** Before the first entry. */
export const LOG_START: LogPosition = '0';

export interface LogEntry<Entry> {
  readonly position: LogPosition;
  readonly entry: Entry;
  /**
   * 1 for the first delivery to a consumer group; more when it was rejected, or an earlier consumer died with it
   * unacknowledged. Always 1 in a plain `read`.
   */
  readonly deliveries: number;
}

export interface Message<Payload> {
  /** The channel it came on; with a pattern, not the pattern. */
  readonly channel: string;
  readonly payload: Payload;
}

export type Unsubscribe = () => Promise<void>;

/**
 * PORT: how the parts of the system speak to one another. Two kinds of delivery:
 *
 * - topics: fan-out, at most once, to whoever listens now. Nobody listening is no error. What a topic loses shows by a
 *   sequence number in the payload and is repaired from a log or the store.
 * - logs: ordered and durable. A reader reads from a position; a consumer group shares the entries among its consumers,
 *   each entry at least once, until it is acknowledged.
 *
 * The same bits come out that went in: every adapter carries payloads as JSON text through the codec of their topic, so
 * that what a subscriber holds is never the publisher's own object. JSON has no −0 (it comes back as 0), no NaN and no
 * infinities (they come back as `null`, so they must not be in a payload).
 *
 * A handler that throws hurts neither the publisher nor another handler; the logger hears of it.
 */
export interface EventBus {
  /** Resolves when the message is on its way, which says nothing about who gets it. Throws on a pattern. */
  publish<Payload>(topic: Topic<Payload>, payload: Payload): Promise<void>;

  /**
   * `topic.channel` may be a pattern with `*`. Handlers are called after `publish` has returned; those of one
   * subscription one after another, in the order of publishing.
   */
  subscribe<Payload>(topic: Topic<Payload>, handler: (message: Message<Payload>) => void): Promise<Unsubscribe>;

  /**
   * Appends in order. Resolves when the bus has them all, however long its server is away. An append whose answer was
   * lost with its server is repeated, so an entry may stand in the log twice: readers recognise it by its content.
   */
  append<Entry>(log: Log<Entry>, entries: readonly Entry[]): Promise<readonly LogPosition[]>;

  /** Up to `count` entries after `position`, oldest first; empty at the end (it does not wait). */
  read<Entry>(log: Log<Entry>, after: LogPosition, count: number): Promise<readonly LogEntry<Entry>[]>;

  /** The position of the oldest entry still held, or `undefined` for an empty log. */
  oldest<Entry>(log: Log<Entry>): Promise<LogPosition | undefined>;

  /**
   * Joins `group` as `consumer` (made when absent; a new group begins at the oldest entry) and delivers batches of
   * up to `batchSize` entries to `handler`, one batch at a time: first what this consumer was given before and never
   * acknowledged, then what others left unacknowledged for longer than `reclaimAfterMs`, then new ones. A batch is
   * acknowledged when `handler` resolves; when it rejects, it is delivered again after `retryDelayMs`. An entry that is
   * delivered again comes alone, in a batch of one, so that a poisonous entry takes no others with it. An entry that
   * was delivered `maximumDeliveries` times goes to the dead-letter log `{name}:dead` and `onDeadLetter` hears of it;
   * one that cannot be read goes there at once.
   *
   * So a handler that cannot work for a while (its store is away) waits inside itself rather than reject.
   */
  consume<Entry>(
    log: Log<Entry>,
    options: ConsumeOptions,
    handler: (batch: readonly LogEntry<Entry>[]) => Promise<void>,
  ): Promise<Consumer>;

  /** How many entries `group` has not yet acknowledged (delivered or not). 0 for an unknown group. */
  backlog<Entry>(log: Log<Entry>, group: string): Promise<number>;

  /**
   * Forgets entries that every group has acknowledged, up to the first that one has not, keeping the newest `keep` of
   * them. Gives how many went. Where there is no group, all but the newest `keep` go.
   */
  trim<Entry>(log: Log<Entry>, keep: number): Promise<number>;

  /**
   * Leaves: no handler is called after it resolves. Waits some seconds for batches in hand. Afterwards publishing does
   * nothing, and everything else rejects.
   */
  close(): Promise<void>;
}

export interface ConsumeOptions {
  readonly group: string;
  readonly consumer: string;
  readonly batchSize: number;
  /** Default 10,000 ms. */
  readonly reclaimAfterMs?: number;
  /** Default 250 ms. */
  readonly retryDelayMs?: number;
  /** Default 5. */
  readonly maximumDeliveries?: number;
  readonly onDeadLetter?: (position: LogPosition, error: string) => void;
}

export interface Consumer {
  /** Stops after the batch in hand. Not to be awaited inside the handler. */
  stop(): Promise<void>;
}
