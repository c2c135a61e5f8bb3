import { largest, smallest } from '../../statistics/descriptive.ts';

/**
 * A series as lines of Braille characters (2 × 4 dots each), filled from the bottom (`up`) or from the top (`down`, for
 * drawdowns). Each dot column stands for a stretch of the series: the last value in it, or for `down` the greatest, so
 * that no drawdown is lost.
 *
 * @param width and `height` in characters
 * @returns `height` lines of `width` characters, or no lines where there is nothing finite to draw
 */
export function brailleChart(
  values: Float64Array,
  width: number,
  height: number,
  direction: 'up' | 'down' = 'up',
): string[] {
  const dots = width * 2;
  const samples = direction === 'up' ? lastOfEach(values, dots) : greatestOfEach(values, dots);
  const low = direction === 'up' ? smallest(samples.filter(Number.isFinite)) : 0;
  const high = largest(samples.filter(Number.isFinite));
  if (!Number.isFinite(high - low)) return [];
  const levels = height * 4;
  const span = high - low || 1;
  const filled = samples.map((value) =>
    Number.isFinite(value) ? Math.round(((value - low) / span) * (levels - 1)) + 1 : 0,
  );
  if (direction === 'down' && high === 0) filled.fill(0);
  return Array.from({ length: height }, (_, line) => {
    let text = '';
    for (let column = 0; column < width; column++) {
      const left = dotsIn(filled[column * 2]!, line, height, direction);
      const right = dotsIn(filled[column * 2 + 1]!, line, height, direction);
      text += String.fromCodePoint(0x2800 + LEFT_DOTS[direction][left]! + RIGHT_DOTS[direction][right]!);
    }
    return text;
  });
}

/** Bits of a Braille cell's left and right column with 0 … 4 dots set, from the bottom or from the top. */
const LEFT_DOTS = { up: [0, 0x40, 0x44, 0x46, 0x47], down: [0, 0x01, 0x03, 0x07, 0x47] } as const;
const RIGHT_DOTS = { up: [0, 0x80, 0xa0, 0xb0, 0xb8], down: [0, 0x08, 0x18, 0x38, 0xb8] } as const;

/** How many of a line's four dots are set in a column filled to `level`. */
function dotsIn(level: number, line: number, height: number, direction: 'up' | 'down'): number {
  const below = direction === 'up' ? (height - 1 - line) * 4 : line * 4;
  return Math.max(0, Math.min(4, level - below));
}

function lastOfEach(values: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => {
    return values[Math.max(0, Math.ceil(((index + 1) * values.length) / count) - 1)] ?? Number.NaN;
  });
}

function greatestOfEach(values: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * values.length) / count);
    const to = Math.max(from + 1, Math.ceil(((index + 1) * values.length) / count));
    return largest(values.subarray(from, to).filter(Number.isFinite));
  });
}
