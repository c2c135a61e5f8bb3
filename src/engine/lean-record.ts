import type { Fill } from '../domain/fill.ts';
import { FillTotals } from '../domain/fill-totals.ts';
import type { RoundTrip } from '../domain/position.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { EngineListener } from './engine.ts';

/** What takes in fills: a list, or sums over them. */
interface FillKeeper {
  push(fill: Fill): void;
}

/**
 * What the figures of a run need, and no more: for sweeps. Signals, intents and order events are not made at all, nor are
 * the texts in them. What is kept is the same, to the last bit and text, as in a full `RunRecord`.
 */
export class LeanRecord<Fills extends FillKeeper = Fill[]> implements EngineListener {
  readonly isLean = true;
  readonly fills: Fills;
  readonly roundTrips: RoundTrip[] = [];
  readonly lossLimits: { readonly time: EpochMs; readonly equity: number }[] = [];
  /** How many signals the gate or a filter refused, or made no sense. */
  refusedSignals = 0;

  private constructor(fills: Fills) {
    this.fills = fills;
  }

  /** Keeps each fill. */
  static withFills(): LeanRecord {
    return new LeanRecord<Fill[]>([]);
  }

  /** Keeps the sums of fills alone, which spares the memory of busy runs and the time to clear it. */
  static withSums(): LeanRecord<FillTotals> {
    return new LeanRecord(new FillTotals());
  }

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
