import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { sleep, systemClock } from '../../src/foundation/clock.ts';

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export type RoleName = 'collector' | 'bots' | 'recorder' | 'server';

export interface RoleSystemOptions {
  readonly redisUrl: string;
  readonly postgresUrl: string;
  /** Market seconds per real second. */
  readonly speed: number;
  /** The `bots` section of the configuration. */
  readonly bots: readonly Readonly<Record<string, unknown>>[];
  readonly risk?: Readonly<Record<string, unknown>>;
}

interface RoleProcess {
  readonly name: string;
  readonly role: RoleName;
  child: ChildProcess;
  exit: Promise<number | null>;
}

/** The real program, role by role, in processes of its own, over a real Redis and a real PostgreSQL. */
export class RoleSystem {
  readonly configurationFile: string;
  readonly folder: string;
  readonly #processes = new Map<string, RoleProcess>();

  constructor({ redisUrl, postgresUrl, speed, bots, risk }: RoleSystemOptions) {
    const id = randomUUID().slice(0, 8);
    this.folder = mkdtempSync(join(tmpdir(), 'tradewind-roles-'));
    this.configurationFile = join(this.folder, 'tradewind.yaml');
    const configuration = {
      market: { speed },
      bots,
      ...(risk && { risk }),
      bus: { url: redisUrl, keyPrefix: `roles-${id}:` },
      store: { url: postgresUrl, schema: `roles_${id}` },
      record: { csv: join(this.folder, 'candles') },
      logging: { folder: join(this.folder, 'logs') },
      server: { port: 0 },
    };
    writeFileSync(this.configurationFile, stringify(configuration));
  }

  /** Starts a process of a role; `name` tells two of one role apart. */
  start(role: RoleName, name: string = role): void {
    const log = createWriteStream(join(this.folder, `${name}.out`), { flags: 'a' });
    const args = [
      program,
      'start',
      '--role',
      role,
      '--config',
      this.configurationFile,
      ...(role === 'server' ? [] : ['--until-end']),
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.folder });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    this.#processes.set(name, { name, role, child, exit });
  }

  /** kill -9, and started again at once. False when it had ended by itself: then it is left alone. */
  async killAndRestart(name: string): Promise<boolean> {
    const running = this.#processes.get(name)!;
    if (running.child.exitCode !== null) return false;
    running.child.kill('SIGKILL');
    const code = await running.exit;
    if (code !== null) return false;
    this.start(running.role, name);
    return true;
  }

  /** SIGINT is Ctrl+C; SIGSTOP freezes it as a laptop's sleep does, and SIGCONT wakes it. */
  signal(name: string, signal: 'SIGINT' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#processes.get(name)!.child.kill(signal);
  }

  /** Waits until a process has printed something that `pattern` fits. */
  async said(name: string, pattern: RegExp): Promise<void> {
    const file = join(this.folder, `${name}.out`);
    while (!existsSync(file) || !pattern.test(readFileSync(file, 'utf8'))) {
      if (!this.isRunning(name)) throw new Error(`${name} ended before it said ${pattern}`);
      await sleep(systemClock, 100);
    }
  }

  isRunning(name: string): boolean {
    const running = this.#processes.get(name);
    return running !== undefined && running.child.exitCode === null && running.child.signalCode === null;
  }

  /** The exit code of a process that ends by itself. */
  exitOf(name: string): Promise<number | null> {
    return this.#processes.get(name)!.exit;
  }

  /** The last of what a process has printed, for the message of a check that failed. */
  lastWordsOf(name: string): string {
    const file = join(this.folder, `${name}.out`);
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-4_000) : '(nothing printed)';
  }

  /** Kills what still runs and removes the folder. */
  async stop(): Promise<void> {
    for (const { child, exit } of this.#processes.values()) {
      child.kill('SIGKILL');
      await exit;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
