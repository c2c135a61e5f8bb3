import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { fillEntry, intentEntry, signalEntry } from '../../src/domain/journal.ts';
import { journalEntryFromJson } from '../../src/domain/order-codec.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import type { Json } from '../../src/foundation/json.ts';
import { epochMs } from '../../src/foundation/time.ts';
import { type AuditBreak, verifyAuditChain } from '../../src/store/audit-chain.ts';
import { findRecordFault } from '../../src/store/audit-record.ts';
import type { Store } from '../../src/store/store.ts';
import { lease, type StoreBench, type StoreTest } from './store-bench.ts';
import {
  START,
  sampleCommit,
  sampleEntry,
  sampleFill,
  sampleIntent,
  sampleOrderEvents,
  sampleSignal,
} from './store-samples.ts';

const now = epochMs(START);
const entries = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => sampleEntry(from + index));

export function auditContract(storeTest: StoreTest): void {
  storeTest('each row is chained to the one before, from the first', async (store) => {
    await store.appendAudit(entries(1, 3), now);
    await store.appendAudit(entries(4, 4), epochMs(START + 7));
    const rows = await store.auditRows(0, 10);
    let previous = '0'.repeat(64);
    rows.forEach((row, position) => {
      assert.equal(row.index, position + 1);
      assert.equal(row.eventId, `event-${position + 1}`);
      assert.equal(row.recordedAt, position === 3 ? START + 7 : START);
      assert.equal(row.previousHash, previous);
      const { z } = (JSON.parse(row.entry) as { event: { details: { z: number } } }).event.details;
      const time = START + z;
      assert.equal(
        row.entry,
        `{"event":{"details":{"a":["ü",1e-7],"z":${z}},"source":"contract","time":${time},"type":"test"},` +
          `"eventId":"event-${z}","kind":"system","time":${time}}`,
      );
      previous = createHash('sha256').update(`${previous}${row.entry}`).digest('hex');
      assert.equal(row.hash, previous);
    });
    assert.deepEqual(await verifyAuditChain(store), { ok: true, count: 4, headHash: previous });
  });

  storeTest('every kind of entry reads back as it was', async (store) => {
    const [event] = sampleOrderEvents('bot', 1).slice(3);
    const time = now;
    const written = [
      { eventId: '1', time, kind: 'signal', record: sampleSignal('bot', 1) },
      { eventId: '2', time, kind: 'order-intent', terms: sampleIntent('bot', 1) },
      { eventId: '3', time, kind: 'order-event', event: event! },
      { eventId: '4', time, kind: 'fill', fill: sampleFill('bot', 1, { fee: fixed('-0.000000000001') }) },
    ] as const;
    await store.appendAudit(written, now);
    const rows = await store.auditRows(0, 10);
    assert.deepEqual(
      rows.map((row) => journalEntryFromJson(JSON.parse(row.entry) as Json)),
      written,
    );
  });

  storeTest('an event that is there already is passed over', async (store) => {
    await store.appendAudit(entries(1, 700), now);
    await store.appendAudit(entries(1, 900), epochMs(START + 1));
    await store.appendAudit([sampleEntry(901), sampleEntry(902, { eventId: 'event-901' })], now);
    await store.appendAudit([], now);
    assert.equal(await store.countRows('audit_log'), 901);
    const [last] = await store.auditRows(900, 10);
    assert.match(last!.entry, /"z":901/);
    const verdict = await verifyAuditChain(store, 100);
    assert.ok(verdict.ok && verdict.count === 901);
  });

  storeTest('rows are read in pages', async (store) => {
    await store.appendAudit(entries(1, 25), now);
    assert.deepEqual(
      (await store.auditRows(10, 3)).map((row) => row.index),
      [11, 12, 13],
    );
    assert.deepEqual(await store.auditRows(25, 3), []);
    for (const pageSize of [1, 5, 24, 25, 26]) {
      const verdict = await verifyAuditChain(store, pageSize);
      assert.ok(verdict.ok && verdict.count === 25);
    }
  });

  storeTest('an empty log is whole', async (store) => {
    assert.deepEqual(await verifyAuditChain(store), { ok: true, count: 0, headHash: '0'.repeat(64) });
  });

  storeTest('writers that append at once make one chain without a hole', async (_store, bench) => {
    const writers = await Promise.all(Array.from({ length: 4 }, () => bench.open()));
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let batch = 0; batch < 5; batch++) {
          // Half of each batch is what every other writer appends too.
          const own = entries(1_000 * (index + 1) + batch * 10, 1_000 * (index + 1) + batch * 10 + 9);
          await writer.appendAudit([...own, ...entries(batch * 10, batch * 10 + 9)], now);
        }
      }),
    );
    const verdict = await verifyAuditChain(writers[0]!);
    assert.ok(verdict.ok);
    assert.equal(verdict.count, 4 * 50 + 50);
  });

  storeTest('a change of what was written shows, and where', async (store, bench) => {
    await store.appendAudit(entries(1, 30), now);
    const at = (index: number) => `where entry_index = ${index}`;
    const other = `'${'f'.repeat(64)}'`;
    await tampered(
      store,
      bench,
      `update audit_log set entry = replace(entry, '"z":7', '"z":8') ${at(7)}`,
      7,
      'hash-mismatch',
    );
    await tampered(store, bench, `update audit_log set hash = ${other} ${at(12)}`, 12, 'hash-mismatch');
    await tampered(
      store,
      bench,
      `update audit_log set previous_hash = ${other} ${at(20)}`,
      20,
      'previous-hash-mismatch',
    );
    await tampered(store, bench, `update audit_log set event_id = 'another' ${at(3)}`, 3, 'entry-mismatch');
    await tampered(store, bench, `delete from audit_log ${at(15)}`, 15, 'missing-index');
    await tampered(store, bench, `delete from audit_log ${at(1)}`, 1, 'missing-index');
  });

  storeTest('a tail that was cut off and a row that was altered show against the tables', async (store, bench) => {
    const held = await lease(store);
    const signals = Array.from({ length: 1_100 }, (_, index) => sampleSignal('bot', index));
    const intents = [sampleIntent('bot', 1)];
    const fills = [sampleFill('bot', 1), sampleFill('bot', 2)];
    const told = [
      ...signals.map(signalEntry),
      ...intents.map(intentEntry),
      ...fills.map((fill) => fillEntry('bot', fill)),
    ];
    await store.commitBot(sampleCommit('bot', held, 0, { signals, intents, fills, outbox: told }));
    assert.equal(await findRecordFault(store), undefined, 'all of it is still in the outbox');
    await store.appendAudit(told.slice(0, 500), now);
    assert.equal(await findRecordFault(store), undefined, 'part of it is');
    await store.appendAudit(told.slice(500), now);
    assert.equal(await findRecordFault(store), undefined, 'none of it is');
    const faultAfter = async (statement: string) => {
      await bench.execute(statement);
      const fault = await findRecordFault(store);
      return fault && [fault.reason, fault.eventId];
    };
    const last = told.at(-1)!.eventId;
    assert.deepEqual(await faultAfter('delete from audit_log where entry_index = 1103'), ['record-missing', last]);
    assert.ok((await verifyAuditChain(store)).ok, 'the chain alone does not show it');
    await store.appendAudit(told, now);
    assert.equal(await findRecordFault(store), undefined);
    const altered = "update fills set side = case side when 'buy' then 'sell' else 'buy' end where fill_id = ";
    assert.deepEqual(await faultAfter(`${altered}'${fills[0]!.fillId}'`), [
      'record-differs',
      fillEntry('bot', fills[0]!).eventId,
    ]);
    await bench.execute(`${altered}'${fills[0]!.fillId}'`);
    const first = told[0]!.eventId;
    assert.deepEqual(await faultAfter('delete from audit_log'), ['record-missing', first]);
  });

  storeTest('a row whose hash was made to fit breaks the chain at the next one', async (store, bench) => {
    await store.appendAudit(entries(1, 9), now);
    const row = (await store.auditRows(3, 1))[0]!;
    const forged = row.entry.replace('"z":4', '"z":5');
    const hash = createHash('sha256')
      .update(row.previousHash + forged)
      .digest('hex');
    await bench.execute(`update audit_log set entry = '${forged}', hash = '${hash}' where entry_index = 4`);
    const verdict = await verifyAuditChain(store);
    assert.ok(!verdict.ok && verdict.index === 5 && verdict.reason === 'previous-hash-mismatch');
  });
}

/** Verifies after `statement`, then puts the log back as it was. */
async function tampered(
  store: Store,
  bench: StoreBench,
  statement: string,
  index: number,
  reason: AuditBreak,
): Promise<void> {
  await bench.execute('create table untouched as select * from audit_log');
  await bench.execute(statement);
  const verdict = await verifyAuditChain(store, 8);
  assert.ok(!verdict.ok, statement);
  assert.deepEqual([verdict.index, verdict.reason], [index, reason], verdict.message);
  await bench.execute('delete from audit_log');
  await bench.execute('insert into audit_log select * from untouched');
  await bench.execute('drop table untouched');
  assert.ok((await verifyAuditChain(store)).ok);
}
