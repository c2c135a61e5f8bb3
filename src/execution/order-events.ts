import type { OrderEvent } from '../domain/order.ts';

/** Receives what venues say, in the order in which they say it. */
export type OrderEventListener = (event: OrderEvent) => void;
