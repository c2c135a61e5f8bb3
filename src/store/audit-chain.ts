import { createHash } from 'node:crypto';
import { InvariantError } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { AuditRow, AuditStore } from './store.ts';

/**
 * The hash chain of the audit log: each row's hash covers its entry and the hash before it, so that a change of any
 * entry, or of their order, shows. What it can't show is a tail that was cut off: audit-record.ts holds the tables against it,
 * and against whoever cuts both there is the head's hash, noted elsewhere. `recordedAt` is not covered; the entry's own `time` is.
 */

/** What stands before the first row. */
export const GENESIS_HASH = '0'.repeat(64);

/**
 * The one way to write a JSON value: no blanks, keys sorted by UTF-16 code unit, numbers and strings as ECMAScript
 * writes them (RFC 8785, JSON Canonicalization Scheme). Absent (`undefined`) fields are left out.
 */
export function canonicalJson(value: Json | undefined): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item as Json)).join(',')}]`;
  if (typeof value === 'object') {
    const object = value as Readonly<Record<string, Json | undefined>>;
    const keys = Object.keys(object)
      .filter((key) => object[key] !== undefined)
      .sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`).join(',')}}`;
  }
  throw new InvariantError('JSON cannot carry this', { type: typeof value, value: String(value) });
}

/** `SHA-256(previousHash + entry)` in lower-case hexadecimal; both texts in UTF-8. */
export function chainHash(previousHash: string, entry: string): string {
  return createHash('sha256')
    .update(previousHash + entry)
    .digest('hex');
}

export type AuditVerdict =
  /** The chain is whole; `headHash` is the last row's, or {@link GENESIS_HASH} for an empty log. */
  | { readonly ok: true; readonly count: number; readonly headHash: string }
  /** The chain is whole up to, and broken at, `index`. */
  | { readonly ok: false; readonly index: number; readonly reason: AuditBreak; readonly message: string };

export type AuditBreak =
  /** There is no row of this index, but there is a later one. */
  | 'missing-index'
  /** The row does not point to the hash of the row before it. */
  | 'previous-hash-mismatch'
  /** The row's hash is not that of its entry. */
  | 'hash-mismatch'
  /** The hash fits, but the entry is not canonical JSON of an entry with the row's event id. */
  | 'entry-mismatch';

/**
 * Walks the whole log, `pageSize` rows at a time (default 1,000), and recomputes every hash from what is stored: the
 * entry is read back and written anew before it is hashed, so that nothing the writer computed is trusted.
 */
export async function verifyAuditChain(store: AuditStore, pageSize = 1_000): Promise<AuditVerdict> {
  let count = 0;
  let headHash = GENESIS_HASH;
  for (;;) {
    const rows = await store.auditRows(count, pageSize);
    for (const row of rows) {
      const fault = breakOf(row, count + 1, headHash);
      if (fault) return { ok: false, index: count + 1, ...fault };
      count += 1;
      headHash = row.hash;
    }
    if (rows.length < pageSize) return { ok: true, count, headHash };
  }
}

function breakOf(
  row: AuditRow,
  index: number,
  previousHash: string,
): { readonly reason: AuditBreak; readonly message: string } | undefined {
  if (row.index !== index) {
    return { reason: 'missing-index', message: `Row ${index} is missing; the next one is ${row.index}.` };
  }
  if (row.previousHash !== previousHash) {
    return {
      reason: 'previous-hash-mismatch',
      message: `Row ${index} follows ${row.previousHash}, but the row before it has the hash ${previousHash}.`,
    };
  }
  const computed = createHash('sha256').update(previousHash, 'utf8').update(row.entry, 'utf8').digest('hex');
  if (row.hash !== computed) {
    return {
      reason: 'hash-mismatch',
      message: `Row ${index} has the hash ${row.hash}, but its entry's is ${computed}.`,
    };
  }
  const fault = entryFault(row);
  return fault ? { reason: 'entry-mismatch', message: `Row ${index}: ${fault}.` } : undefined;
}

function entryFault(row: AuditRow): string | undefined {
  let entry: Json;
  try {
    entry = JSON.parse(row.entry) as Json;
  } catch {
    return 'its entry is not JSON';
  }
  if (canonicalJson(entry) !== row.entry) return 'its entry is not in canonical form';
  const eventId = (entry as { readonly eventId?: Json } | null)?.eventId;
  if (eventId !== row.eventId) return `it is kept as event ${row.eventId}, but its entry is event ${String(eventId)}`;
  return undefined;
}
