import type { Execution } from '../domain/order.ts';
import type { Side } from '../domain/side.ts';
import { toNumber } from '../foundation/fixed-point.ts';

/**
 * The price at which an order is likely to trade when the market stands at `price`: what sizing divides by and the gate
 * values the order at, so that what was sized to a limit meets it. What waits for a price trades at that price; what is
 * marketable already trades at the market's. A buy limit counts at its limit in any case: it never pays more.
 */
export function expectedPrice(side: Side, execution: Execution, price: number): number {
  const buys = side === 'buy';
  switch (execution.type) {
    case 'market':
    case 'trailing-stop':
      return price;
    case 'limit': {
      const limit = toNumber(execution.limitPrice);
      return buys ? limit : Math.max(limit, price);
    }
    case 'stop': {
      const trigger = toNumber(execution.triggerPrice);
      if (!buys) return Math.min(trigger, price);
      return execution.limitPrice === undefined ? Math.max(trigger, price) : toNumber(execution.limitPrice);
    }
    case 'take-profit': {
      const trigger = toNumber(execution.triggerPrice);
      if (!buys) return Math.max(trigger, price);
      return execution.limitPrice === undefined ? Math.min(trigger, price) : toNumber(execution.limitPrice);
    }
  }
}
