import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { type Clock, nextTurn, sleep } from '../foundation/clock.ts';
import { sqliteColumns } from './migrations/column-kind.ts';
import { kyselyOver, PreparedStatements } from './node-sqlite-dialect.ts';
import { columnsOf, type Row, type TableName, type Tables } from './schema.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';
import { fileFault, type StoreFault, StoreUnavailableError } from './store-error.ts';

export interface EmbeddedDatabaseTerms {
  readonly path: string;
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly busyTimeoutMs: number;
  readonly clock: Clock;
}

/** How long to wait before asking again for the write lock that another process holds. */
const BUSY_RETRY_MS = 3;

/** After this long without one, the event loop gets a turn: SQLite works within the call, so a loop of calls would hold it. */
const TURN_EVERY_MS = 10;

/**
 * One SQLite file in WAL mode, by two connections: one that writes, a transaction at a time, and one that reads what is
 * committed, so that readers never hinder the trading writes nor are hindered by them. Other processes may use the same
 * file; while one of them writes, this one waits without blocking the event loop.
 */
export class EmbeddedDatabase implements SqlDatabase {
  readonly place: string;
  readonly columnTypes = sqliteColumns;
  readonly #terms: EmbeddedDatabaseTerms;
  readonly #writer: DatabaseSync;
  readonly #reader: DatabaseSync;
  readonly #session: EmbeddedSession;
  readonly #readerKysely: Kysely<Tables>;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  #lastTurn: number;

  constructor(terms: EmbeddedDatabaseTerms) {
    this.#terms = terms;
    this.place = terms.path;
    this.#lastTurn = terms.clock.monotonic();
    try {
      mkdirSync(dirname(terms.path), { recursive: true });
      this.#writer = openWriter(terms);
      this.#reader = new DatabaseSync(terms.path, { readOnly: true, timeout: terms.busyTimeoutMs });
    } catch (error) {
      throw asStoreError(error, terms.path);
    }
    this.#session = new EmbeddedSession(this.#writer);
    this.#readerKysely = kyselyOver(this.#reader, new PreparedStatements(this.#reader));
  }

  async read<Answer>(query: (kysely: Kysely<Tables>) => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await query(this.#readerKysely);
      await this.#giveWay();
      return answer;
    } catch (error) {
      throw asStoreError(error, this.place);
    }
  }

  transaction<Answer>(work: (session: SqlSession) => Promise<Answer>): Promise<Answer> {
    const turn = this.#queue.then(() => this.#transact(work));
    this.#queue = turn.catch(() => {});
    return turn;
  }

  /** Nothing here waits for a server. */
  interrupt(): void {}

  async close(): Promise<void> {
    await this.#queue;
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.close();
    this.#writer.close();
  }

  async #transact<Answer>(work: (session: SqlSession) => Promise<Answer>): Promise<Answer> {
    try {
      await this.#begin();
      try {
        const answer = await work(this.#session);
        this.#writer.exec('commit');
        await this.#giveWay();
        return answer;
      } catch (error) {
        // SQLite itself has already rolled back after some failures, a full disk among them.
        if (this.#writer.isTransaction) this.#writer.exec('rollback');
        throw error;
      }
    } catch (error) {
      throw asStoreError(error, this.place);
    }
  }

  /** Lets timers and connections have their turn now and then. (Under a clock that stands still it never waits.) */
  async #giveWay(): Promise<void> {
    const { clock } = this.#terms;
    if (clock.monotonic() - this.#lastTurn < TURN_EVERY_MS) return;
    await nextTurn();
    this.#lastTurn = clock.monotonic();
  }

  /** Takes the write lock at the beginning, so that no transaction fails half-way for want of it. */
  async #begin(): Promise<void> {
    const { clock, busyTimeoutMs } = this.#terms;
    const deadline = clock.monotonic() + busyTimeoutMs;
    for (;;) {
      try {
        this.#writer.exec('begin immediate');
        return;
      } catch (error) {
        if (sqliteFault(error) !== 'BUSY' || clock.monotonic() >= deadline) throw error;
      }
      await sleep(clock, BUSY_RETRY_MS);
    }
  }
}

function openWriter({ path, synchronous, busyTimeoutMs }: EmbeddedDatabaseTerms): DatabaseSync {
  const writer = new DatabaseSync(path, { timeout: busyTimeoutMs });
  writer.exec('pragma journal_mode = wal');
  writer.exec(`pragma synchronous = ${synchronous.toLowerCase()}`);
  // On macOS only this reaches the platter; elsewhere it does nothing.
  writer.exec('pragma fullfsync = on');
  // From here on, waiting for other processes is done in #begin, without blocking.
  writer.exec('pragma busy_timeout = 0');
  return writer;
}

class EmbeddedSession implements SqlSession {
  readonly kysely: Kysely<Tables>;
  readonly locksRows = false;
  readonly #statements: PreparedStatements;
  readonly #inserts = new Map<TableName, { readonly text: string; readonly columns: readonly string[] }>();

  constructor(writer: DatabaseSync) {
    this.#statements = new PreparedStatements(writer);
    this.kysely = kyselyOver(writer, this.#statements);
  }

  async insertMissing<Name extends TableName>(table: Name, rows: readonly Row<Name>[]): Promise<number> {
    const { text, columns } = this.#insert(table);
    const statement = this.#statements.get(text);
    const values: (string | number | Uint8Array | null)[] = columns.map(() => null);
    let inserted = 0;
    for (const row of rows as readonly Readonly<Record<string, string | number | Uint8Array | null>>[]) {
      for (let column = 0; column < columns.length; column++) values[column] = row[columns[column]!]!;
      inserted += statement.run(...values).changes as number;
    }
    return inserted;
  }

  async lock(): Promise<void> {
    // There is one writer at a time: the transaction itself is the lock.
  }

  async prepareSchema(): Promise<void> {
    // A file is its own schema.
  }

  #insert(table: TableName): { readonly text: string; readonly columns: readonly string[] } {
    const found = this.#inserts.get(table);
    if (found) return found;
    const columns = columnsOf(table).map(([name]) => name);
    const places = columns.map(() => '?').join(', ');
    const text = `insert into ${table} (${columns.join(', ')}) values (${places}) on conflict do nothing`;
    const made = { text, columns };
    this.#inserts.set(table, made);
    return made;
  }
}

function asStoreError(error: unknown, place: string): unknown {
  const fault = sqliteFault(error) ?? fileFault(error);
  return fault ? new StoreUnavailableError(fault, place, error) : error;
}

/** What a primary result code of SQLite (https://sqlite.org/rescode.html) means for the store. */
function sqliteFault(error: unknown): StoreFault | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  if (code !== 'ERR_SQLITE_ERROR' || typeof errcode !== 'number') return undefined;
  switch (errcode & 0xff) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return 'BUSY';
    case 8: // SQLITE_READONLY
    case 14: // SQLITE_CANTOPEN
      return 'NOT_WRITABLE';
    case 10: // SQLITE_IOERR
      return 'FAILED_IO';
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return 'DAMAGED';
    case 13: // SQLITE_FULL
      return 'FULL';
    default:
      return undefined;
  }
}
