import { type Feed, feedName } from '../domain/candle.ts';
import { type Timeframe, timeframeMs } from '../domain/timeframe.ts';
import { InvariantError, invariant } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import type { Market } from '../strategy/strategy.ts';

/** What the strategy sees of the account. Kept up to date by the engine, read by the strategy. */
export interface AccountNumbers {
  position(symbol: string): number;
  mark(symbol: string): number;
  readonly equity: number;
}

/** The market as a strategy sees it: the windows that a driver moves, and the account that the engine keeps. */
export class EngineMarket implements Market {
  time: EpochMs = epochMs(0);
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly windows: readonly CandleWindow[];
  /** 1 where the window at that index has a bar that has just closed. */
  readonly fresh: Uint8Array;
  readonly #byName = new Map<string, CandleWindow>();
  readonly #indexOf = new Map<CandleWindow, number>();
  #account: AccountNumbers | undefined;

  constructor(symbols: readonly string[], timeframe: Timeframe, windows: readonly CandleWindow[]) {
    invariant(symbols.length > 0 && windows.length > 0, 'A market has symbols and feeds');
    this.symbols = symbols;
    this.timeframe = timeframe;
    this.windows = windows;
    this.fresh = new Uint8Array(windows.length);
    for (const [index, window] of windows.entries()) {
      this.#byName.set(feedName(window.feed), window);
      this.#indexOf.set(window, index);
    }
  }

  /** The index of the window by which the symbol is marked and filled: its shortest timeframe. */
  executionWindow(symbol: string): number {
    let best = -1;
    for (const [index, { feed }] of this.windows.entries()) {
      if (feed.symbol !== symbol) continue;
      if (best < 0 || timeframeMs(feed.timeframe) < timeframeMs(this.windows[best]!.feed.timeframe)) best = index;
    }
    invariant(best >= 0, 'A symbol without a feed', { symbol });
    return best;
  }

  attach(account: AccountNumbers): void {
    this.#account = account;
  }

  get equity(): number {
    return this.#account!.equity;
  }

  window(symbol: string = this.symbols[0]!, timeframe: Timeframe = this.timeframe): CandleWindow {
    const feed: Feed = { symbol, timeframe };
    const window = this.#byName.get(feedName(feed));
    if (!window) {
      const declared = [...this.#byName.keys()].join(', ');
      throw new InvariantError(
        `A strategy asked for the feed ${feedName(feed)}, which it did not declare (it has ${declared}).`,
      );
    }
    return window;
  }

  isNew(window: CandleWindow): boolean {
    const index = window === this.windows[0] ? 0 : this.#indexOf.get(window)!;
    return this.fresh[index] === 1;
  }

  position(symbol: string = this.symbols[0]!): number {
    return this.#account!.position(symbol);
  }

  price(symbol: string = this.symbols[0]!): number {
    return this.#account!.mark(symbol);
  }

  /** Saved and restored by the engine, not with the strategy that holds it. */
  snapshot(): Json {
    return null;
  }

  restore(): void {}
}
