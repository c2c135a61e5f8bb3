import type { EventBus, LogEntry, LogPosition } from '../bus/event-bus.ts';
import { logs } from '../bus/topics.ts';
import type { MarketLogEntry } from '../domain/event.ts';

type Entry = LogEntry<MarketLogEntry>;

/** Entries kept at most and, after they were too many, at least: some minutes of hundreds of symbols. */
const KEPT_MOST = 20_000;
const KEPT_LEAST = 10_000;

/** One tail for each bus: for each process, that is. */
const tails = new WeakMap<EventBus, MarketLogTail>();

/**
 * The newest part of the market log, read and decoded once for all followers of a process. Without it hundreds of bots
 * would each fetch and decode every entry of every symbol. Who is further behind than what is kept here reads from the bus.
 */
export class MarketLogTail {
  readonly #bus: EventBus;
  readonly #pageSize: number;
  /** Without a hole; each number is one more than the one before, the first is `#first`. */
  #entries: Entry[] = [];
  #first = 0;
  /** The number of the entry that follows a position. */
  readonly #nextOf = new Map<LogPosition, number>();
  #end: LogPosition | undefined;
  #underWay: Promise<void> | undefined;
  #following: Promise<void> | undefined;

  constructor(bus: EventBus, pageSize: number) {
    this.#bus = bus;
    this.#pageSize = pageSize;
  }

  static of(bus: EventBus, pageSize: number): MarketLogTail {
    let tail = tails.get(bus);
    if (!tail) {
      tail = new MarketLogTail(bus, pageSize);
      tails.set(bus, tail);
    }
    return tail;
  }

  /** What is in the log after a position at some moment after the call, oldest first: a page of it, fewer at its end. */
  async read(after: LogPosition): Promise<readonly Entry[]> {
    if (this.#nextOf.has(after)) {
      await this.#readOn();
      const next = this.#nextOf.get(after);
      if (next !== undefined) return this.#entries.slice(next - this.#first, next - this.#first + this.#pageSize);
    }
    const page = await this.#bus.read(logs.market, after, this.#pageSize);
    // The end of the log, and not where the others are: they have stopped, or there are none yet.
    const last = page.at(-1)?.position ?? after;
    if (page.length < this.#pageSize && !this.#nextOf.has(last)) this.#beginAt(after, page);
    return page;
  }

  #beginAt(position: LogPosition, page: readonly Entry[]): void {
    this.#nextOf.clear();
    this.#entries = [];
    this.#end = position;
    this.#nextOf.set(position, this.#first);
    this.#append(page);
  }

  /** Brings the tail up to the present. A reading that began before the call is not enough: one more follows it, for all. */
  #readOn(): Promise<void> {
    if (this.#underWay === undefined) return this.#begin();
    this.#following ??= this.#underWay
      .catch(() => {})
      .then(() => {
        this.#following = undefined;
        return this.#begin();
      });
    return this.#following;
  }

  #begin(): Promise<void> {
    const reading = this.#readPage().finally(() => {
      if (this.#underWay === reading) this.#underWay = undefined;
    });
    this.#underWay = reading;
    return reading;
  }

  async #readPage(): Promise<void> {
    const end = this.#end!;
    const page = await this.#bus.read(logs.market, end, this.#pageSize);
    // Begun anew meanwhile.
    if (this.#end === end) this.#append(page);
  }

  #append(page: readonly Entry[]): void {
    for (const entry of page) {
      this.#entries.push(entry);
      this.#nextOf.set(entry.position, this.#first + this.#entries.length);
      this.#end = entry.position;
    }
    if (this.#entries.length <= KEPT_MOST) return;
    const left = this.#entries.splice(0, this.#entries.length - KEPT_LEAST);
    this.#first += left.length;
    for (const [position, next] of this.#nextOf) if (next < this.#first) this.#nextOf.delete(position);
  }
}
