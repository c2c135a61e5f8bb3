import type { ClockOffset } from '../../execution/order-gateway.ts';
import type { Clock } from '../../foundation/clock.ts';

/** Measures of one estimate. */
const MEASURES = 5;
const SLOW_BY_MS = 20;
/** Beyond this the machine's clock is wrong, or the venue's: nothing is signed. */
const MOST_OFFSET_MS = 5_000;
/** Two estimates that differ by more (and by more than their uncertainty) mean that a clock was set. */
const MOST_CHANGE_MS = 500;

/** What an estimate says about whether requests may be signed. */
export type ClockVerdict = { readonly kind: 'sound' } | { readonly kind: 'doubtful'; readonly reason: string };

/**
 * The venue's clock, seen from ours: the median of several measures, each the venue's time against the middle of its round
 * trip (Cristian's algorithm), so that it is wrong by at most half a round trip.
 */
export class VenueClock {
  readonly #clock: Clock;
  readonly #askTime: () => Promise<number>;
  #offset: ClockOffset | undefined;

  /** @param askTime the venue's time in milliseconds; may reject */
  constructor(clock: Clock, askTime: () => Promise<number>) {
    this.#clock = clock;
    this.#askTime = askTime;
  }

  get offset(): ClockOffset | undefined {
    return this.#offset;
  }

  /** The venue's time; ours before it was measured. */
  now(): number {
    return this.#clock.now() + (this.#offset?.offsetMs ?? 0);
  }

  /** Measures anew. Rejects where the venue can't be asked; the last estimate stays. */
  async measure(): Promise<ClockVerdict> {
    const measures: { readonly offset: number; readonly trip: number }[] = [];
    for (let count = 0; count < MEASURES; count++) {
      const before = this.#clock.monotonic();
      const wallBefore = this.#clock.now();
      const told = await this.#askTime();
      const trip = this.#clock.monotonic() - before;
      measures.push({ offset: told - (wallBefore + trip / 2), trip });
    }
    const shortest = Math.min(...measures.map(({ trip }) => trip));
    // A slow trip was slow in one direction: it says little.
    const offsets = measures
      .filter(({ trip }) => trip <= 2 * shortest + SLOW_BY_MS)
      .map(({ offset }) => offset)
      .sort((a, b) => a - b);
    const last = this.#offset;
    const offsetMs = Math.round(offsets[Math.floor(offsets.length / 2)]!);
    const uncertaintyMs = Math.ceil(shortest / 2);
    this.#offset = { offsetMs, uncertaintyMs };
    if (Math.abs(offsetMs) > MOST_OFFSET_MS) {
      return {
        kind: 'doubtful',
        reason: `the clock of this machine and that of the exchange are ${offsetMs} ms apart: set this machine's clock by NTP`,
      };
    }
    const change = offsetMs - (last?.offsetMs ?? offsetMs);
    if (Math.abs(change) > MOST_CHANGE_MS + uncertaintyMs) {
      return { kind: 'doubtful', reason: `a clock was set: the exchange's is ${change} ms off what it was` };
    }
    return { kind: 'sound' };
  }
}
