import type { ApprovedOrder } from '../domain/approved-order.ts';
import type { Command } from '../domain/command.ts';
import type { OrderEvent } from '../domain/order.ts';
import { InvariantError } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import type { Engine, PriceNews } from './engine.ts';

/** See {@link TradingSession.closeAll}. */
const MOST_CLOSING_BARS = 1_000;

/** A venue that is driven by bars and answers within the call: the matching engine, in backtests and on paper. */
export interface BarVenue {
  onBar(
    symbol: string,
    openTime: EpochMs,
    closeTime: EpochMs,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void;
  /** {@link onBar} when no order of the symbol is open: then a bar can do nothing. False, and nothing done, otherwise. */
  passBar(symbol: string, closeTime: EpochMs, close: number): boolean;
  submit(order: ApprovedOrder, now: EpochMs): void;
  cancel(clientOrderId: string, now: EpochMs): void;
  snapshot(): Json;
  restore(state: Json): void;
}

/**
 * One engine and its simulated venue, stepped instant by instant. Backtest, paper and learning all step through
 * {@link slice}: what they tested is what runs, because it is this.
 *
 * The order within an instant, for all feeds in the order in which the strategy declared them:
 * 1. the venue sees the bars that have just closed and fills what rested before them;
 * 2. the closes become the marks;
 * 3. the strategy decides, and its orders go to the venue, which fills them from the next bar on;
 * 4. the driver samples equity.
 */
export class TradingSession {
  readonly engine: Engine;
  readonly #venue: BarVenue;
  readonly #windows: readonly CandleWindow[];
  readonly #fresh: Uint8Array;
  /** For each window: the instrument's index when it is the one by which its symbol is filled and marked, else −1. */
  readonly #execution: readonly number[];
  /** The instant at which commands go out: a field, as in the engine, so that no time is boxed where none go. */
  #now = Number.NaN as EpochMs;

  constructor(engine: Engine, venue: BarVenue) {
    this.engine = engine;
    this.#venue = venue;
    this.#windows = engine.market.windows;
    this.#fresh = engine.market.fresh;
    this.#execution = this.#windows.map(({ feed }, index) =>
      engine.market.executionWindow(feed.symbol) === index ? engine.account.indexOf(feed.symbol) : -1,
    );
  }

  /** Processes the instant `time`; the driver has moved the windows and set `market.fresh` for those with a new bar. */
  slice(time: EpochMs): void {
    const { engine } = this;
    if (!(time > engine.market.time)) throwStandstill(time, engine.market.time);
    this.#now = time;
    const windows = this.#windows;
    // The usual run has one feed: without the loops its idle bar costs a twentieth less.
    if (windows.length === 1) this.#takeBar(windows[0]!, time);
    else this.#takeBars(time);
    engine.account.revalue();
    engine.decide(time);
    if (engine.commands.length > 0) this.#flush();
    const fresh = this.#fresh;
    if (fresh.length === 1) fresh[0] = 0;
    else for (let index = 0; index < fresh.length; index++) fresh[index] = 0;
  }

  /** A price between two bars; see `Engine.onPrice`. */
  price(news: PriceNews, isDecidedOn = true): void {
    const { engine } = this;
    const { time } = news;
    if (!(time > engine.market.time)) throwStandstill(time, engine.market.time);
    this.#now = time;
    engine.onPrice(news, isDecidedOn);
    if (engine.commands.length > 0) this.#flush();
  }

  /** {@link #takeBars} for the only feed: it is that of the only instrument, and marks it. */
  #takeBar(window: CandleWindow, time: EpochMs): void {
    const { engine } = this;
    if (this.#fresh[0] === 1) this.#showBar(window, time);
    if (engine.commands.length > 0) this.#flush();
    if (this.#fresh[0] === 1) engine.mark(0, window.close(), time);
  }

  /** Steps 1 and 2. */
  #takeBars(time: EpochMs): void {
    const { engine } = this;
    const windows = this.#windows;
    const fresh = this.#fresh;
    const execution = this.#execution;
    for (let index = 0; index < windows.length; index++) {
      if (fresh[index] === 1 && execution[index]! >= 0) this.#showBar(windows[index]!, time);
    }
    if (engine.commands.length > 0) this.#flush();
    for (let index = 0; index < windows.length; index++) {
      const instrument = execution[index]!;
      if (fresh[index] === 1 && instrument >= 0) engine.mark(instrument, windows[index]!.close(), time);
    }
  }

