import { DAY_MS } from '../foundation/time.ts';
import { median } from './descriptive.ts';

/** `rₜ = pₜ / pₜ₋₁ − 1`: one value fewer than prices. */
export function simpleReturns(prices: ArrayLike<number>): Float64Array {
  const returns = new Float64Array(Math.max(0, prices.length - 1));
  for (let index = 0; index < returns.length; index++) returns[index] = prices[index + 1]! / prices[index]! - 1;
  return returns;
}

/** `ln(pₜ / pₜ₋₁)`: one value fewer than prices; NaN or −∞ where a price is not positive. */
export function logReturns(prices: ArrayLike<number>): Float64Array {
  const returns = new Float64Array(Math.max(0, prices.length - 1));
  for (let index = 0; index < returns.length; index++) returns[index] = Math.log(prices[index + 1]! / prices[index]!);
  return returns;
}

/** `Π(1 + r) − 1` after each return; a NaN return counts as 0 (empyrical `cum_returns`). */
export function cumulativeReturns(returns: ArrayLike<number>): Float64Array {
  const cumulative = new Float64Array(returns.length);
  let wealth = 1;
  for (let index = 0; index < returns.length; index++) {
    const value = returns[index]!;
    if (!Number.isNaN(value)) wealth *= 1 + value;
    cumulative[index] = wealth - 1;
  }
  return cumulative;
}

/** The last of {@link cumulativeReturns}; NaN of nothing (empyrical `cum_returns_final`). */
export function totalReturn(returns: ArrayLike<number>): number {
  return returns.length === 0 ? Number.NaN : cumulativeReturns(returns)[returns.length - 1]!;
}

export type CalendarPeriod = 'day' | 'week' | 'month' | 'year';

/** The last value of each calendar period (UTC) that has one, and that period's number, rising. */
export interface PeriodEnds {
  /** Days since 1970-01-01, weeks (Monday to Sunday) or months since then, or the year. */
  readonly periods: Float64Array;
  readonly values: Float64Array;
}

/**
 * The last value in each period, skipping periods without one (pandas `resample(…).last().dropna()`).
 *
 * @param times milliseconds, rising; a bar belongs to the period in which it OPENS
 */
export function lastPerPeriod(times: ArrayLike<number>, values: ArrayLike<number>, period: CalendarPeriod): PeriodEnds {
  const periods = new Float64Array(times.length);
  const ends = new Float64Array(times.length);
  let count = 0;
  let day = Number.NaN;
  let current = Number.NaN;
  for (let index = 0; index < times.length; index++) {
    if (Number.isNaN(values[index]!)) continue;
    const today = Math.floor(times[index]! / DAY_MS);
    if (today !== day) {
      day = today;
      const number = periodNumber(today, period);
      if (number !== current) {
        current = number;
        periods[count] = number;
        count += 1;
      }
    }
    ends[count - 1] = values[index]!;
  }
  return { periods: periods.slice(0, count), values: ends.slice(0, count) };
}

/**
 * The row after the last of each UTC day that has rows.
 *
 * @param times milliseconds, rising. Looked at in ever larger steps: of bars of a minute, a few for each day
 */
export function dayEnds(times: ArrayLike<number>): Int32Array {
  const ends: number[] = [];
  for (let row = 0; row < times.length; ) {
    const midnight = (Math.floor(times[row]! / DAY_MS) + 1) * DAY_MS;
    // Of [low, high), low is before midnight, high is not, or is the end.
    let low = row;
    let high = row + 1;
    for (let step = 1; high < times.length && times[high]! < midnight; step *= 2) {
      low = high;
      high = Math.min(times.length, high + step);
    }
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (times[middle]! < midnight) low = middle;
      else high = middle;
    }
    ends.push(high);
    row = high;
  }
  return Int32Array.from(ends);
}

function periodNumber(day: number, period: CalendarPeriod): number {
  if (period === 'day') return day;
  // 1970-01-01 was a Thursday: the Monday before is day −3.
  if (period === 'week') return Math.floor((day + 3) / 7);
  const date = new Date(day * DAY_MS);
  if (period === 'year') return date.getUTCFullYear();
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

/** How returns are taken from an equity series, and how many of them make a year. */
export interface Annualisation {
  readonly period: CalendarPeriod;
  readonly periodsPerYear: number;
}

/**
 * backtesting.py's rule: returns are daily, and a year has 252 of them, or 365 where weekends are traded; bars a week,
 * a month or a year long (by the median of the last 100 spacings, in whole days) give weekly, monthly or yearly
 * returns. One refinement: "weekend" is the two quietest days of the week, not Saturday and Sunday in UTC, so that
 * an Indian Monday that opens on Sunday 18:30 UTC is a working day.
 *
 * @param openTimes milliseconds, rising
 */
export function annualisationOf(openTimes: ArrayLike<number>): Annualisation {
  const spacing = medianSpacing(openTimes, 100);
  const days = Math.floor(spacing / DAY_MS);
  if (days === 7) return { period: 'week', periodsPerYear: 52 };
  if (days === 31) return { period: 'month', periodsPerYear: 12 };
  if (days === 365) return { period: 'year', periodsPerYear: 1 };
  return { period: 'day', periodsPerYear: tradesOnWeekends(openTimes) ? 365 : 252 };
}

/** The median distance between the last `count` times, in milliseconds; NaN with fewer than two. */
export function medianSpacing(times: ArrayLike<number>, count: number): number {
  const first = Math.max(1, times.length - count + 1);
  const spacings = new Float64Array(Math.max(0, times.length - first));
  for (let index = 0; index < spacings.length; index++)
    spacings[index] = times[first + index]! - times[first + index - 1]!;
  return median(spacings);
}

/** Whether the two quietest days of the week hold more than 60 % of the two sevenths that are theirs. */
function tradesOnWeekends(openTimes: ArrayLike<number>): boolean {
  const perWeekday = new Float64Array(7);
  let first = 0;
  for (const end of dayEnds(openTimes)) {
    perWeekday[(Math.floor(openTimes[first]! / DAY_MS) + 4) % 7]! += end - first;
    first = end;
  }
  perWeekday.sort();
  return (perWeekday[0]! + perWeekday[1]!) / openTimes.length > (2 / 7) * 0.6;
}

export interface MonthlyReturn {
  readonly year: number;
  /** 1 … 12. */
  readonly month: number;
  readonly returnFraction: number;
}

/** The return of each calendar month (UTC) that has bars, the first from `startingBalance`. */
export function monthlyReturns(
  openTimes: ArrayLike<number>,
  equity: ArrayLike<number>,
  startingBalance: number,
): MonthlyReturn[] {
  const { periods, values } = lastPerPeriod(openTimes, equity, 'month');
  return Array.from(periods, (period, index) => ({
    year: 1970 + Math.floor(period / 12),
    month: (period % 12) + 1,
    returnFraction: values[index]! / (index === 0 ? startingBalance : values[index - 1]!) - 1,
  }));
}
