import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { Tables } from './schema.ts';

/** Beyond this many different statements the prepared ones are forgotten, so that the cache stays bounded. */
const MAXIMUM_PREPARED = 200;

/** Prepares each statement once. */
export class PreparedStatements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(text: string): StatementSync {
    const found = this.#prepared.get(text);
    if (found) return found;
    if (this.#prepared.size >= MAXIMUM_PREPARED) this.#prepared.clear();
    const statement = this.#database.prepare(text);
    this.#prepared.set(text, statement);
    return statement;
  }

  /** Forgets them all: after a change of the schema. */
  clear(): void {
    this.#prepared.clear();
  }
}

type Parameters = readonly (string | number | Uint8Array | null)[];

/** Kysely over `node:sqlite`: its SQLite dialect asks for the interface of another driver, and this gives it. */
export function kyselyOver(database: DatabaseSync, statements: PreparedStatements): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: new SqliteDialect({
      database: {
        close: () => database.close(),
        prepare(text) {
          const statement = statements.get(text);
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...(parameters as Parameters)),
            run: (parameters) => statement.run(...(parameters as Parameters)),
            // A statement that is being iterated can't be shared, so this one is its own.
            iterate: (parameters) => database.prepare(text).iterate(...(parameters as Parameters)),
          };
        },
      },
    }),
  });
}
