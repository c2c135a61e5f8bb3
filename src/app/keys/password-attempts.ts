import type { Clock } from '../../foundation/clock.ts';
import { UserError } from '../../foundation/errors.ts';

const MOST_WRONG = 5;
const WITHIN_MINUTES = 15;

/** Counts wrong passwords: after five within a quarter of an hour this process tries no other. */
export class PasswordAttempts {
  readonly #clock: Clock;
  /** Monotonic times of those that were wrong or are not decided yet. */
  #times: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts an attempt as wrong until it is told to be right.
   *
   * @throws UserError when there were too many
   */
  begin(): { readonly wasRight: () => void } {
    const now = this.#clock.monotonic();
    this.#times = this.#times.filter((time) => now - time < WITHIN_MINUTES * 60_000);
    if (this.#times.length >= MOST_WRONG) {
      throw new UserError(
        `${MOST_WRONG} passwords within ${WITHIN_MINUTES} minutes were wrong: no other is tried before the first of them is ${WITHIN_MINUTES} minutes old.`,
      );
    }
    this.#times.push(now);
    return {
      wasRight: () => {
        this.#times = [];
      },
    };
  }
}
