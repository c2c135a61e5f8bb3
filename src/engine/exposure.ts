import type { Instrument } from '../domain/instrument.ts';
import type { Order } from '../domain/order.ts';
import type { Side } from '../domain/side.ts';
import { InvariantError } from '../foundation/errors.ts';
import type { Quantity } from '../foundation/fixed-point.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { Reach, RiskView } from '../risk/risk-check.ts';
import type { Account } from './account.ts';
import type { EngineMarket } from './engine-market.ts';
import type { OpenOrders } from './open-orders.ts';
import type { PlanningView } from './order-draft.ts';

const noSides: ReadonlySet<Side> = new Set();
const NOTHING = 0n as Quantity;

/** What the account holds and what its working orders may make of it: what planner and gate judge by. */
export class Exposure implements RiskView {
  readonly #market: EngineMarket;
  readonly #account: Account;
  readonly #orders: OpenOrders;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #ageOf: (symbol: string) => number;

  /** @param ageOf how old, in real time, the mark of a symbol is, in milliseconds */
  constructor(
    market: EngineMarket,
    account: Account,
    orders: OpenOrders,
    instruments: readonly Instrument[],
    ageOf: (symbol: string) => number,
  ) {
    this.#ageOf = ageOf;
    this.#market = market;
    this.#account = account;
    this.#orders = orders;
    this.#instruments = new Map(instruments.map((one) => [one.symbol, one]));
  }

  get time(): EpochMs {
    return this.#market.time;
  }

  get equity(): number {
    return this.#account.equity;
  }

  price(symbol: string): number {
    return this.#account.mark(symbol);
  }

  priceAge(symbol: string): number {
    return this.#ageOf(symbol);
  }

  reach(symbol: string): Reach {
    const held = this.#account.position(symbol);
    // 0 + 0 is 0 for a position of −0, too: as below.
    if (this.#orders.count === 0) return { low: held + 0, high: held + 0 };
    let buys = 0;
    let sells = 0;
    let exits = 0;
    let waitingExits = 0;
    for (const order of this.#orders.exposed(symbol)) {
      const { side, reduceOnly, execution, after, clientOrderId } = order.terms;
      // What comes after an entry is its protection, and only reduces what the entry opened.
      if (after !== undefined) continue;
      const remaining = this.#remaining(symbol, order);
      if (!reduceOnly) {
        if (side === 'buy') buys += remaining;
        else sells += remaining;
      } else if ((side === 'buy') === held < 0) {
        if (execution.type === 'market' && !this.#orders.isCancelling(clientOrderId)) exits += remaining;
        else waitingExits += remaining;
      }
    }
    const sign = held < 0 ? -1 : 1;
    const most = Math.max(0, Math.abs(held) - exits);
    const least = Math.max(0, most - waitingExits);
    return { low: Math.min(sign * least, sign * most) - sells, high: Math.max(sign * least, sign * most) + buys };
  }

  exposureBesides(symbol: string): number {
    let exposure = 0;
    if (this.#instruments.size === 1 && this.#instruments.has(symbol)) return exposure;
    for (const other of this.#instruments.keys()) {
      if (other === symbol) continue;
      const { low, high } = this.reach(other);
      const most = Math.max(-low, high);
      // Without a position and an order a symbol may be without a price, too.
      if (most > 0) exposure += most * this.#account.mark(other);
    }
    return exposure;
  }

  openOrders(): number {
    return this.#orders.count;
  }

  instrument(symbol: string): Instrument {
    const found = this.#instruments.get(symbol);
    if (found === undefined) throw new InvariantError('No such symbol', { symbol });
    return found;
  }

  planningView(symbol: string, annualVolatility: number): PlanningView {
    let pendingEntries = noSides;
    let inFlight = NOTHING;
    if (this.#orders.count > 0) {
      const live = this.#orders.live(symbol);
      pendingEntries = entrySides(live);
      inFlight = marketOrdersUnderWay(live);
    }
    const account = this.#account;
    return {
      instrument: this.instrument(symbol),
      price: account.mark(symbol),
      position: account.portfolio.position(symbol).quantity,
      equity: account.equity,
      annualVolatility,
      pendingEntries,
      inFlight,
    };
  }

  #remaining(symbol: string, order: Order): number {
    return this.#orders.remaining(order, (fraction) => (fraction * this.#account.equity) / this.#account.mark(symbol));
  }
}

/** The sides on which an entry is working. */
function entrySides(orders: readonly Order[]): ReadonlySet<Side> {
  const sides = new Set<Side>();
  for (const { terms } of orders) if (terms.after === undefined && !terms.reduceOnly) sides.add(terms.side);
  return sides;
}

/** What market orders will still add to the position, signed. */
function marketOrdersUnderWay(orders: readonly Order[]): Quantity {
  let sum = 0n;
  for (const { terms, filledQuantity } of orders) {
    if (terms.after !== undefined || terms.execution.type !== 'market' || terms.quantity.kind !== 'units') continue;
    const left = terms.quantity.quantity - filledQuantity;
    sum += terms.side === 'buy' ? left : -left;
  }
  return sum as Quantity;
}
