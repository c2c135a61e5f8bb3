import type { Instrument } from '../domain/instrument.ts';
import type { Order } from '../domain/order.ts';
import type { Side } from '../domain/side.ts';
import { invariant } from '../foundation/errors.ts';
import type { Quantity } from '../foundation/fixed-point.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { Reach, RiskView } from '../risk/risk-check.ts';
import type { Account } from './account.ts';
import type { EngineMarket } from './engine-market.ts';
import type { OpenOrders } from './open-orders.ts';
import type { PlanningView } from './order-draft.ts';

/** What the account holds and what its working orders may make of it: what planner and gate judge by. */
export class Exposure implements RiskView {
  readonly #market: EngineMarket;
  readonly #account: Account;
  readonly #orders: OpenOrders;
  readonly #instruments: ReadonlyMap<string, Instrument>;

  constructor(market: EngineMarket, account: Account, orders: OpenOrders, instruments: readonly Instrument[]) {
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

  reach(symbol: string): Reach {
    const held = this.#account.position(symbol);
    let buys = 0;
    let sells = 0;
    let exits = 0;
    let waitingExits = 0;
    for (const order of this.#orders.live(symbol)) {
      const { side, reduceOnly, execution, after } = order.terms;
      // What comes after an entry is its protection, and only reduces what the entry opened.
      if (after !== undefined) continue;
      const remaining = this.#remaining(symbol, order);
      if (!reduceOnly) {
        if (side === 'buy') buys += remaining;
        else sells += remaining;
      } else if ((side === 'buy') === held < 0) {
        if (execution.type === 'market') exits += remaining;
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
    invariant(found !== undefined, 'No such symbol', { symbol });
    return found;
  }

  planningView(symbol: string, annualVolatility: number): PlanningView {
    const pendingEntries = new Set<Side>();
    let inFlight = 0n;
    for (const { terms, filledQuantity } of this.#orders.live(symbol)) {
      if (terms.after !== undefined) continue;
      if (!terms.reduceOnly) pendingEntries.add(terms.side);
      if (terms.execution.type !== 'market' || terms.quantity.kind !== 'units') continue;
      const left = terms.quantity.quantity - filledQuantity;
      inFlight += terms.side === 'buy' ? left : -left;
    }
    return {
      instrument: this.instrument(symbol),
      price: this.#account.mark(symbol),
      position: this.#account.portfolio.position(symbol).quantity,
      equity: this.#account.equity,
      annualVolatility,
      pendingEntries,
      inFlight: inFlight as Quantity,
    };
  }

  #remaining(symbol: string, order: Order): number {
    return this.#orders.remaining(order, (fraction) => (fraction * this.#account.equity) / this.#account.mark(symbol));
  }
}
