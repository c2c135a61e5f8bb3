import type { VenueFactory } from '../engine/open-session.ts';
import { MatchingEngine } from '../execution/matching-engine.ts';
import type { CostsConfiguration } from './configuration.ts';

/** The matching engine as the venue of a session: the same for backtests and for paper trading. */
export function simulatedVenue({ model, latencyMs, seed, matching }: CostsConfiguration): VenueFactory {
  return (instruments, account, emit) =>
    new MatchingEngine({ instruments, costs: model, latencyMs, seed, account, emit, options: matching });
}
