import type { SweepPath } from './sweep-chunk.ts';
import type { SweepPlan } from './sweep-plan.ts';
import type { PointOutcome } from './sweep-point.ts';

/** What a worker is started with. Bars and control words are shared memory: nothing of them is copied. */
export interface WorkerTask {
  readonly plan: SweepPlan;
  readonly path: SweepPath;
  readonly columns: readonly SharedColumns[];
  /** See {@link ControlWords}. */
  readonly control: SharedArrayBuffer;
  /** The numbers of the chunks to compute, as 32-bit words: who takes one raises the counter. */
  readonly queue: SharedArrayBuffer;
  /** The worker's place among the others. */
  readonly slot: number;
  /** What was left undone by a worker that died; to be done first. */
  readonly rescue?: Rescue | undefined;
}

export interface SharedColumns {
  /** See `feedName`. */
  readonly feed: string;
  readonly length: number;
  readonly intervalMs: number;
  readonly buffer: SharedArrayBuffer;
}

/** A chunk to run again: whole, or its points one by one from `from` on, each told of by itself. */
export interface Rescue {
  readonly chunk: number;
  readonly from: number | 'whole';
}

/** What a worker says. */
export type WorkerMessage =
  | { readonly kind: 'chunk'; readonly number: number; readonly rows: Uint8Array }
  | { readonly kind: 'point'; readonly chunk: number; readonly outcome: PointOutcome }
  /** The chunk's points have all been told of. */
  | { readonly kind: 'points done'; readonly chunk: number }
  /** It can't work at all. */
  | { readonly kind: 'refused'; readonly message: string };

/** Shared words of 32 bits: the place in the queue, the count of points done, and for each worker what it works on. */
export class ControlWords {
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  static buffer(workers: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer((2 + workers) * Int32Array.BYTES_PER_ELEMENT);
    new Int32Array(buffer).fill(-1, 2);
    return buffer;
  }

  /** The next place in the queue that nobody has taken. */
  take(): number {
    return Atomics.add(this.#words, 0, 1);
  }

  addPoints(count: number): void {
    Atomics.add(this.#words, 1, count);
  }

  get points(): number {
    return Atomics.load(this.#words, 1);
  }

  /** @param chunk −1 for none */
  workOn(slot: number, chunk: number): void {
    Atomics.store(this.#words, 2 + slot, chunk);
  }

  workedOn(slot: number): number {
    return Atomics.load(this.#words, 2 + slot);
  }
}
