import { type Instrument, snapPrice, snapQuantity } from '../domain/instrument.ts';
import type { Execution, OrderQuantity, TimeInForce } from '../domain/order.ts';
import { opposite, type Side } from '../domain/side.ts';
import type { EnterSignal, OrderSignal, QuoteSignal, Signal, TargetSignal } from '../domain/signal.ts';
import { fromNumber, type Price, type Quantity, toNumber } from '../foundation/fixed-point.ts';
import type { RiskLimits } from '../risk/limits.ts';
import { entryQuantity, type PositionSizing } from '../risk/position-sizing.ts';

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

/** What a signal comes to: orders to cancel first, then orders to send, in this order; or nothing, and why. */
export interface Plan {
  readonly cancelOpen: boolean;
  readonly drafts: readonly OrderDraft[];
  readonly ignored?: string;
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
}

const GTC: TimeInForce = { kind: 'GTC' };

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
      return view.position === 0n && view.pendingEntries.size === 0
        ? ignore('there is no position to close')
        : { cancelOpen: true, drafts: exitDrafts(view) };
    case 'target':
      return planTarget(signal, view, limits);
    case 'quote':
      return planQuotes(signal, view, limits);
    case 'order':
      return planOrder(signal, view);
  }
}

function planEntry(signal: EnterSignal, view: PlanningView, sizing: PositionSizing, limits: RiskLimits): Plan {
  const side: Side = signal.side === 'long' ? 'buy' : 'sell';
  const sign = side === 'buy' ? 1n : -1n;
  if (view.position * sign > 0n) return ignore(`already ${signal.side}`);
  if (view.pendingEntries.has(side)) return ignore(`an order to go ${signal.side} is working`);
  const entryPrice = signal.limitPrice ?? signal.stopPrice ?? view.price;
  const quantity = entrySize(signal, view, sizing, limits, entryPrice);
  const exits = exitDrafts(view);
  if (quantity === undefined) {
    if (exits.length > 0) return { cancelOpen: true, drafts: exits };
    return ignore('the size rounds to less than one step');
  }
  const entry: OrderDraft = {
    side,
    quantity,
    execution: entryExecution(signal, view.instrument, side),
    timeInForce: GTC,
    reduceOnly: false,
    ...(signal.stopLoss !== undefined && { protectivePrice: signal.stopLoss }),
  };
  return { cancelOpen: true, drafts: [...exits, entry, ...protection(signal, view, quantity, exits.length)] };
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
    return { type: 'stop', triggerPrice, ...(limitPrice !== undefined && { limitPrice }) };
  }
  return limitPrice === undefined ? { type: 'market' } : { type: 'limit', limitPrice, postOnly: false };
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
  const { instrument, position, price, equity } = view;
  const most = limits.maximumPositionSize;
  const wanted = (Math.min(most, Math.max(-most, signal.weight)) * equity) / price;
  const size = snapQuantity(instrument, Math.abs(wanted));
  const target = (wanted < 0 ? -size : size) as Quantity;
  if (target === position) return ignore('already at the target');
  if (target === 0n || target > 0n !== position > 0n) {
    const exits = exitDrafts(view);
    if (target === 0n) return exits.length > 0 ? { cancelOpen: true, drafts: exits } : ignore('already flat');
    return { cancelOpen: true, drafts: [...exits, marketDraft(target > 0n ? 'buy' : 'sell', size, false)] };
  }
  const difference = (target - position) as Quantity;
  const quantity = (difference < 0n ? -difference : difference) as Quantity;
  const reduces = difference > 0n !== position > 0n;
  if (quantity < instrument.minimumQuantity || (!reduces && belowMinimum(instrument, quantity, price))) {
    return ignore('the difference is below the smallest order');
  }
  return { cancelOpen: true, drafts: [marketDraft(difference > 0n ? 'buy' : 'sell', quantity, reduces)] };
}

function planQuotes(signal: QuoteSignal, view: PlanningView, limits: RiskLimits): Plan {
  const { instrument, position, price, equity } = view;
  const most = (limits.maximumPositionSize * equity) / price;
  const quote = (side: Side, quotePrice: number | undefined): OrderDraft[] => {
    if (quotePrice === undefined) return [];
    const held = toNumber(position) * (side === 'buy' ? 1 : -1);
    const quantity = units(instrument, Math.min(signal.quantity, most - held));
    if (quantity === undefined) return [];
    const execution: Execution = {
      type: 'limit',
      limitPrice: passivePrice(instrument, quotePrice, side),
      postOnly: true,
    };
    return [{ side, quantity, execution, timeInForce: GTC, reduceOnly: false }];
  };
  return { cancelOpen: true, drafts: [...quote('buy', signal.bidPrice), ...quote('sell', signal.askPrice)] };
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
      return { type: 'market' };
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

/** The order that closes the position at the market; none when flat. */
export function exitDrafts(view: Pick<PlanningView, 'position'>): OrderDraft[] {
  const { position } = view;
  if (position === 0n) return [];
  return [marketDraft(position > 0n ? 'sell' : 'buy', (position > 0n ? position : -position) as Quantity, true)];
}

function marketDraft(side: Side, quantity: Quantity, reduceOnly: boolean): OrderDraft {
  return { side, quantity: { kind: 'units', quantity }, execution: { type: 'market' }, timeInForce: GTC, reduceOnly };
}

/** A limit price on the grid, never better for the market than wished. */
function passivePrice(instrument: Instrument, price: number, side: Side): Price {
  return snapPrice(instrument, price, side === 'buy' ? 'down' : 'up');
}

function units(instrument: Instrument, wished: number): OrderQuantity | undefined {
  if (!(Number.isFinite(wished) && wished > 0)) return undefined;
  const quantity = snapQuantity(instrument, wished);
  return quantity > 0n ? { kind: 'units', quantity } : undefined;
}

function belowMinimum(instrument: Instrument, quantity: Quantity, price: number): boolean {
  return quantity * fromNumber<Price>(price) < instrument.minimumNotional * 1_000_000_000_000n;
}

function ignore(why: string): Plan {
  return { cancelOpen: false, drafts: [], ignored: why };
}
