import { type Instrument, instrument } from '../domain/instrument.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import type { SessionSpec, VenueFactory } from '../engine/open-session.ts';
import type { CostModel } from '../execution/cost-models.ts';
import { MatchingEngine, type MatchingOptions } from '../execution/matching-engine.ts';
import { fixed, formatFixed, type Money } from '../foundation/fixed-point.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import type { CheckedParameters } from '../strategy/feeds.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import type { EndOfRun } from './backtest.ts';

/** What all points of a sweep have in common besides the strategy and the bars: everything that decides a run. */
export interface SweepTerms {
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly instruments: readonly Instrument[];
  readonly currency: string;
  readonly startingBalance: Money;
  readonly limits: SessionSpec['limits'];
  readonly sizing: SessionSpec['sizing'];
  readonly venue: VenueTerms;
  readonly endOfRun: EndOfRun;
}

/** The simulated venue of every point. */
export interface VenueTerms {
  readonly model: CostModel;
  readonly latencyMs: number;
  readonly seed: number;
  readonly matching: MatchingOptions;
}

/** The session of one point. */
export function sessionOf(
  definition: AnyStrategyDefinition,
  terms: SweepTerms,
  parameters: CheckedParameters,
): SessionSpec {
  const { symbols, timeframe, instruments, currency, startingBalance, limits, sizing } = terms;
  return {
    botId: 'backtest',
    definition,
    parameters,
    symbols,
    timeframe,
    instruments,
    currency,
    startingBalance,
    limits,
    sizing,
    rates: new Map(),
  };
}

export function venueOf({ model, latencyMs, seed, matching }: VenueTerms): VenueFactory {
  return (instruments, account, emit) =>
    new MatchingEngine({ instruments, costs: model, latencyMs, seed, account, emit, options: matching });
}

/** As a part of a plan: exact amounts as decimal texts, what is `undefined` left out. */
export function termsToJson(terms: SweepTerms): JsonObject {
  const plain = {
    ...terms,
    startingBalance: formatFixed(terms.startingBalance),
    instruments: terms.instruments.map((one) =>
      Object.fromEntries(
        Object.entries(one).map(([name, value]) => [name, typeof value === 'bigint' ? formatFixed(value) : value]),
      ),
    ),
  };
  return JSON.parse(JSON.stringify(plain)) as JsonObject;
}

/** Reads what {@link termsToJson} wrote. */
export function termsFromJson(json: Json): SweepTerms {
  const plain = json as unknown as Omit<SweepTerms, 'startingBalance' | 'instruments'> & {
    readonly startingBalance: string;
    readonly instruments: readonly Parameters<typeof instrument>[0][];
  };
  return {
    ...plain,
    startingBalance: fixed<Money>(plain.startingBalance),
    instruments: plain.instruments.map((one) => instrument(one)),
  };
}
