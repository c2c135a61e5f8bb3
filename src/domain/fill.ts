import type { Money, Price, Quantity } from '../foundation/fixed-point.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { Side } from './side.ts';

/** One execution: exact, and booked once. */
export interface Fill {
  /** The venue's execution id; unique within its account. The simulated venue's is `{clientOrderId}/{n}`. */
  readonly fillId: string;
  readonly clientOrderId: string;
  readonly botId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly price: Price;
  /** Positive. */
  readonly quantity: Quantity;
  /** Positive: paid; negative: a rebate. */
  readonly fee: Money;
  readonly feeCurrency: string;
  readonly liquidity: 'maker' | 'taker';
  readonly time: EpochMs;
}

/** The quantity with the sign of its effect on the position. */
export function signedQuantity(fill: Fill): Quantity {
  return (fill.side === 'buy' ? fill.quantity : -fill.quantity) as Quantity;
}
