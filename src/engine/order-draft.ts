import { type Instrument, snapPrice, snapQuantity } from '../domain/instrument.ts';
import type { Execution, OrderQuantity, TimeInForce } from '../domain/order.ts';
import type { Side } from '../domain/side.ts';
import { absolute, fromNumber, ONE, type Price, type Quantity, roundToStep } from '../foundation/fixed-point.ts';

/** An order before it has its ids. `after` names another draft of the same plan by its index. */
export interface OrderDraft {
  readonly side: Side;
  readonly quantity: OrderQuantity;
  readonly execution: Execution;
  readonly timeInForce: TimeInForce;
  readonly reduceOnly: boolean;
  readonly oneCancelsOther?: string;
  readonly after?: number;
  /** The stop that limits what an entry may lose. */
  readonly protectivePrice?: number;
}

/** What the planner must know of the symbol at the moment of the decision. */
export interface PlanningView {
  readonly instrument: Instrument;
  readonly price: number;
  /** Signed, in units, exact. */
  readonly position: Quantity;
  readonly equity: number;
  readonly annualVolatility: number;
  /** Sides on which an entry is working. */
  readonly pendingEntries: ReadonlySet<Side>;
  /** What market orders that are on their way will still add to the position, signed. */
  readonly inFlight: Quantity;
}

/** An exit of more than so many of the venue's largest orders goes in parts. */
const MOST_EXIT_ORDERS = 50;

export const GTC: TimeInForce = { kind: 'GTC' };
export const AT_MARKET: Execution = { type: 'market' };
const noDrafts: readonly OrderDraft[] = [];

/** What closes the position at the market: nothing when flat, several orders when it is more than the venue takes in one. */
export function exitDrafts({
  position,
  instrument,
}: Pick<PlanningView, 'position' | 'instrument'>): readonly OrderDraft[] {
  if (position === 0n) return noDrafts;
  const side = position > 0n ? 'sell' : 'buy';
  const largest = largestOrder(instrument);
  const drafts: OrderDraft[] = [];
  for (let left = absolute(position); left > 0n && largest > 0n && drafts.length < MOST_EXIT_ORDERS; ) {
    const quantity = atMost(left, largest);
    drafts.push(marketDraft(side, quantity, true));
    left = (left - quantity) as Quantity;
  }
  return drafts;
}

/** The largest quantity that the venue takes in one order, on its grid. */
export function largestOrder({ maximumQuantity, stepSize }: Instrument): Quantity {
  return roundToStep(maximumQuantity, stepSize, 'down');
}

export function atMost(quantity: Quantity, most: Quantity): Quantity {
  return quantity < most ? quantity : most;
}

export function marketDraft(side: Side, quantity: Quantity, reduceOnly: boolean): OrderDraft {
  return { side, quantity: { kind: 'units', quantity }, execution: AT_MARKET, timeInForce: GTC, reduceOnly };
}

/** A limit price on the grid, never better for the market than wished. */
export function passivePrice(instrument: Instrument, price: number, side: Side): Price {
  return snapPrice(instrument, price, side === 'buy' ? 'down' : 'up');
}

/** On the venue's grid, and no more than it takes in one order. */
export function units(instrument: Instrument, wished: number): Extract<OrderQuantity, { kind: 'units' }> | undefined {
  if (!(Number.isFinite(wished) && wished > 0)) return undefined;
  const snapped = snapQuantity(instrument, wished);
  const quantity = snapped <= instrument.maximumQuantity ? snapped : largestOrder(instrument);
  return quantity > 0n ? { kind: 'units', quantity } : undefined;
}

export function belowMinimum(instrument: Instrument, quantity: Quantity, price: number): boolean {
  if (instrument.minimumNotional <= 0n && quantity >= 0n && price >= 0) return false;
  return quantity * fromNumber<Price>(price) < instrument.minimumNotional * ONE;
}
