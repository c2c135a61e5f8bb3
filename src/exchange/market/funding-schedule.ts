import { HOUR_MS, MINUTE_MS } from '../../foundation/time.ts';

/** Funding that is due at an instant; a positive rate is paid by longs to shorts. */
export interface FundingEntry {
  readonly time: number;
  /** As a share of the position's value, in units of 10⁻¹². */
  readonly rate: bigint;
}

export const FUNDING_INTERVAL_MS = 8 * HOUR_MS;

/** When funding is due, and how much. Without a record it is due every eight hours, and nothing. */
export class FundingSchedule {
  readonly #entries: readonly FundingEntry[];
  readonly #byTime: ReadonlyMap<number, bigint>;

  /** @param entries by rising time, in the time of the clock; each counts from the minute that it lies in */
  constructor(entries: readonly FundingEntry[]) {
    this.#entries = entries.map(({ time, rate }) => ({ time: Math.floor(time / MINUTE_MS) * MINUTE_MS, rate }));
    this.#byTime = new Map(this.#entries.map(({ time, rate }) => [time, rate]));
  }

  /** The rate that is due at this instant; `undefined` where none is. */
  rateAt(time: number): bigint | undefined {
    return this.#byTime.get(time);
  }

  /** What is due next after `time`. */
  nextAfter(time: number): FundingEntry {
    const next = this.#entries.find((entry) => entry.time > time);
    return next ?? { time: (Math.floor(time / FUNDING_INTERVAL_MS) + 1) * FUNDING_INTERVAL_MS, rate: 0n };
  }

  /** What was due in [`from`, `to`], newest first. */
  between(from: number, to: number): readonly FundingEntry[] {
    return this.#entries.filter(({ time }) => time >= from && time <= to).reverse();
  }
}

export const NO_FUNDING = new FundingSchedule([]);
