import type { Brand } from './brand.ts';
import { invariant } from './errors.ts';

/**
 * Exact decimal numbers for orders, fills, cash and the ledger: a `bigint` counting units of 10⁻¹². One scale for
 * prices, quantities and money, so that a product needs one division and nothing can be mixed up by scale.
 * Market data, indicators and statistics are float64 and never come here except through a rounding of stated direction.
 */
export const DECIMALS = 12;
export const ONE = 1_000_000_000_000n;

/** A price in quote currency per unit of base, in units of 10⁻¹². */
export type Price = Brand<bigint, 'Price'>;
/** An amount of the instrument, in units of 10⁻¹². Positive: an amount or a long; negative: a short. */
export type Quantity = Brand<bigint, 'Quantity'>;
/** An amount of a currency, in units of 10⁻¹². */
export type Money = Brand<bigint, 'Money'>;
/** Any of the three. */
export type Fixed = Price | Quantity | Money;

const decimalPattern = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Reads plain decimal notation exactly. `undefined` where the text is not a plain decimal (no exponent, no sign but a
 * leading minus, no blanks) or has more than {@link DECIMALS} significant decimals.
 */
export function parseFixed(text: string): bigint | undefined {
  const match = decimalPattern.exec(text);
  if (!match) return undefined;
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > DECIMALS) return undefined;
  const units = BigInt(match[2]!) * ONE + BigInt(fraction.padEnd(DECIMALS, '0'));
  return match[1] ? -units : units;
}

/** Reads plain decimal notation that this program itself wrote, or a constant in the source. Throws on anything else. */
export function fixed<Kind extends Fixed>(text: string): Kind {
  const units = parseFixed(text);
  invariant(units !== undefined, 'Not a plain decimal number', { text });
  return units as Kind;
}

/** The shortest plain decimal notation: `0.1`, `-12`, `0`. */
export function formatFixed(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(DECIMALS + 1, '0');
  const whole = digits.slice(0, -DECIMALS);
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`;
}

/** The nearest float64, for statistics and display. */
export function toNumber(value: bigint): number {
  const safe = value <= 9_007_199_254_740_991n && value >= -9_007_199_254_740_991n;
  // One correctly rounded division; beyond 2^53 units the decimal text is what rounds correctly.
  return safe ? Number(value) / 1e12 : Number(formatFixed(value));
}

/**
 * The exact decimal that a float64 from market data stands for: its shortest decimal notation, cut to
 * {@link DECIMALS}, half away from zero. Throws on NaN and infinities.
 */
export function fromNumber<Kind extends Fixed>(value: number): Kind {
  // A decimal of at most 15 digits is the shortest notation of its float64: no need to go by way of the text.
  const hundredMillionths = Math.round(value * 1e8);
  if (Math.abs(hundredMillionths) < 1e15 && hundredMillionths / 1e8 === value) {
    return (BigInt(hundredMillionths) * 10_000n) as Kind;
  }
  invariant(Number.isFinite(value), 'Not a finite number', { value });
  return unitsOf(value.toString()) as Kind;
}

/** The units that a float64's own notation (`1.5`, `-2e-7`, `1e+21`) stands for, half away from zero. */
function unitsOf(notation: string): bigint {
  const [mantissa = '', exponent = '0'] = notation.split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = BigInt(whole + fraction);
  const shift = DECIMALS + Number(exponent) - fraction.length;
  const scale = 10n ** BigInt(Math.abs(shift));
  const units = shift >= 0 ? digits * scale : (digits + scale / 2n) / scale;
  return mantissa.startsWith('-') ? -units : units;
}

export type Rounding = 'down' | 'up' | 'nearest';

/** `value` to a multiple of `step`: `down` towards −∞, `up` towards +∞, `nearest` with halves towards +∞. */
export function roundToStep<Kind extends Fixed>(value: Kind, step: bigint, rounding: Rounding): Kind {
  invariant(step > 0n, 'A step is positive', { step });
  const shifted = rounding === 'nearest' ? value + step / 2n : value;
  let quotient = shifted / step;
  const remainder = shifted % step;
  if (remainder < 0n) quotient -= 1n;
  if (rounding === 'up' && remainder !== 0n) quotient += 1n;
  return (quotient * step) as Kind;
}

/** `price × quantity`, rounded half away from zero to a unit. The sign is the quantity's. */
export function notional(price: Price, quantity: Quantity): Money {
  return multiply(price, quantity) as Money;
}

/** `left × right`, rounded half away from zero to a unit. */
export function multiply(left: bigint, right: bigint): bigint {
  const product = left * right;
  return (product >= 0n ? product + ONE / 2n : product - ONE / 2n) / ONE;
}

/** `left ÷ right`, rounded half away from zero to a unit. Throws on division by zero. */
export function divide(left: bigint, right: bigint): bigint {
  invariant(right !== 0n, 'Division by zero', { left });
  const negative = left < 0n !== right < 0n;
  const numerator = (left < 0n ? -left : left) * ONE;
  const denominator = right < 0n ? -right : right;
  const quotient = (numerator + denominator / 2n) / denominator;
  return negative ? -quotient : quotient;
}

export function absolute<Kind extends Fixed>(value: Kind): Kind {
  return (value < 0n ? -value : value) as Kind;
}

export const ZERO_MONEY = 0n as Money;
export const ZERO_QUANTITY = 0n as Quantity;
