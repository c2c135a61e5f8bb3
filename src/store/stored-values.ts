import { InvariantError, invariant } from '../foundation/errors.ts';
import { formatFixed } from '../foundation/fixed-point.ts';

/** From values of this program to values that both databases keep without loss, and a refusal of what they would not. */

/** The largest exact number that both databases hold: 38 digits, 12 of them decimals (NUMERIC(38,12)). */
const EXACT_LIMIT = 10n ** 38n;

/** A float64 that may be stored: finite, and 0 for −0 (SQLite does not keep its sign). */
export function storedFloat(value: number, what: string): number {
  invariant(Number.isFinite(value), 'Not a finite number, so it is not stored', { what, value: String(value) });
  return value + 0;
}

/** A whole number, such as a time in milliseconds or a counter. */
export function storedWhole(value: number, what: string): number {
  invariant(Number.isSafeInteger(value), 'Not a whole number, so it is not stored', { what, value: String(value) });
  return value + 0;
}

/** An exact number as plain decimal text. */
export function storedExact(value: bigint, what: string): string {
  invariant(value < EXACT_LIMIT && value > -EXACT_LIMIT, 'A number has more than 38 digits', { what, value });
  return formatFixed(value);
}

/**
 * Free text from outside. What PostgreSQL can't keep (U+0000) and what UTF-8 can't carry (half a surrogate pair) becomes
 * U+FFFD.
 */
export function storedText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}

/** JSON text. Throws on what JSON would change in silence: NaN, infinities, bigint. */
export function storedJson(value: unknown, what: string): string {
  refuseUnwritable(value, what);
  return JSON.stringify(value);
}

function refuseUnwritable(value: unknown, path: string): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      throw new InvariantError('Not a finite number, so it is not stored', { what: path, value: String(value) });
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const key in value) refuseUnwritable((value as Record<string, unknown>)[key], key);
  } else if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') {
    throw new InvariantError('JSON cannot carry this', { what: path, type: typeof value });
  }
}
