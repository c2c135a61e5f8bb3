import type { Execution, OrderTerms, TimeInForce } from '../../../src/domain/order.ts';
import type { Side } from '../../../src/domain/side.ts';
import { fromNumber, type Price, type Quantity, roundToStep } from '../../../src/foundation/fixed-point.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { ShownBar } from './invariants.ts';
import { BAR_MS, Venue, type VenueTerms } from './venue.ts';

/** A wish for an order; prices are said in ticks from the last close, times in milliseconds from now. */
export interface OrderPlan {
  readonly side: Side;
  /** In steps; as a share of equity, in percent, where `asShare`. */
  readonly size: number;
  readonly asShare: boolean;
  readonly type: Execution['type'];
  readonly priceOffset: number;
  readonly limitOffset: number | null;
  readonly postOnly: boolean;
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK' | 'GTD';
  readonly expiresIn: number;
  readonly reduceOnly: boolean;
  /** In a group with the other orders of its step that are. */
  readonly isGrouped: boolean;
  /** After the first order of its step. */
  readonly follows: boolean;
}

export interface Step {
  readonly orders: readonly OrderPlan[];
  /** Which of the open orders to cancel, by place. */
  readonly cancel: number | null;
  readonly bar: readonly [open: number, high: number, low: number, close: number, volume: number];
}

export interface Run {
  readonly venue: Venue;
  readonly orders: ReadonlyMap<string, OrderTerms>;
  readonly bars: readonly ShownBar[];
}

/** Plays `steps` on a venue; with `restartAt`, on a new one from the snapshot (as text) from that step on. */
export function play(terms: VenueTerms, steps: readonly Step[], firstPrice: number, restartAt?: number): Run {
  let venue = new Venue(terms);
  const orders = new Map<string, OrderTerms>();
  const bars: ShownBar[] = [];
  let last = firstPrice;
  steps.forEach(({ orders: plans, cancel, bar }, step) => {
    if (step === restartAt) venue = restarted(venue, terms);
    plans.forEach((plan, index) => {
      const order = termsOf(plan, venue, last, `s${step}-${index}`, `s${step}`);
      orders.set(order.clientOrderId, order);
      venue.submit(order);
    });
    const open = venue.engine.openOrders();
    if (cancel !== null && open.length > 0) {
      venue.engine.cancel(open[cancel % open.length]!.terms.clientOrderId, venue.now);
    }
    const eventsBefore = venue.events.length;
    const openTime = venue.now;
    venue.bar(...bar);
    const [, high, low, close, volume] = bar;
    const eventsAfter = venue.events.length;
    bars.push({ openTime, closeTime: openTime + BAR_MS, high, low, close, volume, eventsBefore, eventsAfter });
    last = close;
  });
  return { venue, orders, bars };
}

function restarted(before: Venue, terms: VenueTerms): Venue {
  const again = new Venue({ ...terms, seed: 4711 });
  again.engine.restore(JSON.parse(JSON.stringify(before.engine.snapshot())) as Json);
  again.portfolio.restore(JSON.parse(JSON.stringify(before.portfolio.snapshot())) as Json);
  again.events.push(...before.events);
  again.now = before.now;
  return again;
}

function termsOf(plan: OrderPlan, venue: Venue, last: number, clientOrderId: string, step: string): OrderTerms {
  const quantity: OrderTerms['quantity'] = plan.asShare
    ? { kind: 'equity-fraction', fraction: plan.size / 100 }
    : { kind: 'units', quantity: (BigInt(plan.size) * venue.portfolio.instrument('ACME').stepSize) as Quantity };
  return {
    clientOrderId,
    botId: 'bot',
    signalId: step,
    symbol: 'ACME',
    side: plan.side,
    quantity,
    execution: executionOf(plan, venue, last),
    timeInForce: timeInForceOf(plan, venue),
    reduceOnly: plan.reduceOnly,
    ...(plan.isGrouped && { oneCancelsOther: step }),
    ...(plan.follows && !clientOrderId.endsWith('-0') && { after: `${step}-0` }),
    createdAt: venue.now,
  };
}

function executionOf(plan: OrderPlan, venue: Venue, last: number): Execution {
  const { tickSize } = venue.portfolio.instrument('ACME');
  const around = roundToStep(fromNumber<Price>(last), tickSize, 'nearest');
  const at = (offset: number): Price => {
    const wished = around + BigInt(offset) * tickSize;
    return (wished > 0n ? wished : tickSize) as Price;
  };
  const limit = plan.limitOffset === null ? {} : { limitPrice: at(plan.limitOffset) };
  switch (plan.type) {
    case 'market':
      return { type: 'market' };
    case 'limit':
      return { type: 'limit', limitPrice: at(plan.priceOffset), postOnly: plan.postOnly };
    case 'stop':
    case 'take-profit':
      return { type: plan.type, triggerPrice: at(plan.priceOffset), ...limit };
    case 'trailing-stop':
      return { type: 'trailing-stop', distance: (BigInt(Math.abs(plan.priceOffset) + 1) * tickSize) as Price };
  }
}

function timeInForceOf(plan: OrderPlan, venue: Venue): TimeInForce {
  if (plan.timeInForce !== 'GTD') return { kind: plan.timeInForce };
  return { kind: 'GTD', expiresAt: epochMs(venue.now + plan.expiresIn) };
}
