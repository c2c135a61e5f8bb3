import type { CancelTimer, Clock } from '../../../src/foundation/clock.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { WorldClock } from './world-clock.ts';

/** What a crash point throws: nothing that the process still does after it reaches anybody. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * One life of a simulated process: from its start until it is killed. Everything that comes to it from outside (timers,
 * answers, messages) comes through {@link deliver}: a dead process gets nothing any more, and one that sleeps, as with
 * SIGSTOP, gets it all when it wakes.
 */
export class Life {
  /** The life to which something was delivered last: whose code runs now. */
  static running: Life | undefined;
  readonly name: string;
  readonly clock: Clock;
  readonly #world: WorldClock;
  #isDead = false;
  #held: (() => void)[] | undefined;

  /** @param skewMs how wrong its wall clock is */
  constructor(name: string, world: WorldClock, skewMs: number) {
    this.name = name;
    this.#world = world;
    this.clock = {
      now: () => epochMs(world.now() + skewMs),
      monotonic: () => world.monotonic(),
      after: (delay, action) => this.#after(delay, action),
      every: (period, action) => this.#every(period, action),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isAsleep(): boolean {
    return this.#held !== undefined;
  }

  kill(): void {
    this.#isDead = true;
    this.#held = undefined;
  }

  sleep(): void {
    this.#held ??= [];
  }

  /** What came meanwhile comes now, in order. */
  wake(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const action of held) this.#world.after(0, () => this.deliver(action));
  }

  deliver(action: () => void): void {
    if (this.#isDead) return;
    if (this.#held) {
      this.#held.push(action);
      return;
    }
    Life.running = this;
    try {
      action();
    } catch (thrown) {
      if (!(thrown instanceof Killed)) throw thrown;
    }
  }

  /** Something done outside, and its answer. A dead process does nothing, and hears of nothing. */
  call<Value>(work: () => Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#isDead) return;
      work().then(
        (value) => this.deliver(() => resolve(value)),
        (thrown: unknown) => this.deliver(() => reject(thrown)),
      );
    });
  }

  #after(delay: number, action: () => void): CancelTimer {
    let isCancelled = false;
    const cancel = this.#world.after(delay, () =>
      this.deliver(() => {
        if (!isCancelled) action();
      }),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** What fell due in its sleep comes once. */
  #every(period: number, action: () => void): CancelTimer {
    let isCancelled = false;
    let cancel: CancelTimer = () => {};
    const again = (): void => {
      cancel = this.#after(period, () => {
        if (isCancelled) return;
        again();
        action();
      });
    };
    again();
    return () => {
      isCancelled = true;
      cancel();
    };
  }
}
