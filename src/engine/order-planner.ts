import { type Instrument, snapPrice, snapQuantity } from '../domain/instrument.ts';
import type { Execution, OrderQuantity, TimeInForce } from '../domain/order.ts';
import { opposite, type Side } from '../domain/side.ts';
import type { EnterSignal, OrderSignal, QuoteSignal, Signal, TargetSignal } from '../domain/signal.ts';
import { absolute, type Price, type Quantity, toNumber } from '../foundation/fixed-point.ts';
import { expectedPrice } from '../risk/expected-price.ts';
import type { RiskLimits } from '../risk/limits.ts';
import { entryQuantity, type PositionSizing } from '../risk/position-sizing.ts';
import {
  AT_MARKET,
  atMost,
  belowMinimum,
  exitDrafts,
  GTC,
  largestOrder,
  marketDraft,
  type OrderDraft,
  type PlanningView,
  passivePrice,
  units,
} from './order-draft.ts';

/** What a signal comes to: orders to cancel first, then orders to send, in this order; or nothing, and why. */
export interface Plan {
  readonly cancelOpen: boolean;
  readonly drafts: readonly OrderDraft[];
  readonly ignored?: string;
  /** What makes no sense about the signal at this price. */
  readonly defect?: string;
}

/**
 * Turns a sound wish (`signal-check.ts`) into orders: sizing (cut to the limits on position and risk, so that a sound wish
 * is made smaller, not refused), the way out of what stands in the way, protection. The gate still
 * judges each.
 */
export function planOrders(signal: Signal, view: PlanningView, sizing: PositionSizing, limits: RiskLimits): Plan {
  switch (signal.kind) {
    case 'enter':
      return planEntry(signal, view, sizing, limits);
    case 'exit':
      return planExit(view);
    case 'target':
      return planTarget(signal, view, limits);
    case 'quote':
      return planQuotes(signal, view, limits);
    case 'order':
      return planOrder(signal, view);
  }
}

function planExit(view: PlanningView): Plan {
  const { position, inFlight } = view;
  if (view.pendingEntries.size === 0) {
    if (position === 0n) return ignore('there is no position to close');
    // To send it anew would only put it back to the end of the queue: with latency, for ever.
    if (position + inFlight === 0n) return ignore('an order to close the position is working');
  }
  return { cancelOpen: true, drafts: exitDrafts(view) };
}

function planEntry(signal: EnterSignal, view: PlanningView, sizing: PositionSizing, limits: RiskLimits): Plan {
  const side: Side = signal.side === 'long' ? 'buy' : 'sell';
  const sign = side === 'buy' ? 1n : -1n;
  if (view.position * sign > 0n) return ignore(`already ${signal.side}`);
  if (view.pendingEntries.has(side)) return ignore(`an order to go ${signal.side} is working`);
  const execution = entryExecution(signal, view.instrument, side);
  const entryPrice = expectedPrice(side, execution, view.price);
  const defect = protectionDefect(signal, entryPrice);
  if (defect !== undefined) return { cancelOpen: false, drafts: [], defect };
  const quantity = entrySize(signal, view, sizing, limits, entryPrice);
  const exits = exitDrafts(view);
  if (quantity === undefined) {
    if (exits.length > 0) return { cancelOpen: true, drafts: exits };
    return ignore('the size rounds to less than one step');
  }
  const entry = entryDraft(side, quantity, execution, signal.stopLoss);
  if (signal.stopLoss === undefined && signal.takeProfit === undefined && signal.trailingDistance === undefined) {
    return { cancelOpen: true, drafts: exits.length === 0 ? [entry] : [...exits, entry] };
  }
  return { cancelOpen: true, drafts: [...exits, entry, ...protection(signal, view, quantity, exits.length)] };
}

function entryDraft(
  side: Side,
  quantity: OrderQuantity,
  execution: Execution,
  stopLoss: number | undefined,
): OrderDraft {
  const draft = { side, quantity, execution, timeInForce: GTC, reduceOnly: false };
  return stopLoss === undefined ? draft : { ...draft, protectivePrice: stopLoss };
}

