import { DAY_MS, type DurationMs, durationMs, type EpochMs, epochMs, HOUR_MS, MINUTE_MS } from '../foundation/time.ts';

/** The lengths of bar that the platform knows, shortest first. */
export const TIMEFRAMES = ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '12h', '1d', '1w'] as const;

export type Timeframe = (typeof TIMEFRAMES)[number];

const lengths: Readonly<Record<Timeframe, number>> = {
  '1m': MINUTE_MS,
  '3m': 3 * MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '2h': 2 * HOUR_MS,
  '4h': 4 * HOUR_MS,
  '6h': 6 * HOUR_MS,
  '12h': 12 * HOUR_MS,
  '1d': DAY_MS,
  '1w': 7 * DAY_MS,
};

/** Weeks start on Monday 00:00 UTC, as on every exchange; 1970-01-01 was a Thursday. */
const WEEK_ORIGIN = 4 * DAY_MS;

export function isTimeframe(text: string): text is Timeframe {
  return (TIMEFRAMES as readonly string[]).includes(text);
}

/** The length of one bar. */
export function timeframeMs(timeframe: Timeframe): DurationMs {
  return durationMs(lengths[timeframe]);
}

/** The timeframe whose bars are `length` long, if there is one. */
export function timeframeOfLength(length: number): Timeframe | undefined {
  return TIMEFRAMES.find((timeframe) => lengths[timeframe] === length);
}

/** The open time of the bar that holds `time`, closed left: a time on a boundary belongs to the bar that opens there. */
export function barOpenTime(time: EpochMs, timeframe: Timeframe): EpochMs {
  const origin = timeframe === '1w' ? WEEK_ORIGIN : 0;
  const length = lengths[timeframe];
  return epochMs(Math.floor((time - origin) / length) * length + origin);
}

/** Whether bars of `long` are made of whole bars of `short`. */
export function divides(short: Timeframe, long: Timeframe): boolean {
  return lengths[long] % lengths[short] === 0;
}
