import { sql } from 'kysely';
import { crashPoint } from '../foundation/crash-point.ts';
import { InvariantError, UserError } from '../foundation/errors.ts';
import { allMigrations } from './migrations/all-migrations.ts';
import { type Migration, schemaBuild } from './migrations/migration.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';

/**
 * Brings the schema to the newest of `migrations`: one transaction, so that a kill leaves the old schema or the new
 * one, and under a lock, so that of programs that start together one migrates and the others find it done. (Kysely's
 * own migrator runs SQLite's steps outside a transaction.)
 *
 * Throws a UserError when the data was written by a newer program.
 */
export async function migrate(
  database: SqlDatabase,
  migrations: readonly Migration[] = allMigrations,
): Promise<{ readonly from: number; readonly to: number }> {
  const newest = migrations.at(-1)?.version ?? 0;
  return database.transaction(async (session) => {
    await session.lock('migrations');
    await session.prepareSchema();
    const from = await presentVersion(session);
    if (from > newest) {
      throw new UserError(
        `The data in ${database.place} was written by a newer version of this program (its schema is version ${from}, ` +
          `this program knows up to ${newest}). Use that program, or give another data file or database.`,
      );
    }
    for (const migration of migrations) {
      if (migration.version <= from) continue;
      await migration.up(schemaBuild(session.kysely as never, database.columnTypes));
      const { version, name } = migration;
      const inserted = await session.insertMissing('schema_migrations', [{ version, name }]);
      crashPoint('in-migration');
      if (inserted !== 1) throw new InvariantError('A migration was noted already', { version, name });
    }
    return { from, to: newest };
  });
}

/** The version of the schema as it is; 0 for a new database. */
async function presentVersion({ kysely }: SqlSession): Promise<number> {
  await sql`create table if not exists schema_migrations (version integer primary key, name text not null)`.execute(
    kysely,
  );
  const { version } = await kysely
    .selectFrom('schema_migrations')
    .select(({ fn }) => fn.max('version').as('version'))
    .executeTakeFirstOrThrow();
  return version ?? 0;
}
