import type pg from 'pg';
import { messageOf, UserError } from '../foundation/errors.ts';
import { fixed, formatFixed } from '../foundation/fixed-point.ts';
import { type Logger, silentLogger } from '../foundation/logger.ts';
import { type PostgresAddress, postgresAddress } from './postgres-address.ts';
import { ANSWER_WITHIN_MS, PoolGuard } from './postgres-pool.ts';
import type { Store } from './store.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:5432/database` */
  readonly url: string;
  /** The schema that holds the tables; made by `migrate()` when absent. Default `public`. */
  readonly schema?: string;
  /** The most connections at a time. Default 10. */
  readonly poolSize?: number;
  /** How long to wait for a connection. Default 5,000 ms. */
  readonly connectTimeoutMs?: number;
  /** A statement unanswered for so long ends its connection. Default 15,000 ms. */
  readonly answerWithinMs?: number;
  /** Hears when a connection breaks (the next query makes a new one). */
  readonly logger?: Logger;
}

/**
 * The store in PostgreSQL. Call `migrate()` before anything else. A connection that breaks is replaced at the next call;
 * the call in hand fails with a StoreUnavailableError.
 *
 * Throws a UserError that says `host:port/database` (never the password) when it can't be reached or doesn't let us in.
 */
export async function connectPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const address = postgresAddress(options.url, options.schema ?? 'public');
  const [driver, { PostgresDatabase }, { SqlStore }] = await Promise.all([
    import('pg'),
    import('./postgres-database.ts'),
    import('./sql-store.ts'),
  ]);
  const pool = openPool(driver.default, address, options);
  const guard = new PoolGuard(pool);
  try {
    await pool.query('select 1');
  } catch (error) {
    await pool.end();
    throw new UserError(`The PostgreSQL database ${address.place} ${reasonOf(error)}`, { cause: error });
  }
  return new SqlStore(new PostgresDatabase(pool, address, guard));
}

function openPool(driver: typeof pg, address: PostgresAddress, options: PostgresStoreOptions): pg.Pool {
  const pool = new driver.Pool({
    connectionString: address.url,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    query_timeout: options.answerWithinMs ?? ANSWER_WITHIN_MS,
    application_name: 'tradewind',
    types: {
      getTypeParser: (type: number, format: 'text' | 'binary' = 'text') =>
        (format === 'text' ? parsers.get(type) : undefined) ?? driver.types.getTypeParser(type, format as 'text'),
    },
  });
  const logger = options.logger ?? silentLogger;
  const broke = (error: Error) => logger.warn('store connection broke', { place: address.place, error: error.message });
  pool.on('error', broke);
  // The pool hears its idle connections only. One that breaks between two queries of a transaction says so by an event
  // of its own, which would end the process if nobody listened.
  pool.on('connect', (client) => client.on('error', broke));
  return pool;
}

/** How values come back, by the type's object id: numbers as they went in, JSON as the text it was. */
const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [20, Number], // bigint
  [1700, (text) => formatFixed(fixed(text))], // numeric: 0.100000000000 is 0.1
  [114, (text) => text], // json
]);

/** What went wrong, and what to do. */
function reasonOf(error: unknown): string {
  switch ((error as { code?: unknown }).code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'refuses the connection: nothing listens there. Start the server, or mend the address.';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'was not found: there is no host of this name. Mend the address.';
    case '28P01':
    case '28000':
      return 'does not let us in: the user or the password is wrong. Mend them in the address.';
    case '3D000':
      return 'does not exist on that server. Create it (createdb), or mend the name in the address.';
    default:
      return `can't be reached (${messageOf(error)}). Look whether the server runs and is reachable from here.`;
  }
}
