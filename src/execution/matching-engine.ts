import type { ApprovedOrder } from '../domain/approved-order.ts';
import type { Instrument } from '../domain/instrument.ts';
import { InvariantError, invariant, UserError } from '../foundation/errors.ts';
import { fromNumber, type Price } from '../foundation/fixed-point.ts';
import type { Json } from '../foundation/json.ts';
import { Random } from '../foundation/random.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import { type Refusal, refusalOf } from './admission.ts';
import { BarWalk } from './bar-walk.ts';
import type { CostModel } from './cost-models.ts';
import { Fills, liquidityOf, type VenueAccount } from './fills.ts';
import type { OrderEventListener } from './order-events.ts';
import { BarPath, type PathOrder } from './path.ts';
import type { LimitFill, SymbolBook } from './symbol-book.ts';
import { type OpenOrder, VenueOrder } from './venue-order.ts';
import { about, mayFollow, VenueOrders } from './venue-orders.ts';

/*
 * THE FILL CONTRACT: when exactly, at what price and for how much an order fills. `matching-contract.test.ts` tests
 * these rules in this order.
 *
 *  1. Path. Within a bar the price goes open → first extreme → second extreme → close, each leg a straight line over a
 *     third of the bar's time. `adverse-first` (default): while a position is open on the symbol at the bar's open, the
 *     extreme that hurts it comes first (the low for a long); when flat, and with `nearest-first` always, the extreme
 *     nearer to the open comes first (a tie: the low).
 *  2. Activation. An order is active from `now + latencyMs` of its submission on. A time up to a bar's open is its
 *     open, so with latency 0 an order first sees the open of the next bar; a time within a bar is that fraction of its
 *     path; a time from its close on belongs to the next bar. What an order sees is the path's price snapped to the
 *     tick against it (up for a buy). A cancellation takes effect at once, whatever the latency.
 *  3. Market orders take: the first price they see, plus half the spread and slippage against them, snapped to the tick
 *     against them.
 *  4. Limit orders. One that is marketable on arrival (the price it sees is at its limit or better) takes like a market
 *     order, but never at a worse price than its limit. Otherwise it rests, and fills as a maker when the path touches
 *     the limit (`limitFill: 'through'`: is one tick beyond): at the limit, or at the open when the bar opens beyond.
 *     Post-only: rejected with `POST_ONLY_WOULD_TAKE` when marketable on arrival.
 *  5. Stop and take-profit orders trigger (event `triggered`, with the path's price) where the path reaches the
 *     trigger; at the open, or on activation, when the price is beyond it already. From that place on they are rule 3
 *     or rule 4 orders that have just arrived.
 *  6. A trailing stop's trigger lies `distance` behind the best path price since its activation and never retreats; it
 *     is followed leg by leg. Then rule 5.
 *  7. Quantity. Fills are whole unless `maximumVolumeShare` is set: then all orders of a symbol together trade at most
 *     that share of a bar's volume, floored to the step, first come first served along the path. What is left waits for
 *     the next bar; a taker's rest arrives anew at its open (and is a taker still), a resting limit stays a maker.
 *  8. Time in force, from arrival on (for rules 5 and 6: from the trigger on). IOC: what can't trade on arrival is
 *     cancelled. FOK: all on arrival, or cancelled. GTD: expires at `expiresAt` by rule 2's reading of times, before
 *     anything else that happens at that place.
 *  9. Reduce-only orders are cut to the position at the moment of the fill, in whole steps, and are complete when they
 *     have closed it; cancelled when there is nothing to reduce. A sell of what may not be held short is cut likewise.
 * 10. Ties. The first fill, even a part, of an order of a `oneCancelsOther` group (of one bot) cancels the others that
 *     are open. An order `after` another waits unseen until that one has filled completely, then becomes active at that
 *     very place of the path. It is cancelled when that one ends otherwise; but where a part had filled, what is
 *     reduce-only becomes active, so that the part is protected.
 * 11. A share of equity becomes a quantity at the (first) fill: the largest multiple of the step, up to the maximum
 *     quantity, with `quantity × price × (1 + taker rate) ≤ fraction × equity(symbol, price)`, `price` being the fill's
 *     own. The fraction counts as the shortest decimal that stands for its float64, cut to 12 decimals, so that all is
 *     exact. Slippage that grows with size is that of the size at the price without it (or of what the bar can fill): a
 *     little more than needed. Nothing, or less than the venue's filters: cancelled. Of a reduce-only order a share
 *     means the whole position.
 * 12. Fees: value × rate of maker or taker, rounded half away from zero to 10⁻¹² or the model's precision; see
 *     `cost-models.ts` for fees by the unit, minimums and currencies.
 * 13. Refusals at submission, in this order: `UNKNOWN_SYMBOL`, `DUPLICATE_ORDER_ID` (of an open order or one of the
 *     last `rememberedOrders` that ended), `UNKNOWN_PARENT`, `PARENT_ENDED`, then the terms themselves:
 *     `EXPIRED_ON_ARRIVAL`, `EQUITY_FRACTION`, and the instrument's filters by their codes; triggers and distances obey
 *     the tick too, the least value does not bind what only reduces.
 * 14. Order and time. Happenings come in the order of the path, at one place in the order of submission. A fill's time
 *     is the bar's open plus its fraction of the bar, in whole milliseconds. The n-th fill of an order is
 *     `{clientOrderId}/{n}`.
 * 15. Chance comes from `Random(seed, 'slippage')` alone, one draw each time an order takes, and is in the snapshot: the
 *     same submissions and bars give the same events, with or without a restart between any two calls.
 *
 * Bars are sound (`candleDefect`) and their close times never go back. Whoever listens may submit and cancel from
 * within an event.
 */

