import type { Instrument } from '../domain/instrument.ts';
import type { OrderEvent, OrderTerms } from '../domain/order.ts';
import { InvariantError } from '../foundation/errors.ts';
import { FewEntries } from '../foundation/few-entries.ts';
import type { Json } from '../foundation/json.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import { EndedOrders, type Outcome } from './ended-orders.ts';
import type { OrderEventListener } from './order-events.ts';
import { type LimitFill, SymbolBook } from './symbol-book.ts';
import { VenueOrder } from './venue-order.ts';

const none: readonly VenueOrder[] = [];

/** What an order that is to come after another must know of it. */
export type ParentState = 'open' | Outcome | 'unknown';

/**
 * The lives of orders in the venue and the ties between them: an order ends here and nowhere else, and with its end go
 * the consequences for those that wait for it and those that exclude it.
 */
export class VenueOrders {
  readonly #emit: OrderEventListener;
  readonly #remembered: number;
  readonly #books: ReadonlyMap<string, SymbolBook>;
  #lastBook: SymbolBook | undefined;
  #open = new FewEntries<VenueOrder>();
  /** The last orders that ended: for duplicates and late followers. */
  #ended: EndedOrders;

  constructor(instruments: readonly Instrument[], limitFill: LimitFill, remembered: number, emit: OrderEventListener) {
    this.#books = new Map(instruments.map((one) => [one.symbol, new SymbolBook(one, limitFill)]));
    this.#remembered = remembered;
    this.#ended = new EndedOrders(remembered);
    this.#emit = emit;
  }

