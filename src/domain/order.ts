import { InvariantError } from '../foundation/errors.ts';
import { formatFixed, type Price, type Quantity, ZERO_QUANTITY } from '../foundation/fixed-point.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { Fill } from './fill.ts';
import type { Side } from './side.ts';

/** How an order is to be executed. */
export type Execution =
  | { readonly type: 'market' }
  | { readonly type: 'limit'; readonly limitPrice: Price; readonly postOnly: boolean }
  /** Waits until the market reaches the trigger against the side (buy: at or above); then market, or limit. */
  | { readonly type: 'stop'; readonly triggerPrice: Price; readonly limitPrice?: Price }
  /** Waits until the market reaches the trigger in favour of the side (buy: at or below); then market, or limit. */
  | { readonly type: 'take-profit'; readonly triggerPrice: Price; readonly limitPrice?: Price }
  /** A market stop whose trigger follows the best price since activation at `distance`. */
  | { readonly type: 'trailing-stop'; readonly distance: Price };

export type TimeInForce =
  | { readonly kind: 'GTC' }
  | { readonly kind: 'IOC' }
  | { readonly kind: 'FOK' }
  | { readonly kind: 'GTD'; readonly expiresAt: EpochMs };

/** How much. `equity-fraction` is resolved by the simulated venue at the moment of the fill; real venues refuse it. */
export type OrderQuantity =
  | { readonly kind: 'units'; readonly quantity: Quantity }
  | { readonly kind: 'equity-fraction'; readonly fraction: number };

/** What is asked of a venue. Immutable: an amendment is a new order. */
export interface OrderTerms {
  /** Our id: a function of the decision, so that a replay makes the same one. ≤ 36 characters of [A-Za-z0-9_-]. */
  readonly clientOrderId: string;
  readonly botId: string;
  readonly signalId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: OrderQuantity;
  readonly execution: Execution;
  readonly timeInForce: TimeInForce;
  /** Never opens or enlarges a position: what would is cut off. */
  readonly reduceOnly: boolean;
  /** When one order of the group fills, the others are cancelled. */
  readonly oneCancelsOther?: string;
  /** Rests unseen until this order of the same bot has filled completely; dies with it when it ends unfilled. */
  readonly after?: string;
  /** The decision's time: the close time of the slice it was made on. */
  readonly createdAt: EpochMs;
}

/** What a venue, or our side of the link to it, said about an order. */
export type OrderEvent =
  | (OrderEventBase & { readonly kind: 'submitted' })
  | (OrderEventBase & { readonly kind: 'accepted' })
  /** A stop, take-profit or trailing stop reached its trigger. */
  | (OrderEventBase & { readonly kind: 'triggered'; readonly price: Price })
  | (OrderEventBase & { readonly kind: 'filled'; readonly fill: Fill; readonly complete: boolean })
  | (OrderEventBase & { readonly kind: 'cancelled'; readonly reason: string })
  | (OrderEventBase & { readonly kind: 'expired'; readonly reason: string })
  | (OrderEventBase & { readonly kind: 'rejected'; readonly code: string; readonly reason: string })
  /** No answer: the order may or may not exist. Resolved by asking the venue, never by sending again. */
  | (OrderEventBase & { readonly kind: 'unknown'; readonly reason: string });

interface OrderEventBase {
  readonly clientOrderId: string;
  readonly botId: string;
  readonly symbol: string;
  readonly time: EpochMs;
}

/** An order in exactly the state it is in. */
export type Order =
  /** Durable on our side, not yet sent. */
  | (OrderBase & { readonly state: 'intended' })
  /** Sent, no answer yet. */
  | (OrderBase & { readonly state: 'submitted' })
  | (OrderBase & { readonly state: 'unknown'; readonly reason: string })
  | (OrderBase & { readonly state: 'working'; readonly triggered: boolean })
  | (OrderBase & { readonly state: 'filled'; readonly endedAt: EpochMs })
  | (OrderBase & { readonly state: 'cancelled' | 'expired'; readonly reason: string; readonly endedAt: EpochMs })
  | (OrderBase & {
      readonly state: 'rejected';
      readonly code: string;
      readonly reason: string;
      readonly endedAt: EpochMs;
    });

interface OrderBase {
  readonly terms: OrderTerms;
  readonly filledQuantity: Quantity;
}