/** A stop loss on the winning side, or a target on the losing one, would end the trade where it begins. */
function protectionDefect({ side, stopLoss, takeProfit }: EnterSignal, entryPrice: number): string | undefined {
  const sign = side === 'long' ? 1 : -1;
  if (stopLoss !== undefined && !((entryPrice - stopLoss) * sign > 0)) {
    return `the stop loss ${stopLoss} of a ${side} from ${entryPrice} is not on its losing side`;
  }
  if (takeProfit !== undefined && !((takeProfit - entryPrice) * sign > 0)) {
    return `the take profit ${takeProfit} of a ${side} from ${entryPrice} is not on its winning side`;
  }
  return undefined;
}

function entrySize(
  signal: EnterSignal,
  view: PlanningView,
  sizing: PositionSizing,
  limits: RiskLimits,
  entryPrice: number,
): OrderQuantity | undefined {
  const strength = signal.strength ?? 1;
  if (sizing.kind === 'equity-fraction-at-fill') {
    return { kind: 'equity-fraction', fraction: sizing.fraction * strength };
  }
  const { equity, annualVolatility } = view;
  const wished = entryQuantity(sizing, limits, {
    equity,
    price: entryPrice,
    stopPrice: signal.stopLoss,
    annualVolatility,
    strength,
  });
  return units(view.instrument, wished);
}

function entryExecution(signal: EnterSignal, instrument: Instrument, side: Side): Execution {
  const limitPrice = signal.limitPrice === undefined ? undefined : passivePrice(instrument, signal.limitPrice, side);
  if (signal.stopPrice !== undefined) {
    const triggerPrice = snapPrice(instrument, signal.stopPrice, side === 'buy' ? 'up' : 'down');
    return limitPrice === undefined ? { type: 'stop', triggerPrice } : { type: 'stop', triggerPrice, limitPrice };
  }
  return limitPrice === undefined ? AT_MARKET : { type: 'limit', limitPrice, postOnly: false };
}

/** Stop-loss, take-profit and trailing stop: they wait for the entry, reduce only, and cancel one another. */
function protection(
  signal: EnterSignal,
  view: PlanningView,
  quantity: OrderQuantity,
  entryIndex: number,
): OrderDraft[] {
  const side = opposite(signal.side === 'long' ? 'buy' : 'sell');
  const { instrument } = view;
  const executions: Execution[] = [];
  if (signal.stopLoss !== undefined) {
    executions.push({
      type: 'stop',
      triggerPrice: snapPrice(instrument, signal.stopLoss, side === 'sell' ? 'down' : 'up'),
    });
  }
  if (signal.takeProfit !== undefined) {
    executions.push({ type: 'take-profit', triggerPrice: snapPrice(instrument, signal.takeProfit, 'nearest') });
  }
  if (signal.trailingDistance !== undefined) {
    executions.push({ type: 'trailing-stop', distance: snapPrice(instrument, signal.trailingDistance, 'up') });
  }
  return executions.map((execution) => ({
    side,
    quantity,
    execution,
    timeInForce: GTC,
    reduceOnly: true,
    after: entryIndex,
    ...(executions.length > 1 && { oneCancelsOther: 'protection' }),
  }));
}

function planTarget(signal: TargetSignal, view: PlanningView, limits: RiskLimits): Plan {
  const { instrument, position, price, equity, inFlight } = view;
  const most = Math.min(limits.maximumPositionSize, riskShare(limits));
  const wanted = (Math.min(most, Math.max(-most, signal.weight)) * equity) / price;
  if (!Number.isFinite(wanted)) return ignore('there is no number for the target');
  const size = snapQuantity(instrument, Math.abs(wanted));
  const target = (wanted < 0 ? -size : size) as Quantity;
  if (target === position) return ignore('already at the target');
  if (inFlight !== 0n && target === position + inFlight) return ignore('an order to the target is working');
  if (target === 0n || target > 0n !== position > 0n) {
    const exits = exitDrafts(view);
    if (target === 0n) return exits.length > 0 ? { cancelOpen: true, drafts: exits } : ignore('already flat');
    const opening = marketDraft(target > 0n ? 'buy' : 'sell', atMost(size, largestOrder(instrument)), false);
    return { cancelOpen: true, drafts: [...exits, opening] };
  }
  const difference = (target - position) as Quantity;
  const quantity = atMost(absolute(difference), largestOrder(instrument));
  const reduces = difference > 0n !== position > 0n;
  if (quantity < instrument.minimumQuantity || (!reduces && belowMinimum(instrument, quantity, price))) {
    return ignore('the difference is below the smallest order');
  }
  return { cancelOpen: true, drafts: [marketDraft(difference > 0n ? 'buy' : 'sell', quantity, reduces)] };
}