  book(symbol: string): SymbolBook | undefined {
    if (this.#lastBook?.instrument.symbol === symbol) return this.#lastBook;
    this.#lastBook = this.#books.get(symbol);
    return this.#lastBook;
  }

  get(clientOrderId: string): VenueOrder | undefined {
    return this.#open.get(clientOrderId);
  }

  books(): Iterable<SymbolBook> {
    return this.#books.values();
  }

  /** In the order of submission. */
  values(): Iterable<VenueOrder> {
    return this.#open.values();
  }

  /** Whether the id is taken: by an open order, or one of the last that ended. */
  isKnown(clientOrderId: string): boolean {
    return this.#open.has(clientOrderId) || this.#ended.get(clientOrderId) !== undefined;
  }

  parentState(parentId: string, botId: string): ParentState {
    const open = this.#open.get(parentId);
    if (open) return open.terms.botId === botId ? 'open' : 'unknown';
    return this.#ended.get(parentId) ?? 'unknown';
  }

  accept(order: VenueOrder, now: EpochMs): void {
    this.#open.set(order.terms.clientOrderId, order);
    this.#bookOf(order).add(order);
    const { clientOrderId, botId, symbol } = order.terms;
    this.#emit({ kind: 'accepted', clientOrderId, botId, symbol, time: now });
  }

  /** Ends an order without its (whole) fill. */
  end(order: VenueOrder, kind: 'cancelled' | 'expired', reason: string, time: EpochMs): void {
    const outcome = order.filled > 0n ? 'partly-filled' : 'unfilled';
    this.#remove(order, outcome);
    this.#emit({ kind, ...about(order.terms, time), reason });
    this.#settleFollowers(order, outcome, time);
  }

  /** Refuses an order that had been accepted, at its first look at the market. */
  reject(order: VenueOrder, code: string, reason: string, time: EpochMs): void {
    this.#remove(order, 'unfilled');
    this.#emit({ kind: 'rejected', ...about(order.terms, time), code, reason });
    this.#settleFollowers(order, 'unfilled', time);
  }

  /** Tells of a fill that the order has taken in, and lets it work on the others. */
  filled(order: VenueOrder, event: OrderEvent & { readonly kind: 'filled' }): void {
    if (event.complete) this.#remove(order, 'filled');
    this.#emit(event);
    this.#cancelExcluded(order, event.time);
    if (event.complete) this.#settleFollowers(order, 'filled', event.time);
  }

  snapshot(): Json {
    return { open: Array.from(this.#open.values(), (order) => order.snapshot()), ended: this.#ended.entries() };
  }

  restore(state: Json): void {
    const saved = state as { readonly open: readonly Json[]; readonly ended: readonly [string, Outcome][] };
    for (const book of this.#books.values()) book.clear();
    this.#open = new FewEntries();
    this.#ended = new EndedOrders(this.#remembered);
    for (const [id, outcome] of saved.ended) this.#ended.add(id, outcome);
    for (const json of saved.open) {
      const order = VenueOrder.restored(json, (symbol) => this.#bookFor(symbol).instrument);
      this.#open.set(order.terms.clientOrderId, order);
      this.#bookOf(order).add(order);
    }
  }

  #remove(order: VenueOrder, outcome: Outcome): void {
    const { clientOrderId } = order.terms;
    order.isOpen = false;
    this.#open.delete(clientOrderId);
    this.#bookOf(order).remove(order);
    this.#ended.add(clientOrderId, outcome);
  }

  /** The first fill of one order of a group ends the others. */
  #cancelExcluded(order: VenueOrder, time: EpochMs): void {
    const group = order.terms.oneCancelsOther;
    if (group === undefined) return;
    const { clientOrderId, botId } = order.terms;
    if (this.#open.size === 0) return;
    const excluded = this.#openOnes(
      (one) => one !== order && one.terms.oneCancelsOther === group && one.terms.botId === botId,
    );
    for (const one of excluded) {
      if (one.isOpen) this.end(one, 'cancelled', `${clientOrderId} of the same group has filled`, time);
    }
  }

  /** Wakes those that waited for the order, or takes them with it. */
  #settleFollowers(parent: VenueOrder, outcome: Outcome, time: EpochMs): void {
    if (this.#open.size === 0) return;
    const { clientOrderId } = parent.terms;
    const followers = this.#openOnes((one) => one.phase === 'waiting' && one.terms.after === clientOrderId);
    for (const one of followers) {
      if (!one.isOpen) continue;
      if (mayFollow(one.terms, outcome)) this.#wake(one, time);
      else this.end(one, 'cancelled', `${clientOrderId}, which it was to come after, ended ${outcome}`, time);
    }
  }

  /** A list of its own: what is done to its orders may change the open ones. */
  #openOnes(wanted: (order: VenueOrder) => boolean): readonly VenueOrder[] {
    let found: VenueOrder[] | undefined;
    for (const order of this.#open.values()) {
      if (!wanted(order)) continue;
      found ??= [];
      found.push(order);
    }
    return found ?? none;
  }

  #wake(follower: VenueOrder, time: EpochMs): void {
    follower.phase = 'pending';
    follower.activeAt = epochMs(Math.max(follower.activeAt, time));
    follower.isStale = true;
    this.#bookOf(follower).touch();
  }

  #bookOf(order: VenueOrder): SymbolBook {
    return this.#bookFor(order.terms.symbol);
  }

  #bookFor(symbol: string): SymbolBook {
    const book = this.book(symbol);
    if (!book) throw new InvariantError('The venue does not trade this symbol', { symbol });
    return book;
  }
}

/**
 * Whether an order lives on after one that ended so. A part of an entry that was filled is a position that needs its
 * protection: what only reduces lives on.
 */
export function mayFollow(terms: OrderTerms, outcome: Outcome): boolean {
  return outcome === 'filled' || (outcome === 'partly-filled' && terms.reduceOnly);
}

/** What every event says of its order. */
export function about(
  terms: OrderTerms,
  time: EpochMs,
): Pick<OrderEvent, 'clientOrderId' | 'botId' | 'symbol' | 'time'> {
  return { clientOrderId: terms.clientOrderId, botId: terms.botId, symbol: terms.symbol, time };
}
