import {
  type HeldBalance,
  type HeldPosition,
  type OrderReport,
  type ReportedFill,
  reducesAccount,
  type VenueRefusal,
  type VenueRules,
  type WireOrder,
} from '../../src/execution/order-gateway.ts';
import { invariant } from '../../src/foundation/errors.ts';
import { fixed, type Money, multiply, ONE, type Price, type Quantity } from '../../src/foundation/fixed-point.ts';
import type { EpochMs } from '../../src/foundation/time.ts';

/** An order in the venue's own books: every state that it was in, with the time. */
export interface BookedOrder {
  readonly wire: WireOrder;
  readonly versions: { readonly at: EpochMs; readonly report: OrderReport }[];
  isTriggered: boolean;
}

/** What happens at the venue: told to the stream in this order. */
export type AccountEvent =
  | { readonly kind: 'report'; readonly report: OrderReport }
  | { readonly kind: 'fill'; readonly fill: ReportedFill };

export interface ScriptedAccountOptions {
  readonly kind: 'perpetual' | 'spot';
  readonly clientIds: VenueRules['clientIds'];
  readonly now: () => EpochMs;
  readonly onEvent?: (event: AccountEvent) => void;
  /** What there is at first, by currency. */
  readonly funds: Readonly<Record<string, Money>>;
  /** The share of a fill's value that is paid for it. */
  readonly feeRate: Money;
  readonly quoteCurrency: string;
}

/** What a venue says to a request. */
export type Reception =
  | { readonly kind: 'accepted'; readonly venueOrderId: string }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly code: VenueRefusal; readonly reason: string };

/**
 * The truth of {@link ScriptedGateway}: the venue's orders, fills and exact books, which share no code with the platform's.
 * Market orders fill at the price that was set, limit orders at their own when the price reaches it; tests may fill and end
 * orders as they like. Funds are not checked.
 */
export class ScriptedAccount {
  readonly orders: BookedOrder[] = [];
  readonly fills: ReportedFill[] = [];
  /** Hear what happens, in order. */
  readonly listeners = new Set<(event: AccountEvent) => void>();
  readonly #options: ScriptedAccountOptions;
  readonly #prices = new Map<string, Price>();
  #ids = 0;

  constructor(options: ScriptedAccountOptions) {
    this.#options = options;
    if (options.onEvent) this.listeners.add(options.onEvent);
  }

