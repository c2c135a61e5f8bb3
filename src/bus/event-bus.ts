import type { Log, Topic } from './topics.ts';

/** Where an entry stands in a log. Opaque; compare only for equality. */
export type LogPosition = string;

/** Before the first entry. */
export const LOG_START: LogPosition = '0';

export interface LogEntry<Entry> {
  readonly position: LogPosition;
  readonly entry: Entry;
  /** 1 for the first delivery to a consumer group; more when an earlier consumer died with it unacknowledged. */
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
 * The same bits come out that went in: every adapter carries payloads as JSON text through the codec of their topic, so that what a
 * subscriber holds is never the publisher's own object.
 */
export interface EventBus {
  publish<Payload>(topic: Topic<Payload>, payload: Payload): Promise<void>;

  /** `topic.channel` may be a pattern with `*`. Handlers of one subscription are called one after another, in order. */
  subscribe<Payload>(topic: Topic<Payload>, handler: (message: Message<Payload>) => void): Promise<Unsubscribe>;

  /** Appends in order. Resolves when the bus has them all. */
  append<Entry>(log: Log<Entry>, entries: readonly Entry[]): Promise<readonly LogPosition[]>;

  /** Up to `count` entries after `position`, oldest first; empty at the end (it does not wait). */
  read<Entry>(log: Log<Entry>, after: LogPosition, count: number): Promise<readonly LogEntry<Entry>[]>;

  /** The position of the oldest entry still held, or `undefined` for an empty log. */
  oldest<Entry>(log: Log<Entry>): Promise<LogPosition | undefined>;

  /**
   * Joins `group` as `consumer` (made when absent; a new group begins at the start of the log) and delivers batches of
   * up to `batchSize` entries to `handler`, one batch at a time: first what this consumer was given before and never
   * acknowledged, then what others left unacknowledged for longer than `reclaimAfterMs`, then new ones. A batch is
   * acknowledged when `handler` resolves; when it rejects, it is delivered again after `retryDelayMs`. An entry that
   * was delivered `maximumDeliveries` times goes to the dead-letter log `{name}:dead` and `onDeadLetter` hears of it.
   */
  consume<Entry>(
    log: Log<Entry>,
    options: ConsumeOptions,
    handler: (batch: readonly LogEntry<Entry>[]) => Promise<void>,
  ): Promise<Consumer>;

  /** How many entries `group` has not yet acknowledged (delivered or not). 0 for an unknown group. */
  backlog<Entry>(log: Log<Entry>, group: string): Promise<number>;

  /** Forgets entries that every group has acknowledged, keeping the newest `keep` of them. Gives how many went. */
  trim<Entry>(log: Log<Entry>, keep: number): Promise<number>;

  /** Leaves: no handler is called after it resolves. */
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
  /** Stops after the batch in hand. */
  stop(): Promise<void>;
}
