/**
 * The bars of the benchmarks: a geometric random walk of one-minute bars from a xorshift generator, the same numbers on
 * every machine. Written to a temporary folder as six columns of float64 (time, open, high, low, close, volume, one after
 * the other) and as CSV; never committed.
 */
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface GeneratedBars {
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

const FIRST_OPEN_TIME = Date.UTC(2022, 0, 1);
const MINUTE_MS = 60_000;
const FIRST_SEED = 123_456_789;
const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;

/** `series` 0 is the one that all figures are about; others are other symbols. */
export function generateBars(length: number, series = 0): GeneratedBars {
  const column = (): Float64Array => new Float64Array(length);
  const bars = { time: column(), open: column(), high: column(), low: column(), close: column(), volume: column() };
  const uniform = xorshift(FIRST_SEED + 7_919 * series);
  let price = 30_000;
  for (let row = 0; row < length; row++) {
    bars.time[row] = FIRST_OPEN_TIME + row * MINUTE_MS;
    bars.open[row] = cents(price);
    let high = price;
    let low = price;
    for (let step = 0; step < 3; step++) {
      price *= 1 + normal(uniform) * 0.0004 + 1e-7;
      if (price > high) high = price;
      if (price < low) low = price;
    }
    bars.close[row] = cents(price);
    bars.high[row] = cents(high);
    bars.low[row] = cents(low);
    bars.volume[row] = Math.round(uniform() * 1e4) / 100;
    price = bars.close[row]!;
  }
  return bars;
}

/** Uniform in [0, 1): Marsaglia, "Xorshift RNGs" (2003), 32 bits, shifts 13, 17, 5. */
function xorshift(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4_294_967_296;
  };
}

/** About standard normal: the sum of six uniform numbers. */
function normal(uniform: () => number): number {
  let sum = 0;
  for (let count = 0; count < 6; count++) sum += uniform();
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: cut, as it always was here
  return (sum - 3) * 1.4142;
}

function cents(price: number): number {
  return Math.round(price * 100) / 100;
}

/** Where data and compiled yardsticks live from one run to the next. */
export function benchmarkFolder(): string {
  const folder = join(tmpdir(), 'tradewind-benchmarks');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Path of the columns of `length` bars; written when they are not there yet. */
export function barsFile(length: number, series = 0): string {
  const path = join(benchmarkFolder(), `bars-${length}-${series}.bin`);
  if (existsSync(path) && statSync(path).size === length * 48) return path;
  const bars = generateBars(length, series);
  writeWhole(path, Buffer.concat(COLUMNS.map((name) => bytes(bars[name]))));
  return path;
}

/** Path of the same bars as CSV with the header `timestamp,open,high,low,close,volume`. */
export function csvFile(length: number, series = 0): string {
  const path = join(benchmarkFolder(), `bars-${length}-${series}.csv`);
  if (existsSync(path)) return path;
  const { time, open, high, low, close, volume } = generateBars(length, series);
  const lines = ['timestamp,open,high,low,close,volume'];
  for (let row = 0; row < length; row++) {
    lines.push(`${time[row]},${open[row]},${high[row]},${low[row]},${close[row]},${volume[row]}`);
  }
  writeWhole(path, `${lines.join('\n')}\n`);
  return path;
}

function bytes(column: Float64Array): Buffer {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}

/** A run that is interrupted leaves no half a file behind. */
function writeWhole(path: string, content: string | Buffer): void {
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const length = Number(process.argv[2] ?? 1_000_000);
  console.log(barsFile(length));
  console.log(csvFile(length));
}