  /**
   * Closes every position after the last slice by showing the venue further bars that stand at `price(window)`: for
   * comparing with backtesters that do so. One bar is enough unless the venue is slow to take an order or fills no more
   * than a share of the volume; what is left after {@link MOST_CLOSING_BARS} stays open.
   */
  closeAll(time: EpochMs, price: (window: CandleWindow) => number): void {
    this.#now = time;
    this.engine.flatten(time, 'the run has ended');
    this.#flush();
    for (let bar = 0; bar < MOST_CLOSING_BARS && this.#holdsAnything(); bar++) {
      for (let index = 0; index < this.#windows.length; index++) {
        const window = this.#windows[index]!;
        if (this.#execution[index]! >= 0 && window.length > 0) this.#showClosingBar(window, time, bar, price(window));
      }
    }
  }

  /** Cancels every order and closes every position at the market, from the next bar on. */
  flatten(time: EpochMs, reason: string): void {
    this.#now = time;
    this.engine.flatten(time, reason);
    this.#flush();
  }

  /** Cancels every open order; positions stay. */
  withdrawOrders(time: EpochMs): void {
    this.#now = time;
    this.#fresh.fill(0);
    this.engine.withdrawOrders();
    this.#flush();
  }

  /** Cancels what could open or enlarge a position; exits and protection stay. */
  withdrawEntries(time: EpochMs): void {
    this.engine.withdrawEntries();
    this.carryOut(time);
  }

  onOrderEvent(event: OrderEvent): void {
    this.engine.onOrderEvent(event);
  }

  /** Carries out what came of events between two slices: what a venue's word makes necessary at the venue. */
  carryOut(now: EpochMs): void {
    if (this.engine.commands.length === 0) return;
    this.#now = now;
    this.#flush();
  }

  snapshot(): Json {
    return { engine: this.engine.snapshot(), venue: this.#venue.snapshot() };
  }

  restore(state: Json): void {
    const saved = state as { readonly engine: Json; readonly venue: Json };
    this.engine.restore(saved.engine);
    this.#venue.restore(saved.venue);
  }

  #holdsAnything(): boolean {
    for (const position of this.engine.account.portfolio.positions()) if (position.quantity !== 0n) return true;
    return false;
  }

  #showClosingBar(window: CandleWindow, end: EpochMs, bar: number, price: number): void {
    const length = window.closeTime() - window.openTime();
    const openTime = epochMs(end + bar * length);
    const closeTime = epochMs(openTime + length);
    this.#venue.onBar(window.feed.symbol, openTime, closeTime, price, price, price, price, window.volume());
  }

  #showBar(window: CandleWindow, time: EpochMs): void {
    const { symbol } = window.feed;
    const close = window.close();
    if (this.#venue.passBar(symbol, time, close)) return;
    const openTime = window.openTime();
    this.#venue.onBar(symbol, openTime, time, window.open(), window.high(), window.low(), close, window.volume());
  }

  #flush(): void {
    const { commands } = this.engine;
    // Answers to a command may append further commands: the loop sees them.
    for (let index = 0; index < commands.length; index++) this.#execute(commands[index]!);
    // Setting its length would cost more than all else here.
    while (commands.length > 0) commands.pop();
  }

  #execute(command: Command): void {
    if (command.kind === 'submit') this.#venue.submit(command.order, this.#now);
    else this.#venue.cancel(command.clientOrderId, this.#now);
  }
}

function throwStandstill(time: EpochMs, last: EpochMs): never {
  throw new InvariantError('Time must move on from slice to slice', { time, last });
}
