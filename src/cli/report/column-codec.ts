import { gzipSync } from 'node:zlib';

/**
 * Columns of numbers as text inside a page, small. Each value is rounded to nine or ten significant digits of the
 * column's range, so that prices come out as they went in, and written as the difference to the value before it, in 32-bit
 * whole numbers, the four bytes of all values in four runs; then gzip and base64. NaN is kept.
 */
export interface PackedColumns {
  readonly columns: Readonly<Record<string, PackedColumn>>;
  /** base64 of gzip. */
  readonly text: string;
}

export interface PackedColumn {
  /** Where its bytes begin, and how many values it has. */
  readonly offset: number;
  readonly length: number;
  /** A value is its whole number divided by 10 to this power (which may be negative). */
  readonly decimals: number;
}

export function packColumns(columns: Readonly<Record<string, Float64Array>>): PackedColumns {
  const entries = Object.entries(columns);
  const bytes = new Uint8Array(4 * entries.reduce((total, [, values]) => total + values.length, 0));
  const packed: Record<string, PackedColumn> = {};
  let offset = 0;
  for (const [name, values] of entries) {
    const decimals = decimalsFor(values);
    writeColumn(values, decimals, bytes.subarray(offset, offset + 4 * values.length));
    packed[name] = { offset, length: values.length, decimals };
    offset += 4 * values.length;
  }
  return { columns: packed, text: gzipSync(bytes).toString('base64') };
}

/** The fewest decimals that lose nothing, or as many as leave every value and difference of two within 31 bits. */
function decimalsFor(values: Float64Array): number {
  let greatest = 0;
  let least = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    greatest = Math.max(greatest, value);
    least = Math.min(least, value);
  }
  const range = greatest - least;
  const most = range === 0 ? 0 : Math.min(15, Math.floor(Math.log10(2_147_000_000 / range)));
  for (let decimals = 0; decimals < most; decimals++) if (isExact(values, 10 ** decimals)) return decimals;
  return most;
}

function isExact(values: Float64Array, scale: number): boolean {
  for (const value of values) if (Number.isFinite(value) && Math.round(value * scale) / scale !== value) return false;
  return true;
}

function writeColumn(values: Float64Array, decimals: number, bytes: Uint8Array): void {
  const count = values.length;
  let before = 0;
  for (let row = 0; row < count; row++) {
    const value = values[row]!;
    const known = Number.isFinite(value);
    const scaled = known ? Math.round(decimals >= 0 ? value * 10 ** decimals : value / 10 ** -decimals) : 0;
    const step = known ? scaled - before : -2_147_483_648;
    if (known) before = scaled;
    for (let byte = 0; byte < 4; byte++) bytes[byte * count + row] = (step >>> (8 * byte)) & 255;
  }
}

/**
 * The values of a column from the unzipped bytes. The page runs this very function (its source is put there), so it
 * uses nothing from outside itself.
 */
export function unpackColumn(bytes: Uint8Array, column: PackedColumn): Float64Array {
  const { offset, length, decimals } = column;
  const values = new Float64Array(length);
  let sum = 0;
  for (let row = 0; row < length; row++) {
    const at = offset + row;
    const low = bytes[at]! | (bytes[at + length]! << 8) | (bytes[at + 2 * length]! << 16);
    const step = low | (bytes[at + 3 * length]! << 24);
    if (step === -2_147_483_648) {
      values[row] = Number.NaN;
    } else {
      sum += step;
      values[row] = decimals >= 0 ? sum / 10 ** decimals : sum * 10 ** -decimals;
    }
  }
  return values;
}
