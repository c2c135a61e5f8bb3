import {
  applyOrderEvent,
  intendedOrder,
  isTerminal,
  type Order,
  type OrderEvent,
  type OrderTerms,
} from '../domain/order.ts';
import { InvariantError } from '../foundation/errors.ts';
import { FewEntries } from '../foundation/few-entries.ts';
import { toNumber } from '../foundation/fixed-point.ts';
import type { Json } from '../foundation/json.ts';
import { decodeState, encodeState } from '../foundation/state-codec.ts';

const none: readonly Order[] = [];

/** The bot's own orders that have not ended, in the order in which they were made. */
export class OpenOrders {
  /**
   * They are at a venue outside. There cancelling asks, and what is to be cancelled may still fill; a simulated venue cancels
   * at once.
   */
  areOutside = false;
  #orders = new FewEntries<Order>();
  /** Those that the venue was asked to cancel and has not answered for. */
  #cancelling = new Set<string>();

  get count(): number {
    return this.#orders.size;
  }

  add(terms: OrderTerms): void {
    const { clientOrderId } = terms;
    if (this.#orders.has(clientOrderId)) {
      throw new InvariantError('A client order id was used twice', { id: clientOrderId });
    }
    this.#orders.set(clientOrderId, intendedOrder(terms));
  }

  get(clientOrderId: string): Order | undefined {
    return this.#orders.get(clientOrderId);
  }

  /** Moves the order on; an order that has ended is forgotten. Gives it as it is after the event. */
  apply(event: OrderEvent): Order {
    const order = this.#orders.get(event.clientOrderId);
    if (order === undefined) {
      const { clientOrderId, kind } = event;
      throw new InvariantError('A venue spoke of an order that is not open', { clientOrderId, event: kind });
    }
    const next = applyOrderEvent(order, event);
    if (isTerminal(next)) {
      this.#orders.delete(event.clientOrderId);
      if (this.#cancelling.size > 0) this.#cancelling.delete(event.clientOrderId);
    } else this.#orders.set(event.clientOrderId, next);
    return next;
  }

  markCancelling(clientOrderId: string): void {
    this.#cancelling.add(clientOrderId);
  }

  isCancelling(clientOrderId: string): boolean {
    return this.#cancelling.size > 0 && this.#cancelling.has(clientOrderId);
  }

  /** The symbol's orders that may change the position. */
  exposed(symbol: string): readonly Order[] {
    if (!this.areOutside) return this.live(symbol);
    return Array.from(this.#orders.values()).filter((order) => order.terms.symbol === symbol);
  }

  /** The symbol's orders that are not on their way out. */
  live(symbol: string): readonly Order[] {
    if (this.#orders.size === 0) return none;
    const found: Order[] = [];
    for (const order of this.#orders.values()) {
      const { terms } = order;
      if (terms.symbol !== symbol) continue;
      if (this.#cancelling.size === 0 || !this.#cancelling.has(terms.clientOrderId)) found.push(order);
    }
    return found;
  }

  /** What is still to be filled, in units; orders sized at the fill count by `unitsOf`. */
  remaining(order: Order, unitsOfFraction: (fraction: number) => number): number {
    const { quantity } = order.terms;
    const asked = quantity.kind === 'units' ? toNumber(quantity.quantity) : unitsOfFraction(quantity.fraction);
    return Math.max(0, asked - toNumber(order.filledQuantity));
  }

  snapshot(): Json {
    return { orders: encodeState([...this.#orders.values()]), cancelling: [...this.#cancelling] };
  }

  restore(state: Json): void {
    const saved = state as { readonly orders: Json; readonly cancelling: readonly string[] };
    const orders = decodeState(saved.orders) as Order[];
    this.#cancelling = new Set(saved.cancelling);
    this.#orders = new FewEntries();
    for (const order of orders) this.#orders.set(order.terms.clientOrderId, order);
  }
}
