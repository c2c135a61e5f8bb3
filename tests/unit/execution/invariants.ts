import assert from 'node:assert/strict';
import { applyOrderEvent, intendedOrder, isTerminal, type Order, type OrderTerms } from '../../../src/domain/order.ts';
import {
  fixed,
  formatFixed,
  fromNumber,
  type Money,
  notional,
  type Price,
  type Quantity,
  toNumber,
} from '../../../src/foundation/fixed-point.ts';
import type { Venue, VenueTerms } from './venue.ts';

/** A bar that was shown, with what was said until it closed: `events` counts from the start. */
export interface ShownBar {
  readonly openTime: number;
  readonly closeTime: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly eventsBefore: number;
  readonly eventsAfter: number;
}

/** Asserts all that must be true of any run of a venue on one symbol, whatever the orders and the market. */
export function assertRunIsSound(
  venue: Venue,
  terms: VenueTerms,
  orders: ReadonlyMap<string, OrderTerms>,
  bars: readonly ShownBar[],
): void {
  assertLives(venue, orders);
  assertPrices(venue, terms, orders, bars);
  assertTimes(venue, terms, orders);
  assertTies(venue, orders);
  assertVolumes(venue, terms, bars);
  assertMoney(venue, terms, bars);
}

/** Each order goes through states that the domain allows, never overfills, and is open at the end or has ended. */
function assertLives(venue: Venue, orders: ReadonlyMap<string, OrderTerms>): void {
  const states = new Map<string, Order>([...orders].map(([id, terms]) => [id, intendedOrder(terms)]));
  for (const event of venue.events) {
    const before = states.get(event.clientOrderId)!;
    const after = applyOrderEvent(before, event);
    states.set(event.clientOrderId, after);
    if (event.kind !== 'filled') continue;
    const { terms } = before;
    assert.ok(event.fill.quantity > 0n);
    if (terms.quantity.kind === 'units') {
      const mayBeCut = terms.reduceOnly || !venue.portfolio.instrument(terms.symbol).shortable;
      const isWhole = after.filledQuantity === terms.quantity.quantity;
      assert.ok(event.complete === isWhole || (event.complete && mayBeCut), 'complete when all of it has filled');
    }
    if (terms.timeInForce.kind === 'FOK') assert.ok(event.complete, 'FOK: all or nothing');
  }
  const open = [...states].filter(([, order]) => !isTerminal(order)).map(([id]) => id);
  assert.deepEqual(
    venue.engine.openOrders().map((order) => order.terms.clientOrderId),
    open,
  );
}

function assertPrices(
  venue: Venue,
  terms: VenueTerms,
  orders: ReadonlyMap<string, OrderTerms>,
  bars: readonly ShownBar[],
): void {
  const share = largestCostShare(terms);
  for (const bar of bars) {
    for (const event of venue.events.slice(bar.eventsBefore, bar.eventsAfter)) {
      if (event.kind !== 'filled') continue;
      const { price, side, liquidity, symbol } = event.fill;
      const { tickSize } = venue.portfolio.instrument(symbol);
      const paid = toNumber(price);
      const cost =
        liquidity === 'maker' ? 0 : 1.000001 * (bar.high * share + toNumber(tickSize) * (tickCost(terms) + 1));
      assert.equal(price % tickSize, 0n, 'on the grid');
      const [least, most] = side === 'buy' ? [bar.low, bar.high + cost] : [bar.low - cost, bar.high];
      assert.ok(paid >= least && paid <= most, `${paid} is outside ${least} … ${most}`);
      const { execution } = orders.get(event.clientOrderId)!;
      const limitPrice = 'limitPrice' in execution ? execution.limitPrice : undefined;
      if (limitPrice === undefined) continue;
      assert.ok(side === 'buy' ? price <= limitPrice : price >= limitPrice, 'never worse than the limit');
    }
  }
}

function largestCostShare({ costs }: VenueTerms): number {
  const { spread, slippage } = costs!;
  const half = spread.kind === 'basis-points' ? spread.basisPoints / 20_000 : 0;
  switch (slippage.kind) {
    case 'none':
      return half;
    case 'basis-points':
      return half + slippage.basisPoints / 10_000;
    case 'random':
      return half + slippage.maximumBasisPoints / 10_000;
    case 'volume-impact':
      // The share in the volume is at most 1 where a volume share is set, and checked for such runs only.
      return half + slippage.basisPointsAtFullVolume / 10_000;
  }
}

