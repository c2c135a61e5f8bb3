import type { CancelTimer, Clock } from '../../../src/foundation/clock.ts';
import type { Random } from '../../../src/foundation/random.ts';
import { type DurationMs, type EpochMs, epochMs } from '../../../src/foundation/time.ts';

interface Scheduled {
  readonly due: number;
  /** Decides between what is due at the same instant: races are tried, not hidden. */
  readonly draw: number;
  readonly order: number;
  readonly action: () => void;
  isCancelled: boolean;
}

/**
 * The time of a simulated world: one heap of what is to happen. Each happening runs alone, until nothing more can happen
 * without time; what falls due at the same instant comes in an order drawn from the seed.
 */
export class WorldClock implements Clock {
  /** How many happenings there were. */
  events = 0;
  readonly #random: Random;
  readonly #origin: number;
  readonly #heap: Scheduled[] = [];
  #now: number;
  #order = 0;

  constructor(start: EpochMs, random: Random) {
    this.#now = start;
    this.#origin = start;
    this.#random = random;
  }

  now(): EpochMs {
    return epochMs(Math.floor(this.#now));
  }

  monotonic(): DurationMs {
    return (this.#now - this.#origin) as DurationMs;
  }

  after(delay: number, action: () => void): CancelTimer {
    const due = this.#now + Math.max(0, delay);
    const scheduled: Scheduled = { due, draw: this.#random.next(), order: this.#order++, action, isCancelled: false };
    this.#push(scheduled);
    return () => {
      scheduled.isCancelled = true;
    };
  }

  every(period: number, action: () => void): CancelTimer {
    let cancel = this.after(period, function again(this: undefined) {
      cancel = world.after(period, again);
      action();
    });
    const world = this;
    return () => cancel();
  }

  /** Lets the world go on for so long, or until `isDone`. */
  async run(duration: number, isDone: () => boolean = () => false): Promise<void> {
    const end = this.#now + duration;
    for (let next = this.#heap[0]; next !== undefined && next.due <= end && !isDone(); next = this.#heap[0]) {
      this.#pop();
      if (next.isCancelled) continue;
      this.#now = next.due;
      this.events += 1;
      next.action();
      await everythingSettled();
    }
    if (!isDone()) this.#now = end;
  }

  #push(one: Scheduled): void {
    const heap = this.#heap;
    let place = heap.push(one) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(one, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = one;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(one: Scheduled, other: Scheduled): boolean {
  if (one.due !== other.due) return one.due < other.due;
  return one.draw !== other.draw ? one.draw < other.draw : one.order < other.order;
}

/** Node calls what is put off to the next tick when no promise is left that could go on: sooner than a timer could. */
function everythingSettled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
