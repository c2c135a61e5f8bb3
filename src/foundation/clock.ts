import { invariant } from './errors.ts';
import { type DurationMs, type EpochMs, epochMs } from './time.ts';

/** Stops a timer. Calling it twice is harmless. */
export type CancelTimer = () => void;

/**
 * The only source of time. Everything that waits, measures or stamps does so through a clock, so that the whole system
 * can run under a virtual one.
 */
export interface Clock {
  /** The wall clock: it may step. Use it for stamps, never for measuring a duration. */
  now(): EpochMs;
  /** A monotonic clock in milliseconds (fractions count): it never steps back. Use it for durations. */
  monotonic(): DurationMs;
  /** Calls `action` once, after `delay` milliseconds; less than 0 is 0. */
  after(delay: number, action: () => void): CancelTimer;
  /** Calls `action` each `period` milliseconds (more than 0), first after one period. */
  every(period: number, action: () => void): CancelTimer;
}

/** Resolves after `delay` milliseconds of this clock. */
export function sleep(clock: Clock, delay: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delay, resolve);
  });
}

/** The longest delay that the machine's timers keep; they take a longer one for none at all. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => epochMs(Date.now()),
  monotonic: () => performance.now() as DurationMs,
  after(delay, action) {
    mustBeDuration(delay);
    let left = Math.max(0, delay);
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const part = Math.min(left, LONGEST_TIMER_MS);
      left -= part;
      timer = setTimeout(left > 0 ? wait : action, part);
    };
    wait();
    return () => clearTimeout(timer);
  },
  every(period, action) {
    mustBePeriod(period);
    invariant(period <= LONGEST_TIMER_MS, 'A period longer than the timers of this machine', { period });
    const timer = setInterval(action, period);
    return () => clearInterval(timer);
  },
};

function mustBeDuration(delay: number): void {
  invariant(!Number.isNaN(delay), 'A timer needs a delay in milliseconds', { delay });
}

function mustBePeriod(period: number): void {
  invariant(period > 0, 'A timer needs a period above 0', { period });
}

interface VirtualTimer {
  due: number;
  readonly order: number;
  readonly period: number | undefined;
  readonly action: () => void;
}

/**
 * A clock that stands still until it is told to move: for tests and simulation. Timers fire in the order of their due
 * time; those due at the same instant fire in the order in which they were set.
 */
export class VirtualClock implements Clock {
  #now: number;
  readonly #origin: number;
  #order = 0;
  readonly #timers = new Set<VirtualTimer>();

  constructor(start: EpochMs = epochMs(0)) {
    this.#now = start;
    this.#origin = start;
  }

  /** In whole milliseconds, as every wall clock here; timers may fall between two. */
  now(): EpochMs {
    return epochMs(Math.floor(this.#now));
  }

  monotonic(): DurationMs {
    return (this.#now - this.#origin) as DurationMs;
  }

  after(delay: number, action: () => void): CancelTimer {
    mustBeDuration(delay);
    return this.#add(delay, undefined, action);
  }

  every(period: number, action: () => void): CancelTimer {
    mustBePeriod(period);
    return this.#add(period, period, action);
  }

  /** The number of timers that are still set. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moves time on by `duration`, firing what falls due; lets promises settle between two timers. */
  async advance(duration: number): Promise<void> {
    const end = this.#now + duration;
    await nextTurn();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.due);
      if (next.period === undefined) this.#timers.delete(next);
      else next.due += next.period;
      next.action();
      await nextTurn();
    }
    this.#now = end;
  }

  #add(delay: number, period: number | undefined, action: () => void): CancelTimer {
    const timer: VirtualTimer = { due: this.#now + Math.max(0, delay), order: this.#order++, period, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #next(end: number): VirtualTimer | undefined {
    let first: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) first = timer;
    }
    return first;
  }
}

/** Lets everything that waits on an already settled promise run, and input and output have their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