export interface MatchingOptions {
  readonly path?: PathOrder;
  readonly limitFill?: LimitFill;
  /** Above 0, at most 1; `null` (default): a bar fills any quantity. */
  readonly maximumVolumeShare?: number | null;
  /** How many ended orders are remembered for rules 10 and 13. Default 256. */
  readonly rememberedOrders?: number;
}

export interface MatchingSetup {
  readonly instruments: readonly Instrument[];
  readonly costs: CostModel;
  readonly latencyMs: number;
  readonly seed: number;
  readonly account: VenueAccount;
  readonly emit: OrderEventListener;
  readonly options?: MatchingOptions;
}

/** A simulated venue driven by bars: synchronous, deterministic, its state a JSON document. */
export class MatchingEngine {
  readonly #setup: MatchingSetup;
  readonly #path: PathOrder;
  readonly #maximumVolumeShare: number | null;
  readonly #random: Random;
  readonly #orders: VenueOrders;
  readonly #fills: Fills;
  #sequence = 0;
  // Bars of one symbol mostly come in a row.
  #lastSymbol = '';
  #lastBook: SymbolBook | undefined;

  /** Throws a {@link UserError} on costs and options that make no sense. */
  constructor(setup: MatchingSetup) {
    const { options = {}, instruments, emit } = setup;
    checkSetup(setup, options);
    this.#setup = setup;
    this.#path = options.path ?? 'adverse-first';
    this.#maximumVolumeShare = options.maximumVolumeShare ?? null;
    this.#random = new Random(setup.seed, 'slippage');
    this.#orders = new VenueOrders(instruments, options.limitFill ?? 'touch', options.rememberedOrders ?? 256, emit);
    this.#fills = new Fills(setup.costs, setup.account, this.#random, this.#orders);
  }

