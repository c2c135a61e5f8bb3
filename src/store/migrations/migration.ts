import { type Kysely, sql } from 'kysely';
import type { ColumnKind, ColumnTypes, NullableKind } from './column-kind.ts';

/**
 * One step of the schema. Steps are numbered 1, 2, 3 … without a hole, run in that order, and never change once they
 * have been released: a change is a new step.
 */
export interface Migration {
  readonly version: number;
  readonly name: string;
  up(build: SchemaBuild): Promise<void>;
}

/** What a step may use: the database, and tables whose column types suit it. */
export interface SchemaBuild {
  readonly kysely: Kysely<unknown>;
  createTable(name: string, table: TableTerms): Promise<void>;
  createIndex(table: string, columns: readonly string[]): Promise<void>;
}

export interface TableTerms {
  readonly columns: Readonly<Record<string, ColumnKind | NullableKind>>;
  readonly primaryKey: readonly string[];
  readonly unique?: readonly string[];
}

/** Builds tables in the column types of one database. */
export function schemaBuild(kysely: Kysely<unknown>, columnTypes: ColumnTypes): SchemaBuild {
  return {
    kysely,
    async createTable(name, { columns, primaryKey, unique }) {
      let table = kysely.schema.createTable(name);
      for (const [column, kind] of Object.entries(columns)) {
        const type = sql.raw(columnTypes.types[kind.replace('?', '') as ColumnKind]);
        table = table.addColumn(column, type, (built) => (kind.endsWith('?') ? built : built.notNull()));
      }
      table = table.addPrimaryKeyConstraint(`${name}_key`, [...primaryKey] as never);
      if (unique) table = table.addUniqueConstraint(`${name}_unique`, [...unique] as never);
      if (columnTypes.tableSuffix) table = table.modifyEnd(sql.raw(columnTypes.tableSuffix));
      await table.execute();
    },
    async createIndex(table, columns) {
      await kysely.schema
        .createIndex(`${table}_by_${columns.join('_')}`)
        .on(table)
        .columns([...columns])
        .execute();
    },
  };
}
