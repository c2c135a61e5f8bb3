/** A price or a figure for a reason: at most seven significant digits, no trailing zeros. */
export function showNumber(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** A share as a percentage with two decimals: 0.0123 is `1.23%`. */
export function showPercent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
