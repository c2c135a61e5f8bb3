import { InvariantError } from '../foundation/errors.ts';
import { failed, type Result, success } from '../foundation/result.ts';
import { chunksOf } from './chunks.ts';
import { type CommitRows, checkpointRow, commitRows, statusRow } from './commit-rows.ts';
import { holdsLease } from './lease-table.ts';
import type { Row } from './schema.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';
import type { BotCommit, CommitRefusal } from './store.ts';

/**
 * One transaction: is the lease still the writer's, is the checkpoint where the writer believes it to be; then the
 * checkpoint moves on and everything else is added. A refused commit has written nothing.
 *
 * The very same commit again (the answer to the first was lost) is acknowledged again. A row whose unique key is there
 * already is passed over when it says the same, and throws when it says something else: no fill is booked twice, and
 * none is lost in silence.
 */
export async function commitBot(database: SqlDatabase, commit: BotCommit): Promise<Result<number, CommitRefusal>> {
  const checkpoint = checkpointRow(commit);
  const status = statusRow(commit);
  const rows = commitRows(commit);
  return database.transaction(async (session) => {
    if (!(await holdsLease(session, commit.lease))) return failed(leaseLost(commit));
    if (!(await advance(session, checkpoint))) return alreadyThere(session, commit, checkpoint);
    await addRows(session, rows);
    await putStatus(session, status);
    return success(checkpoint.revision);
  });
}

/** Moves the checkpoint on from the revision before; `false` when it is not there. Of two that try, one succeeds. */
async function advance(session: SqlSession, checkpoint: Row<'bot_checkpoints'>): Promise<boolean> {
  if (checkpoint.revision === 1) return (await session.insertMissing('bot_checkpoints', [checkpoint])) === 1;
  const { bot_id, revision, ...changes } = checkpoint;
  const { numUpdatedRows } = await session.kysely
    .updateTable('bot_checkpoints')
    .set({ ...changes, revision })
    .where('bot_id', '=', bot_id)
    .where('revision', '=', revision - 1)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

async function alreadyThere(
  { kysely }: SqlSession,
  { botId, expectedRevision }: BotCommit,
  checkpoint: Row<'bot_checkpoints'>,
): Promise<Result<number, CommitRefusal>> {
  const present = await kysely
    .selectFrom('bot_checkpoints')
    .select(['revision', 'lease_token', 'digest'])
    .where('bot_id', '=', botId)
    .executeTakeFirst();
  const isThisCommit =
    present?.revision === checkpoint.revision &&
    present.lease_token === checkpoint.lease_token &&
    present.digest === checkpoint.digest;
  if (isThisCommit) return success(checkpoint.revision);
  return failed({
    code: 'REVISION_CONFLICT',
    message: `The checkpoint of bot ${botId} is at revision ${present?.revision ?? 0}, not at ${expectedRevision}.`,
  });
}

function leaseLost({ botId, lease }: BotCommit): CommitRefusal {
  const { name, owner, token } = lease;
  return {
    code: 'LEASE_LOST',
    message: `The lease ${name} is no longer held by ${owner} with token ${token}; bot ${botId} must not write.`,
  };
}

async function addRows(session: SqlSession, rows: CommitRows): Promise<void> {
  await addEach(session, 'signals', 'signal_id', rows.signals);
  await addEach(session, 'order_intents', 'client_order_id', rows.order_intents);
  await addEach(session, 'order_events', 'place', rows.order_events);
  await addEach(session, 'fills', 'fill_id', rows.fills);
  await addEach(session, 'equity', 'place', rows.equity);
  await addEach(session, 'outbox', 'event_id', rows.outbox);
}

/** Adds rows; those that `key` says are there already must say the same. */
async function addEach<Name extends keyof CommitRows>(
  session: SqlSession,
  table: Name,
  key: string,
  rows: CommitRows[Name],
): Promise<void> {
  if (rows.length === 0) return;
  const inserted = await session.insertMissing<keyof CommitRows>(table, rows);
  if (inserted !== rows.length) await refuseDifferent(session, table, key, rows as readonly LooseRow[]);
}

/** A row of any of the tables of a commit. */
type LooseRow = Readonly<Record<string, string | number | null>> & { readonly bot_id: string };

async function refuseDifferent(
  { kysely }: SqlSession,
  table: keyof CommitRows,
  key: string,
  rows: readonly LooseRow[],
): Promise<void> {
  for (const some of chunksOf(rows)) {
    const present = (await kysely
      .selectFrom(table as 'fills')
      .selectAll()
      .where('bot_id', '=', some[0]!.bot_id)
      .where(key as 'fill_id', 'in', some.map((row) => row[key]) as string[])
      .execute()) as unknown as readonly LooseRow[];
    const byKey = new Map(present.map((row) => [row[key], row]));
    for (const row of some) {
      const stored = byKey.get(row[key]!);
      const column = stored && firstDifference(row, stored);
      if (stored && column === undefined) continue;
      throw new InvariantError('A row is stored already and says something else', {
        table,
        botId: row.bot_id,
        [key]: row[key],
        column,
        stored: column && stored?.[column],
        given: column && row[column],
      });
    }
  }
}

/** The first column in which the two differ, other than where they were written. */
function firstDifference(row: LooseRow, stored: LooseRow): string | undefined {
  return Object.keys(row).find(
    (column) => column !== 'revision' && column !== 'place' && row[column] !== stored[column],
  );
}

async function putStatus({ kysely }: SqlSession, status: Row<'bot_status'>): Promise<void> {
  const { bot_id: _, ...changes } = status;
  await kysely
    .insertInto('bot_status')
    .values(status)
    .onConflict((conflict) => conflict.column('bot_id').doUpdateSet(changes))
    .execute();
}