/** The largest position, as a share of equity, that the limit on risk leaves to a trade without a stop. */
function riskShare({ maximumRiskPerTrade, assumedAdverseMove }: RiskLimits): number {
  return assumedAdverseMove > 0 ? maximumRiskPerTrade / assumedAdverseMove : Number.POSITIVE_INFINITY;
}

function planQuotes(signal: QuoteSignal, view: PlanningView, limits: RiskLimits): Plan {
  const quote = (side: Side, price: number | undefined): OrderDraft[] =>
    price === undefined ? [] : quoteDraft(side, price, signal.quantity, view, limits);
  return { cancelOpen: true, drafts: [...quote('buy', signal.bidPrice), ...quote('sell', signal.askPrice)] };
}

/** One quote, cut to the room that the limits leave. What can only reduce the position is an exit, and says so. */
function quoteDraft(side: Side, price: number, wished: number, view: PlanningView, limits: RiskLimits): OrderDraft[] {
  const { instrument, position, equity } = view;
  const execution: Execution = { type: 'limit', limitPrice: passivePrice(instrument, price, side), postOnly: true };
  const opposite = (side === 'buy' ? position < 0n : position > 0n) ? absolute(position) : 0n;
  const held = opposite > 0n ? 0 : Math.abs(toNumber(position));
  const expected = expectedPrice(side, execution, view.price);
  const byPosition = (limits.maximumPositionSize * equity - held * view.price) / expected;
  const byRisk = (riskShare(limits) * equity) / expected;
  const room = Math.max(0, Math.min(byPosition, byRisk)) + toNumber(opposite);
  const quantity = units(instrument, Math.min(wished, room));
  if (quantity === undefined) return [];
  return [{ side, quantity, execution, timeInForce: GTC, reduceOnly: quantity.quantity <= opposite }];
}

function planOrder(signal: OrderSignal, view: PlanningView): Plan {
  const { instrument } = view;
  const { side } = signal;
  const quantity = units(instrument, signal.quantity);
  if (quantity === undefined) return ignore('the size rounds to less than one step');
  const limitPrice = signal.limitPrice === undefined ? undefined : passivePrice(instrument, signal.limitPrice, side);
  const trigger = signal.triggerPrice === undefined ? undefined : snapPrice(instrument, signal.triggerPrice, 'nearest');
  const execution = orderExecution(signal, instrument, limitPrice, trigger);
  if (typeof execution === 'string') return ignore(execution);
  const timeInForce: TimeInForce =
    signal.expiresAt === undefined
      ? { kind: signal.timeInForce ?? 'GTC' }
      : { kind: 'GTD', expiresAt: signal.expiresAt };
  return {
    cancelOpen: false,
    drafts: [
      {
        side,
        quantity,
        execution,
        timeInForce,
        reduceOnly: signal.reduceOnly ?? false,
        ...(signal.oneCancelsOther !== undefined && { oneCancelsOther: signal.oneCancelsOther }),
      },
    ],
  };
}

/** The execution, or what the signal lacks. */
function orderExecution(
  signal: OrderSignal,
  instrument: Instrument,
  limitPrice: Price | undefined,
  triggerPrice: Price | undefined,
): Execution | string {
  switch (signal.type) {
    case 'market':
      return AT_MARKET;
    case 'limit':
      if (limitPrice === undefined) return 'a limit order needs a limitPrice';
      return { type: 'limit', limitPrice, postOnly: signal.postOnly ?? false };
    case 'stop':
    case 'take-profit':
      if (triggerPrice === undefined) return `a ${signal.type} order needs a triggerPrice`;
      return { type: signal.type, triggerPrice, ...(limitPrice !== undefined && { limitPrice }) };
    case 'trailing-stop':
      if (signal.trailingDistance === undefined) return 'a trailing-stop order needs a trailingDistance';
      return { type: 'trailing-stop', distance: snapPrice(instrument, signal.trailingDistance, 'up') };
  }
}

function ignore(why: string): Plan {
  return { cancelOpen: false, drafts: [], ignored: why };
}
