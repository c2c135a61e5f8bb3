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
  // One correctly rounded division.
  if (value <= MOST_SAFE && value >= -MOST_SAFE) return Number(value) / 1e12;
  return value < 0n ? -largeToNumber(-value) : largeToNumber(value);
}

/** {@link toNumber} beyond 2^53 units. */
function largeToNumber(value: bigint): number {
  const whole = value / ONE;
  if (whole <= MOST_SAFE) {
    // The exact value lies between these sums before they are rounded. Rounding keeps order: where both come to the same
    // float64, so does the exact value.
    const integer = Number(whole);
    const fraction = Number(value - whole * ONE) / 1e12;
    const low = integer + (fraction - FRACTION_ERROR);
    if (low === integer + (fraction + FRACTION_ERROR)) return low;
  }
  // The decimal text is what rounds correctly.
  return Number(formatFixed(value));
}

const MOST_SAFE = 9_007_199_254_740_991n;
/** More than what a fraction below 1 can be off by after a division and a sum. */
const FRACTION_ERROR = 2 ** -51;

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
  const start = notation.startsWith('-') ? 1 : 0;
  const exponentAt = notation.indexOf('e');
  const end = exponentAt < 0 ? notation.length : exponentAt;
  const pointAt = notation.indexOf('.');
  const decimals = pointAt < 0 ? 0 : end - pointAt - 1;
  const text =
    pointAt < 0 ? notation.slice(start, end) : notation.slice(start, pointAt) + notation.slice(pointAt + 1, end);
  const shift = DECIMALS + (exponentAt < 0 ? 0 : Number(notation.slice(exponentAt + 1))) - decimals;
  // At most 15 digits fit a safe integer, which makes a bigint faster than a text does.
  const digits = text.length <= 15 ? BigInt(Number(text)) : BigInt(text);
  const scale = powerOfTen(Math.abs(shift));
  const units = shift >= 0 ? digits * scale : (digits + scale / 2n) / scale;
  return start === 1 ? -units : units;
}

const POWERS_OF_TEN: readonly bigint[] = Array.from({ length: 32 }, (_, exponent) => 10n ** BigInt(exponent));

function powerOfTen(exponent: number): bigint {
  return POWERS_OF_TEN[exponent] ?? 10n ** BigInt(exponent);
}

export type Rounding = 'down' | 'up' | 'nearest';

/** `value` to a multiple of `step`: `down` towards −∞, `up` towards +∞, `nearest` with halves towards +∞. */
export function roundToStep<Kind extends Fixed>(value: Kind, step: bigint, rounding: Rounding): Kind {
  invariant(step > 0n, 'A step is positive', { step });
  const shifted = rounding === 'nearest' ? value + step / 2n : value;
  const remainder = shifted % step;
  if (remainder === 0n) return shifted as Kind;
  const down = remainder < 0n ? shifted - remainder - step : shifted - remainder;
  return (rounding === 'up' ? down + step : down) as Kind;
}

/**
 * A float64 to a multiple of `step`: `roundToStep(fromNumber(value), step, rounding)`, but without the exact decimal
 * where it is clear without it which multiple that is.
 */
export function snapNumber<Kind extends Fixed>(value: number, step: bigint, rounding: Rounding): Kind {
  const width = Number(step) / 1e12;
  const steps = value / width;
  const lower = Math.floor(steps);
  const beyond = steps - lower;
  // How far, in steps, the decimal may lie from the float64, with the errors of these few operations: more than enough.
  const doubt = Math.abs(steps) * 1e-14 + 1e-12 / width;
  const isClear = rounding === 'nearest' ? Math.abs(beyond - 0.5) > doubt : beyond > doubt && 1 - beyond > doubt;
  if (!(isClear && Math.abs(steps) < 1e15)) return roundToStep(fromNumber<Kind>(value), step, rounding);
  const goesUp = rounding === 'up' || (rounding === 'nearest' && beyond > 0.5);
  return (BigInt(goesUp ? lower + 1 : lower) * step) as Kind;
}

/** `price × quantity`, rounded half away from zero to a unit. The sign is the quantity's. */
export function notional(price: Price, quantity: Quantity): Money {
  // The venue's fee, the portfolio and the record ask for the value of the same fill, one after the other.
  if (price === lastPrice && quantity === lastQuantity) return lastNotional;
  lastPrice = price;
  lastQuantity = quantity;
  lastNotional = multiply(price, quantity) as Money;
  return lastNotional;
}

let lastPrice = 0n as Price;
let lastQuantity = 0n as Quantity;
let lastNotional = 0n as Money;

/** `left × right`, rounded half away from zero to a unit. */
export function multiply(left: bigint, right: bigint): bigint {
  const product = left * right;
  return (product >= 0n ? product + HALF : product - HALF) / ONE;
}

const HALF = ONE / 2n;

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
