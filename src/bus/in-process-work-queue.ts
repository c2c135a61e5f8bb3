import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import { settledWithin } from './settled-within.ts';
import {
  type AbortReason,
  DEFAULT_RETRIES,
  type RetryTerms,
  type WorkerHandle,
  type WorkHandler,
  type WorkJob,
  type WorkOptions,
  type WorkProgress,
  type WorkQueue,
} from './work-queue.ts';

interface Entry {
  readonly job: WorkJob;
  state: 'waiting' | 'delayed' | 'running' | 'failed';
  attempts: number;
  message: string;
  running: AbortController | undefined;
  delay: CancelTimer | undefined;
}

interface Taker {
  readonly concurrency: number;
  readonly handle: WorkHandler;
  readonly running: Map<Entry, Promise<void>>;
  closing: boolean;
}

/** ADAPTER: the work queue in memory, for one process. */
export class InProcessWorkQueue implements WorkQueue {
  readonly #clock: Clock;
  readonly #retries: RetryTerms;
  /** In the order of their turns. */
  readonly #entries = new Map<string, Entry>();
  readonly #takers = new Set<Taker>();
  readonly #cancelled = new Set<string>();

  constructor(clock: Clock, retries: RetryTerms = DEFAULT_RETRIES) {
    this.#clock = clock;
    this.#retries = retries;
  }

  async add(jobs: readonly WorkJob[]): Promise<void> {
    for (const job of jobs) {
      const id = idOf(job);
      if (this.#entries.has(id)) continue;
      const fresh = { attempts: 0, message: '', running: undefined, delay: undefined };
      this.#entries.set(id, { job, state: 'waiting', ...fresh });
    }
    this.#handOut();
  }

  work({ concurrency }: WorkOptions, handle: WorkHandler): WorkerHandle {
    const taker: Taker = { concurrency, handle, running: new Map(), closing: false };
    this.#takers.add(taker);
    this.#handOut();
    return { close: (withinMs) => this.#retire(taker, withinMs) };
  }

  async progress(group: string): Promise<WorkProgress> {
    const entries = [...this.#entries.values()].filter(({ job }) => job.group === group);
    const numbers = (...states: readonly Entry['state'][]): number[] =>
      entries.filter(({ state }) => states.includes(state)).map(({ job }) => job.number);
    return {
      waiting: numbers('waiting', 'delayed'),
      running: numbers('running'),
      failed: entries
        .filter(({ state }) => state === 'failed')
        .map(({ job, message }) => ({ number: job.number, message })),
    };
  }

  async cancel(group: string): Promise<void> {
    this.#cancelled.add(group);
    for (const entry of this.#entries.values()) {
      if (entry.job.group !== group) continue;
      entry.delay?.();
      if (entry.running) entry.running.abort('cancelled' satisfies AbortReason);
      else this.#entries.delete(idOf(entry.job));
    }
  }

  async allow(group: string): Promise<void> {
    this.#cancelled.delete(group);
  }

  async forgetFailed(group: string): Promise<void> {
    for (const [id, { job, state }] of this.#entries) {
      if (job.group === group && state === 'failed') this.#entries.delete(id);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#takers].map((taker) => this.#retire(taker, 0)));
    for (const entry of this.#entries.values()) entry.delay?.();
  }

  /** Gives every worker that has room its next jobs. */
  #handOut(): void {
    for (const taker of this.#takers) {
      while (!taker.closing && taker.running.size < taker.concurrency) {
        const entry = this.#next();
        if (!entry) return;
        const running = this.#run(entry, taker).finally(() => {
          taker.running.delete(entry);
          this.#handOut();
        });
        taker.running.set(entry, running);
      }
    }
  }

  #next(): Entry | undefined {
    for (const [id, entry] of this.#entries) {
      if (entry.state !== 'waiting') continue;
      if (!this.#cancelled.has(entry.job.group)) return entry;
      this.#entries.delete(id);
    }
    return undefined;
  }

  async #run(entry: Entry, { handle }: Taker): Promise<void> {
    const controller = new AbortController();
    entry.state = 'running';
    entry.running = controller;
    let error: unknown;
    let isDone = false;
    try {
      await handle(entry.job, controller.signal);
      isDone = true;
    } catch (thrown) {
      error = thrown;
    }
    entry.running = undefined;
    if (isDone || controller.signal.reason === 'cancelled') this.#entries.delete(idOf(entry.job));
    else if (controller.signal.aborted) entry.state = 'waiting';
    else this.#failed(entry, error);
  }

  #failed(entry: Entry, error: unknown): void {
    entry.attempts += 1;
    entry.message = messageOf(error);
    if (entry.attempts >= this.#retries.attempts) {
      entry.state = 'failed';
      return;
    }
    entry.state = 'delayed';
    entry.delay = this.#clock.after(this.#retries.retryAfterMs, () => {
      entry.delay = undefined;
      entry.state = 'waiting';
      this.#handOut();
    });
  }

  async #retire(taker: Taker, withinMs: number): Promise<void> {
    taker.closing = true;
    const ended = Promise.all(taker.running.values());
    if (taker.running.size > 0 && withinMs > 0) await settledWithin(this.#clock, ended, withinMs);
    for (const entry of taker.running.keys()) entry.running?.abort('closing' satisfies AbortReason);
    await ended;
    this.#takers.delete(taker);
  }
}

function idOf({ group, number }: WorkJob): string {
  return `${group}/${number}`;
}