  /** A request arrives. `fillsByItself`: false for a test that fills the order itself. */
  receive(wire: WireOrder, fillsByItself = true): Reception {
    const isTaken = this.orders.some(
      (order) =>
        wire.clientOrderId !== '' &&
        order.wire.clientOrderId === wire.clientOrderId &&
        (this.#options.clientIds === 'unique' || isOpen(latest(order))),
    );
    if (isTaken) return { kind: 'duplicate' };
    const { execution } = wire;
    if (reducesAccount(wire) && this.#options.kind === 'perpetual' && this.#reducible(wire) === 0n) {
      return { kind: 'refused', code: 'VENUE_REDUCE_ONLY', reason: 'nothing to reduce' };
    }
    const waits = execution.type === 'stop' || execution.type === 'take-profit';
    this.#ids += 1;
    const venueOrderId = `v-${this.#ids}`;
    const report: OrderReport = {
      clientOrderId: wire.clientOrderId === '' ? null : wire.clientOrderId,
      venueOrderId,
      symbol: wire.symbol,
      side: wire.side,
      quantity: wire.quantity,
      filledQuantity: 0n as Quantity,
      state: waits ? 'waiting' : 'working',
      reason: '',
      updatedAt: this.#options.now(),
    };
    const order: BookedOrder = { wire, versions: [], isTriggered: !waits };
    this.orders.push(order);
    if (execution.type === 'limit' && execution.postOnly && this.#isMarketable(order)) {
      this.#book(order, { ...report, state: 'rejected', reason: 'it would take' });
    } else {
      this.#book(order, report);
      if (fillsByItself) this.#work(order);
    }
    return { kind: 'accepted', venueOrderId };
  }

  /** False: there is no such open order. */
  cancel(clientOrderId: string): boolean {
    const order = this.openOrder(clientOrderId);
    if (order === undefined) return false;
    this.end(order, 'cancelled', '');
    return true;
  }

  openOrder(clientOrderId: string): BookedOrder | undefined {
    return this.orders.find((order) => order.wire.clientOrderId === clientOrderId && isOpen(latest(order)));
  }

  end(order: BookedOrder, state: 'cancelled' | 'expired' | 'rejected', reason: string): void {
    this.#book(order, { ...latest(order), state, reason });
  }

  /** Fills an open order by so much, at most what is left of it, at the price or its own. */
  fill(order: BookedOrder, quantity: Quantity, price: Price = this.#ownPrice(order)): void {
    const before = latest(order);
    invariant(isOpen(before), 'Only an open order fills', { clientOrderId: order.wire.clientOrderId });
    const left = before.quantity - before.filledQuantity;
    const limit = reducesAccount(order.wire) && this.#options.kind === 'perpetual' ? this.#reducible(order.wire) : left;
    const filled = [quantity, left, limit].reduce((least, one) => (one < least ? one : least)) as Quantity;
    if (filled > 0n) this.#execute(order, filled, price);
    if (latest(order).state === 'filled' || limit > filled || limit >= left) return;
    this.end(order, 'cancelled', 'there is no more to reduce');
  }

  /** A fill of somebody else's order. */
  foreignFill(symbol: string, side: 'buy' | 'sell', quantity: Quantity, price: Price, clientOrderId = ''): void {
    const execution = { type: 'market' } as const;
    const wire = { symbol, clientOrderId, side, quantity, execution, timeInForce: 'IOC', reduceOnly: false } as const;
    this.#prices.set(symbol, price);
    this.receive(wire);
  }

  /** Payments such as funding: `amount` positive is paid. */
  pay(symbol: string, kind: 'funding' | 'settlement', amount: Money): void {
    this.#ids += 1;
    this.#tellFill({
      fillId: `f-${this.#ids}`,
      kind,
      clientOrderId: null,
      venueOrderId: '',
      symbol,
      side: 'buy',
      price: this.#prices.get(symbol) ?? (0n as Price),
      quantity: 0n as Quantity,
      fee: amount,
      feeCurrency: this.#options.quoteCurrency,
      liquidity: 'taker',
      time: this.#options.now(),
    });
  }

  /** The market moves: triggers are reached, orders fill. */
  setPrice(symbol: string, price: Price): void {
    this.#prices.set(symbol, price);
    for (const order of [...this.orders]) {
      if (order.wire.symbol === symbol && isOpen(latest(order))) this.#work(order);
    }
  }

  /** The books as they were at a moment. Exact; average prices cut to 10⁻¹². */
  holdingsAt(at: EpochMs): { readonly positions: readonly HeldPosition[]; readonly balances: readonly HeldBalance[] } {
    const balances = new Map<string, bigint>(Object.entries(this.#options.funds));
    const positions = new Map<string, { quantity: bigint; cost: bigint }>();
    const add = (currency: string, amount: bigint): void => {
      balances.set(currency, (balances.get(currency) ?? 0n) + amount);
    };
    for (const fill of this.fills) {
      if (fill.time > at) continue;
      add(fill.feeCurrency, -fill.fee);
      if (fill.quantity === 0n) continue;
      const signed = fill.side === 'buy' ? fill.quantity : -fill.quantity;
      const value = multiply(fill.price, signed);
      if (this.#options.kind === 'spot') {
        add(baseOf(fill.symbol, this.#options.quoteCurrency), signed);
        add(this.#options.quoteCurrency, -value);
      } else {
        const before = positions.get(fill.symbol) ?? { quantity: 0n, cost: 0n };
        const { after, realised } = afterFill(before, signed, value);
        positions.set(fill.symbol, after);
        add(this.#options.quoteCurrency, realised);
      }
    }
    return {
      positions: [...positions]
        .filter(([, { quantity }]) => quantity !== 0n)
        .map(([symbol, { quantity, cost }]) => ({
          symbol,
          quantity: quantity as Quantity,
          averagePrice: ((cost * ONE) / quantity) as Price,
        })),
      balances: [...balances].map(([currency, total]) => ({ currency, total: total as Money })),
    };
  }

  #work(order: BookedOrder): void {
    const { execution, timeInForce } = order.wire;
    if (!order.isTriggered) {
      if (!this.#reachesTrigger(order)) return;
      order.isTriggered = true;
      this.#book(order, { ...latest(order), state: 'working' });
    }
    const left = (): Quantity => (latest(order).quantity - latest(order).filledQuantity) as Quantity;
    if (this.#isMarketable(order)) this.fill(order, left());
    const mayRest = execution.type !== 'market' && timeInForce === 'GTC' && limitOf(order.wire) !== undefined;
    if (isOpen(latest(order)) && !mayRest) this.end(order, 'expired', 'it could not fill at once');
  }

  #reachesTrigger({ wire }: BookedOrder): boolean {
    const { execution, side } = wire;
    const price = this.#prices.get(wire.symbol);
    if ((execution.type !== 'stop' && execution.type !== 'take-profit') || price === undefined) return false;
    const rises = (execution.type === 'stop') === (side === 'buy');
    return rises ? price >= execution.triggerPrice : price <= execution.triggerPrice;
  }

  #isMarketable({ wire }: BookedOrder): boolean {
    const price = this.#prices.get(wire.symbol);
    const limit = limitOf(wire);
    if (price === undefined) return false;
    if (limit === undefined) return true;
    return wire.side === 'buy' ? price <= limit : price >= limit;
  }

  #ownPrice({ wire }: BookedOrder): Price {
    const price = limitOf(wire) ?? this.#prices.get(wire.symbol);
    invariant(price !== undefined, 'A market order needs a price that was set', { symbol: wire.symbol });
    return price;
  }

  /** By how much an order may reduce what is held. */
  #reducible({ symbol, side }: WireOrder): bigint {
    const held = this.holdingsAt(this.#options.now()).positions.find((position) => position.symbol === symbol);
    const quantity = held?.quantity ?? 0n;
    if (side === 'sell') return quantity > 0n ? quantity : 0n;
    return quantity < 0n ? -quantity : 0n;
  }

  #execute(order: BookedOrder, quantity: Quantity, price: Price): void {
    const before = latest(order);
    const filledQuantity = (before.filledQuantity + quantity) as Quantity;
    this.#ids += 1;
    const now = this.#options.now();
    this.#tellFill({
      fillId: `f-${this.#ids}`,
      kind: 'trade',
      clientOrderId: before.clientOrderId,
      venueOrderId: before.venueOrderId,
      symbol: before.symbol,
      side: before.side,
      price,
      quantity,
      fee: multiply(multiply(price, quantity), this.#options.feeRate) as Money,
      feeCurrency: this.#options.quoteCurrency,
      liquidity: order.wire.execution.type === 'limit' ? 'maker' : 'taker',
      time: now,
    });
    const isDone = filledQuantity === before.quantity;
    this.#book(order, { ...before, filledQuantity, state: isDone ? 'filled' : before.state });
  }

  #tellFill(fill: ReportedFill): void {
    this.fills.push(fill);
    this.#happens({ kind: 'fill', fill });
  }

  #book(order: BookedOrder, report: OrderReport): void {
    const at = this.#options.now();
    const told = { ...report, updatedAt: at };
    order.versions.push({ at, report: told });
    this.#happens({ kind: 'report', report: told });
  }

  #happens(event: AccountEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

