import type { JournalEntry } from '../domain/event.ts';
import { journalEntryToJson } from '../domain/order-codec.ts';
import { invariant } from '../foundation/errors.ts';
import type { EpochMs } from '../foundation/time.ts';
import { canonicalJson, chainHash, GENESIS_HASH } from './audit-chain.ts';
import { chunksOf } from './chunks.ts';
import type { Row } from './schema.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';
import type { AuditRow, AuditStore } from './store.ts';
import { storedWhole } from './stored-values.ts';

/** The audit log: rows that are only ever added, each chained to the one before (see audit-chain.ts). */
export class AuditTable implements AuditStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async appendAudit(entries: readonly JournalEntry[], recordedAt: EpochMs): Promise<void> {
    if (entries.length === 0) return;
    const written = new Map<string, string>();
    for (const entry of entries) {
      if (!written.has(entry.eventId)) written.set(entry.eventId, canonicalJson(journalEntryToJson(entry)));
    }
    const stamp = storedWhole(recordedAt, 'recordedAt');
    await this.#database.transaction(async (session) => {
      await session.lock('audit');
      const eventIds = [...written.keys()];
      for (const eventId of await presentEvents(session, eventIds)) written.delete(eventId);
      const rows = chained(await head(session), written, stamp);
      const inserted = await session.insertMissing('audit_log', rows);
      invariant(inserted === rows.length, 'The audit log changed under its lock', { inserted, rows: rows.length });
      await clearOutbox(session, eventIds);
    });
  }

  async auditRows(afterIndex: number, limit: number): Promise<readonly AuditRow[]> {
    const rows = await this.#database.read((kysely) =>
      kysely
        .selectFrom('audit_log')
        .selectAll()
        .where('entry_index', '>', afterIndex)
        .orderBy('entry_index')
        .limit(limit)
        .execute(),
    );
    return rows.map((row) => ({
      index: row.entry_index,
      eventId: row.event_id,
      recordedAt: row.recorded_at as EpochMs,
      entry: row.entry,
      previousHash: row.previous_hash,
      hash: row.hash,
    }));
  }
}

interface Head {
  readonly index: number;
  readonly hash: string;
}

async function head({ kysely }: SqlSession): Promise<Head> {
  const last = await kysely
    .selectFrom('audit_log')
    .select(['entry_index', 'hash'])
    .orderBy('entry_index', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last ? { index: last.entry_index, hash: last.hash } : { index: 0, hash: GENESIS_HASH };
}

async function presentEvents({ kysely }: SqlSession, eventIds: readonly string[]): Promise<readonly string[]> {
  const present: string[] = [];
  for (const some of chunksOf(eventIds)) {
    const rows = await kysely.selectFrom('audit_log').select('event_id').where('event_id', 'in', some).execute();
    for (const row of rows) present.push(row.event_id);
  }
  return present;
}

/** Also of what was in the audit log before. */
async function clearOutbox({ kysely }: SqlSession, eventIds: readonly string[]): Promise<void> {
  for (const some of chunksOf(eventIds)) await kysely.deleteFrom('outbox').where('event_id', 'in', some).execute();
}

function chained(from: Head, entries: ReadonlyMap<string, string>, recordedAt: number): Row<'audit_log'>[] {
  let { index, hash } = from;
  return Array.from(entries, ([eventId, entry]) => {
    const previousHash = hash;
    index += 1;
    hash = chainHash(previousHash, entry);
    return {
      entry_index: index,
      event_id: eventId,
      recorded_at: recordedAt,
      entry,
      previous_hash: previousHash,
      hash,
    };
  });
}
