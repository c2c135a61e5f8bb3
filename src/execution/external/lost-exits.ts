import type { LostExit } from '../../domain/order.ts';
import { fixed, formatFixed, type Quantity } from '../../foundation/fixed-point.ts';
import type { Json } from '../../foundation/json.ts';
import type { HeldOrder } from './held-order.ts';

type SavedLostExit = Omit<LostExit, 'missing'> & { readonly missing: string };

/**
 * The ways out of positions that the venue let go of unasked, until it is sure that they are missed. Targets and limit orders
 * are none: without them a position is as safe as before.
 */
export class LostExits {
  #lost: readonly LostExit[] = [];

  /**
   * Takes note of an order that has ended, if it was a way out and we did not ask for its end. The symbol's others are in
   * doubt from then on.
   */
  note(ended: HeldOrder, why: string, orders: Iterable<HeldOrder>): void {
    const { reduceOnly, execution, symbol } = ended.terms;
    const { type } = execution;
    if (!reduceOnly || ended.isCancelling || ended.isExpiring || type === 'limit' || type === 'take-profit') return;
    const missing = (ended.quantity - ended.filled) as Quantity;
    const reason = `${ended.id} was lost: ${why}`;
    this.#lost = [...this.#lost, { symbol, wasProtection: type !== 'market', missing, reason }];
    for (const other of orders) {
      if (other.isOut && reduces(other, symbol)) {
        other.doubt ??= 'another way out of the position was lost, perhaps because this one filled';
      }
    }
  }

  /** Those of symbols in which no other order may have closed the position without our knowing it; each once. */
  take(orders: Iterable<HeldOrder>): readonly LostExit[] {
    if (this.#lost.length === 0) return this.#lost;
    const held = [...orders];
    const isCertain = ({ symbol }: LostExit): boolean => !held.some((order) => mayBeClosing(order, symbol));
    const taken = this.#lost.filter(isCertain);
    this.#lost = this.#lost.filter((one) => !taken.includes(one));
    return taken;
  }

  snapshot(): Json {
    return this.#lost.map((one) => ({ ...one, missing: formatFixed(one.missing) }));
  }

  restore(state: Json): void {
    const saved = state as unknown as readonly SavedLostExit[];
    this.#lost = saved.map((one) => ({ ...one, missing: fixed<Quantity>(one.missing) }));
  }
}

function reduces({ terms }: HeldOrder, symbol: string): boolean {
  return terms.reduceOnly && terms.symbol === symbol;
}

function mayBeClosing(order: HeldOrder, symbol: string): boolean {
  if (!reduces(order, symbol)) return false;
  return order.phase === 'sent' || order.doubt !== undefined || order.lacksFills;
}