/** The newest state of an order. */
export function latest({ versions }: BookedOrder): OrderReport {
  return versions.at(-1)!.report;
}

export function isOpen({ state }: OrderReport): boolean {
  return state === 'waiting' || state === 'working';
}

function limitOf({ execution }: WireOrder): Price | undefined {
  return execution.type === 'market' ? undefined : execution.limitPrice;
}

function baseOf(symbol: string, quote: string): string {
  return symbol.endsWith(quote) ? symbol.slice(0, -quote.length) : symbol;
}

/** A position after a fill, and what it has gained: the part that is closed, at its share of the cost. */
function afterFill(
  { quantity, cost }: { readonly quantity: bigint; readonly cost: bigint },
  signed: bigint,
  value: bigint,
): { readonly after: { quantity: bigint; cost: bigint }; readonly realised: bigint } {
  if (quantity === 0n || quantity > 0n === signed > 0n) {
    return { after: { quantity: quantity + signed, cost: cost + value }, realised: 0n };
  }
  const size = (amount: bigint): bigint => (amount < 0n ? -amount : amount);
  const closed = size(signed) < size(quantity) ? size(signed) : size(quantity);
  const closedCost = (cost * closed) / size(quantity);
  const closedValue = (value * closed) / size(signed);
  const after = {
    quantity: quantity + signed,
    cost: closed === size(quantity) ? value - closedValue : cost - closedCost,
  };
  return { after, realised: -closedValue - closedCost };
}

/** No fee, in a scripted account. */
export const NO_FEE = fixed<Money>('0');
