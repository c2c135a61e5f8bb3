import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely';
import type pg from 'pg';
import { type ColumnKind, postgresColumns } from './migrations/column-kind.ts';
import type { PostgresAddress } from './postgres-address.ts';
import { postgresFault } from './postgres-fault.ts';
import type { PoolGuard } from './postgres-pool.ts';
import { columnsOf, type Row, type TableName, type Tables } from './schema.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';
import { StoreUnavailableError } from './store-error.ts';

/** Rows in one statement: few enough that its text stays some megabytes. */
const ROWS_PER_STATEMENT = 5_000;

/** A PostgreSQL database by a pool of connections. */
export class PostgresDatabase implements SqlDatabase {
  readonly place: string;
  readonly columnTypes = postgresColumns;
  readonly #schema: string;
  readonly #kysely: Kysely<Tables>;
  readonly #guard: PoolGuard;

  constructor(pool: pg.Pool, { place, schema }: PostgresAddress, guard: PoolGuard) {
    this.#guard = guard;
    this.place = place;
    this.#schema = schema;
    this.#kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  }

  async read<Answer>(query: (kysely: Kysely<Tables>) => Promise<Answer>): Promise<Answer> {
    try {
      return await query(this.#kysely);
    } catch (error) {
      throw asStoreError(error, this.place);
    }
  }

  async transaction<Answer>(work: (session: SqlSession) => Promise<Answer>): Promise<Answer> {
    try {
      return await this.#kysely
        .transaction()
        .execute((transaction) => work(new PostgresSession(transaction, this.#schema)));
    } catch (error) {
      throw asStoreError(error, this.place);
    }
  }

  interrupt(): void {
    this.#guard.cutWaiting();
  }

  async close(): Promise<void> {
    await this.#guard.end();
  }
}

class PostgresSession implements SqlSession {
  readonly kysely: Kysely<Tables>;
  readonly locksRows = true;
  readonly #schema: string;

  constructor(kysely: Kysely<Tables>, schema: string) {
    this.kysely = kysely;
    this.#schema = schema;
  }

  /** One array per column instead of one parameter per value: one short statement for thousands of rows. */
  async insertMissing<Name extends TableName>(table: Name, rows: readonly Row<Name>[]): Promise<number> {
    const columns = columnsOf(table);
    let inserted = 0;
    for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
      const some = rows.slice(from, from + ROWS_PER_STATEMENT) as unknown as readonly Readonly<
        Record<string, string | number | Uint8Array | null>
      >[];
      const arrays = columns.map(([column]) => some.map((row) => row[column]));
      const { numAffectedRows } = await this.kysely.executeQuery(CompiledQuery.raw(insertText(table), arrays));
      inserted += Number(numAffectedRows);
    }
    return inserted;
  }

  async lock(name: string): Promise<void> {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`tradewind ${this.#schema} ${name}`}, 0))`.execute(
      this.kysely,
    );
  }

  async prepareSchema(): Promise<void> {
    const found = await sql`select 1 from pg_namespace where nspname = ${this.#schema}`.execute(this.kysely);
    if (found.rows.length === 0) await this.kysely.schema.createSchema(this.#schema).execute();
  }
}

const arrayTypes: Readonly<Record<ColumnKind, string>> = {
  text: 'text[]',
  whole: 'bigint[]',
  float: 'double precision[]',
  exact: 'numeric[]',
  json: 'json[]',
  bytes: 'bytea[]',
};

function insertText(table: TableName): string {
  const columns = columnsOf(table);
  const names = columns.map(([name]) => `"${name}"`).join(', ');
  const arrays = columns.map(([, kind], index) => `$${index + 1}::${arrayTypes[kind]}`).join(', ');
  return `insert into ${table} (${names}) select * from unnest(${arrays}) on conflict do nothing`;
}

function asStoreError(error: unknown, place: string): unknown {
  const fault = postgresFault(error);
  return fault ? new StoreUnavailableError(fault, place, error) : error;
}
