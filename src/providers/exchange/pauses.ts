import type { CancelTimer, Clock } from '../../foundation/clock.ts';

/** Waits that end at once when there is nothing to wait for any more: no timer keeps a stopped program alive. */
export class Pauses {
  readonly #clock: Clock;
  readonly #running = new Set<() => void>();
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  pause(duration: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        this.#running.delete(finish);
        resolve();
      };
      const cancel: CancelTimer = this.#clock.after(duration, finish);
      this.#running.add(finish);
    });
  }

  /** Ends all, and every later one. */
  end(): void {
    this.#ended = true;
    for (const finish of [...this.#running]) finish();
  }
}
