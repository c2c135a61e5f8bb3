import { type Feed, feedName } from '../../domain/candle.ts';
import { barOpenTime, type Timeframe, timeframeMs } from '../../domain/timeframe.ts';
import { invariant, UserError } from '../../foundation/errors.ts';
import { type EpochMs, epochMs, toIso } from '../../foundation/time.ts';

/** More candles of one feed than these are not made up for: 34 days of one-minute candles. */
const MOST_MISSED = 50_000;

export interface BeginningTerms {
  /** With how many closed candles a feed begins that has no resume point. */
  readonly history: number;
  /** It begins with the start of a bar of each of these as well, so that the first bigger bar is whole. */
  readonly alignTo: readonly Timeframe[];
}

/**
 * The open time of a feed's first candle.
 *
 * @param after close time of the last candle that was taken, if one was
 * @param now the exchange's clock
 * @throws UserError when more candles were missed than can be made up for
 */
export function firstOpenTime(
  feed: Feed,
  after: EpochMs | undefined,
  now: EpochMs,
  { history, alignTo }: BeginningTerms,
): EpochMs {
  const running = barOpenTime(now, feed.timeframe);
  const length = timeframeMs(feed.timeframe);
  if (after === undefined) {
    const first = epochMs(running - history * length);
    return history === 0 ? first : alignedStart(first, alignTo);
  }
  const missed = (running - after) / length;
  if (missed > MOST_MISSED) {
    throw new UserError(
      `The record of ${feedName(feed)} ends at ${toIso(after)}, ${Math.round(missed).toLocaleString('en')} candles ago: too many to make up for. Begin anew with --fresh, or name another store.`,
    );
  }
  return after;
}

/** The latest time at or before `time` at which a bar of each timeframe opens. */
function alignedStart(time: EpochMs, timeframes: readonly Timeframe[]): EpochMs {
  invariant(Number.isFinite(time), 'A time that is none', { time });
  let start = time;
  for (;;) {
    const earliest = Math.min(start, ...timeframes.map((timeframe) => barOpenTime(start, timeframe)));
    if (earliest === start) return start;
    start = epochMs(earliest);
  }
}
