import { candleDefect } from '../../domain/candle.ts';
import { UserError } from '../../foundation/errors.ts';
import { epochMs, toIso } from '../../foundation/time.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import { CandleColumnsBuilder } from '../../market/candle-columns-builder.ts';

/** What becomes of a row that can't be right: the file is refused, or the row is left out and counted. */
export type OnDefect = 'refuse' | 'drop';

/** What is wrong with a row. */
export type DefectKind =
  | 'unreadable'
  | 'of another symbol'
  | 'twice'
  | 'twice with other values'
  | 'out of order'
  | 'overlapping'
  | 'impossible prices or volume';

type Six = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

/** Where a row is, for people: `line 12`. */
export type Whereabouts = (position: number) => string;

/** How many defects are told in words; the others are only counted. */
const TOLD = 5;
const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;

/**
 * The rows of one file as they are read: takes the sound ones, in order, and keeps account of the others. Nothing is
 * ever put right. `position` is where a row is in its source (a byte offset, a row number).
 */
export class CandleRows {
  readonly #whereabouts: Whereabouts;
  readonly #builder: CandleColumnsBuilder;
  #positions: Float64Array;
  /** The time of the last row. */
  #last = Number.NEGATIVE_INFINITY;
  #spacing = Number.NaN;
  #isRegular = true;
  #zeroVolumes = 0;
  #defects = 0;
  readonly #told: string[] = [];
  readonly #kinds = new Map<DefectKind, number>();

  /** @param expected about how many rows will come, so that memory is taken once */
  constructor(whereabouts: Whereabouts, expected: number) {
    this.#whereabouts = whereabouts;
    this.#builder = new CandleColumnsBuilder(expected);
    this.#positions = new Float64Array(Math.max(1, expected));
  }

  /** How many rows were taken. */
  get length(): number {
    return this.#builder.length;
  }

  /** The distance of every row from the one before; `undefined` where it is not always the same, or of fewer than two. */
  get regularSpacing(): number | undefined {
    return this.#isRegular && this.length > 1 ? this.#spacing : undefined;
  }

  get zeroVolumes(): number {
    return this.#zeroVolumes;
  }

  get defects(): number {
    return this.#defects;
  }

  get kinds(): ReadonlyMap<DefectKind, number> {
    return this.#kinds;
  }

  /** The first few defects in words. */
  get told(): readonly string[] {
    return this.#told;
  }

  /** The times of the rows that were taken; a view that holds until another is. */
  get times(): Float64Array {
    return this.#builder.openTimes;
  }

  /** The position of a row that was taken. */
  positionOf(row: number): number {
    return this.#positions[row]!;
  }

