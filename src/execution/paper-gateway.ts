import type { ApprovedOrder } from '../domain/approved-order.ts';
import type { Candle } from '../domain/candle.ts';
import type { Json } from '../foundation/json.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { MatchingEngine } from './matching-engine.ts';
import type { OrderGateway } from './order-gateway.ts';

/** The matching engine as a venue behind the port: paper trading fills by the same rules as a backtest. */
export class PaperGateway implements OrderGateway {
  readonly kind = 'simulated';
  readonly #venue: MatchingEngine;

  constructor(venue: MatchingEngine) {
    this.#venue = venue;
  }

  submit(order: ApprovedOrder, now: EpochMs): void {
    this.#venue.submit(order, now);
  }

  cancel(clientOrderId: string, now: EpochMs): void {
    this.#venue.cancel(clientOrderId, now);
  }

  /** Shows the venue a closed bar; call it before anyone decides on that bar. */
  onCandle(symbol: string, candle: Candle): void {
    const { openTime, closeTime, open, high, low, close, volume } = candle;
    this.#venue.onBar(symbol, openTime, closeTime, open, high, low, close, volume);
  }

  snapshot(): Json {
    return this.#venue.snapshot();
  }

  restore(state: Json): void {
    this.#venue.restore(state);
  }
}
