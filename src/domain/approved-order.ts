import type { Brand } from '../foundation/brand.ts';
import type { OrderTerms } from './order.ts';

/**
 * An order that passed the risk gate. Only `risk/risk-gate.ts` makes one (the architecture test holds it to that), and
 * gateways take nothing else: there is no way to a venue around the gate.
 */
export type ApprovedOrder = Brand<OrderTerms, 'ApprovedOrder'>;
