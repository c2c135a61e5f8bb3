import type { Redis } from 'ioredis';
import type { LogPosition } from './event-bus.ts';

/** The field of a stream entry that holds its JSON text. */
export const ENTRY_FIELD = 'entry';

/** Entries fetched at once where all of a range is needed. */
const PAGE = 1_000;

/** An entry of a stream as Redis gives it; no fields where it was deleted meanwhile. */
export type StreamEntry = readonly [position: LogPosition, fields: readonly string[] | null];

/** The JSON text of an entry; empty, and so unreadable, where another program wrote something else. */
export function entryText(fields: readonly string[]): string {
  return fields[0] === ENTRY_FIELD ? (fields[1] ?? '') : '';
}

export async function readEntries(redis: Redis, key: string, after: LogPosition, count: number) {
  if (count <= 0) return [];
  return (await redis.xrange(key, `(${after}`, '+', 'COUNT', count)) as StreamEntry[];
}

export async function oldestPosition(redis: Redis, key: string): Promise<LogPosition | undefined> {
  const [oldest] = await redis.xrange(key, '-', '+', 'COUNT', 1);
  return oldest?.[0];
}

interface GroupInfo {
  readonly name: string;
  readonly pending: number;
  readonly lastDelivered: LogPosition;
  /** Entries not yet delivered; `undefined` where the server does not know. */
  readonly lag: number | undefined;
}

async function groupsOf(redis: Redis, key: string): Promise<readonly GroupInfo[]> {
  if ((await redis.exists(key)) === 0) return [];
  const groups = (await redis.xinfo('GROUPS', key)) as (string | number | null)[][];
  return groups.map((fields) => {
    const field = (name: string) => fields[fields.indexOf(name) + 1];
    const lag = fields.includes('lag') ? field('lag') : null;
    return {
      name: String(field('name')),
      pending: Number(field('pending')),
      lastDelivered: String(field('last-delivered-id')),
      lag: lag === null || lag === undefined ? undefined : Number(lag),
    };
  });
}

/** How many entries a group has not acknowledged; 0 for an unknown group. */
export async function groupBacklog(redis: Redis, key: string, name: string): Promise<number> {
  const group = (await groupsOf(redis, key)).find((candidate) => candidate.name === name);
  if (!group) return 0;
  return group.pending + (group.lag ?? (await countAfter(redis, key, group.lastDelivered)));
}

async function countAfter(redis: Redis, key: string, after: LogPosition): Promise<number> {
  let count = 0;
  for (let position = after; ; ) {
    const page = await readEntries(redis, key, position, PAGE);
    count += page.length;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return count;
    position = last[0];
  }
}

/** Removes what every group has acknowledged, but for the newest `keep` of it. Gives how many entries went. */
export async function trimAcknowledged(redis: Redis, key: string, keep: number): Promise<number> {
  if ((await redis.xlen(key)) <= keep) return 0;
  const groups = await groupsOf(redis, key);
  if (groups.length === 0) return await redis.xtrim(key, 'MAXLEN', '=', keep);
  const floors: LogPosition[] = [];
  for (const group of groups) floors.push(await firstUnacknowledged(redis, key, group));
  const floor = floors.reduce((lowest, candidate) => (isBefore(candidate, lowest) ? candidate : lowest));
  const oldestKept = await newestBefore(redis, key, floor, keep);
  return oldestKept === undefined ? 0 : await redis.xtrim(key, 'MINID', '=', oldestKept);
}

/**
 * Everything before it is acknowledged. Safe while the group goes on: `group` was read first, and what was acknowledged
 * or delivered since can only move the true position up.
 */
async function firstUnacknowledged(redis: Redis, key: string, group: GroupInfo): Promise<LogPosition> {
  const [, smallestPending] = (await redis.xpending(key, group.name)) as [number, LogPosition | null];
  const [milliseconds, sequence] = group.lastDelivered.split('-');
  const afterDelivered = `${milliseconds}-${BigInt(sequence ?? 0) + 1n}`;
  return smallestPending && isBefore(smallestPending, afterDelivered) ? smallestPending : afterDelivered;
}

/** The position of the `count`-th newest entry before `floor`; `floor` itself for 0; `undefined` where there are fewer. */
async function newestBefore(redis: Redis, key: string, floor: LogPosition, count: number) {
  let position = floor;
  for (let left = count; left > 0; ) {
    const page = await redis.xrevrange(key, `(${position}`, '-', 'COUNT', Math.min(left, PAGE));
    const last = page.at(-1);
    if (!last) return undefined;
    position = last[0];
    left -= page.length;
  }
  return position;
}

function isBefore(left: LogPosition, right: LogPosition): boolean {
  const [leftTime = '0', leftSequence = '0'] = left.split('-');
  const [rightTime = '0', rightSequence = '0'] = right.split('-');
  const time = BigInt(leftTime) - BigInt(rightTime);
  return time < 0n || (time === 0n && BigInt(leftSequence) < BigInt(rightSequence));
}
