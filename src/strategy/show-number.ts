/** A price or a figure for a reason: at most seven significant digits, no trailing zeros. */
export function showNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    // Powers of ten up to 10⁹ and whole numbers up to 10⁷ are exact, so that the quotient is the decimal's nearest float64.
    const scale = POWERS_OF_TEN[exponentOf(size) + 3]!;
    const scaled = size * scale;
    const whole = Math.round(scaled);
    // Near a half the product's own rounding could decide: then the slow way does.
    if (Math.abs(scaled - Math.floor(scaled) - 0.5) > 1e-6) return String((value < 0 ? -whole : whole) / scale);
  }
  return String(Number(value.toPrecision(7)));
}

/** What makes seven digits before the point of a number of that power of ten, from 10⁻³ to 10⁶. */
const POWERS_OF_TEN = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1];

/** The power of ten of a size from 10⁻³ up to 10⁷. */
function exponentOf(size: number): number {
  let exponent = -3;
  while (exponent < 6 && size >= FLOORS[exponent + 4]!) exponent += 1;
  return exponent;
}

const FLOORS = [1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/** A share as a percentage with two decimals: 0.0123 is `1.23%`. */
export function showPercent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
