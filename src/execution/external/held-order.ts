import type { OrderTerms } from '../../domain/order.ts';
import { termsFromJson, termsToJson } from '../../domain/order-codec.ts';
import { InvariantError } from '../../foundation/errors.ts';
import { fixed, formatFixed, type Quantity, ZERO_QUANTITY } from '../../foundation/fixed-point.ts';
import type { Json } from '../../foundation/json.ts';
import type { EpochMs } from '../../foundation/time.ts';
import type { WireOrder } from '../order-gateway.ts';

/**
 * Where an order stands on our side of the link:
 * `waiting` for the order it comes after, or `following` the price as a trailing stop, both unknown to the venue
 * → `sent`: a request is about to leave, or may have left → `open`: the venue has spoken of it.
 */
export type HeldPhase = 'waiting' | 'following' | 'sent' | 'open';

/** How an order ended by the venue's word; it has ended here when the fills that this counts are booked. */
export interface Ending {
  readonly state: 'filled' | 'cancelled' | 'expired' | 'rejected';
  readonly filledQuantity: Quantity;
  readonly reason: string;
  readonly time: EpochMs;
}

/** An order that has not ended, with everything that changes about it. */
export class HeldOrder {
  readonly terms: OrderTerms;
  phase: HeldPhase;
  /** What was asked of the venue, or will be. */
  quantity: Quantity;
  filled: Quantity = ZERO_QUANTITY;
  readonly fillIds = new Set<string>();
  /** A stop, take-profit or trailing stop that has reached its trigger. */
  isTriggered = false;
  /** Asked to be cancelled, by us. */
  isCancelling = false;
  /** Its time was over: what the venue calls cancelled is expired. */
  isExpiring = false;
  ending: Ending | undefined;
  /** Why the venue is to be asked about it; `undefined` when nothing is in doubt. See {@link lacksFills} as well. */
  doubt: string | undefined;
  /** The most that the venue said was filled. */
  counted: Quantity = ZERO_QUANTITY;
  /** It certainly did not leave, and goes again at this time. */
  resendAt: number = Number.POSITIVE_INFINITY;
  /** Its cancellation is asked for again at this time. */
  recancelAt: number = Number.POSITIVE_INFINITY;
  cancelAskedAt: number = Number.NEGATIVE_INFINITY;
  /** A request that has not left by then never will. */
  sendBy: number = Number.NEGATIVE_INFINITY;
  /** Of a trailing stop: the best price since it follows. */
  best = Number.NaN;

  constructor(terms: OrderTerms, phase: HeldPhase) {
    if (terms.quantity.kind !== 'units') {
      throw new InvariantError('A venue outside takes units only', { clientOrderId: terms.clientOrderId });
    }
    this.terms = terms;
    this.phase = phase;
    this.quantity = terms.quantity.quantity;
  }

  get id(): string {
    return this.terms.clientOrderId;
  }

  /** Whether the venue may know of it. */
  get isOut(): boolean {
    return this.phase === 'sent' || this.phase === 'open';
  }

  /** Whether it is out and will end by itself in a moment: it goes at the market, or at once or not at all. */
  get isExecuting(): boolean {
    if (!this.isOut) return false;
    const { execution, timeInForce } = this.toWire(false);
    return execution.type === 'market' || timeInForce !== 'GTC';
  }

  /** Whether the venue counts fills that are not booked. */
  get lacksFills(): boolean {
    return this.counted > this.filled;
  }

  /** When it ends by itself; ∞ for never. */
  get expiresAt(): number {
    const { timeInForce } = this.terms;
    return timeInForce.kind === 'GTD' ? timeInForce.expiresAt : Number.POSITIVE_INFINITY;
  }

  /** As it goes to the venue. A trailing stop that was triggered goes as a market order; GTD is kept on our side. */
  toWire(sharesPosition: boolean): WireOrder {
    const { clientOrderId, symbol, side, execution, timeInForce, reduceOnly } = this.terms;
    return {
      clientOrderId,
      symbol,
      side,
      quantity: this.quantity,
      execution: execution.type === 'trailing-stop' ? { type: 'market' } : execution,
      timeInForce: timeInForce.kind === 'GTD' ? 'GTC' : timeInForce.kind,
      reduceOnly,
      ...(sharesPosition && { sharesPosition }),
    };
  }

  snapshot(): Json {
    return {
      terms: termsToJson(this.terms),
      phase: this.phase,
      quantity: formatFixed(this.quantity),
      filled: formatFixed(this.filled),
      counted: formatFixed(this.counted),
      fillIds: [...this.fillIds],
      isTriggered: this.isTriggered,
      isCancelling: this.isCancelling,
      isExpiring: this.isExpiring,
      sendBy: Number.isFinite(this.sendBy) ? this.sendBy : null,
      ending:
        this.ending === undefined ? null : { ...this.ending, filledQuantity: formatFixed(this.ending.filledQuantity) },
      best: Number.isNaN(this.best) ? null : this.best,
    };
  }

  static restored(json: Json): HeldOrder {
    const saved = json as unknown as SavedHeldOrder;
    const order = new HeldOrder(termsFromJson(saved.terms), saved.phase);
    order.quantity = fixed<Quantity>(saved.quantity);
    order.filled = fixed<Quantity>(saved.filled);
    order.counted = fixed<Quantity>(saved.counted);
    for (const id of saved.fillIds) order.fillIds.add(id);
    order.isTriggered = saved.isTriggered;
    order.isCancelling = saved.isCancelling;
    order.isExpiring = saved.isExpiring;
    order.sendBy = saved.sendBy ?? Number.NEGATIVE_INFINITY;
    if (saved.ending !== null) {
      order.ending = { ...saved.ending, filledQuantity: fixed<Quantity>(saved.ending.filledQuantity) };
    }
    order.best = saved.best ?? Number.NaN;
    return order;
  }
}

interface SavedHeldOrder {
  readonly terms: Json;
  readonly phase: HeldPhase;
  readonly quantity: string;
  readonly filled: string;
  readonly counted: string;
  readonly fillIds: readonly string[];
  readonly isTriggered: boolean;
  readonly isCancelling: boolean;
  readonly isExpiring: boolean;
  readonly sendBy: number | null;
  readonly ending: (Omit<Ending, 'filledQuantity'> & { readonly filledQuantity: string }) | null;
  readonly best: number | null;
}
