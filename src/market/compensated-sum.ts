/**
 * A running float64 sum that keeps what rounding loses: A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur
 * Summation endlicher Summen" (1974), the improved Kahan summation. Adding a minute's trades this way gives the float64
 * nearest to the decimal sum, which is what an exchange prints, where a plain sum ends in …0000000038.
 *
 * Plain data, so that it can be saved as state. The sum is `sum + carry`.
 */
export interface CompensatedSum {
  sum: number;
  carry: number;
}

export function addTo(total: CompensatedSum, value: number): void {
  const next = total.sum + value;
  total.carry += Math.abs(total.sum) >= Math.abs(value) ? total.sum - next + value : value - next + total.sum;
  total.sum = next;
}

export function sumOf(total: CompensatedSum): number {
  return total.sum + total.carry;
}
