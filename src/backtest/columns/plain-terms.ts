import { type Feed, feedName } from '../../domain/candle.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { timeframeMs } from '../../domain/timeframe.ts';
import type { SessionSpec, VenueFactory } from '../../engine/open-session.ts';
import type { CostModel } from '../../execution/cost-models.ts';
import { MatchingEngine, type MatchingOptions } from '../../execution/matching-engine.ts';
import { MINUTE_MS } from '../../foundation/time.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import type { EndOfRun } from '../backtest.ts';

/** What trading costs at the simulated venue, and how it fills. */
export interface VenueCosts {
  readonly model: CostModel;
  readonly latencyMs: number;
  readonly seed: number;
  readonly matching?: MatchingOptions;
}

/** What all points of a sweep have in common. The parameters of `session` are not read. */
export interface ColumnTerms {
  readonly session: SessionSpec;
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly costs: VenueCosts;
  readonly endOfRun?: EndOfRun | undefined;
}

/** Terms under which orders fill whole at the next bar's open, and nothing happens but on bars with signals. */
export interface PlainTerms extends ColumnTerms {
  readonly bars: CandleColumns;
  readonly instrument: Instrument;
}

/**
 * The terms, when they are plain: one symbol with one feed whose bars don't overlap, fees in quote currency,
 * orders that are at the venue when the next bar opens and fill there whole, and sizes that depend on the present alone.
 */
export function plainTerms(terms: ColumnTerms): PlainTerms | undefined {
  const { session, columns, costs } = terms;
  const { symbols, timeframe, instruments, sizing } = session;
  const instrument = instruments[0];
  if (instrument === undefined || symbols.length !== 1 || instruments.length !== 1) return undefined;
  if (instrument.symbol !== symbols[0]) return undefined;
  if (instrument.quoteCurrency !== session.currency || session.startingBalance <= 0n) return undefined;
  const feed: Feed = { symbol: symbols[0]!, timeframe };
  const bars = columns.get(feedName(feed));
  if (bars === undefined || bars.length === 0 || bars.intervalMs !== timeframeMs(timeframe)) return undefined;
  const { model, latencyMs, matching } = costs;
  if (latencyMs !== 0 || (matching?.maximumVolumeShare ?? null) !== null) return undefined;
  if ((model.fees.currency ?? 'quote') !== 'quote') return undefined;
  // Estimated from every bar.
  if (sizing.kind === 'volatility-target') return undefined;
  if (!areApart(bars)) return undefined;
  return { ...terms, bars, instrument };
}

/** Whether each bar opens when the one before has closed, or later. */
function areApart({ length, intervalMs, openTime }: CandleColumns): boolean {
  if (intervalMs < MINUTE_MS) return false;
  let previous = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < length; row++) {
    const time = openTime[row]!;
    if (!(time - previous >= intervalMs)) return false;
    previous = time;
  }
  return true;
}

/** The simulated venue of these terms. */
export function venueOf({ model, latencyMs, seed, matching }: VenueCosts): VenueFactory {
  return (instruments, account, emit) =>
    new MatchingEngine({
      instruments,
      costs: model,
      latencyMs,
      seed,
      account,
      emit,
      ...(matching && { options: matching }),
    });
}
