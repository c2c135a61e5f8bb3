import type { ApprovedOrder } from '../../domain/approved-order.ts';
import type { Fill } from '../../domain/fill.ts';
import type { LostStop, OrderEvent, OrderTerms } from '../../domain/order.ts';
import { InvariantError, invariant } from '../../foundation/errors.ts';
import {
  formatFixed,
  fromNumber,
  type Price,
  type Quantity,
  toNumber,
  ZERO_QUANTITY,
} from '../../foundation/fixed-point.ts';
import type { Json } from '../../foundation/json.ts';
import { type EpochMs, epochMs } from '../../foundation/time.ts';
import type { OrderEventListener } from '../order-events.ts';
import type {
  CancelOutcome,
  OrderReference,
  OrderReport,
  ReportedFill,
  SendOutcome,
  WireOrder,
} from '../order-gateway.ts';
import { triggerOf } from '../trailing.ts';
import { EndedIds } from './ended-ids.ts';
import { HeldOrder } from './held-order.ts';
import { LostStops } from './lost-stops.ts';

/*
 * THE RULES of orders at a venue outside this process (R1–R6 of the order rules):
 *
 *  1. Nothing leaves from here. What is to be sent waits in {@link ExternalVenue.takeRequests}, and the state in
 *     {@link ExternalVenue.snapshot} says already that it may have left: whoever makes the snapshot durable first and
 *     sends then has the intent before the effect.
 *  2. An order is sent once. Only where it is proved that nothing left, or of an exit that it never arrived, does it go
 *     again, under the same id, until `sendBy`.
 *  3. An unknown outcome is a doubt: the order stays, counts in every limit, and is asked for by its id. So does each
 *     order that may be out when a state is taken up again.
 *  4. That an order never arrived is believed of {@link ExternalVenue.neverArrived} alone, and never of one that the
 *     venue has spoken of.
 *  5. A fill is booked once, by its id, in whatever order it comes: before the answer, twice, or after the end was told.
 *  6. An order ends when the venue says so *and* every fill that the venue counts is booked.
 *  7. Cancelling asks; the venue decides. An order stays tracked until its end is told, whatever becomes of the request.
 *  8. A stop that the venue let go of unasked is told of ({@link ExternalVenue.takeLostStops}).
 *  9. Kept on our side, as venues differ: waiting for another order (`after`), one cancelling the other at the first fill,
 *     trailing stops (followed by the prices that are heard, sent as a market order at the trigger), and GTD.
 */

/** What is to be sent once the state is durable. */
export type VenueRequest =
  /** @property sendBy by the wall clock: what has not left by then is out of date, and must not leave any more */
  | { readonly kind: 'submit'; readonly order: WireOrder; readonly sendBy: number }
  | { readonly kind: 'cancel'; readonly order: OrderReference };

/** An order about which the venue is to be asked. */
export interface Doubt extends OrderReference {
  readonly why: string;
  /** The venue has spoken of it: that it is not found means nothing. */
  readonly isAcknowledged: boolean;
}

/** What became of a fill: booked; known already; of none of these orders; or of one that had ended without it. */
export type FillFate = 'booked' | 'known' | 'foreign' | 'phantom';

export interface ExternalVenueSetup {
  /** The wall clock. */
  readonly now: () => EpochMs;
  readonly emit: OrderEventListener;
  /** The symbols that other bots trade on this account as well. Default none. */
  readonly sharedSymbols?: ReadonlySet<string>;
}

/** An entry that could not be sent for so long is out of date. */
const SEND_ENTRY_WITHIN_MS = 10_000;
/** Getting out is tried for longer. */
const SEND_EXIT_WITHIN_MS = 60_000;
const REMEMBERED_FUNDINGS = 64;
/** What is still working so long after its cancellation was asked for is asked again. */
const CANCEL_AGAIN_AFTER_MS = 5_000;

