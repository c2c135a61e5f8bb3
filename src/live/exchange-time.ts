import { MINUTE_MS } from '../foundation/time.ts';

/** What a provider said of its clock is believed for so long. */
const TOLD_FOR_MS = 2 * MINUTE_MS;
/** The least delay is that of this period and the one before it, so that a clock that drifts is followed. */
const PERIOD_MS = 5 * MINUTE_MS;

interface SourceClock {
  delayMs: number;
  /** Our time minus the source's, where it was told. */
  told: { readonly offsetMs: number; readonly at: number } | undefined;
  periodStart: number;
  least: number;
  leastBefore: number;
}

/**
 * What time it is at each source of prices, by our clock: the ground on which a price is old or not, whatever the two
 * clocks differ by. A provider's status tells it (`exchangeTime`). Where none does, the price that was the least late
 * stands for the difference: of a replay that is the recorded time, and a source that falls behind shows.
 */
export class ExchangeTime {
  readonly #clocks = new Map<string, SourceClock>();

  /** A price came that is newer than the one before it. */
  observe(source: string, occurredAt: number, receivedAt: number): void {
    const clock = this.#clockOf(source, receivedAt);
    if (receivedAt - clock.periodStart >= PERIOD_MS) {
      clock.leastBefore = clock.least;
      clock.least = Number.POSITIVE_INFINITY;
      clock.periodStart = receivedAt;
    }
    clock.least = Math.min(clock.least, receivedAt - occurredAt);
  }

  /** The source said at `at`, of our clock, that it is `exchangeTime` there, and that its prices are so late by nature. */
  tell(source: string, exchangeTime: number, at: number, delayMs: number): void {
    const clock = this.#clockOf(source, at);
    clock.told = { offsetMs: at - exchangeTime, at };
    clock.delayMs = delayMs;
  }

  /** How late the prices of a source are by nature, in milliseconds: 900,000 of quotes delayed by 15 minutes. */
  delayMs(source: string): number {
    return this.#clocks.get(source)?.delayMs ?? 0;
  }

  /** The time at the source when ours is `now`; ours where nothing is known. */
  at(source: string, now: number): number {
    const clock = this.#clocks.get(source);
    if (clock === undefined) return now;
    const { told, least, leastBefore } = clock;
    if (told !== undefined && Math.abs(now - told.at) <= TOLD_FOR_MS) return now - told.offsetMs;
    const offset = Math.min(least, leastBefore);
    return Number.isFinite(offset) ? now - offset : now - (told?.offsetMs ?? 0);
  }

  #clockOf(source: string, now: number): SourceClock {
    let clock = this.#clocks.get(source);
    if (clock === undefined) {
      const infinity = Number.POSITIVE_INFINITY;
      clock = { delayMs: 0, told: undefined, periodStart: now, least: infinity, leastBefore: infinity };
      this.#clocks.set(source, clock);
    }
    return clock;
  }
}
