import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../foundation/time.ts';

/**
 * Epoch milliseconds of an epoch number in seconds, milliseconds, microseconds or nanoseconds, told apart by size (each
 * is read right from 1973 to 5138); an eight-digit calendar date (20240131) is that day, UTC. NaN for anything else.
 */
export function timeOfNumber(value: number): number {
  if (value >= 1e17) return Math.floor(value / 1e6);
  if (value >= 1e14) return Math.floor(value / 1e3);
  if (value >= 1e11) return Math.floor(value);
  if (value >= 1e8) return Math.round(value * SECOND_MS);
  if (value >= 19_000_101 && value <= 21_001_231 && Number.isInteger(value)) {
    return dateOf(Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100);
  }
  return Number.NaN;
}

const datePattern = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ](.+))?$/;
const clockPattern = /^(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * Epoch milliseconds of `2024-01-31`, `2024-01-31 09:05`, `2024-01-31T09:05:00.000Z`, `2024-01-31 09:05:00+05:30`, the
 * year first and `-`, `/` or `.` between; without an offset it is UTC. NaN for anything else: a date such as 01/02/2024
 * means different days to different people and is not guessed.
 */
export function timeOfText(text: string): number {
  const date = datePattern.exec(text);
  if (!date) return Number.NaN;
  const day = dateOf(Number(date[1]), Number(date[3]), Number(date[4]));
  if (date[5] === undefined) return day;
  const clock = clockPattern.exec(date[5]);
  if (!clock) return Number.NaN;
  const [hours, minutes, seconds] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return Number.NaN;
  const fraction = Math.floor(Number(`0.${clock[4] ?? '0'}`) * SECOND_MS);
  return day + hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS + fraction - offsetOf(clock[5]);
}

function offsetOf(text: string | undefined): number {
  if (text === undefined || text === 'Z' || text === 'UTC') return 0;
  const digits = text.slice(1).replace(':', '');
  const length = Number(digits.slice(0, 2)) * HOUR_MS + Number(digits.slice(2) || 0) * MINUTE_MS;
  return text.startsWith('-') ? -length : length;
}

/**
 * Epoch milliseconds of a date, NaN when the calendar has no such day. Days from civil date: H. Hinnant, "chrono-compatible
 * low-level date algorithms", days_from_civil.
 */
export function dateOf(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return Number.NaN;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}