/** The orders of one bot at a venue outside: synchronous, without input and output, its state a JSON document. */
export class ExternalVenue {
  readonly #now: () => EpochMs;
  readonly #emit: OrderEventListener;
  readonly #sharedSymbols: ReadonlySet<string>;
  readonly #orders = new Map<string, HeldOrder>();
  readonly #ended = new EndedIds();
  /** Ids of the last payments of funding that were booked. */
  #funded: string[] = [];
  #requests: VenueRequest[] = [];
  readonly #lostStops = new LostStops();

  constructor({ now, emit, sharedSymbols = new Set() }: ExternalVenueSetup) {
    this.#now = now;
    this.#emit = emit;
    this.#sharedSymbols = sharedSymbols;
  }

  // — what the engine wants —

  submit(order: ApprovedOrder): void {
    if (this.#orders.has(order.clientOrderId) || this.#ended.has(order.clientOrderId)) {
      throw new InvariantError('An order was sent twice', { clientOrderId: order.clientOrderId });
    }
    if (order.quantity.kind !== 'units') {
      this.#tell(order, {
        kind: 'rejected',
        code: 'EQUITY_FRACTION',
        reason: 'a share of equity can only be sized by a simulated venue: choose another sizing',
      });
      return;
    }
    const parent = order.after === undefined ? undefined : this.#orders.get(order.after);
    if (order.after !== undefined && parent === undefined) {
      this.#tell(order, { kind: 'rejected', code: 'PARENT_ENDED', reason: `${order.after} has ended` });
      return;
    }
    const held = new HeldOrder(order, 'waiting');
    this.#orders.set(held.id, held);
    if (parent === undefined) this.#activate(held);
  }

  /** An id that is not open: nothing. */
  cancel(clientOrderId: string): void {
    const held = this.#orders.get(clientOrderId);
    if (held === undefined || held.isCancelling) return;
    if (this.#isCertainlyHere(held)) this.#end(held, 'cancelled', 'cancelled before it was sent');
    else this.#requestCancel(held);
  }

  /** A closed bar: trailing stops follow its close. */
  onBar(
    symbol: string,
    _openTime: EpochMs,
    closeTime: EpochMs,
    _open: number,
    _high: number,
    _low: number,
    close: number,
  ): void {
    this.onPrice(symbol, close, closeTime);
  }

  passBar(symbol: string): boolean {
    return !this.#isFollowing(symbol);
  }

  /** A price of the market. Sends the trailing stops that it triggers. */
  onPrice(symbol: string, price: number, time: EpochMs): void {
    for (const held of this.#orders.values()) {
      if (held.phase === 'following' && held.terms.symbol === symbol) this.#follow(held, price, time);
    }
  }

  /** The clock: sends again what did not leave, gives up what is out of date, ends what has expired. */
  onTime(): void {
    const now = this.#now();
    for (const held of [...this.#orders.values()]) {
      if (now >= held.expiresAt && !held.isExpiring) this.#expire(held);
      else if (now >= held.resendAt) this.#resend(held, now);
      else if (now >= held.recancelAt) this.#requestCancel(held);
    }
  }

  // — what goes out, and what came of it —

  /** What is to be sent, in order, each once. To be called when the present snapshot is durable. */
  takeRequests(): readonly VenueRequest[] {
    const taken = this.#requests;
    if (taken.length > 0) this.#requests = [];
    return taken;
  }

  get hasRequests(): boolean {
    return this.#requests.length > 0;
  }

  sent(clientOrderId: string, outcome: SendOutcome): void {
    const held = this.#orders.get(clientOrderId);
    if (held === undefined) return;
    switch (outcome.kind) {
      case 'accepted':
        // A doubt that came up meanwhile stays: this says nothing of what became of the order since.
        this.#acknowledge(held);
        return;
      case 'duplicate':
        this.#acknowledge(held);
        held.doubt ??= 'the venue had its id before';
        return;
      case 'refused':
        if (held.phase === 'open') held.doubt ??= `refused after the venue had spoken of it: ${outcome.reason}`;
        else this.#refuse(held, outcome.code, outcome.reason);
        return;
      case 'not-sent':
        if (held.phase === 'sent') this.#didNotLeave(held, outcome.retryAfterMs);
        return;
      case 'unknown':
        this.#doubt(held, outcome.reason);
    }
  }

  cancelled(clientOrderId: string, outcome: CancelOutcome): void {
    const held = this.#orders.get(clientOrderId);
    if (held === undefined || outcome.kind === 'accepted') return;
    held.cancelAskedAt = Number.NEGATIVE_INFINITY;
    if (outcome.kind === 'not-sent') held.recancelAt = this.#now() + outcome.retryAfterMs;
    else held.doubt ??= `its cancellation is in doubt: ${outcome.reason}`;
  }

  /** What the private stream or a look-up said. False: it is of none of these orders. */
  report(report: OrderReport): boolean {
    const held = report.clientOrderId === null ? undefined : this.#orders.get(report.clientOrderId);
    if (held === undefined) return report.clientOrderId !== null && this.#ended.has(report.clientOrderId);
    held.doubt = undefined;
    if (report.filledQuantity > held.counted) held.counted = report.filledQuantity;
    if (report.state === 'rejected' && held.filled === ZERO_QUANTITY && held.counted === ZERO_QUANTITY) {
      this.#refuse(held, 'VENUE_REFUSED', report.reason);
      return true;
    }
    this.#acknowledge(held);
    const { state, filledQuantity, reason, updatedAt } = report;
    if (state === 'working' || filledQuantity > ZERO_QUANTITY) this.#markTriggered(held, updatedAt);
    if (state !== 'waiting' && state !== 'working') {
      held.ending ??= { state, filledQuantity, reason, time: updatedAt };
      this.#finish(held);
    } else if (held.isCancelling && this.#now() > held.cancelAskedAt + CANCEL_AGAIN_AFTER_MS) {
      this.#requestCancel(held);
    }
    return true;
  }

  fill(fill: ReportedFill): FillFate {
    const { clientOrderId } = fill;
    if (clientOrderId === null || fill.kind !== 'trade') return 'foreign';
    const held = this.#orders.get(clientOrderId);
    if (held === undefined) {
      if (!this.#ended.has(clientOrderId)) return 'foreign';
      if (this.#ended.hasFill(clientOrderId, fill.fillId)) return 'known';
      this.#ended.addFill(clientOrderId, fill.fillId);
      return 'phantom';
    }
    if (held.fillIds.has(fill.fillId)) return 'known';
    this.#book(held, fill);
    return 'booked';
  }

  /** Whether a payment of funding is to be booked: it was not before. From now on it was. */
  takeFunding(paymentId: string): boolean {
    if (this.#funded.includes(paymentId)) return false;
    this.#funded = [...this.#funded, paymentId].slice(-REMEMBERED_FUNDINGS);
    return true;
  }

  hasFunding(paymentId: string): boolean {
    return this.#funded.includes(paymentId);
  }

  /**
   * The venue has answered that it knows no such order, after nothing that was sent can arrive any more. An order that
   * the venue has spoken of stays in doubt. An exit or protection that is still in time is sent again: a position must not
   * stay without it because a process died with the request in its hand. An entry is given up.
   */
  neverArrived(clientOrderId: string): void {
    const held = this.#orders.get(clientOrderId);
    if (held?.phase !== 'sent' || this.#isCertainlyHere(held)) return;
    if (held.terms.reduceOnly && this.#now() <= held.sendBy) {
      this.#didNotLeave(held, 0);
      return;
    }
    this.#refuse(
      held,
      'NEVER_ARRIVED',
      'the venue does not know the order, and nothing that was sent can arrive any more',
    );
  }

  /** The stops that were lost since the last call. */
  takeLostStops(): readonly LostStop[] {
    return this.#lostStops.take();
  }

  // — what others ask —

  /** The orders about which the venue is to be asked. */
  doubts(): readonly Doubt[] {
    const doubts: Doubt[] = [];
    for (const { id, terms, doubt, phase, lacksFills } of this.#orders.values()) {
      const why = doubt ?? (lacksFills ? 'the venue counts fills that were not heard of' : undefined);
      if (why !== undefined) {
        doubts.push({ clientOrderId: id, symbol: terms.symbol, why, isAcknowledged: phase === 'open' });
      }
    }
    return doubts;
  }

  /** Asks for every order that may be out: what was said while nobody listened is lost. */
  doubtAll(why: string): void {
    for (const held of this.#orders.values()) if (held.isOut && !this.#isCertainlyHere(held)) held.doubt ??= why;
  }

  /** Asks for one order, where it may be out. */
  doubt(clientOrderId: string, why: string): void {
    const held = this.#orders.get(clientOrderId);
    if (held?.phase === 'open') held.doubt ??= why;
  }

  /** The orders that the venue has spoken of and that have not ended. */
  openIds(): readonly string[] {
    return Array.from(this.#orders.values())
      .filter((held) => held.phase === 'open')
      .map((held) => held.id);
  }

  /** Whether the position in `symbol` may change at any moment by an order of ours. */
  isWorking(symbol: string): boolean {
    for (const held of this.#orders.values()) if (held.isOut && held.terms.symbol === symbol) return true;
    return false;
  }

  /** Whether an order is out that will end by itself in a moment. */
  get isExecuting(): boolean {
    for (const held of this.#orders.values()) if (held.isExecuting) return true;
    return false;
  }

  /** When {@link onTime} has something to do next; ∞ for never. */
  get nextTime(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const held of this.#orders.values()) {
      next = Math.min(next, held.resendAt, held.recancelAt, held.isExpiring ? next : held.expiresAt);
    }
    return next;
  }

  snapshot(): Json {
    return {
      orders: Array.from(this.#orders.values(), (held) => held.snapshot()),
      ended: this.#ended.snapshot(),
      funded: [...this.#funded],
    };
  }

  /** Takes up a {@link snapshot}. What may be out is in doubt: it may have been sent just before the end of that life. */
  restore(state: Json): void {
    const saved = state as unknown as SavedVenue;
    this.#requests = [];
    this.#orders.clear();
    for (const one of saved.orders) {
      const held = HeldOrder.restored(one);
      if (held.isOut) held.doubt = 'it may have been sent before a restart';
      this.#orders.set(held.id, held);
    }
    this.#ended.restore(saved.ended);
    this.#funded = [...saved.funded];
  }

  // — inside —

  /** Nothing stands before it any more: it goes to the venue, or begins to follow the price. */
  #activate(held: HeldOrder): void {
    if (held.terms.execution.type === 'trailing-stop') {
      held.phase = 'following';
      this.#tell(held.terms, { kind: 'accepted' });
      return;
    }
    this.#tell(held.terms, { kind: 'submitted' });
    this.#send(held);
  }

  #send(held: HeldOrder): void {
    held.phase = 'sent';
    held.sendBy = this.#now() + (held.terms.reduceOnly ? SEND_EXIT_WITHIN_MS : SEND_ENTRY_WITHIN_MS);
    this.#requestSubmit(held);
  }

  #requestSubmit(held: HeldOrder): void {
    const order = held.toWire(this.#sharedSymbols.has(held.terms.symbol));
    this.#requests.push({ kind: 'submit', order, sendBy: held.sendBy });
  }

  /** Nothing of it has left, or can arrive any more: the venue can't know of the order. */
  #didNotLeave(held: HeldOrder, retryAfterMs: number): void {
    held.doubt = undefined;
    if (held.isExpiring) this.#end(held, 'expired', 'its time was over before it was sent');
    else if (held.isCancelling) this.#end(held, 'cancelled', 'cancelled before it was sent');
    // What can't go any more is given up when that is known, not when the venue might listen again.
    else held.resendAt = Math.min(this.#now() + retryAfterMs, held.sendBy + 1);
  }

  /** Whether the venue can't know of it: it was not sent, or not handed out to be sent, or proved not to have left. */
  #isCertainlyHere(held: HeldOrder): boolean {
    return !held.isOut || held.resendAt < Number.POSITIVE_INFINITY || this.#waitsToLeave(held, 'submit');
  }

  #waitsToLeave({ id }: HeldOrder, kind: VenueRequest['kind']): boolean {
    return this.#requests.some((one) => one.kind === kind && one.order.clientOrderId === id);
  }

  #requestCancel(held: HeldOrder): void {
    held.isCancelling = true;
    held.recancelAt = Number.POSITIVE_INFINITY;
    held.cancelAskedAt = this.#now();
    if (this.#waitsToLeave(held, 'cancel')) return;
    this.#requests.push({ kind: 'cancel', order: { symbol: held.terms.symbol, clientOrderId: held.id } });
  }

  #resend(held: HeldOrder, now: EpochMs): void {
    held.resendAt = Number.POSITIVE_INFINITY;
    if (now <= held.sendBy) this.#requestSubmit(held);
    else this.#refuse(held, 'NOT_SENT', 'it could not be sent in time');
  }

  #expire(held: HeldOrder): void {
    held.isExpiring = true;
    if (this.#isCertainlyHere(held)) this.#end(held, 'expired', 'its time was over');
    else this.#requestCancel(held);
  }

  #acknowledge(held: HeldOrder): void {
    if (held.phase === 'open') return;
    held.phase = 'open';
    held.resendAt = Number.POSITIVE_INFINITY;
    if (!this.#isTrailing(held)) this.#tell(held.terms, { kind: 'accepted' });
  }

  #doubt(held: HeldOrder, reason: string): void {
    held.doubt ??= reason;
    // Of an order that the engine knows as working, only this side knows the doubt.
    if (held.phase === 'sent' && !this.#isTrailing(held)) this.#tell(held.terms, { kind: 'unknown', reason });
  }

  #isTrailing({ terms }: HeldOrder): boolean {
    return terms.execution.type === 'trailing-stop';
  }

  #refuse(held: HeldOrder, code: string, reason: string): void {
    this.#forget(held);
    this.#tell(held.terms, { kind: 'rejected', code, reason });
    this.#lostStops.note(held, reason, this.#orders.values());
    this.#endDependants(held);
  }

  #markTriggered(held: HeldOrder, time: EpochMs): void {
    const { execution } = held.terms;
    if (held.isTriggered || (execution.type !== 'stop' && execution.type !== 'take-profit')) return;
    held.isTriggered = true;
    this.#tell(held.terms, { kind: 'triggered', price: execution.triggerPrice }, time);
  }

  #book(held: HeldOrder, reported: ReportedFill): void {
    const { terms } = held;
    const filled = (held.filled + reported.quantity) as Quantity;
    invariant(
      filled <= held.quantity && reported.symbol === terms.symbol && reported.side === terms.side,
      'A venue filled what was not asked',
      {
        clientOrderId: held.id,
        asked: `${terms.side} ${formatFixed(held.quantity)} ${terms.symbol}`,
        filled: `${reported.side} ${formatFixed(filled)} ${reported.symbol}`,
      },
    );
    const isFirst = held.filled === ZERO_QUANTITY;
    held.fillIds.add(reported.fillId);
    held.filled = filled;
    this.#acknowledge(held);
    this.#markTriggered(held, reported.time);
    const complete = filled === held.quantity;
    if (complete) this.#forget(held);
    this.#tell(terms, { kind: 'filled', fill: fillOf(reported, terms), complete }, reported.time);
    if (isFirst) this.#cancelSiblings(held);
    if (complete) this.#endDependants(held);
    else if (held.ending !== undefined) this.#finish(held);
  }

  /** Ends an order by the venue's word, if all that the venue counts is booked; else its fills are asked for. */
  #finish(held: HeldOrder): void {
    const ending = held.ending!;
    if (held.lacksFills) return;
    const reason = ending.state === 'filled' ? 'the venue cut it to what it could do' : ending.reason || 'by the venue';
    this.#end(held, held.isExpiring || ending.state === 'expired' ? 'expired' : 'cancelled', reason, ending.time);
    if (ending.state !== 'filled') this.#lostStops.note(held, reason, this.#orders.values());
  }

  #end(held: HeldOrder, kind: 'cancelled' | 'expired', reason: string, time?: EpochMs): void {
    this.#forget(held);
    this.#tell(held.terms, { kind, reason }, time);
    this.#endDependants(held);
  }

  #forget(held: HeldOrder): void {
    this.#requests = this.#requests.filter((one) => one.order.clientOrderId !== held.id);
    this.#orders.delete(held.id);
    this.#ended.add(held.id, held.fillIds);
  }

  /** What waited for an order that has ended: goes out when it filled, protects the part that did, ends otherwise. */
  #endDependants(parent: HeldOrder): void {
    for (const held of [...this.#orders.values()]) {
      if (held.terms.after !== parent.id || held.phase !== 'waiting') continue;
      const isComplete = parent.filled === parent.quantity;
      if (!isComplete && !(held.terms.reduceOnly && parent.filled > 0n)) {
        this.#end(held, 'cancelled', `${parent.id} ended without filling`);
        continue;
      }
      if (!isComplete && held.quantity > parent.filled) held.quantity = parent.filled;
      this.#activate(held);
    }
  }

  #cancelSiblings({ id, terms }: HeldOrder): void {
    if (terms.oneCancelsOther === undefined) return;
    for (const held of [...this.#orders.values()]) {
      if (held.id !== id && held.terms.oneCancelsOther === terms.oneCancelsOther) this.cancel(held.id);
    }
  }

  #isFollowing(symbol: string): boolean {
    for (const held of this.#orders.values())
      if (held.phase === 'following' && held.terms.symbol === symbol) return true;
    return false;
  }

  #follow(held: HeldOrder, price: number, time: EpochMs): void {
    const { side, execution } = held.terms;
    if (execution.type !== 'trailing-stop' || !(price > 0)) return;
    const isBetter = Number.isNaN(held.best) || (side === 'sell' ? price > held.best : price < held.best);
    if (isBetter) held.best = price;
    const trigger = toNumber(triggerOf(side, fromNumber<Price>(held.best), execution.distance));
    if (side === 'sell' ? price > trigger : price < trigger) return;
    held.isTriggered = true;
    this.#tell(held.terms, { kind: 'triggered', price: fromNumber<Price>(price) }, time);
    this.#send(held);
  }

  #tell(terms: OrderTerms, what: EventBody, time: EpochMs = this.#now()): void {
    const { clientOrderId, botId, symbol } = terms;
    this.#emit({ ...what, clientOrderId, botId, symbol, time: epochMs(time) } as OrderEvent);
  }
}

interface SavedVenue {
  readonly orders: readonly Json[];
  readonly ended: Json;
  readonly funded: readonly string[];
}

/** An event without what says of which order and when. */
type EventBody = OrderEvent extends infer Each
  ? Each extends OrderEvent
    ? Omit<Each, 'clientOrderId' | 'botId' | 'symbol' | 'time'>
    : never
  : never;

function fillOf(reported: ReportedFill, { botId, clientOrderId }: OrderTerms): Fill {
  const { fillId, symbol, side, price, quantity, fee, feeCurrency, liquidity, time } = reported;
  return { fillId, clientOrderId, botId, symbol, side, price, quantity, fee, feeCurrency, liquidity, time };
}
