import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { invariant } from '../foundation/errors.ts';
import { type DurationMs, type EpochMs, epochMs } from '../foundation/time.ts';

/** A clock that begins at the present time of another one and runs `speed` times as fast. */
export class AcceleratedClock implements Clock {
  readonly #base: Clock;
  readonly #speed: number;
  readonly #start: number;
  readonly #origin: number;

  constructor(base: Clock, speed: number) {
    invariant(speed > 0 && Number.isFinite(speed), 'A clock runs at a speed above 0', { speed });
    this.#base = base;
    this.#speed = speed;
    this.#start = base.now();
    this.#origin = base.monotonic();
  }

  now(): EpochMs {
    return epochMs(Math.floor(this.#start + this.monotonic()));
  }

  monotonic(): DurationMs {
    return ((this.#base.monotonic() - this.#origin) * this.#speed) as DurationMs;
  }

  after(delay: number, action: () => void): CancelTimer {
    return this.#base.after(delay / this.#speed, action);
  }

  every(period: number, action: () => void): CancelTimer {
    // No machine keeps a period below a millisecond.
    return this.#base.every(Math.max(period / this.#speed, 1), action);
  }
}
