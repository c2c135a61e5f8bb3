import { InvariantError, invariant } from '../foundation/errors.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import { restoreFields, type Stateful, snapshotFields } from '../foundation/state-codec.ts';

/**
 * What every indicator shares. An indicator takes one bar at a time through `update(…)` or `updateBar(…)`, allocates
 * nothing in it, and shows its newest output in plain number fields, NaN until there is one. All state is in public
 * fields, so that it can be saved and taken up again to the bit; only the indicator itself writes them.
 */
export abstract class Indicator implements Stateful {
  /** The constructor's arguments in order: a saved state is only taken up by an indicator built with the same ones. */
  readonly parameters: readonly (number | string)[];
  /** True once every output is a number. */
  ready = false;

  constructor(...parameters: readonly (number | string)[]) {
    this.parameters = parameters;
  }

  snapshot(): Json {
    return snapshotFields(this);
  }

  /** Throws InvariantError when the state was saved by an indicator with other parameters or other fields. */
  restore(state: Json): void {
    const saved = state as JsonObject;
    const own = Object.keys(this);
    const sameFields = own.length === Object.keys(saved).length && own.every((name) => name in saved);
    invariant(
      sameFields && JSON.stringify(saved.parameters) === JSON.stringify(this.parameters),
      'The saved state belongs to another indicator',
      { indicator: this.constructor.name, parameters: this.parameters, saved: saved.parameters },
    );
    restoreFields(this, state);
  }
}

/** The columns most bar indicators read, oldest bar first, all of one length. */
export interface HighLowCloseColumns {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
}

/** The same with volume, in units of the base asset. */
export interface HighLowCloseVolumeColumns extends HighLowCloseColumns {
  readonly volume: Float64Array;
}

/**
 * Wilder's averages of a market that stands still shrink for ever, down to where their ratios mean nothing (after some
 * 9,000 bars at period 14). Below this, far under any price's movement, they count as nothing.
 */
export const STANDSTILL = 1e-290;

/** Throws InvariantError unless `period` is a whole number of bars, `least` or more. */
export function requirePeriod(period: number, least = 1): void {
  invariant(Number.isSafeInteger(period) && period >= least, 'A period must be a whole number of bars', {
    period,
    least,
  });
}

/**
 * Throws InvariantError unless `input` is finite. For several inputs pass their sum: it is finite only if all are (and
 * none is beyond 1e307, where no price lives).
 */
export function requireFinite(indicator: Indicator, input: number): void {
  if (!Number.isFinite(input)) refuseInput(indicator, input);
}

/** Throws InvariantError unless `volume` is finite and not negative. */
export function requireVolume(indicator: Indicator, volume: number): void {
  if (!(volume >= 0 && volume < Number.POSITIVE_INFINITY)) refuseInput(indicator, volume);
}

/** Kept apart from the checks so that they stay small enough to be inlined into every update. */
export function refuseInput(indicator: Indicator, input: number): never {
  throw new InvariantError('An indicator was given an impossible input', {
    indicator: indicator.constructor.name,
    parameters: indicator.parameters,
    input: String(input),
  });
}
