import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { connectPostgresStore } from '../../src/store/postgres-store.ts';
import type { Store } from '../../src/store/store.ts';

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const strategy = fileURLToPath(new URL('../fixtures/crossing-averages.ts', import.meta.url));

export interface SweepClusterOptions {
  readonly redisUrl: string;
  readonly postgresUrl: string;
  /** The arguments of `sweep` that say which points of which bars. */
  readonly sweep: readonly string[];
}

interface RunningProgram {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  output: string;
  errors: string;
}

/** Points of a strategy of a user's own, one of which fails: `size` chunks the amount of work. */
export function sweepOfFixture(size: 'small' | 'large'): readonly string[] {
  const bars = ['--symbol', 'SOLUSDT', '--timeframe', size === 'small' ? '5m' : '1m'];
  const grid = size === 'small' ? ['fast=2:31', 'slow=20:200:10'] : ['fast=2:41', 'slow=20:400:10'];
  return [strategy, ...bars, '--set', grid[0]!, '--set', grid[1]!, '--where', 'fast < slow'];
}

/** The real program: workers and coordinators in processes of their own, over a real Redis and a real PostgreSQL. */
export class SweepCluster {
  readonly folder: string;
  readonly #options: SweepClusterOptions;
  readonly #programs = new Map<string, RunningProgram>();
  readonly #id = randomUUID().slice(0, 8);

  constructor(options: SweepClusterOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'tradewind-sweep-'));
  }

  startWorker(name: string): void {
    this.#start(name, ['start', '--role', 'worker', '--threads', '1']);
  }

  startCoordinator(name = 'coordinator', more: readonly string[] = []): void {
    this.#start(name, ['sweep', ...this.#options.sweep, '--cluster', '--json', '--all', ...more]);
  }

  cancel(id: string): Promise<number | null> {
    this.#start('cancel', ['sweep', '--cancel', id]);
    return this.exitOf('cancel');
  }

  signal(name: string, signal: 'SIGINT' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#programs.get(name)!.child.kill(signal);
  }

  /** kill -9, at once. False when it had ended by itself. */
  async kill(name: string): Promise<boolean> {
    const running = this.#programs.get(name)!;
    if (!this.isRunning(name)) return false;
    running.child.kill('SIGKILL');
    return (await running.exit) === null;
  }

  isRunning(name: string): boolean {
    const child = this.#programs.get(name)?.child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  exitOf(name: string): Promise<number | null> {
    return this.#programs.get(name)!.exit;
  }

  /** What a program has printed for people. */
  errorsOf(name: string): string {
    return this.#programs.get(name)!.errors;
  }

  /** The JSON document of a coordinator, without what is not the same twice. */
  documentOf(name = 'coordinator'): unknown {
    return withoutTiming(this.#programs.get(name)!.output);
  }

  /** What one machine makes of the same sweep. */
  async single(): Promise<{ readonly document: unknown; readonly chunks: Uint8Array[]; readonly id: string }> {
    const path = join(this.folder, 'single', 'tradewind.db');
    const args = ['sweep', ...this.#options.sweep, '--store', path, '--json', '--all'];
    const running = this.#spawn(args);
    if ((await running.exit) !== 0) throw new Error(`The sweep on one machine failed: ${running.errors}`);
    const store = await openEmbeddedStore({ path: join(this.folder, 'single', 'sweeps.db') });
    try {
      const { id, chunks } = (await store.sweeps())[0]!;
      const rows = await store.chunks(id, 0, chunks);
      return { document: withoutTiming(running.output), chunks: rows.map((chunk) => chunk.rows), id };
    } finally {
      await store.close();
    }
  }

  /** The store of the cluster. Close it. */
  async openStore(): Promise<Store> {
    const store = await connectPostgresStore({ url: this.#options.postgresUrl, poolSize: 2 });
    await store.migrate();
    return store;
  }

  /** Waits until at least `count` chunks of a sweep are done. */
  async untilDone(store: Store, id: string, count: number): Promise<void> {
    while ((await store.chunksDone(id)).length < count) await sleep(systemClock, 20);
  }

  async killAll(): Promise<void> {
    for (const { child, exit } of this.#programs.values()) {
      child.kill('SIGKILL');
      await exit;
    }
    this.#programs.clear();
  }

  async stop(): Promise<void> {
    await this.killAll();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #start(name: string, args: readonly string[]): void {
    const { redisUrl, postgresUrl } = this.#options;
    this.#programs.set(name, this.#spawn([...args, '--bus', redisUrl, '--store', postgresUrl]));
  }

  #spawn(args: readonly string[]): RunningProgram {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.folder,
      env: { ...process.env, XDG_CACHE_HOME: join(this.folder, `cache-${this.#id}`) },
    });
    const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    const running: RunningProgram = { child, exit, output: '', errors: '' };
    child.stdout.on('data', (text) => {
      running.output += text;
    });
    child.stderr.on('data', (text) => {
      running.errors += text;
    });
    return running;
  }
}

function withoutTiming(text: string): unknown {
  const { timing: _, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return rest;
}
