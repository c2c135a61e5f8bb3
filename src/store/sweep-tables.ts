import { InvariantError, invariant } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { Row } from './schema.ts';
import type { SqlDatabase } from './sql-database.ts';
import { storedJson, storedWhole } from './stored-values.ts';
import type { SweepChunk, SweepRecord, SweepStore } from './sweep-store.ts';

/** A data set is kept in pieces of this many bytes: a driver holds one of them several times over while it passes it on. */
const PART_BYTES = 4 * 1024 * 1024;

/** Sweeps, the chunks of their results, and the data sets that they run over. */
export class SweepTables implements SweepStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async createSweep({ id, plan, chunks, createdAt, cancelled }: SweepRecord): Promise<void> {
    const row: Row<'sweeps'> = {
      id,
      plan: storedJson(plan, 'plan'),
      chunks: storedWhole(chunks, 'chunks'),
      created_at: storedWhole(createdAt, 'createdAt'),
      cancelled: cancelled ? 1 : 0,
    };
    await this.#database.transaction((session) => session.insertMissing('sweeps', [row]));
  }

  async sweep(id: string): Promise<SweepRecord | undefined> {
    const row = await this.#database.read((kysely) =>
      kysely.selectFrom('sweeps').selectAll().where('id', '=', id).executeTakeFirst(),
    );
    return row && recordOf(row);
  }

  async sweeps(): Promise<readonly SweepRecord[]> {
    const rows = await this.#database.read((kysely) =>
      kysely.selectFrom('sweeps').selectAll().orderBy('created_at', 'desc').orderBy('id').execute(),
    );
    return rows.map(recordOf);
  }

  async deleteSweep(id: string): Promise<void> {
    await this.#database.transaction(async ({ kysely }) => {
      await kysely.deleteFrom('sweep_chunks').where('sweep_id', '=', id).execute();
      await kysely.deleteFrom('sweeps').where('id', '=', id).execute();
    });
  }

  async cancelSweep(id: string, cancelled: boolean): Promise<void> {
    await this.#database.transaction(({ kysely }) =>
      kysely
        .updateTable('sweeps')
        .set({ cancelled: cancelled ? 1 : 0 })
        .where('id', '=', id)
        .execute(),
    );
  }

  async saveChunk({ sweepId, number, rows }: SweepChunk): Promise<void> {
    const row = { sweep_id: sweepId, chunk: storedWhole(number, 'chunk number'), content: ownBytes(rows) };
    await this.#database.transaction(async (session) => {
      if ((await session.insertMissing('sweep_chunks', [row])) === 1) return;
      const { content } = await session.kysely
        .selectFrom('sweep_chunks')
        .select('content')
        .where('sweep_id', '=', sweepId)
        .where('chunk', '=', number)
        .executeTakeFirstOrThrow();
      if (Buffer.compare(content, row.content) === 0) return;
      throw new InvariantError('The same points of a sweep gave other figures than before', {
        sweep: sweepId,
        chunk: number,
        bytesBefore: content.length,
        bytesNow: rows.length,
      });
    });
  }

  async chunksDone(id: string): Promise<readonly number[]> {
    const rows = await this.#database.read((kysely) =>
      kysely.selectFrom('sweep_chunks').select('chunk').where('sweep_id', '=', id).orderBy('chunk').execute(),
    );
    return rows.map(({ chunk }) => chunk);
  }

  async chunks(id: string, from: number, to: number): Promise<readonly SweepChunk[]> {
    const rows = await this.#database.read((kysely) =>
      kysely
        .selectFrom('sweep_chunks')
        .select(['chunk', 'content'])
        .where('sweep_id', '=', id)
        .where('chunk', '>=', from)
        .where('chunk', '<', to)
        .orderBy('chunk')
        .execute(),
    );
    return rows.map(({ chunk, content }) => ({ sweepId: id, number: chunk, rows: ownBytes(content) }));
  }

  /** All its parts in one transaction: a data set is there whole, or not at all. */
  async saveDataset(hash: string, content: Uint8Array): Promise<void> {
    await this.#database.transaction(async (session) => {
      if ((await session.insertMissing('datasets', [{ hash, size: content.length }])) === 0) return;
      for (let from = 0, part = 0; from < content.length; from += PART_BYTES, part++) {
        const bytes = ownBytes(content.subarray(from, from + PART_BYTES));
        await session.kysely.insertInto('dataset_parts').values({ hash, part, content: bytes }).execute();
      }
    });
  }

  async dataset(hash: string): Promise<Uint8Array | undefined> {
    const found = await this.#database.read((kysely) =>
      kysely.selectFrom('datasets').select('size').where('hash', '=', hash).executeTakeFirst(),
    );
    if (!found) return undefined;
    const content = new Uint8Array(found.size);
    let filled = 0;
    for (let part = 0; filled < content.length; part++) {
      const bytes = await this.#part(hash, part);
      invariant(filled + bytes.length <= content.length, 'A data set in the store is longer than it says', { hash });
      content.set(bytes, filled);
      filled += bytes.length;
    }
    return content;
  }

  async #part(hash: string, part: number): Promise<Uint8Array> {
    const row = await this.#database.read((kysely) =>
      kysely
        .selectFrom('dataset_parts')
        .select('content')
        .where('hash', '=', hash)
        .where('part', '=', part)
        .executeTakeFirst(),
    );
    if (!row) throw new InvariantError('A part of a data set is missing in the store', { hash, part });
    return row.content;
  }
}

/** A copy in memory that is nobody else's: drivers give and take views of their own buffers, and no shared memory. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function recordOf(row: Row<'sweeps'>): SweepRecord {
  return {
    id: row.id,
    plan: JSON.parse(row.plan) as Json,
    chunks: row.chunks,
    createdAt: row.created_at as EpochMs,
    cancelled: row.cancelled === 1,
  };
}
