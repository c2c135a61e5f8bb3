import type { MarketDataCounts } from '../../market/market-data.ts';

/** What a feed counts itself; reconnections are counted by its lines. */
export type FeedCounts = { -readonly [Name in keyof Omit<MarketDataCounts, 'reconnects'>]: number };

export function newFeedCounts(): FeedCounts {
  return {
    given: 0,
    fromHistory: 0,
    gapsFilled: 0,
    frames: 0,
    prices: 0,
    polls: 0,
    stale: 0,
    refused: 0,
    repeated: 0,
    revised: 0,
    closedTooEarly: 0,
    impossible: 0,
    malformed: 0,
    crossChecks: 0,
    conflicts: 0,
    missing: 0,
    rebuilt: 0,
    rebuiltDifferent: 0,
  };
}