  /** Takes a row (time, open, high, low, close, volume), or counts it as a defect. A value that could not be read is NaN. */
  add(position: number, row: Float64Array): void {
    const taken = this.addSound(Float64Array.of(position), row, 1);
    if (taken === 0) this.reject(position, ...this.#defectOf(row));
  }

  /**
   * Takes rows as long as they are sound, and says how many these were.
   *
   * @param positions of each row
   * @param block `count` rows of six numbers: in one array they take no memory of their own
   */
  addSound(positions: Float64Array, block: Float64Array, count: number): number {
    const start = this.#builder.length;
    const [times, opens, highs, lows, closes, volumes] = this.#builder.reserve(count) as Six;
    while (start + count > this.#positions.length) this.#growPositions();
    const ownPositions = this.#positions;
    let last = this.#last;
    let spacing = this.#spacing;
    let isRegular = this.#isRegular;
    let zeros = 0;
    let row = 0;
    for (let at = 0; row < count; row++, at += 6) {
      const time = block[at]!;
      const open = block[at + 1]!;
      const high = block[at + 2]!;
      const low = block[at + 3]!;
      const close = block[at + 4]!;
      const volume = block[at + 5]!;
      const sound =
        time > last &&
        low > 0 &&
        open >= low &&
        open <= high &&
        close >= low &&
        close <= high &&
        high < Number.POSITIVE_INFINITY &&
        volume >= 0 &&
        volume < Number.POSITIVE_INFINITY &&
        time < Number.POSITIVE_INFINITY;
      if (!sound) break;
      if (time - last !== spacing) {
        if (start + row > 1) isRegular = false;
        spacing = time - last;
      }
      if (volume === 0) zeros++;
      last = time;
      ownPositions[start + row] = positions[row]!;
      times[start + row] = time;
      opens[start + row] = open;
      highs[start + row] = high;
      lows[start + row] = low;
      closes[start + row] = close;
      volumes[start + row] = volume;
    }
    this.#last = last;
    this.#spacing = spacing;
    this.#isRegular = isRegular;
    this.#zeroVolumes += zeros;
    this.#builder.extend(row);
    return row;
  }

  /** Counts a row as a defect. */
  reject(position: number, kind: DefectKind, what: string): void {
    this.#defects++;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    if (this.#told.length < TOLD) this.#told.push(`${this.#whereabouts(position)}: ${what}`);
  }

  /**
   * Throws a UserError with the first few defects, their number and the remedy, if there are any and they are not to be
   * dropped.
   */
  refuseDefects(path: string, onDefect: OnDefect): void {
    if (this.#defects === 0 || onDefect === 'drop') return;
    const more = this.#defects - this.#told.length;
    const rows = `${this.#defects} of ${this.#defects + this.length} rows ${this.#defects === 1 ? 'is' : 'are'}`;
    throw new UserError(
      `${path}: ${rows} not sound.\n  ${this.#told.join('\n  ')}${more > 0 ? `\n  and ${more} more` : ''}\nMend the file, or have such rows left out and counted with --on-defect drop.`,
    );
  }

  /** A copy without some of the rows, which count as defects for `reason`. */
  without(rejected: readonly number[], reason: string): CandleRows {
    const rest = new CandleRows(this.#whereabouts, this.length);
    rest.#defects = this.#defects;
    rest.#told.push(...this.#told);
    for (const [kind, count] of this.#kinds) rest.#kinds.set(kind, count);
    const out = new Set(rejected);
    for (let row = 0; row < this.length; row++) {
      const values = Float64Array.from(this.#builder.row(row));
      const position = this.#positions[row]!;
      if (out.has(row)) rest.reject(position, 'overlapping', `${toIso(epochMs(values[0]!))} ${reason}`);
      else rest.add(position, values);
    }
    return rest;
  }

  build(intervalMs: number): CandleColumns {
    return this.#builder.build(intervalMs);
  }

  #defectOf(row: Float64Array): [kind: DefectKind, what: string] {
    const [time, ...values] = [...row] as [number, ...number[]];
    if (!Number.isFinite(time)) {
      return ['unreadable', 'the time is missing or not understood (epoch number or YYYY-MM-DD HH:MM:SS)'];
    }
    const broken = FIELDS.filter((_, index) => !Number.isFinite(values[index]));
    if (broken.length > 0) return ['unreadable', `${broken.join(', ')} missing or not a number`];
    if (time <= this.#last) return this.#misplacement(time, values);
    const [open, high, low, close, volume] = values as [number, number, number, number, number];
    const candle = { openTime: epochMs(time), closeTime: epochMs(time + 1), open, high, low, close, volume };
    return ['impossible prices or volume', candleDefect(candle) ?? 'it is impossible'];
  }

  #misplacement(time: number, values: readonly number[]): [kind: DefectKind, what: string] {
    const row = this.#builder.rowOf(time);
    if (row === undefined) {
      return ['out of order', `${toIso(epochMs(time))} comes after ${toIso(epochMs(this.#last))}: not in order`];
    }
    const earlier = this.#whereabouts(this.#positions[row]!);
    const [, ...before] = this.#builder.row(row);
    const same = values.every((value, index) => value === before[index]);
    const what = `${toIso(epochMs(time))} is there already (${earlier}), with ${same ? 'the same' : 'other'} values`;
    return [same ? 'twice' : 'twice with other values', what];
  }

  #growPositions(): void {
    const larger = new Float64Array(2 * this.#positions.length);
    larger.set(this.#positions);
    this.#positions = larger;
  }
}