function tickCost({ costs }: VenueTerms): number {
  return costs!.spread.kind === 'ticks' ? costs!.spread.ticks / 2 : 0;
}

/** Nothing happens to the market side of an order before it is active, and time never goes back. */
function assertTimes(venue: Venue, terms: VenueTerms, orders: ReadonlyMap<string, OrderTerms>): void {
  const completed = new Map<string, number>();
  let last = 0;
  for (const event of venue.events) {
    assert.ok(event.time >= last, `${event.kind} at ${event.time} after ${last}`);
    last = event.time;
    assert.ok(Number.isInteger(event.time));
    if (event.kind !== 'filled' && event.kind !== 'triggered') continue;
    const order = orders.get(event.clientOrderId)!;
    assert.ok(event.time >= order.createdAt + (terms.latencyMs ?? 0), 'not before its activation');
    if (order.timeInForce.kind === 'GTD') assert.ok(event.time <= order.timeInForce.expiresAt, 'not after its expiry');
    if (order.after !== undefined && !order.reduceOnly) {
      assert.ok(event.time >= completed.get(order.after)!, 'not before its parent has filled');
    }
    if (event.kind === 'filled' && event.complete) completed.set(event.clientOrderId, event.time);
  }
}

/** Of a group only one order fills; what only reduces never opens or enlarges. */
function assertTies(venue: Venue, orders: ReadonlyMap<string, OrderTerms>): void {
  const winners = new Map<string, string>();
  let position = 0n;
  for (const fill of venue.fills) {
    const { oneCancelsOther: group, reduceOnly } = orders.get(fill.clientOrderId)!;
    if (group !== undefined) {
      assert.equal(winners.get(group) ?? fill.clientOrderId, fill.clientOrderId, 'one order of a group');
      winners.set(group, fill.clientOrderId);
    }
    const signed = fill.side === 'buy' ? fill.quantity : -fill.quantity;
    const next = position + signed;
    if (reduceOnly) assert.ok(position > 0n ? next >= 0n && next < position : next <= 0n && next > position, 'reduces');
    if (!venue.portfolio.instrument(fill.symbol).shortable) assert.ok(next >= 0n, 'never short');
    position = next;
  }
}

function assertVolumes(venue: Venue, terms: VenueTerms, bars: readonly ShownBar[]): void {
  const share = terms.options?.maximumVolumeShare;
  if (typeof share !== 'number') return;
  for (const bar of bars) {
    let traded = 0n;
    for (const event of venue.events.slice(bar.eventsBefore, bar.eventsAfter)) {
      if (event.kind === 'filled') traded += event.fill.quantity;
    }
    const limit = fromNumber<Quantity>(bar.volume) * fromNumber<Quantity>(share);
    assert.ok(traded * 1_000_000_000_000n <= limit, `${formatFixed(traded)} of ${bar.volume}`);
  }
}

/** Equity changes by what positions moved less fees: to the last unit, from bar to bar. */
function assertMoney(venue: Venue, terms: VenueTerms, bars: readonly ShownBar[]): void {
  let equity: bigint = fixed<Money>(terms.balance ?? '1000000');
  let position = 0n;
  let mark = 0n;
  for (const bar of bars) {
    const close = fromNumber<Price>(bar.close);
    // What was held moved from mark to close, what was traded from its price to close.
    let moved = notional(close, position as Quantity) - notional(mark as Price, position as Quantity);
    for (const event of venue.events.slice(bar.eventsBefore, bar.eventsAfter)) {
      if (event.kind !== 'filled') continue;
      const signed = (event.fill.side === 'buy' ? event.fill.quantity : -event.fill.quantity) as Quantity;
      // Notionals are rounded each for itself, so the position is valued as a whole: before, and after.
      moved += notional(close, (position + signed) as Quantity) - notional(close, position as Quantity);
      moved = (moved - notional(event.fill.price, signed) - event.fill.fee) as typeof moved;
      position += signed;
    }
    equity += moved;
    mark = close;
  }
  assert.equal(position, venue.portfolio.position('ACME').quantity);
  assert.equal(
    equity,
    venue.portfolio.equity(() => mark as Price),
  );
}
