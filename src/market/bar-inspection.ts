import { DAY_MS, type EpochMs, epochMs } from '../foundation/time.ts';
import type { CandleColumns } from './candle-columns.ts';

/** A stretch of bars, or of time without any. */
export interface Stretch {
  readonly from: EpochMs;
  readonly bars: number;
}

/** A return that stands out. */
export interface Spike {
  /** Of the bar whose close it leads to. */
  readonly time: EpochMs;
  /** Simple, as a fraction. */
  readonly change: number;
  /** Whether the next bar's close took back most of it: then it is more likely a wrong price than a move. */
  readonly reverted: boolean;
}

/** What can be seen in a series of sound bars by itself. */
export interface BarInspection {
  /** Between bars of one day (UTC): nights and weekends of a market with hours are not among them. */
  readonly gapsWithinDays: number;
  readonly missingWithinDays: number;
  /** From the close of one day's last bar to the open of the next day's first. */
  readonly gapsOverDays: number;
  readonly missingOverDays: number;
  /** Missing bars, the longest first: {@link MOST_TOLD} of them. */
  readonly longestGaps: readonly Stretch[];
  readonly zeroVolumeBars: number;
  readonly longestZeroVolume: Stretch | undefined;
  /** Bars whose four prices are those of the close before, in runs of at least {@link FLAT_RUN}. */
  readonly flatRuns: number;
  readonly longestFlat: Stretch | undefined;
  /** The robust scale of a bar's log return: 1.4826 × median absolute value of those that are not 0. */
  readonly typicalReturn: number;
  readonly spikes: number;
  readonly spikesReverted: number;
  /** The largest ones: {@link MOST_TOLD} of them. */
  readonly largestSpikes: readonly Spike[];
  /** Days (UTC) with any bar, and the median of bars in one; 0 for daily and longer bars. */
  readonly days: number;
  readonly usualBarsPerDay: number;
  /** Days but for the first and the last that lack more than a tenth of the median of their day of the week. */
  readonly shortDays: number;
  readonly worstDays: readonly { readonly day: EpochMs; readonly missingShare: number }[];
}

/** A return of so many times the typical one is a spike. */
export const SPIKE_FACTOR = 30;
/** So many flat bars on end are a run. */
export const FLAT_RUN = 30;
export const MOST_TOLD = 3;
/** Makes the median absolute deviation of normal values their standard deviation. */
const MAD_TO_SIGMA = 1.4826;
const SHORT_DAY = 0.1;
const MOSTLY_REVERTED = 0.8;
/** With fewer, a day of the week is measured by all days. */
const LEAST_WEEKS = 4;

export function inspectBars(columns: CandleColumns): BarInspection {
  return { ...inspectGaps(columns), ...inspectRuns(columns), ...inspectReturns(columns), ...inspectDays(columns) };
}

type Gaps = Pick<
  BarInspection,
  'gapsWithinDays' | 'missingWithinDays' | 'gapsOverDays' | 'missingOverDays' | 'longestGaps'
>;

function inspectGaps({ openTime, length, intervalMs }: CandleColumns): Gaps {
  const count: [within: number, over: number] = [0, 0];
  const missing: [within: number, over: number] = [0, 0];
  const longest = new Longest<Stretch>(({ bars }) => bars);
  for (let row = 1; row < length; row++) {
    const lacking = Math.round((openTime[row]! - openTime[row - 1]!) / intervalMs) - 1;
    if (lacking <= 0) continue;
    const kind = Math.floor(openTime[row]! / DAY_MS) === Math.floor(openTime[row - 1]! / DAY_MS) ? 0 : 1;
    count[kind] += 1;
    missing[kind] += lacking;
    longest.see({ from: epochMs(openTime[row - 1]! + intervalMs), bars: lacking });
  }
  return {
    gapsWithinDays: count[0],
    missingWithinDays: missing[0],
    gapsOverDays: count[1],
    missingOverDays: missing[1],
    longestGaps: longest.list,
  };
}

type Runs = Pick<BarInspection, 'zeroVolumeBars' | 'longestZeroVolume' | 'flatRuns' | 'longestFlat'>;

function inspectRuns(columns: CandleColumns): Runs {
  const { open, high, low, close, volume } = columns;
  const zero = runsOf(columns, (row) => volume[row] === 0);
  const flat = runsOf(columns, (row) => {
    const before = row === 0 ? open[0] : close[row - 1];
    return open[row] === before && high[row] === before && low[row] === before && close[row] === before;
  });
  const flatRuns = flat.filter(({ bars }) => bars >= FLAT_RUN);
  return {
    zeroVolumeBars: zero.reduce((sum, { bars }) => sum + bars, 0),
    longestZeroVolume: longestOf(zero),
    flatRuns: flatRuns.length,
    longestFlat: longestOf(flatRuns),
  };
}

