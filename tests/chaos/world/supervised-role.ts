import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import type { CrashPoint } from '../../../src/foundation/crash-point.ts';
import type { RoleName } from '../../support/role-system.ts';
import { own } from './owned-processes.ts';

export const program = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

export interface RoleOptions {
  readonly name: string;
  readonly role: RoleName;
  /** Where its output goes. */
  readonly folder: string;
  /** What follows `start --role …`. */
  readonly parameters: readonly string[];
  /** Of its surroundings beside ours: keys, for instance. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** How a life ended that nobody had asked to end. */
export interface SelfEnd {
  readonly name: string;
  readonly at: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** As a supervisor of services does: at once, but not in a tight circle. */
const RESTART_AFTER_MS = 150;
const LONGEST_WAIT_MS = 2_400;
/** A life that ends by itself before this age makes the next one wait longer. */
const SHORT_LIFE_MS = 3_000;
const STOP_WITHIN_MS = 20_000;

/** A role of the system as a process of its own, which is started again whenever it ends. */
export class SupervisedRole {
  readonly name: string;
  readonly role: RoleName;
  /** Lives that ended by themselves, crash points included. */
  readonly selfEnds: SelfEnd[] = [];
  readonly #options: RoleOptions;
  #child: ChildProcess | undefined;
  #wanted = false;
  #killed = new WeakSet<ChildProcess>();
  #nextCrash: string | undefined;
  #isArmed = false;
  #wait = RESTART_AFTER_MS;
  #bornAt = 0;
  lives = 0;

  constructor(options: RoleOptions) {
    this.name = options.name;
    this.role = options.role;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether this life ends at a crash point, sooner or later. */
  get isArmed(): boolean {
    return this.isRunning && this.#isArmed;
  }

  get outputFile(): string {
    return join(this.#options.folder, `${this.name}.out`);
  }

  /** Everything that all of its lives have printed. */
  get output(): string {
    return existsSync(this.outputFile) ? readFileSync(this.outputFile, 'utf8') : '';
  }

  start(): void {
    this.#wanted = true;
    this.#spawn();
  }

  /** Its next life ends at a named point. */
  crashNextLife(point: CrashPoint, pass: number): void {
    this.#nextCrash = `${point}:${pass}`;
  }

  /** kill -9; the supervisor starts it again. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    this.#killed.add(child);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ctrl+C, and no new life. How long it took; it was killed when it took too long. */
  async stop(): Promise<{ readonly tookMs: number; readonly code: number | null }> {
    this.#wanted = false;
    const child = this.#child;
    const began = systemClock.monotonic();
    if (child === undefined || !this.isRunning) return { tookMs: 0, code: child?.exitCode ?? null };
    const ended = once(child, 'exit');
    const cancel = systemClock.after(STOP_WITHIN_MS, () => child.kill('SIGKILL'));
    child.kill('SIGINT');
    await ended;
    cancel();
    return { tookMs: systemClock.monotonic() - began, code: child.exitCode };
  }

  /** For good and at once. */
  async end(): Promise<void> {
    this.#wanted = false;
    this.thaw();
    await this.kill();
  }

  #spawn(): void {
    const { folder, parameters, environment } = this.#options;
    const crash = this.#nextCrash;
    this.#nextCrash = undefined;
    this.#isArmed = crash !== undefined;
    const output = openSync(this.outputFile, 'a');
    const child = spawn(process.execPath, [program, 'start', '--role', this.role, ...parameters], {
      stdio: ['ignore', output, output],
      cwd: folder,
      env: { ...process.env, ...environment, ...(crash !== undefined && { TRADEWIND_CRASH_AT: crash }) },
    });
    own(child);
    closeSync(output);
    this.lives += 1;
    this.#bornAt = systemClock.monotonic();
    this.#child = child;
    child.once('exit', (code, signal) => void this.#ended(child, code, signal));
  }

  async #ended(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (!this.#wanted) return;
    const wasKilled = this.#killed.has(child);
    if (!wasKilled) this.selfEnds.push({ name: this.name, at: systemClock.now(), code, signal });
    const isShort = !wasKilled && systemClock.monotonic() - this.#bornAt < SHORT_LIFE_MS;
    this.#wait = isShort ? Math.min(2 * this.#wait, LONGEST_WAIT_MS) : RESTART_AFTER_MS;
    await sleep(systemClock, this.#wait);
    if (this.#wanted && this.#child === child) this.#spawn();
  }
}
