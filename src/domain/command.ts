import type { ApprovedOrder } from './approved-order.ts';

/** What the engine wants done at the venue. */
export type Command =
  | { readonly kind: 'submit'; readonly order: ApprovedOrder }
  | { readonly kind: 'cancel'; readonly clientOrderId: string };
