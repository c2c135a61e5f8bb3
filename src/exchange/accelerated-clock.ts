import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { invariant } from '../foundation/errors.ts';
import { type DurationMs, type EpochMs, epochMs } from '../foundation/time.ts';

/** An instant by two clocks: at `baseTime` of the one it was `time` of the other. Milliseconds since 1970. */
export interface ClockAnchor {
  readonly baseTime: number;
  readonly time: number;
}

/**
 * A clock that runs `speed` times as fast as another one. It begins at that one's present time, or stands where an anchor
 * puts it: processes of one machine with the same anchor and speed have the same time.
 */
export class AcceleratedClock implements Clock {
  readonly speed: number;
  readonly anchor: ClockAnchor;
  readonly #base: Clock;
  readonly #start: number;
  readonly #origin: number;

  constructor(base: Clock, speed: number, anchor?: ClockAnchor) {
    invariant(speed > 0 && Number.isFinite(speed), 'A clock runs at a speed above 0', { speed });
    const baseTime = base.now();
    this.speed = speed;
    this.anchor = anchor ?? { baseTime, time: baseTime };
    this.#base = base;
    this.#start = this.anchor.time + (baseTime - this.anchor.baseTime) * speed;
    this.#origin = base.monotonic();
  }

  now(): EpochMs {
    return epochMs(Math.floor(this.#start + this.monotonic()));
  }

  monotonic(): DurationMs {
    return ((this.#base.monotonic() - this.#origin) * this.speed) as DurationMs;
  }

  after(delay: number, action: () => void): CancelTimer {
    return this.#base.after(delay / this.speed, action);
  }

  every(period: number, action: () => void): CancelTimer {
    // No machine keeps a period below a millisecond.
    return this.#base.every(Math.max(period / this.speed, 1), action);
  }
}
