import { UserError } from '../foundation/errors.ts';

/** Where a Redis is and as whom one speaks to it, taken out of its URL. */
export interface RedisAddress {
  /** For people: `host:port`, or the path of a Unix socket. Never with a password. */
  readonly label: string;
  readonly place:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly secure: boolean }
    | { readonly kind: 'unix'; readonly path: string };
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const DEFAULT_PORT = 6379;
const UNIX_SCHEMES = ['unix:', 'redis+unix:'];

/**
 * `redis://user:password@host:6379/0`, `rediss://` over TLS, or `unix:///run/redis/redis.sock?db=0` (also as
 * `redis+unix://`; a password goes into `unix://user:password@localhost/run/redis/redis.sock`). Throws a UserError for
 * anything else.
 */
export function parseRedisAddress(url: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && UNIX_SCHEMES.includes(parsed.protocol) && parsed.pathname.length > 1) {
    const path = decodeURIComponent(parsed.pathname);
    return {
      label: path,
      place: { kind: 'unix', path },
      ...credentials(parsed),
      database: databaseOf(parsed, url, ''),
    };
  }
  if (!parsed?.hostname || (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:')) throw badAddress();
  // Square brackets belong to the URL, not to an IPv6 address.
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = parsed.port === '' ? DEFAULT_PORT : Number(parsed.port);
  return {
    label: `${parsed.hostname}:${port}`,
    place: { kind: 'tcp', host, port, secure: parsed.protocol === 'rediss:' },
    ...credentials(parsed),
    database: databaseOf(parsed, url, parsed.pathname.slice(1)),
  };
}

function credentials({ username, password }: URL): Pick<RedisAddress, 'username' | 'password'> {
  return {
    username: username === '' ? undefined : decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
  };
}

function databaseOf({ searchParams }: URL, url: string, path: string): number {
  const written = searchParams.get('db') ?? path;
  const number = written === '' ? 0 : Number(written);
  if (!Number.isInteger(number) || number < 0) {
    throw new UserError(
      `The address of Redis names the database "${written}", which is no number: correct it${url.includes('@') ? '' : `, as in redis://host:${DEFAULT_PORT}/0`}.`,
    );
  }
  return number;
}

function badAddress(): UserError {
  return new UserError(
    'The address of Redis is not of the form redis://host:6379 (or unix:///path/redis.sock): correct it in the configuration.',
  );
}

/** How a person starts a server at this address. */
export function startCommand({ place }: RedisAddress): string {
  const where = place.kind === 'unix' ? `--port 0 --unixsocket ${place.path}` : `--port ${place.port}`;
  return `redis-server ${where} --appendonly yes`;
}

/** The address with credentials, as a person would write it. */
export function withCredentials({ place, label }: RedisAddress): string {
  return place.kind === 'unix'
    ? `unix://user:password@localhost${label}`
    : `redis${place.secure ? 's' : ''}://user:password@${label}`;
}

/** How a person speaks to the server at an address; of a label, as {@link RedisAddress} has it. */
export function clientCommand(label: string): string {
  if (label.startsWith('/')) return `redis-cli -s ${label}`;
  const colon = label.lastIndexOf(':');
  return `redis-cli -h ${label.slice(0, colon)} -p ${label.slice(colon + 1)}`;
}
