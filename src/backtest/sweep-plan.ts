import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../foundation/json.ts';
import type { SpacePlan } from './sweep-space.ts';

/**
 * All that decides the table of a sweep, as plain JSON: it is kept in the store and sent to other machines, and its hash
 * is the sweep's name, so that the same command finds what it has done before.
 */
export interface SweepPlan {
  /** Raised when the figures of the same plan, or the encoding of its chunks, change. */
  readonly version: typeof PLAN_VERSION;
  readonly strategy: PlannedStrategy;
  readonly space: SpacePlan;
  /** The hash of the bars of each feed, by feed name: see `columnsHash`. */
  readonly data: Readonly<Record<string, string>>;
  /** See `termsToJson`. */
  readonly terms: JsonObject;
  /** Entries of the space in a chunk; the last chunk may have fewer. */
  readonly chunkEntries: number;
}

export interface PlannedStrategy {
  readonly name: string;
  /** SHA-256 of a user's file, hexadecimal; `null` for a built-in strategy. */
  readonly contentHash: string | null;
  /** What `resolveStrategy` takes. No part of the sweep's id: the same file may lie elsewhere on another machine. */
  readonly reference: string;
}

export const PLAN_VERSION = 1;

/** Bar by bar a point takes long and shares nothing: small chunks, so that little is lost when one is. */
const ALONE = { most: 64, wantedChunks: 128 };
/** Points that share columns are the faster the more of them are computed together. */
const SHARED = { most: 256, wantedChunks: 24 };

/**
 * How many entries a chunk of a sweep has: few in a small sweep, for the last chunks to end at the same time on all cores.
 * It must depend on the plan alone, as chunks are known by their numbers.
 *
 * @param sharesColumns the strategy says its signals as columns
 */
export function chunkEntriesOf(entries: number, sharesColumns: boolean): number {
  const { most, wantedChunks } = sharesColumns ? SHARED : ALONE;
  return Math.max(1, Math.min(most, Math.ceil(entries / wantedChunks)));
}

/** SHA-256 of the canonical JSON of a plan, without where the strategy's file lies. */
export function planId(plan: SweepPlan): string {
  const { reference: _, ...strategy } = plan.strategy;
  return createHash('sha256')
    .update(canonicalJson({ ...plan, strategy } as unknown as Json))
    .digest('hex');
}

/** JSON without blanks, the keys of every object sorted by code unit. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const object = value as JsonObject;
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key]!)}`)
    .join(',')}}`;
}
