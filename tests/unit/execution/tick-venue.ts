import type { Side } from '../../../src/domain/side.ts';

/** An order of the {@link TickVenue}, in ticks and steps. */
export interface TickOrder {
  readonly id: string;
  readonly side: Side;
  readonly quantity: number;
  readonly type: 'market' | 'limit' | 'stop' | 'take-profit' | 'trailing-stop';
  readonly limit?: number;
  readonly trigger?: number;
  readonly distance?: number;
  readonly postOnly?: boolean;
  readonly immediate?: boolean;
  readonly reduceOnly?: boolean;
  readonly group?: string;
  readonly after?: string;
}

interface Standing {
  readonly order: TickOrder;
  state: 'waiting' | 'new' | 'armed' | 'resting' | 'over';
  best: number;
}

/**
 * The fill contract once more, by the most simple-minded means: the price walks tick by tick, and at each tick every
 * order is asked, in the order of submission, until none has anything to do. Without costs, latency and volumes.
 */
export class TickVenue {
  readonly said: string[] = [];
  #standing: Standing[] = [];
  #ended = new Map<string, boolean>();
  #position = 0;

  submit(order: TickOrder): void {
    const parentIsOpen = this.#standing.some((one) => one.order.id === order.after);
    if (order.after !== undefined && !parentIsOpen && this.#ended.get(order.after) !== true) {
      this.said.push(`${order.id} rejected`);
      return;
    }
    this.said.push(`${order.id} accepted`);
    this.#standing.push({ order, state: parentIsOpen ? 'waiting' : 'new', best: 0 });
  }

  cancel(id: string): void {
    const found = this.#standing.find((one) => one.order.id === id);
    if (found) this.#end(found, `${id} cancelled`, false);
  }

  bar(open: number, high: number, low: number, close: number): void {
    const lowFirst = this.#position === 0 ? open - low <= high - open : this.#position > 0;
    const corners = lowFirst ? [open, low, high, close] : [open, high, low, close];
    let price = open;
    this.#tick(price);
    for (const corner of corners) {
      while (price !== corner) {
        price += Math.sign(corner - price);
        this.#tick(price);
      }
    }
  }

  #tick(price: number): void {
    for (const one of this.#standing) {
      if (one.state === 'armed') one.best = (one.order.side === 'sell' ? Math.max : Math.min)(one.best, price);
    }
    while (this.#standing.some((one) => this.#act(one, price)));
  }

  /** Whether the order did anything. */
  #act(one: Standing, price: number): boolean {
    const { order } = one;
    const isWithinLimit = order.side === 'buy' ? price <= order.limit! : price >= order.limit!;
    if (one.state === 'new') {
      if (order.trigger !== undefined || order.distance !== undefined) {
        one.state = 'armed';
        one.best = price;
      } else this.#arrive(one, price);
      return true;
    }
    if (one.state === 'armed' && this.#triggers(one, price)) {
      this.said.push(`${order.id} triggered @ ${price}`);
      this.#arrive(one, price);
      return true;
    }
    if (one.state === 'resting' && isWithinLimit) {
      this.#fill(one, price, 'maker');
      return true;
    }
    return false;
  }

  #triggers({ order, best }: Standing, price: number): boolean {
    const sells = order.side === 'sell';
    if (order.distance !== undefined) return sells ? price <= best - order.distance : price >= best + order.distance;
    return sells === (order.type === 'stop') ? price <= order.trigger! : price >= order.trigger!;
  }

  #arrive(one: Standing, price: number): void {
    const { order } = one;
    const isWithin = order.limit === undefined || (order.side === 'buy' ? price <= order.limit : price >= order.limit);
    if (isWithin && order.postOnly) this.#end(one, `${order.id} rejected`, false);
    else if (isWithin) this.#fill(one, price, 'taker');
    else if (order.immediate) this.#end(one, `${order.id} cancelled`, false);
    else one.state = 'resting';
  }

  #fill(one: Standing, price: number, liquidity: string): void {
    const { order } = one;
    const sign = order.side === 'buy' ? 1 : -1;
    const reducible = Math.max(0, -sign * this.#position);
    const quantity = order.reduceOnly ? Math.min(order.quantity, reducible) : order.quantity;
    if (quantity === 0) {
      this.#end(one, `${order.id} cancelled`, false);
      return;
    }
    this.#position += sign * quantity;
    this.#remove(one, true);
    this.said.push(`${order.id} filled ${quantity} @ ${price} ${liquidity}`);
    for (const other of [...this.#standing]) {
      const isExcluded = order.group !== undefined && other.order.group === order.group && other.state !== 'over';
      if (isExcluded) this.#end(other, `${other.order.id} cancelled`, false);
    }
    for (const other of this.#standing) {
      if (other.state === 'waiting' && other.order.after === order.id) other.state = 'new';
    }
  }

  #end(one: Standing, said: string, filled: boolean): void {
    this.#remove(one, filled);
    this.said.push(said);
    for (const other of [...this.#standing]) {
      const dies = other.state === 'waiting' && other.order.after === one.order.id;
      if (dies) this.#end(other, `${other.order.id} cancelled`, false);
    }
  }

  #remove(one: Standing, filled: boolean): void {
    one.state = 'over';
    this.#standing = this.#standing.filter((other) => other !== one);
    this.#ended.set(one.order.id, filled);
  }
}
