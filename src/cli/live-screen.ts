import type { CancelTimer, Clock } from '../foundation/clock.ts';
import type { LiveView } from '../protocol/live-view.ts';
import type { Console } from './console.ts';
import { renderLiveLine, renderLiveView } from './live-terminal.ts';

const REDRAW_MS = 250;
const LINE_MS = 5_000;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_LINE_END = '\u001b[K';

/** Shows views as they come: on a terminal as a picture that is redrawn in place, elsewhere as a line now and then. */
export interface LiveScreen {
  show(view: LiveView): void;
  /** Draws the last view for good and leaves the terminal as it was. Harmless when called twice. */
  close(): void;
}

/** @param head is printed above everything when the first view comes: what does not start has nothing to announce */
export function openLiveScreen(console: Console, clock: Clock, head: string): LiveScreen {
  return console.output.isTerminal ? new TerminalScreen(console, clock, head) : new LineScreen(console, clock, head);
}

/** At most four pictures a second, whatever the rate of views. */
class TerminalScreen implements LiveScreen {
  readonly #console: Console;
  readonly #head: string;
  readonly #stopTimer: CancelTimer;
  readonly #restore = (): void => this.close();
  #view: LiveView | undefined;
  #isNew = false;
  #lines = 0;
  #isClosed = false;

  constructor(console: Console, clock: Clock, head: string) {
    this.#console = console;
    this.#head = head;
    this.#stopTimer = clock.every(REDRAW_MS, () => this.#draw());
    // Whatever ends the process, the cursor comes back.
    process.once('exit', this.#restore);
  }

  show(view: LiveView): void {
    const isFirst = this.#view === undefined;
    this.#view = view;
    this.#isNew = true;
    if (!isFirst) return;
    this.#console.out(this.#head + HIDE_CURSOR);
    this.#draw();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#stopTimer();
    this.#draw();
    this.#isClosed = true;
    process.off('exit', this.#restore);
    if (this.#view !== undefined) this.#console.out(`\n${SHOW_CURSOR}`);
  }

  #draw(): void {
    if (!this.#isNew || this.#view === undefined || this.#isClosed) return;
    this.#isNew = false;
    const { output } = this.#console;
    // The last line of the screen stays free, so that nothing scrolls.
    const picture = renderLiveView(this.#view, {
      width: output.width(),
      height: output.height() - 1,
      colour: output.colour,
    });
    const lines = picture.split('\n');
    const back = this.#lines > 1 ? `\u001b[${this.#lines - 1}A` : '';
    this.#console.out(`\r${back}${lines.join(`${CLEAR_LINE_END}\n`)}${CLEAR_LINE_END}${CLEAR_BELOW}`);
    this.#lines = lines.length;
  }
}

/** For files, pipes and logs. */
class LineScreen implements LiveScreen {
  readonly #console: Console;
  readonly #clock: Clock;
  readonly #head: string;
  #printedAt = Number.NEGATIVE_INFINITY;
  #view: LiveView | undefined;
  #isPrinted = true;

  constructor(console: Console, clock: Clock, head: string) {
    this.#console = console;
    this.#clock = clock;
    this.#head = head;
  }

  show(view: LiveView): void {
    if (this.#view === undefined) this.#console.out(this.#head);
    this.#view = view;
    this.#isPrinted = false;
    if (this.#clock.monotonic() - this.#printedAt >= LINE_MS) this.#print();
  }

  close(): void {
    if (!this.#isPrinted) this.#print();
  }

  #print(): void {
    this.#printedAt = this.#clock.monotonic();
    this.#isPrinted = true;
    this.#console.out(`${renderLiveLine(this.#view!)}\n`);
  }
}
