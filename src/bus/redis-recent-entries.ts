import type { Clock } from '../foundation/clock.ts';
import type { LogPosition } from './event-bus.ts';
import { ENTRY_FIELD, type StreamEntry } from './redis-log.ts';
import type { RespConnection } from './resp-connection.ts';
import { RespError } from './resp-reader.ts';

/**
 * A Redis that syncs its append-only file once a second holds writes back for up to 2 s while a sync is under way
 * (`flushAppendOnlyFile` in its aof.c), and a slow disk makes that longer.
 */
const MAY_BE_LOST_FOR_MS = 10_000;
/** The most that is remembered, however fast entries come. */
const LIMIT = 200_000;
const PAGE = 1_000;

interface Recent {
  readonly key: string;
  readonly text: string;
  readonly position: LogPosition;
  readonly at: number;
}

/**
 * What the server has acknowledged lately, and may yet forget when it crashes. What it forgets is a tail: so whoever
 * appended it finds it missing after the crash, and appends it again before anything else.
 */
export class RecentEntries {
  readonly #clock: Clock;
  #entries: Recent[] = [];
  /** Those before it are too old. */
  #first = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(key: string, text: string, position: LogPosition): void {
    this.#entries.push({ key, text, position, at: this.#clock.monotonic() });
    this.#forgetOld();
  }

  /** Appends again, in the old order, what the server no longer has. Gives how many. */
  async restore(connection: RespConnection): Promise<number> {
    this.#forgetOld();
    const recent = this.#entries.slice(this.#first);
    let missing: Recent[] = [];
    for (const key of new Set(recent.map((entry) => entry.key))) {
      const own = recent.filter((entry) => entry.key === key);
      const held = await positionsFrom(connection, key, own[0]!.position);
      missing = missing.concat(own.filter(({ position }) => !held.has(position)));
    }
    if (missing.length === 0) return 0;
    const forgotten = new Set(missing);
    this.#entries = recent.filter((entry) => !forgotten.has(entry));
    this.#first = 0;
    for (let from = 0; from < missing.length; from += PAGE) {
      try {
        await this.#appendAgain(connection, missing.slice(from, from + PAGE));
      } catch (error) {
        // Broken off once more: what is still missing is looked for again, in the old order.
        this.#entries = this.#entries.concat(missing.slice(from));
        throw error;
      }
    }
    return missing.length;
  }

  async #appendAgain(connection: RespConnection, entries: readonly Recent[]): Promise<void> {
    const replies = await connection.transaction(entries.map(({ key, text }) => appendCommand(key, text)));
    const positions = entries.map((_, index) => {
      const reply = replies[index];
      if (reply instanceof RespError) throw reply;
      return reply as LogPosition;
    });
    for (const [index, { key, text }] of entries.entries()) this.add(key, text, positions[index]!);
  }

  #forgetOld(): void {
    const oldest = this.#clock.monotonic() - MAY_BE_LOST_FOR_MS;
    const entries = this.#entries;
    while (
      this.#first < entries.length &&
      (entries[this.#first]!.at < oldest || entries.length - this.#first > LIMIT)
    ) {
      this.#first += 1;
    }
    // Now and then only: moving the rest down costs as much as it holds.
    if (this.#first < 4_096 || this.#first < entries.length / 2) return;
    this.#entries = entries.slice(this.#first);
    this.#first = 0;
  }
}

/** What appends an entry to a stream. */
export function appendCommand(key: string, text: string): readonly string[] {
  return ['XADD', key, '*', ENTRY_FIELD, text];
}

/** The positions that a stream holds from `first` on. */
async function positionsFrom(
  connection: RespConnection,
  key: string,
  first: LogPosition,
): Promise<ReadonlySet<LogPosition>> {
  const held = new Set<LogPosition>();
  for (let from = first; ; ) {
    const page = (await connection.command('XRANGE', key, from, '+', 'COUNT', `${PAGE}`)) as readonly StreamEntry[];
    for (const [position] of page) held.add(position);
    if (page.length < PAGE) return held;
    from = `(${page.at(-1)![0]}`;
  }
}
