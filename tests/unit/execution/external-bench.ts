import assert from 'node:assert/strict';
import type { ApprovedOrder } from '../../../src/domain/approved-order.ts';
import {
  applyOrderEvent,
  intendedOrder,
  isTerminal,
  type Order,
  type OrderEvent,
  type OrderTerms,
} from '../../../src/domain/order.ts';
import { ExternalVenue, type VenueRequest } from '../../../src/execution/external/external-venue.ts';
import type { OrderReport, ReportedFill } from '../../../src/execution/order-gateway.ts';
import { fixed, formatFixed, type Money, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { type EpochMs, epochMs } from '../../../src/foundation/time.ts';

export type Terms = Partial<Omit<OrderTerms, 'quantity'>> & { readonly quantity?: string };

/** Ten units bought at the market, unless said otherwise. */
export function termsOf(clientOrderId: string, { quantity = '10', ...others }: Terms = {}): OrderTerms {
  return {
    clientOrderId,
    botId: 'bot',
    signalId: 'signal',
    symbol: 'X',
    side: 'buy',
    quantity: { kind: 'units', quantity: fixed<Quantity>(quantity) },
    execution: { type: 'market' },
    timeInForce: { kind: 'GTC' },
    reduceOnly: false,
    createdAt: epochMs(0),
    ...others,
  };
}

export const LIMIT = { type: 'limit', limitPrice: fixed<Price>('9'), postOnly: false } as const;
export const STOP = { type: 'stop', triggerPrice: fixed<Price>('8') } as const;

/**
 * A venue outside with a clock in the hand. Every event moves an order on by the rules of the domain, so that an illegal
 * one fails the test, whatever it looks at.
 */
export class ExternalBench {
  venue: ExternalVenue;
  now = 1_000_000;
  readonly events: OrderEvent[] = [];
  readonly #orders = new Map<string, Order>();
  #fills = 0;

  constructor() {
    this.venue = this.#open();
  }

  submit(id: string, terms: Terms = {}): this {
    const order = termsOf(id, terms);
    this.#orders.set(id, intendedOrder(order));
    this.venue.submit(order as ApprovedOrder);
    return this;
  }

  /** Submitted, handed out, and accepted by the venue. */
  working(id: string, terms: Terms = {}): this {
    this.submit(id, terms);
    assert.deepEqual(this.taken(), [`submit ${id}`]);
    this.venue.sent(id, { kind: 'accepted', venueOrderId: `v-${id}` });
    return this;
  }

  report(id: string, state: OrderReport['state'], filled = '0', quantity = '10', reason = ''): boolean {
    return this.venue.report({
      clientOrderId: id,
      venueOrderId: `v-${id}`,
      symbol: 'X',
      side: 'buy',
      quantity: fixed<Quantity>(quantity),
      filledQuantity: fixed<Quantity>(filled),
      state,
      reason,
      updatedAt: this.time,
    });
  }

  reported(id: string, quantity: string, changes: Partial<ReportedFill> = {}): ReportedFill {
    this.#fills += 1;
    return {
      fillId: `f${this.#fills}`,
      kind: 'trade',
      clientOrderId: id,
      venueOrderId: `v-${id}`,
      symbol: 'X',
      side: this.#orders.get(id)?.terms.side ?? 'buy',
      price: fixed<Price>('10'),
      quantity: fixed<Quantity>(quantity),
      fee: fixed<Money>('0'),
      feeCurrency: 'USD',
      liquidity: 'taker',
      time: this.time,
      ...changes,
    };
  }

  fill(id: string, quantity: string, changes: Partial<ReportedFill> = {}): string {
    return this.venue.fill(this.reported(id, quantity, changes));
  }

  /** What is to be sent, as `submit a`, `cancel a`. */
  taken(): string[] {
    return this.venue.takeRequests().map(({ kind, order }: VenueRequest) => `${kind} ${order.clientOrderId}`);
  }

  get time(): EpochMs {
    return epochMs(this.now);
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
    this.venue.onTime();
  }

  /** The state of an order here: `working`, `cancelled 3` with what was filled where anything was. */
  state(id: string): string {
    const { state, filledQuantity } = this.#orders.get(id)!;
    return filledQuantity > 0n && state !== 'filled' ? `${state} ${formatFixed(filledQuantity)}` : state;
  }

  code(id: string): string | undefined {
    const order = this.#orders.get(id)!;
    return order.state === 'rejected' ? order.code : undefined;
  }

  get doubtful(): string[] {
    return this.venue.doubts().map(({ clientOrderId }) => clientOrderId);
  }

  kinds(id: string): string[] {
    return this.events.filter((event) => event.clientOrderId === id).map(({ kind }) => kind);
  }

  get liveIds(): string[] {
    return [...this.#orders].filter(([, order]) => !isTerminal(order)).map(([id]) => id);
  }

  /** A new life from the snapshot, through JSON text; what waited to be sent is gone with the old one. */
  restart(): void {
    const saved = JSON.parse(JSON.stringify(this.venue.snapshot())) as Json;
    this.venue = this.#open();
    this.venue.restore(saved);
  }

  #open(): ExternalVenue {
    return new ExternalVenue({
      now: () => this.time,
      emit: (event) => {
        this.events.push(event);
        const before = this.#orders.get(event.clientOrderId);
        assert.ok(before, `an event of ${event.clientOrderId}, which nobody submitted`);
        this.#orders.set(event.clientOrderId, applyOrderEvent(before, event));
      },
    });
  }
}
