import type { Fill } from '../domain/fill.ts';
import type { RoundTrip } from '../domain/position.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { EngineListener } from './engine.ts';

/**
 * What the figures of a run need, and no more: for sweeps. Signals, intents and order events are not made at all, nor are
 * the texts in them; fills and round trips are the same, to the last bit and text, as in a full `RunRecord`.
 */
export class LeanRecord implements EngineListener {
  readonly isLean = true;
  fills: Fill[] = [];
  roundTrips: RoundTrip[] = [];
  lossLimits: { readonly time: EpochMs; readonly equity: number }[] = [];
  /** How many signals the gate or a filter refused, or made no sense. */
  refusedSignals = 0;

  signal(): void {}

  refusedSignal(): void {
    this.refusedSignals += 1;
  }

  intent(): void {}

  orderEvent(): void {}

  fill(fill: Fill): void {
    this.fills.push(fill);
  }

  roundTrip(trip: RoundTrip): void {
    this.roundTrips.push(trip);
  }

  lossLimit(time: EpochMs, equity: number): void {
    this.lossLimits.push({ time, equity });
  }
}
