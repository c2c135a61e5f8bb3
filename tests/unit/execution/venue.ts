import type { ApprovedOrder } from '../../../src/domain/approved-order.ts';
import type { Fill } from '../../../src/domain/fill.ts';
import { type Instrument, instrument } from '../../../src/domain/instrument.ts';
import type { OrderEvent, OrderTerms } from '../../../src/domain/order.ts';
import { Portfolio } from '../../../src/domain/portfolio.ts';
import { type CostModel, costPresets } from '../../../src/execution/cost-models.ts';
import { MatchingEngine, type MatchingOptions } from '../../../src/execution/matching-engine.ts';
import { fixed, formatFixed, type Money, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { type EpochMs, epochMs } from '../../../src/foundation/time.ts';

export const BAR_MS = 60_000;

export const ACME: Instrument = instrument({
  symbol: 'ACME',
  baseCurrency: 'ACME',
  quoteCurrency: 'USD',
  tickSize: '1',
  stepSize: '1',
});

export interface VenueTerms {
  readonly instruments?: readonly Instrument[];
  readonly costs?: CostModel;
  readonly latencyMs?: number;
  readonly seed?: number;
  readonly options?: MatchingOptions;
  readonly balance?: string;
  /** Sees each event after it was booked, from within. */
  readonly listener?: (event: OrderEvent, venue: Venue) => void;
}

/** A matching engine with the portfolio that it trades for, bars of a minute one after the other, and all that it said. */
export class Venue {
  readonly engine: MatchingEngine;
  readonly portfolio: Portfolio;
  readonly events: OrderEvent[] = [];
  now: EpochMs = epochMs(0);
  #read = 0;
  #made = 0;

  constructor(terms: VenueTerms = {}) {
    const instruments = terms.instruments ?? [ACME];
    this.portfolio = new Portfolio('USD', fixed<Money>(terms.balance ?? '1000000'), instruments);
    this.engine = new MatchingEngine({
      instruments,
      costs: terms.costs ?? costPresets.frictionless,
      latencyMs: terms.latencyMs ?? 0,
      seed: terms.seed ?? 1,
      options: terms.options ?? {},
      account: {
        positionQuantity: (symbol) => this.portfolio.position(symbol).quantity,
        equity: (symbol, price) => this.portfolio.equity((other) => (other === symbol ? price : fixed<Price>('1'))),
      },
      emit: (event) => {
        if (event.kind === 'filled') this.portfolio.apply(event.fill);
        this.events.push(event);
        terms.listener?.(event, this);
      },
    });
  }

  /** A GTC order of one unit unless `terms` say otherwise; gives its id. */
  submit(terms: Pick<OrderTerms, 'execution'> & Partial<OrderTerms>): string {
    const clientOrderId = terms.clientOrderId ?? `o${this.#made++}`;
    const order: OrderTerms = {
      botId: 'bot',
      signalId: 'signal',
      symbol: 'ACME',
      side: 'buy',
      quantity: units('1'),
      timeInForce: { kind: 'GTC' },
      reduceOnly: false,
      createdAt: this.now,
      ...terms,
      clientOrderId,
    };
    this.engine.submit(order as ApprovedOrder, this.now);
    return clientOrderId;
  }

  /** The next minute of a symbol. Gives what was said of it, in short. */
  bar(open: number, high: number, low: number, close: number, volume = 1000, symbol = 'ACME'): string[] {
    this.#read = this.events.length;
    const closeTime = epochMs(this.now + BAR_MS);
    this.engine.onBar(symbol, this.now, closeTime, open, high, low, close, volume);
    this.now = closeTime;
    return this.said();
  }

  /** What was said since the last asking, in short: `o0 filled 2 @ 100 taker +20000`, the time from the bar's open. */
  said(): string[] {
    const since = this.events.slice(this.#read);
    this.#read = this.events.length;
    return since.map((event) => inShort(event));
  }

  /** Forgets what was said so far. */
  hush(): this {
    this.#read = this.events.length;
    return this;
  }

  get fills(): Fill[] {
    return this.events.flatMap((event) => (event.kind === 'filled' ? [event.fill] : []));
  }

  get position(): string {
    return formatFixed(this.portfolio.position('ACME').quantity);
  }
}

/** `o0 filled 2 @ 100 taker at 20000`, `o0 triggered @ 90 at 0`, `o0 rejected CODE at 0`, `o0 cancelled at 0`. */
export function inShort(event: OrderEvent): string {
  const at = `at ${event.time}`;
  switch (event.kind) {
    case 'filled': {
      const { quantity, price: paid, liquidity } = event.fill;
      const part = event.complete ? '' : ' part';
      return `${event.clientOrderId} filled ${formatFixed(quantity)} @ ${formatFixed(paid)} ${liquidity}${part} ${at}`;
    }
    case 'triggered':
      return `${event.clientOrderId} triggered @ ${formatFixed(event.price)} ${at}`;
    case 'rejected':
      return `${event.clientOrderId} rejected ${event.code} ${at}`;
    default:
      return `${event.clientOrderId} ${event.kind} ${at}`;
  }
}

export function price(text: string): Price {
  return fixed<Price>(text);
}

export function units(text: string): { readonly kind: 'units'; readonly quantity: Quantity } {
  return { kind: 'units', quantity: fixed<Quantity>(text) };
}

export function limit(text: string, postOnly = false): OrderTerms['execution'] {
  return { type: 'limit', limitPrice: price(text), postOnly };
}

export function stop(trigger: string, limitText?: string): OrderTerms['execution'] {
  return {
    type: 'stop',
    triggerPrice: price(trigger),
    ...(limitText !== undefined && { limitPrice: price(limitText) }),
  };
}

export function takeProfit(trigger: string, limitText?: string): OrderTerms['execution'] {
  return {
    type: 'take-profit',
    triggerPrice: price(trigger),
    ...(limitText !== undefined && { limitPrice: price(limitText) }),
  };
}

export function trailing(distance: string): OrderTerms['execution'] {
  return { type: 'trailing-stop', distance: price(distance) };
}

export const market: OrderTerms['execution'] = { type: 'market' };
