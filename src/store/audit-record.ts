import { createHash } from 'node:crypto';
import type { JournalEntry } from '../domain/event.ts';
import { fillEntry, intentEntry, signalEntry } from '../domain/journal.ts';
import { journalEntryToJson } from '../domain/order-codec.ts';
import { canonicalJson } from './audit-chain.ts';
import type { AuditStore, Page, TradingStore } from './store.ts';

/**
 * Holds the tables of what bots did against the audit log. The chain alone can't show that its tail was cut off, nor that
 * a fill was altered in its table: every signal, order intent and fill must be in the log, with the same content, or in
 * the outbox on its way there.
 */

export interface RecordFault {
  readonly ok: false;
  readonly reason: 'record-missing' | 'record-differs';
  readonly eventId: string;
  readonly message: string;
}

const PAGE = 1_000;

/** The first row that the log lacks or tells differently; `undefined` when there is none. Bots may be writing meanwhile. */
export async function findRecordFault(store: TradingStore & AuditStore): Promise<RecordFault | undefined> {
  const botIds = (await store.botStatuses()).map((status) => status.botId);
  // In this order nothing slips through while entries move: from the tables to the outbox, from there to the log.
  const unseen = new Map<string, string>();
  for (const botId of botIds) await collectRows(store, botId, unseen);
  for (const botId of botIds) for (const entry of await store.outbox(botId)) unseen.delete(entry.eventId);
  let after = 0;
  for (;;) {
    const rows = await store.auditRows(after, PAGE);
    for (const { index, eventId, entry } of rows) {
      const expected = unseen.get(eventId);
      if (expected !== undefined && expected !== digest(entry)) return differs(eventId, index);
      unseen.delete(eventId);
    }
    const last = rows.at(-1);
    if (!last) break;
    after = last.index;
  }
  const [missing] = unseen.keys();
  return missing === undefined ? undefined : lacks(missing, unseen.size);
}

async function collectRows(store: TradingStore, botId: string, into: Map<string, string>): Promise<void> {
  const add = (entry: JournalEntry): unknown =>
    into.set(entry.eventId, digest(canonicalJson(journalEntryToJson(entry))));
  await eachRow(
    (page) => store.signals(botId, page),
    (record) => add(signalEntry(record)),
  );
  await eachRow(
    (page) => store.orderIntents(botId, page),
    (terms) => add(intentEntry(terms)),
  );
  await eachRow(
    (page) => store.fills(botId, page),
    (fill) => add(fillEntry(botId, fill)),
  );
}

async function eachRow<Item>(
  read: (page: Page) => Promise<readonly Item[]>,
  take: (item: Item) => void,
): Promise<void> {
  for (let offset = 0; ; offset += PAGE) {
    const page = await read({ offset, limit: PAGE });
    page.forEach(take);
    if (page.length < PAGE) return;
  }
}

function digest(entry: string): string {
  return createHash('sha256').update(entry).digest('base64');
}

function differs(eventId: string, index: number): RecordFault {
  const message = `${eventId} is entry ${index} of the log, and its table says something else: one of them was altered`;
  return { ok: false, reason: 'record-differs', eventId, message };
}

function lacks(eventId: string, count: number): RecordFault {
  const others = count === 1 ? '' : `, nor are ${count - 1} more`;
  return {
    ok: false,
    reason: 'record-missing',
    eventId,
    message: `${eventId} is in the tables and not in the log${others}: entries were cut off, or rows added`,
  };
}
