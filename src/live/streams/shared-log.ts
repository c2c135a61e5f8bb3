import type {
  ConsumeOptions,
  Consumer,
  EventBus,
  LogEntry,
  LogPosition,
  Message,
  Unsubscribe,
} from '../../bus/event-bus.ts';
import type { Log, Topic } from '../../bus/topics.ts';
import type { Clock } from '../../foundation/clock.ts';

/** What the end of a log was so long ago is good enough for a look in silence: new candles come by their topics. */
const END_FOR_MS = 200;
/** Pages that nobody asked for in this time are forgotten. */
const KEEP_MS = 5_000;

interface Page {
  readonly entries: Promise<readonly LogEntry<unknown>[]>;
  /** Nothing can be added to it any more. */
  isFull: boolean;
  readonly readAt: number;
  usedAt: number;
}

/**
 * The same bus, for many who read the same logs from the beginning at about the same time: a page is fetched and decoded
 * once for all of them, so that what hundreds of streams cost grows with their number, not with its square. Entries are
 * shared and must not be changed.
 */
export class SharedLogBus implements EventBus {
  readonly #bus: EventBus;
  readonly #clock: Clock;
  readonly #pages = new Map<string, Page>();
  #prunedAt = 0;

  constructor(bus: EventBus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  async read<Entry>(log: Log<Entry>, after: LogPosition, count: number): Promise<readonly LogEntry<Entry>[]> {
    const now = this.#clock.monotonic();
    this.#prune(now);
    const key = `${log.name} ${after} ${count}`;
    let page = this.#pages.get(key);
    if (page === undefined || (!page.isFull && now - page.readAt >= END_FOR_MS)) {
      page = this.#fetch(key, this.#bus.read(log, after, count), count, now);
    }
    page.usedAt = now;
    return (await page.entries) as readonly LogEntry<Entry>[];
  }

  publish<Payload>(topic: Topic<Payload>, payload: Payload): Promise<void> {
    return this.#bus.publish(topic, payload);
  }

  subscribe<Payload>(topic: Topic<Payload>, handler: (message: Message<Payload>) => void): Promise<Unsubscribe> {
    return this.#bus.subscribe(topic, handler);
  }

  append<Entry>(log: Log<Entry>, entries: readonly Entry[]): Promise<readonly LogPosition[]> {
    return this.#bus.append(log, entries);
  }

  oldest<Entry>(log: Log<Entry>): Promise<LogPosition | undefined> {
    return this.#bus.oldest(log);
  }

  consume<Entry>(
    log: Log<Entry>,
    options: ConsumeOptions,
    handler: (batch: readonly LogEntry<Entry>[]) => Promise<void>,
  ): Promise<Consumer> {
    return this.#bus.consume(log, options, handler);
  }

  backlog<Entry>(log: Log<Entry>, group: string): Promise<number> {
    return this.#bus.backlog(log, group);
  }

  trim<Entry>(log: Log<Entry>, keep: number): Promise<number> {
    return this.#bus.trim(log, keep);
  }

  /** The bus is its owner's: only what is remembered of it goes. */
  async close(): Promise<void> {
    this.#pages.clear();
  }

  #fetch(key: string, entries: Promise<readonly LogEntry<unknown>[]>, count: number, now: number): Page {
    const page: Page = { entries, isFull: false, readAt: now, usedAt: now };
    this.#pages.set(key, page);
    entries.then(
      (read) => {
        page.isFull = read.length === count;
      },
      // Who asked hears of it; the next one asks again.
      () => {
        if (this.#pages.get(key) === page) this.#pages.delete(key);
      },
    );
    return page;
  }

  #prune(now: number): void {
    if (now - this.#prunedAt < KEEP_MS) return;
    this.#prunedAt = now;
    for (const [key, { usedAt }] of this.#pages) if (now - usedAt >= KEEP_MS) this.#pages.delete(key);
  }
}
