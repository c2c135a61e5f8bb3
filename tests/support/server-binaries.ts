import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where the programs of a PostgreSQL server are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** An account to run a server under that refuses to be run by root. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The path of `redis-server`, or `undefined` where there is none. */
export function findRedisServer(): string | undefined {
  return onPath('redis-server');
}

/**
 * The newest PostgreSQL server of Debian's folders, else the one on PATH. In that order, since what stands on PATH may
 * be a wrapper that changes the user or the arguments.
 */
export function findPostgres(): PostgresBinaries | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  for (const version of versions) {
    const initdb = join(root, version, 'bin', 'initdb');
    const postgres = join(root, version, 'bin', 'postgres');
    if (isExecutable(initdb) && isExecutable(postgres)) return { initdb, postgres };
  }
  const initdb = onPath('initdb');
  const postgres = onPath('postgres');
  return initdb && postgres ? { initdb, postgres } : undefined;
}

export function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

/** `postgres` where Debian's package made it, else `nobody`. */
export function unprivilegedAccount(): Account {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const wanted of ['postgres', 'nobody']) {
    const [name, , uid, gid] = lines.find((line) => line.startsWith(`${wanted}:`))?.split(':') ?? [];
    if (name && uid && gid) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL refuses to run as root and /etc/passwd has neither "postgres" nor "nobody"');
}

/** The path of a program on PATH, or `undefined`. */
export function onPath(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/usr/sbin'];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
