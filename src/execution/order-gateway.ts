import type { ApprovedOrder } from '../domain/approved-order.ts';
import type { OrderEvent } from '../domain/order.ts';
import type { EpochMs } from '../foundation/time.ts';

/**
 * PORT: the way to a venue. It takes only what the risk gate approved, and answers by events, never by return value:
 * an order that a venue refuses is a `rejected` event, a lost answer an `unknown` one.
 */
export interface OrderGateway {
  /**
   * `simulated`: answers within the call and keeps its state in our checkpoint, so that intent and effect commit
   * together. `external`: an intent must be durable before the order goes there.
   */
  readonly kind: 'simulated' | 'external';
  submit(order: ApprovedOrder, now: EpochMs): void;
  cancel(clientOrderId: string, now: EpochMs): void;
}

/** Receives what venues say, in the order in which they say it. */
export type OrderEventListener = (event: OrderEvent) => void;
