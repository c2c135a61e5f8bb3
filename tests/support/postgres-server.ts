import { execFile } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ChildServer, removeFolder, startOnFreePort, temporaryFolder } from './child-server.ts';
import {
  type Account,
  findPostgres,
  type PostgresBinaries,
  runsAsRoot,
  unprivilegedAccount,
} from './server-binaries.ts';

const run = promisify(execFile);

/** A real PostgreSQL of our own, on a free port of this machine, with its data in a temporary folder. */
export class PostgresServer {
  readonly port: number;
  /** Of the superuser, on the database `postgres`. */
  readonly url: string;
  readonly #folder: string;
  readonly #binaries: PostgresBinaries;
  readonly #account: Account | undefined;
  #server: ChildServer | undefined;

  private constructor(port: number, folder: string, binaries: PostgresBinaries, account: Account | undefined) {
    this.port = port;
    this.url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
    this.#folder = folder;
    this.#binaries = binaries;
    this.#account = account;
  }

  static async start(): Promise<PostgresServer> {
    const binaries = findPostgres();
    if (!binaries) throw new Error('A PostgreSQL server is not installed: apt-get install postgresql');
    const account = runsAsRoot() ? unprivilegedAccount() : undefined;
    const folder = temporaryFolder('postgres');
    await createCluster(folder, binaries, account);
    return await startOnFreePort(async (port) => {
      const server = new PostgresServer(port, folder, binaries, account);
      await server.restart();
      return server;
    });
  }

  /** kill -9 of its main process and of those that serve connections, which would answer for a moment longer. */
  async kill(): Promise<void> {
    await this.#server?.killTree();
  }

  /** Starts it again after {@link kill}, on the same port with the same data. */
  async restart(): Promise<void> {
    this.#server = await ChildServer.start({
      program: this.#binaries.postgres,
      arguments: [
        ...['-D', dataFolder(this.#folder), '-k', dataFolder(this.#folder), '-h', '127.0.0.1', '-p', `${this.port}`],
        // A process kill loses nothing without fsync; only a power cut would.
        ...['-c', 'fsync=off', '-c', 'max_connections=200', '-c', 'log_min_messages=log'],
      ],
      readyLine: /database system is ready to accept connections/,
      stopSignal: 'SIGINT',
      ...(this.#account && { account: this.#account }),
    });
  }

  /** Stops it and removes its data. */
  async stop(): Promise<void> {
    await this.#server?.stop();
    removeFolder(this.#folder);
  }
}

/** Starts a real PostgreSQL of our own. `stop()` it; it also goes when this process ends. */
export function startPostgres(): Promise<PostgresServer> {
  return PostgresServer.start();
}

function dataFolder(folder: string): string {
  return join(folder, 'data');
}

async function createCluster(folder: string, binaries: PostgresBinaries, account: Account | undefined): Promise<void> {
  const data = dataFolder(folder);
  mkdirSync(data, { mode: 0o700 });
  if (account) chownSync(data, account.uid, account.gid);
  await run(
    binaries.initdb,
    ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
    { cwd: data, ...(account && { uid: account.uid, gid: account.gid }) },
  );
}
