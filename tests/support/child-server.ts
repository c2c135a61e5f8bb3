import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { type Account, onPath, runsAsRoot } from './server-binaries.ts';

/** What it takes to run a server as a child that never outlives us. */
export interface ServerCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  /** The line of its log that says it serves. */
  readonly readyLine: RegExp;
  /** What makes it stop cleanly, also sent by the kernel when this process dies (Linux). */
  readonly stopSignal: 'SIGTERM' | 'SIGINT' | 'SIGKILL';
  readonly account?: Account;
}

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const running = new Set<ChildProcess>();
const folders = new Set<string>();

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

// Without this a signal would end the process before its `exit` event.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

/** A running server. */
export class ChildServer {
  readonly #child: ChildProcess;
  readonly #stopSignal: NodeJS.Signals;

  private constructor(child: ChildProcess, stopSignal: NodeJS.Signals) {
    this.#child = child;
    this.#stopSignal = stopSignal;
  }

  /** Resolves when it serves; rejects with the end of its log when it ends before that. */
  static async start(command: ServerCommand): Promise<ChildServer> {
    const [program, parameters, options] = invocation(command);
    const child = spawn(program, parameters, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    child.once('exit', () => running.delete(child));
    const log: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${command.program} ${why}:\n${log.join('\n')}`));
      const cancel = systemClock.after(START_LIMIT_MS, () => {
        child.kill('SIGKILL');
        fail(`was not ready within ${START_LIMIT_MS / 1000} s`);
      });
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => {
        cancel();
        fail(`ended at once (${signal ?? `exit code ${code}`})`);
      });
      for (const stream of [child.stdout!, child.stderr!]) {
        createInterface({ input: stream }).on('line', (line) => {
          log.push(line);
          if (log.length > 50) log.shift();
          if (!command.readyLine.test(line)) return;
          cancel();
          resolve();
        });
      }
    });
    // A server that somebody forgot to stop must not keep this process from ending, which stops it.
    child.unref();
    for (const stream of [child.stdout, child.stderr]) (stream as Socket).unref();
    return new ChildServer(child, command.stopSignal);
  }

  /** Stops it cleanly, by force after 10 s. */
  async stop(): Promise<void> {
    const cancel = systemClock.after(STOP_LIMIT_MS, () => this.#child.kill('SIGKILL'));
    await this.signal(this.#stopSignal);
    cancel();
  }

  /** Sends `signal` and waits for its end. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.ref();
    this.#child.kill(signal);
    await ended;
  }

  /** kill -9 of the server and of the processes that it has started: none of them answers any more when this resolves. */
  async killTree(): Promise<void> {
    const children = childrenOf(this.#child.pid!);
    const killed = this.signal('SIGKILL');
    for (const pid of children) sendKill(pid);
    await killed;
    while (children.some(isAlive)) await sleep(systemClock, 5);
  }

  /** Freezes it: connections stay open and nothing answers. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }
}

/** The processes that `pid` has started, as the kernel lists them; none where it does not. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** A process that has ended and only waits to be collected (a zombie) does not count. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** On Linux by way of `setpriv`, so that the kernel stops the server when this process is killed. */
function invocation(command: ServerCommand): [string, string[], { uid?: number; gid?: number }] {
  const { account } = command;
  const setpriv = process.platform === 'linux' ? onPath('setpriv') : undefined;
  if (!setpriv) {
    return [command.program, [...command.arguments], account ? { uid: account.uid, gid: account.gid } : {}];
  }
  const identity = account ? ['--reuid', `${account.uid}`, '--regid', `${account.gid}`, '--clear-groups'] : [];
  const signal = command.stopSignal.slice(3);
  return [setpriv, ['--pdeathsig', signal, ...identity, '--', command.program, ...command.arguments], {}];
}

/**
 * Starts a server on a free port. Between finding the port and using it somebody else may take it: then another one is
 * tried.
 */
export async function startOnFreePort<Server>(start: (port: number) => Promise<Server>): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === 3 || !/in use/i.test(String(error))) throw error;
      await sleep(systemClock, 50);
    }
  }
}

/** A port on which nothing listens now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A folder of our own that goes when this process ends; others may pass through it, so that `account` reaches it. */
export function temporaryFolder(name: string): string {
  const base = runsAsRoot() && !reachableByAll(tmpdir()) ? '/tmp' : tmpdir();
  const folder = mkdtempSync(join(base, `tradewind-${name}-`));
  chmodSync(folder, 0o711);
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

function reachableByAll(folder: string): boolean {
  const mayPass = (statSync(folder).mode & 0o001) !== 0;
  const parent = dirname(folder);
  return mayPass && (parent === folder || reachableByAll(parent));
}
