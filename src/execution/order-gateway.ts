import type { Fill } from '../domain/fill.ts';
import type { Execution } from '../domain/order.ts';
import type { Side } from '../domain/side.ts';
import type { Money, Price, Quantity } from '../foundation/fixed-point.ts';
import type { Result } from '../foundation/result.ts';
import type { EpochMs } from '../foundation/time.ts';

/**
 * PORT: an account at a venue outside this process, a demo account or one with real money. The contract, for all adapters:
 *
 * - Nothing is sent twice by the gateway itself: one call, at most one request that could make an order. Only reads are
 *   repeated.
 * - No call rejects, but for broken invariants. What is not known is `unknown`: a timeout, a 5xx, a lost connection, an
 *   answer that can't be read, after a request may have left. `refused` needs the venue's own word; `not-sent` needs proof
 *   that nothing left this machine or that the venue did not look at it (a rate limit).
 * - Reads give the venue's word as it is at some moment of the last `lookUpLagMs`: it may be older than what the private
 *   stream said already.
 * - What the private stream says is passed on in its order, at least once, also what belongs to nobody here.
 * - Every number is parsed once, exactly, and refused where it is not one; a message that makes no sense is counted and
 *   logged, never passed on.
 */
export interface OrderGateway {
  /** The account's name, for people and records: `bybit-demo`. */
  readonly account: string;
  readonly rules: VenueRules;
  /**
   * Checks the key, measures the venue's clock, opens the private stream. Resolves when the stream is authenticated.
   *
   * @throws UserError for a key that is wrong, may not trade, or may withdraw; for an account that can't be traded so
   */
  open(listener: GatewayListener): Promise<void>;
  /** Sends one order. Never called again for the same id, unless the answer was `not-sent`, or it surely never arrived. */
  submit(order: WireOrder): Promise<SendOutcome>;
  cancel(order: OrderReference): Promise<CancelOutcome>;
  /** The order with this client id, wherever the venue keeps it: among the open ones or in the history. */
  find(order: OrderReference): Promise<LookUp>;
  /** All open orders of the account, foreign ones as well. */
  openOrders(): Promise<Answer<readonly OrderReport[]>>;
  /** All executions since `since`, oldest first, foreign ones as well. */
  fills(since: EpochMs): Promise<Answer<readonly ReportedFill[]>>;
  holdings(): Promise<Answer<Holdings>>;
  /** What the key may do. */
  rights(): Promise<Answer<KeyRights>>;
  /** The venue's clock minus ours, as measured; `undefined` before the first measurement. */
  readonly clockOffset: ClockOffset | undefined;
  close(): Promise<void>;
}

/** How a venue treats what is sent to it; the fence around a lost answer is made of these. */
export interface VenueRules {
  /** Whether a client id may be used once for ever, or once among the open orders. */
  readonly clientIds: 'unique' | 'unique-among-open';
  /** A request that arrives later than this after its own time stamp is refused by the venue. */
  readonly receiveWindowMs: number;
  /** How far the venue's look-ups may lie behind the truth. */
  readonly lookUpLagMs: number;
  /** How far back ended orders can be found. */
  readonly historyMs: number;
}

export interface GatewayListener {
  report(report: OrderReport): void;
  fill(fill: ReportedFill): void;
  /** The private stream is authenticated (again): what was said meanwhile is lost and must be asked for. */
  connected(): void;
  /** Nothing can be heard; or the key or the clock is in doubt. Nothing new may be sent until {@link connected}. */
  disconnected(reason: string): void;
}

/** How an order is named to the venue. */
export interface OrderReference {
  readonly symbol: string;
  readonly clientOrderId: string;
}

/** An order as it goes over the wire: everything resolved, nothing that a venue would have to imagine. */
export interface WireOrder extends OrderReference {
  readonly side: Side;
  readonly quantity: Quantity;
  /** `stop` and `take-profit` are conditional orders of the venue; trailing stops are followed on our side. */
  readonly execution: Exclude<Execution, { readonly type: 'trailing-stop' }>;
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  /** It only makes the position of its bot smaller. */
  readonly reduceOnly: boolean;
  /**
   * Other bots trade the same symbol on this account, whose position is the sum of theirs: a venue that held a reduction to
   * that sum would refuse a bot its way out where another holds as much the other way.
   */
  readonly sharesPosition?: boolean;
}

