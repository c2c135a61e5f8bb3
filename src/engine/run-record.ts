import type { Fill } from '../domain/fill.ts';
import type { FundingPayment } from '../domain/funding.ts';
import type { OrderEvent, OrderTerms } from '../domain/order.ts';
import type { RoundTrip } from '../domain/position.ts';
import type { SignalRecord } from '../domain/signal.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { EngineListener } from './engine.ts';

/** Everything that a run decided and did, in order. */
export class RunRecord implements EngineListener {
  // An accessor: a record's own fields are what was recorded.
  get isLean(): boolean {
    return false;
  }

  signals: SignalRecord[] = [];
  intents: OrderTerms[] = [];
  orderEvents: OrderEvent[] = [];
  fills: Fill[] = [];
  roundTrips: RoundTrip[] = [];
  fundings: FundingPayment[] = [];
  lossLimits: { readonly time: EpochMs; readonly equity: number }[] = [];

  signal(record: SignalRecord): void {
    this.signals.push(record);
  }

  /** Counted from {@link signals}. */
  refusedSignal(): void {}

  intent(terms: OrderTerms): void {
    this.intents.push(terms);
  }

  orderEvent(event: OrderEvent): void {
    this.orderEvents.push(event);
  }

  fill(fill: Fill): void {
    this.fills.push(fill);
  }

  roundTrip(trip: RoundTrip): void {
    this.roundTrips.push(trip);
  }

  funding(payment: FundingPayment): void {
    this.fundings.push(payment);
  }

  lossLimit(time: EpochMs, equity: number): void {
    this.lossLimits.push({ time, equity });
  }

  /** Begins anew; what was handed on keeps its lists. */
  clear(): void {
    this.signals = [];
    this.intents = [];
    this.orderEvents = [];
    this.fills = [];
    this.roundTrips = [];
    this.fundings = [];
    this.lossLimits = [];
  }
}