/** A stop that protected a position and that the venue let go of unasked. */
export interface LostStop {
  readonly symbol: string;
  /** The stop's own: a long position is protected by one that sells. */
  readonly side: Side;
  readonly reason: string;
}

export function intendedOrder(terms: OrderTerms): Order {
  return { state: 'intended', terms, filledQuantity: ZERO_QUANTITY };
}

/** Whether nothing more can happen to it. */
export function isTerminal(order: Order): boolean {
  return (
    order.state === 'filled' || order.state === 'cancelled' || order.state === 'expired' || order.state === 'rejected'
  );
}

/**
 * The order after `event`. Throws on a transition that no venue may make (invariant I8), on an overfill (I9), and on an
 * event of another order.
 *
 * What may happen: anything to an order of which the venue's word is still to come (its messages may overtake one
 * another, or be found only by asking), but it is sent once; to a working order no second sending and no doubt whether
 * it exists; to one that has filled in part no refusal; and nothing to one that has ended.
 */
export function applyOrderEvent(order: Order, event: OrderEvent): Order {
  const { terms, filledQuantity } = order;
  const illegal = illegality(order, event);
  if (illegal !== undefined) {
    const { clientOrderId } = terms;
    throw new InvariantError(illegal, {
      clientOrderId,
      state: order.state,
      event: event.kind,
      of: event.clientOrderId,
    });
  }
  switch (event.kind) {
    case 'submitted':
      return { state: 'submitted', terms, filledQuantity };
    case 'unknown':
      return { state: 'unknown', terms, filledQuantity, reason: event.reason };
    case 'accepted':
      return { state: 'working', terms, filledQuantity, triggered: order.state === 'working' && order.triggered };
    case 'triggered':
      return { state: 'working', terms, filledQuantity, triggered: true };
    case 'filled':
      return afterFill(order, event.fill, event.complete);
    case 'cancelled':
    case 'expired':
      return { state: event.kind, terms, filledQuantity, reason: event.reason, endedAt: event.time };
    case 'rejected':
      return { state: 'rejected', terms, filledQuantity, code: event.code, reason: event.reason, endedAt: event.time };
  }
}

function illegality(order: Order, event: OrderEvent): string | undefined {
  const { terms, state } = order;
  if (event.clientOrderId !== terms.clientOrderId || event.symbol !== terms.symbol) return 'An event of another order';
  if (isTerminal(order)) return 'An ended order changed';
  switch (event.kind) {
    case 'submitted':
      return state === 'intended' ? undefined : 'An order was sent twice';
    case 'unknown':
      return state === 'working' ? 'An order that the venue has spoken of is not unknown' : undefined;
    case 'rejected':
      return order.filledQuantity > 0n ? 'An order was refused after it had filled' : undefined;
    case 'triggered': {
      if (!waitsForTrigger(terms.execution)) return 'An order without a trigger was triggered';
      return state === 'working' && order.triggered ? 'An order was triggered twice' : undefined;
    }
    default:
      return undefined;
  }
}

function waitsForTrigger({ type }: Execution): boolean {
  return type === 'stop' || type === 'take-profit' || type === 'trailing-stop';
}

function afterFill(order: Order, fill: Fill, complete: boolean): Order {
  const { terms } = order;
  const filledQuantity = (order.filledQuantity + fill.quantity) as Quantity;
  const wrong = fillDefect(terms, fill, filledQuantity, complete);
  if (wrong !== undefined) {
    throw new InvariantError(wrong, {
      clientOrderId: terms.clientOrderId,
      of: fill.clientOrderId,
      fill: formatFixed(fill.quantity),
      filled: formatFixed(filledQuantity),
    });
  }
  if (complete) return { state: 'filled', terms, filledQuantity, endedAt: fill.time };
  return { state: 'working', terms, filledQuantity, triggered: order.state === 'working' && order.triggered };
}

function fillDefect(terms: OrderTerms, fill: Fill, filled: Quantity, complete: boolean): string | undefined {
  if (fill.clientOrderId !== terms.clientOrderId || fill.side !== terms.side) return 'A fill of another order';
  if (fill.quantity <= 0n) return 'A fill of nothing';
  if (terms.quantity.kind !== 'units') return undefined;
  if (filled > terms.quantity.quantity) return 'An order filled more than it asked for';
  return filled === terms.quantity.quantity && !complete ? 'An order that has filled wholly is complete' : undefined;
}