/** Whether the venue is to hold the order to the position of the account. */
export function reducesAccount({ reduceOnly, sharesPosition = false }: WireOrder): boolean {
  return reduceOnly && !sharesPosition;
}

export type SendOutcome =
  /** The venue took the request. What becomes of the order comes by the stream. */
  | { readonly kind: 'accepted'; readonly venueOrderId: string | null }
  /** The venue says that it had this id before: it exists, and is to be looked up. */
  | { readonly kind: 'duplicate' }
  /** The venue's own word that there will be no such order. `code` is ours, stable; `reason` has the venue's. */
  | { readonly kind: 'refused'; readonly code: VenueRefusal; readonly reason: string }
  /** Certainly nothing happened; it may be sent again, after a while. */
  | { readonly kind: 'not-sent'; readonly reason: string; readonly retryAfterMs: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Why a venue refused an order, in words that are the same for all venues. */
export type VenueRefusal =
  | 'VENUE_INSUFFICIENT_FUNDS'
  | 'VENUE_FILTER'
  | 'VENUE_PRICE_LIMIT'
  | 'VENUE_POST_ONLY'
  | 'VENUE_REDUCE_ONLY'
  | 'VENUE_KEY_DENIED'
  | 'VENUE_EXPIRED'
  | 'VENUE_REFUSED';

export type CancelOutcome =
  | { readonly kind: 'accepted' }
  /** It is not open: filled, cancelled, or never there. To be looked up. */
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'not-sent'; readonly reason: string; readonly retryAfterMs: number }
  | { readonly kind: 'unknown'; readonly reason: string };

export type LookUp =
  | { readonly kind: 'found'; readonly report: OrderReport; readonly fills: readonly ReportedFill[] }
  /** The venue answered, and knows no such order at that moment. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unavailable'; readonly failure: GatewayFailure };

/** An order as the venue tells of it. */
export interface OrderReport {
  /** `null` where it was made without one. */
  readonly clientOrderId: string | null;
  readonly venueOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly filledQuantity: Quantity;
  /** `waiting`: conditional, its trigger not reached. */
  readonly state: 'waiting' | 'working' | 'filled' | 'cancelled' | 'expired' | 'rejected';
  /** The venue's own word where it ended otherwise than by filling; else empty. */
  readonly reason: string;
  /** The venue's clock. */
  readonly updatedAt: EpochMs;
}

/** An execution as the venue tells of it: whose it is follows from its order. */
export interface ReportedFill extends Omit<Fill, 'clientOrderId' | 'botId'> {
  /** `trade`: of an order. The others move the account without one of ours. */
  readonly kind: 'trade' | 'funding' | 'liquidation' | 'settlement';
  readonly clientOrderId: string | null;
  readonly venueOrderId: string;
}

export interface Holdings {
  readonly positions: readonly HeldPosition[];
  readonly balances: readonly HeldBalance[];
}

/** A position in a contract. */
export interface HeldPosition {
  readonly symbol: string;
  /** Signed. */
  readonly quantity: Quantity;
  readonly averagePrice: Price | null;
}

export interface HeldBalance {
  readonly currency: string;
  /** Without what positions have gained or lost since they were opened. */
  readonly total: Money;
}

export interface KeyRights {
  readonly canTrade: boolean;
  readonly canWithdraw: boolean;
  /** Whether the venue takes it from certain addresses only. */
  readonly isBoundToAddress: boolean;
  readonly expiresAt: EpochMs | null;
  /** Whether the venue told all this; of keys of some demo accounts it tells nothing, and the rest is assumed. */
  readonly isTold: boolean;
}

export interface ClockOffset {
  readonly offsetMs: number;
  /** Half of the shortest round trip: how wrong it may be. */
  readonly uncertaintyMs: number;
}

export interface GatewayFailure {
  readonly code: 'UNREACHABLE' | 'LIMITED' | 'DENIED' | 'REFUSED';
  readonly message: string;
  readonly retryAfterMs: number;
}

export type Answer<Value> = Result<Value, GatewayFailure>;
