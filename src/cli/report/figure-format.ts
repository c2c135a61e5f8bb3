import { DAY_MS, epochMs, HOUR_MS, MINUTE_MS, SECOND_MS, toIso } from '../../foundation/time.ts';
import { describeFigure, type FigureKey } from '../../statistics/figures.ts';
import type { RunSummary } from '../../statistics/report.ts';

/** Numbers as people read them. What is undefined (NaN) or without bound is a dash. */
export const UNDEFINED = '–';

/** A figure with its unit: `21.19 %`, `51,422.99 USD`, `7 d 20 h`, `0.5806`. */
export function formatFigure(summary: RunSummary, key: FigureKey): string {
  const value = summary.figures[key];
  if (!Number.isFinite(value)) return UNDEFINED;
  const { unit } = describeFigure(key);
  if (unit === 'percent') return formatPercent(value);
  if (unit === 'money') return `${formatMoney(value)} ${summary.currency}`;
  if (unit === 'count') return formatNumber(value, 0);
  if (unit === 'duration') return formatDuration(value);
  if (unit === 'time') return formatTime(value);
  return formatNumber(value, 4);
}

/** `12.5` as `12.50 %`. */
export function formatPercent(value: number): string {
  return Number.isFinite(value) ? `${formatNumber(value, 2)} %` : UNDEFINED;
}

/** Two decimals; of amounts below 1, as many as show four digits. */
export function formatMoney(value: number): string {
  const size = Math.abs(value);
  return formatNumber(value, size === 0 || size >= 1 ? 2 : Math.min(10, 3 - Math.floor(Math.log10(size))));
}

/** A price or a quantity: up to eight significant digits, no padding. */
export function formatAmount(value: number): string {
  if (!Number.isFinite(value)) return UNDEFINED;
  const whole = Math.max(1, Math.floor(Math.log10(Math.abs(value) || 1)) + 1);
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: Math.max(0, Math.min(12, 8 - whole)) }).format(value);
}

export function formatNumber(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return UNDEFINED;
  const text = formatter(decimals).format(value);
  return /^-[0.,]+$/.test(text) ? text.slice(1) : text;
}

/** The two largest units: `584 d`, `7 d 20 h`, `46 min`, `1 min 30 s`, `250 ms`. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return UNDEFINED;
  const units: readonly (readonly [string, number])[] = [
    ['d', DAY_MS],
    ['h', HOUR_MS],
    ['min', MINUTE_MS],
    ['s', SECOND_MS],
  ];
  const largest = units.findIndex(([, length]) => milliseconds >= length);
  if (largest < 0) return `${formatNumber(milliseconds, 0)} ms`;
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [name, length] of units.slice(largest, largest + 2)) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${formatNumber(count, 0)} ${name}`);
  }
  return parts.join(' ');
}

/** `2013-03-01 15:00`, in UTC; midnight as the day alone. */
export function formatTime(time: number): string {
  if (!Number.isFinite(time)) return UNDEFINED;
  const text = toIso(epochMs(time)).slice(0, 16).replace('T', ' ');
  return text.endsWith(' 00:00') ? text.slice(0, 10) : text;
}

const formatters = new Map<number, Intl.NumberFormat>();

function formatter(decimals: number): Intl.NumberFormat {
  const known = formatters.get(decimals);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  formatters.set(decimals, made);
  return made;
}