  /** Takes an order in, or refuses it: emits `accepted` or `rejected` within the call. */
  submit(order: ApprovedOrder, now: EpochMs): void {
    const book = this.#orders.book(order.symbol);
    const refusal = this.#refusal(order, book, now);
    if (book === undefined || refusal !== undefined) {
      this.#setup.emit({ kind: 'rejected', ...about(order, now), ...refusal! });
      return;
    }
    const activeAt = epochMs(now + this.#setup.latencyMs);
    const taken = new VenueOrder(order, book.instrument, this.#sequence++, activeAt);
    const waits = order.after !== undefined && this.#orders.parentState(order.after, order.botId) === 'open';
    if (waits) taken.phase = 'waiting';
    this.#orders.accept(taken, now);
  }

  /** Ends an open order (and what waits for it): emits `cancelled`. An id that is not open: nothing. */
  cancel(clientOrderId: string, now: EpochMs): void {
    const order = this.#orders.get(clientOrderId);
    if (order) this.#orders.end(order, 'cancelled', 'cancelled on request', now);
  }

  /** Shows the venue a closed bar: emits what it did to the symbol's orders, in the order in which it happened. */
  onBar(
    symbol: string,
    openTime: EpochMs,
    closeTime: EpochMs,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void {
    const book = symbol === this.#lastSymbol ? this.#lastBook! : this.#turnTo(symbol);
    if (closeTime < book.lastCloseTime) throwOutOfOrder(symbol, closeTime, book.lastCloseTime);
    book.lastCloseTime = closeTime;
    book.lastClose = close;
    const { orders } = book;
    if (orders.length === 0) return;
    const position = this.#setup.account.positionQuantity(symbol);
    if (orders.length === 1 && this.#takesAtOpen(orders[0]!, openTime)) {
      this.#takeAtOpen(orders[0]!, openTime, open, volume);
      if (book.orders.length === 0) return;
    } else if (book.passes(openTime, closeTime, high, low)) return;
    const path = BarPath.through(this.#path, position, openTime, closeTime, open, high, low, close);
    const liquidity = liquidityOf(book.instrument, volume, this.#maximumVolumeShare);
    new BarWalk(book, path, liquidity, this.#fills, this.#orders, this.#setup.emit).run();
  }

  /** The usual case: a market order that is alone in the book and active at the open. It needs no path through the bar. */
  #takesAtOpen(order: VenueOrder, openTime: EpochMs): boolean {
    return (
      order.isPlainMarket &&
      order.phase === 'pending' &&
      order.activeAt <= openTime &&
      this.#maximumVolumeShare === null
    );
  }

  #takeAtOpen(order: VenueOrder, openTime: EpochMs, open: number, volume: number): void {
    order.phase = 'arriving';
    const start = { at: 0, price: fromNumber<Price>(open), time: openTime };
    this.#fills.take(order, start, { volume, left: null });
  }

  /** {@link onBar} for a symbol without open orders, to which a bar can do nothing. False, and nothing done, otherwise. */
  passBar(symbol: string, closeTime: EpochMs, close: number): boolean {
    const book = symbol === this.#lastSymbol ? this.#lastBook! : this.#turnTo(symbol);
    if (book.orders.length > 0) return false;
    if (closeTime < book.lastCloseTime) throwOutOfOrder(symbol, closeTime, book.lastCloseTime);
    book.lastCloseTime = closeTime;
    book.lastClose = close;
    return true;
  }

  /** In the order of submission. */
  openOrders(): readonly OpenOrder[] {
    return Array.from(this.#orders.values(), (order) => order.view);
  }

  snapshot(): Json {
    return {
      sequence: this.#sequence,
      random: this.#random.snapshot(),
      orders: this.#orders.snapshot(),
      lastBars: Array.from(this.#orders.books())
        .filter((book) => !Number.isNaN(book.lastClose))
        .map((book) => [book.instrument.symbol, book.lastCloseTime, book.lastClose]),
    };
  }

  /** Takes up a {@link snapshot} of an engine with the same setup. */
  restore(state: Json): void {
    const saved = state as unknown as SavedEngine;
    this.#sequence = saved.sequence;
    this.#random.restore(saved.random);
    this.#orders.restore(saved.orders);
    for (const [symbol, closeTime, close] of saved.lastBars) {
      const book = this.#turnTo(symbol);
      book.lastCloseTime = closeTime;
      book.lastClose = close;
    }
  }

  #refusal(order: ApprovedOrder, book: SymbolBook | undefined, now: EpochMs): Refusal | undefined {
    if (!book) return { code: 'UNKNOWN_SYMBOL', reason: `${order.symbol} is not traded here` };
    if (this.#orders.isKnown(order.clientOrderId)) {
      return { code: 'DUPLICATE_ORDER_ID', reason: `${order.clientOrderId} was used before` };
    }
    if (order.after !== undefined) {
      const parent = this.#orders.parentState(order.after, order.botId);
      if (parent === 'unknown') return { code: 'UNKNOWN_PARENT', reason: `there is no order ${order.after}` };
      if (parent !== 'open' && !mayFollow(order, parent)) {
        return { code: 'PARENT_ENDED', reason: `${order.after} has ended ${parent}` };
      }
    }
    return refusalOf(order, book.instrument, book.lastClose, now);
  }

  #turnTo(symbol: string): SymbolBook {
    const book = this.#orders.book(symbol);
    if (!book) throw new InvariantError('The venue does not trade this symbol', { symbol });
    this.#lastSymbol = symbol;
    this.#lastBook = book;
    return book;
  }
}

interface SavedEngine {
  readonly sequence: number;
  readonly random: readonly number[];
  readonly orders: Json;
  readonly lastBars: readonly (readonly [symbol: string, closeTime: number, close: number])[];
}

function checkSetup({ latencyMs }: MatchingSetup, { maximumVolumeShare, rememberedOrders }: MatchingOptions): void {
  if (!(Number.isInteger(latencyMs) && latencyMs >= 0)) {
    throw new UserError(
      `The latency of the simulated venue is ${latencyMs}, but it must be whole milliseconds, at least 0.`,
    );
  }
  if (typeof maximumVolumeShare === 'number' && !(maximumVolumeShare > 0 && maximumVolumeShare <= 1)) {
    throw new UserError(
      `"maximumVolumeShare" is ${maximumVolumeShare}, but it must be above 0 and at most 1, or null.`,
    );
  }
  invariant(rememberedOrders === undefined || rememberedOrders >= 1, 'The venue remembers at least one ended order', {
    rememberedOrders,
  });
}

function throwOutOfOrder(symbol: string, closeTime: number, last: number): never {
  throw new InvariantError('A bar came after a later one', { symbol, closeTime, last });
}
