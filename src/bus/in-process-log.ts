import { invariant } from '../foundation/errors.ts';
import type { LogPosition } from './event-bus.ts';

/** An entry that a consumer was given and has not acknowledged. */
export interface PendingEntry {
  consumer: string;
  /** When it was given, on the monotonic clock. */
  since: number;
  deliveries: number;
}

/** What a consumer group knows of its log. */
export interface Group {
  /** The number of the next entry that nobody in the group has seen. */
  next: number;
  /** By entry number, ascending: entries are given out in order and a redelivery changes its record in place. */
  readonly pending: Map<number, PendingEntry>;
  /** Called once when there is something new. */
  readonly waiting: Set<() => void>;
}

/**
 * A log in memory. Entries are numbered 1, 2, 3 …; their number as text is their position. It holds the entries as JSON
 * text and forgets them only by {@link trim}.
 */
export class InProcessLog {
  /** The number of the oldest entry still held. */
  #first = 1;
  readonly #texts: string[] = [];
  readonly #groups = new Map<string, Group>();

  get end(): number {
    return this.#first + this.#texts.length;
  }

  append(text: string): LogPosition {
    this.#texts.push(text);
    return `${this.end - 1}`;
  }

  /** Tells every group that there is something new; after a whole batch of {@link append}. */
  announce(): void {
    for (const group of this.#groups.values()) {
      if (group.waiting.size === 0) continue;
      const waiting = [...group.waiting];
      group.waiting.clear();
      for (const wake of waiting) wake();
    }
  }

  /** The text of a held entry. */
  text(number: number): string {
    const text = this.#texts[number - this.#first];
    invariant(text !== undefined, 'An entry is not in the log', { number, first: this.#first, end: this.end });
    return text;
  }

  /** Numbers of up to `count` held entries after a position: [from, until). */
  range(after: LogPosition, count: number): { from: number; until: number } {
    const number = Number(after);
    invariant(Number.isSafeInteger(number) && number >= 0, 'Not a position of this log', { position: after });
    const from = Math.max(number + 1, this.#first);
    return { from, until: Math.min(from + count, this.end) };
  }

  oldest(): LogPosition | undefined {
    return this.#texts.length > 0 ? `${this.#first}` : undefined;
  }

  /** The group of that name, made where absent: it begins at the oldest entry. */
  join(name: string): Group {
    const known = this.#groups.get(name);
    if (known) return known;
    const group: Group = { next: this.#first, pending: new Map(), waiting: new Set() };
    this.#groups.set(name, group);
    return group;
  }

  backlog(name: string): number {
    const group = this.#groups.get(name);
    return group ? group.pending.size + this.end - group.next : 0;
  }

  trim(keep: number): number {
    let floor = this.end;
    for (const group of this.#groups.values()) {
      const [oldestPending] = group.pending.keys();
      floor = Math.min(floor, oldestPending ?? group.next);
    }
    const removed = Math.max(0, floor - this.#first - keep);
    this.#texts.splice(0, removed);
    this.#first += removed;
    return removed;
  }
}
