import { largest, mean } from './descriptive.ts';

/**
 * `1 − equity / running maximum` at each row: 0 at a peak, 0.25 when a quarter is lost; beyond 1 when more than all is
 * lost. NaN before the first positive equity.
 */
export function drawdownSeries(equity: ArrayLike<number>): Float64Array {
  const drawdown = new Float64Array(equity.length);
  let peak = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < equity.length; row++) {
    if (equity[row]! > peak) peak = equity[row]!;
    drawdown[row] = peak > 0 ? 1 - equity[row]! / peak : Number.NaN;
  }
  return drawdown;
}

/** One way down from a peak and back; rows are indices into the equity series. */
export interface DrawdownPeriod {
  /** The last row at the peak, and the row where the peak was reached again (or the last row of the series). */
  readonly peakRow: number;
  readonly endRow: number;
  /** The row of the deepest point, the first of equals. */
  readonly valleyRow: number;
  readonly peakTime: number;
  readonly valleyTime: number;
  readonly endTime: number;
  /** 0 … 1: the greatest drawdown within. */
  readonly depth: number;
  /** From peak to end, in milliseconds. */
  readonly durationMs: number;
  readonly recovered: boolean;
}

/**
 * The drawdowns of a series, oldest first: each lasts from a row with drawdown 0 to the next such row, or to the end of
 * the series, if there is a row between (backtesting.py `compute_drawdown_duration_peaks`; so a drawdown that begins on
 * the very last row has no length yet and is not among them).
 *
 * @param times milliseconds of each row
 */
export function drawdownPeriods(times: ArrayLike<number>, drawdown: ArrayLike<number>): DrawdownPeriod[] {
  const periods: DrawdownPeriod[] = [];
  const last = drawdown.length - 1;
  let peakRow = -1;
  for (let row = 0; row <= last; row++) {
    if (drawdown[row] !== 0 && row !== last) continue;
    if (peakRow >= 0 && row > peakRow + 1) periods.push(periodBetween(times, drawdown, peakRow, row));
    peakRow = row;
  }
  return periods;
}

function periodBetween(
  times: ArrayLike<number>,
  drawdown: ArrayLike<number>,
  peakRow: number,
  endRow: number,
): DrawdownPeriod {
  let valleyRow = peakRow;
  for (let row = peakRow + 1; row <= endRow; row++) if (drawdown[row]! > drawdown[valleyRow]!) valleyRow = row;
  return {
    peakRow,
    endRow,
    valleyRow,
    peakTime: times[peakRow]!,
    valleyTime: times[valleyRow]!,
    endTime: times[endRow]!,
    depth: drawdown[valleyRow]!,
    durationMs: times[endRow]! - times[peakRow]!,
    recovered: drawdown[endRow] === 0,
  };
}

export interface DrawdownSummary {
  /** 0 … 1; 0 when equity never fell, NaN without equity. */
  readonly maximum: number;
  /** When the deepest drawdown began and was deepest, in milliseconds; NaN when equity never fell. */
  readonly peakTime: number;
  readonly valleyTime: number;
  /** Mean of the depths of all periods; NaN without a period. */
  readonly average: number;
  /** Milliseconds; NaN without a period. */
  readonly longestMs: number;
  readonly averageDurationMs: number;
  readonly periods: number;
}

/** The figures of a drawdown series in backtesting.py's definitions; fractions and milliseconds. */
export function summariseDrawdown(times: ArrayLike<number>, drawdown: ArrayLike<number>): DrawdownSummary {
  const periods = drawdownPeriods(times, drawdown);
  const durations = periods.map((period) => period.durationMs);
  let valleyRow = 0;
  for (let row = 1; row < drawdown.length; row++) if (drawdown[row]! > drawdown[valleyRow]!) valleyRow = row;
  const maximum = drawdown[valleyRow] ?? Number.NaN;
  let peakRow = valleyRow;
  while (peakRow > 0 && drawdown[peakRow] !== 0) peakRow -= 1;
  const fell = maximum > 0;
  return {
    maximum,
    peakTime: fell ? times[peakRow]! : Number.NaN,
    valleyTime: fell ? times[valleyRow]! : Number.NaN,
    average: mean(periods.map((period) => period.depth)),
    longestMs: largest(durations),
    averageDurationMs: mean(durations),
    periods: periods.length,
  };
}

/**
 * The greatest drawdown of the wealth that starts at 1 BEFORE the first return, as a negative number; 0 when it never
 * fell, NaN without returns; a NaN return counts as 0 (empyrical `max_drawdown`).
 */
export function maximumDrawdownOfReturns(returns: ArrayLike<number>): number {
  if (returns.length === 0) return Number.NaN;
  let wealth = 1;
  let peak = 1;
  let deepest = 0;
  for (let index = 0; index < returns.length; index++) {
    const value = returns[index]!;
    if (!Number.isNaN(value)) wealth *= 1 + value;
    if (wealth > peak) peak = wealth;
    deepest = Math.min(deepest, (wealth - peak) / peak);
  }
  return deepest;
}
