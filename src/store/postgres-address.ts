import { UserError } from '../foundation/errors.ts';

/** Where a PostgreSQL database is. `place` is for people and never has the password. */
export interface PostgresAddress {
  readonly url: string;
  readonly place: string;
  readonly schema: string;
}

/**
 * What every session is set to, whatever the server's defaults:
 * - a commit is durable when it is acknowledged (an order is an effect outside the database);
 * - a process that hangs inside a transaction, or waits for one that does, gives up instead of holding up the others;
 * - no compiling of queries: ours are short, and compiling takes longer than running them.
 */
const sessionSettings: Readonly<Record<string, string>> = {
  synchronous_commit: 'on',
  default_transaction_isolation: 'read\\ committed',
  lock_timeout: '10000',
  idle_in_transaction_session_timeout: '10000',
  jit: 'off',
};

/**
 * Reads `postgres://user:password@host:port/database`, and adds the session settings and the schema to it. Throws a
 * UserError, without the password, where it is not such an address or `schema` is not a plain name.
 */
export function postgresAddress(url: string, schema: string): PostgresAddress {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new UserError(
      `The PostgreSQL schema ${JSON.stringify(schema)} is not a plain name; use lower-case letters, digits and _.`,
    );
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    throw new UserError(
      'The address of the PostgreSQL database is not one; write it as postgres://user:password@host:5432/database.',
    );
  }
  const host = parsed.searchParams.get('host') ?? (parsed.hostname || 'localhost');
  const port = parsed.searchParams.get('port') ?? (parsed.port || '5432');
  const name = decodeURIComponent(parsed.pathname.slice(1)) || decodeURIComponent(parsed.username) || 'postgres';
  const settings = Object.entries({ ...sessionSettings, search_path: schema });
  const own = parsed.searchParams.get('options');
  const options = [...(own ? [own] : []), ...settings.map(([setting, value]) => `-c ${setting}=${value}`)];
  parsed.searchParams.set('options', options.join(' '));
  return { url: parsed.href, place: `${host}:${port}/${name}`, schema };
}