function runsOf({ length, openTime }: CandleColumns, holds: (row: number) => boolean): Stretch[] {
  const runs: Stretch[] = [];
  for (let row = 0; row < length; row++) {
    if (!holds(row)) continue;
    const first = row;
    while (row + 1 < length && holds(row + 1)) row++;
    runs.push({ from: epochMs(openTime[first]!), bars: row - first + 1 });
  }
  return runs;
}

type Returns = Pick<BarInspection, 'typicalReturn' | 'spikes' | 'spikesReverted' | 'largestSpikes'>;

/** Only of bars that follow each other without a gap: over a night or a halt prices may jump. */
function inspectReturns({ openTime, close, length, intervalMs }: CandleColumns): Returns {
  const returns = new Float64Array(length);
  const sizes: number[] = [];
  for (let row = 1; row < length; row++) {
    if (openTime[row]! - openTime[row - 1]! !== intervalMs) continue;
    returns[row] = Math.log(close[row]! / close[row - 1]!);
    if (returns[row] !== 0) sizes.push(Math.abs(returns[row]!));
  }
  const typicalReturn = MAD_TO_SIGMA * medianOf(Float64Array.from(sizes));
  const limit = SPIKE_FACTOR * typicalReturn;
  const largest = new Longest<Spike>(({ change }) => Math.abs(Math.log1p(change)));
  let spikes = 0;
  let spikesReverted = 0;
  for (let row = 1; row < length; row++) {
    if (!(Math.abs(returns[row]!) > limit)) continue;
    const back = row + 1 < length ? -returns[row + 1]! / returns[row]! : 0;
    const reverted = back >= MOSTLY_REVERTED;
    spikes++;
    if (reverted) spikesReverted++;
    largest.see({ time: epochMs(openTime[row]! + intervalMs), change: Math.expm1(returns[row]!), reverted });
  }
  return { typicalReturn, spikes, spikesReverted, largestSpikes: largest.list };
}

type Days = Pick<BarInspection, 'days' | 'usualBarsPerDay' | 'shortDays' | 'worstDays'>;

function inspectDays({ openTime, length, intervalMs }: CandleColumns): Days {
  if (intervalMs >= DAY_MS) return { days: 0, usualBarsPerDay: 0, shortDays: 0, worstDays: [] };
  const perDay = new Map<number, number>();
  for (let row = 0; row < length; row++) {
    const day = Math.floor(openTime[row]! / DAY_MS);
    perDay.set(day, (perDay.get(day) ?? 0) + 1);
  }
  const usual = medianOf(Float64Array.from(perDay.values()));
  // Markets with hours have short Sundays or Fridays.
  const usualOf = Array.from({ length: 7 }, (_, weekday) => {
    const bars = [...perDay].filter(([day]) => day % 7 === weekday).map(([, count]) => count);
    return bars.length >= LEAST_WEEKS ? medianOf(Float64Array.from(bars)) : usual;
  });
  const worst = new Longest<{ readonly day: EpochMs; readonly missingShare: number }>(
    ({ missingShare }) => missingShare,
  );
  let shortDays = 0;
  // The series may begin and end in the middle of a day.
  for (const [day, bars] of [...perDay].slice(1, -1)) {
    const missingShare = 1 - bars / usualOf[day % 7]!;
    if (missingShare <= SHORT_DAY) continue;
    shortDays++;
    worst.see({ day: epochMs(day * DAY_MS), missingShare });
  }
  return { days: perDay.size, usualBarsPerDay: usual, shortDays, worstDays: worst.list };
}

/** The few largest, the earlier first among equals. */
class Longest<Item> {
  readonly #measure: (item: Item) => number;
  #list: Item[] = [];

  constructor(measure: (item: Item) => number) {
    this.#measure = measure;
  }

  see(item: Item): void {
    const least = this.#list.at(-1);
    if (this.#list.length === MOST_TOLD && this.#measure(item) <= this.#measure(least!)) return;
    const sorted = [...this.#list, item].sort((one, other) => this.#measure(other) - this.#measure(one));
    this.#list = sorted.slice(0, MOST_TOLD);
  }

  get list(): readonly Item[] {
    return this.#list;
  }
}

function longestOf(runs: readonly Stretch[]): Stretch | undefined {
  let longest: Stretch | undefined;
  for (const run of runs) if (run.bars > (longest?.bars ?? 0)) longest = run;
  return longest;
}

/** The lower one of two in the middle; 0 of none. Sorts its argument. */
function medianOf(values: Float64Array): number {
  return values.sort()[(values.length - 1) >> 1] ?? 0;
}
