import { type Feed, feedName } from '../domain/candle.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import { invariant } from '../foundation/errors.ts';
import type { ParameterSpecs, ParameterValues } from './parameters.ts';
import type { AnyStrategyDefinition } from './strategy.ts';

/** Checked values of a strategy's parameters, by name. */
export type CheckedParameters = ParameterValues<ParameterSpecs>;

/** The feeds that a strategy watches, without repetition, in its own order. */
export function strategyFeeds(
  definition: AnyStrategyDefinition,
  parameters: CheckedParameters,
  symbols: readonly string[],
  timeframe: Timeframe,
): readonly Feed[] {
  const feeds = definition.feeds?.(parameters, symbols, timeframe) ?? symbols.map((symbol) => ({ symbol, timeframe }));
  const byName = new Map(feeds.map((feed) => [feedName(feed), feed]));
  for (const symbol of symbols) {
    invariant(
      feeds.some((feed) => feed.symbol === symbol),
      'A strategy must watch each of its symbols',
      { symbol },
    );
  }
  return [...byName.values()];
}

/** How many bars back a strategy reads at most. */
export function strategyLookback(definition: AnyStrategyDefinition, parameters: CheckedParameters): number {
  return Math.max(1, definition.lookback?.(parameters) ?? 1);
}
