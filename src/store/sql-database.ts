import type { Kysely } from 'kysely';
import type { ColumnTypes } from './migrations/column-kind.ts';
import type { Row, TableName, Tables } from './schema.ts';

/**
 * What the embedded database and PostgreSQL each do their own way; everything else of the store is written once, upon
 * this. Failures come out as {@link StoreUnavailableError} where the cause is outside this program.
 */
export interface SqlDatabase {
  /** The file, or `host:port/database`, for messages. */
  readonly place: string;
  readonly columnTypes: ColumnTypes;
  /** Runs queries that only read, and see what is committed. */
  read<Answer>(query: (kysely: Kysely<Tables>) => Promise<Answer>): Promise<Answer>;
  /** All or nothing: commits when `work` resolves, rolls back when it rejects. Durable when it resolves. */
  transaction<Answer>(work: (session: SqlSession) => Promise<Answer>): Promise<Answer>;
  /** What has waited for an answer of a server for seconds rejects. */
  interrupt(): void;
  close(): Promise<void>;
}

/** One open transaction. */
export interface SqlSession {
  readonly kysely: Kysely<Tables>;
  /**
   * Whether a row that was read must be locked to stay as it is until the end of the transaction. In the embedded
   * database there is one writer at a time, so there is nothing to lock.
   */
  readonly locksRows: boolean;
  /** Inserts the rows that break no unique key, passes over the others, and gives how many went in. */
  insertMissing<Name extends TableName>(table: Name, rows: readonly Row<Name>[]): Promise<number>;
  /** Waits until no other transaction holds `name`, and holds it to the end of this one. */
  lock(name: string): Promise<void>;
  /** Makes what must be there before the first table (in PostgreSQL, the schema). */
  prepareSchema(): Promise<void>;
}
