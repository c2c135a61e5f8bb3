import type { Clock } from '../foundation/clock.ts';
import type { Console } from './console.ts';

/** What takes less is over before anyone could read it. */
const PATIENCE_MS = 2_000;
const REDRAW_MS = 100;
const BAR_WIDTH = 24;

/** One line of progress on a terminal's standard error, shown only when something takes long, and wiped at its end. */
export class ProgressLine {
  readonly #console: Console;
  readonly #clock: Clock;
  readonly #begun: number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(console: Console, clock: Clock) {
    this.#console = console;
    this.#clock = clock;
    this.#begun = clock.monotonic();
  }

  /** @param fraction 0 … 1 */
  show(step: string, fraction: number): void {
    if (!this.#console.errors.isTerminal) return;
    const now = this.#clock.monotonic();
    if (now - this.#begun < PATIENCE_MS || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#isShown = true;
    const filled = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    this.#console.err(`\r\u001b[K${bar} ${Math.floor(fraction * 100)} % ${step}`);
  }

  clear(): void {
    if (this.#isShown) this.#console.err('\r\u001b[K');
    this.#isShown = false;
  }
}
