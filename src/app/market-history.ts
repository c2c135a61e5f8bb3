import { type Timeframe, timeframeMs } from '../domain/timeframe.ts';
import { strategyFeeds, strategyLookback } from '../strategy/feeds.ts';
import type { BotConfiguration } from './configuration.ts';

/** More candles of a symbol than these a market does not begin with: 34 days of one-minute candles. */
const MOST_CANDLES = 50_000;

/** What a live market begins with, so that no bot waits for its first decision. */
export interface MarketHistory {
  /** Closed candles of the market's timeframe before the present. */
  readonly candles: number;
  /** Timeframes with whose bars it begins. */
  readonly alignTo: readonly Timeframe[];
  /** It would have been more. */
  readonly isCut: boolean;
}

/**
 * So many times the length of an indicator, and an exponential average has forgotten where it began: e⁻⁶ of it is left
 * after three times its length.
 */
const LENGTHS_TO_SETTLE = 3;

/** As many candles as the bot that looks back furthest needs, in whole bars of every timeframe that a bot watches. */
export function historyFor(bots: readonly BotConfiguration[], own: Timeframe): MarketHistory {
  const alignTo = new Set<Timeframe>();
  let candles = 0;
  for (const { definition, parameters, symbols, timeframe } of bots) {
    const bars = barsToSettle({ definition, parameters });
    for (const feed of strategyFeeds(definition, parameters, symbols, timeframe)) {
      alignTo.add(feed.timeframe);
      candles = Math.max(candles, Math.ceil((bars * timeframeMs(feed.timeframe)) / timeframeMs(own)));
    }
  }
  return { candles: Math.min(candles, MOST_CANDLES), alignTo: [...alignTo], isCut: candles > MOST_CANDLES };
}

/**
 * What a strategy looks back at is declared; how long its indicators are is not, but for its parameters: of the whole
 * numbers among them nearly all are counts of bars.
 */
function barsToSettle({ definition, parameters }: Pick<BotConfiguration, 'definition' | 'parameters'>): number {
  const lengths = Object.values(parameters).filter((value) => typeof value === 'number' && Number.isInteger(value));
  return Math.max(strategyLookback(definition, parameters), LENGTHS_TO_SETTLE * Math.max(0, ...(lengths as number[])));
}
