import { candleDefect } from '../../domain/candle.ts';
import { UserError } from '../../foundation/errors.ts';
import { epochMs, toIso } from '../../foundation/time.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import { CandleColumnsBuilder } from '../../market/candle-columns-builder.ts';
import type { RowSink } from './plain-lines.ts';
import { SoundRun } from './sound-run.ts';

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

/** Where a row is, for people: `line 12`. */
export type Whereabouts = (position: number) => string;

/** At least one row that was found sound already. */
export interface TakenRows {
  readonly run: SoundRun;
  /** The memory of {@link CandleColumns} of as many rows. */
  readonly columns: SharedArrayBuffer;
  /** Where each row is. Asked for where somebody wants to know. */
  readonly positions: () => Float64Array;
}

/** How many defects are told in words; the others are only counted. */
const TOLD = 5;
const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;

/**
 * The rows of one file as they are read: takes the sound ones, in order, and keeps account of the others. Nothing is
 * ever put right. `position` is where a row is in its source (a byte offset, a row number).
 */
export class CandleRows implements RowSink {
  readonly #whereabouts: Whereabouts;
  readonly #builder: CandleColumnsBuilder;
  #positions: Float64Array | (() => Float64Array);
  readonly #run: SoundRun;
  #defects = 0;
  readonly #told: string[] = [];
  readonly #kinds = new Map<DefectKind, number>();

  /** @param expected about how many rows will come, so that memory is taken once; or those that were taken already */
  constructor(whereabouts: Whereabouts, expected: number | TakenRows) {
    this.#whereabouts = whereabouts;
    if (typeof expected === 'number') {
      this.#builder = new CandleColumnsBuilder(expected);
      this.#positions = new Float64Array(Math.max(1, expected));
      this.#run = new SoundRun();
    } else {
      this.#builder = CandleColumnsBuilder.over(expected.columns, expected.run.rows);
      this.#positions = expected.positions;
      this.#run = expected.run;
    }
  }

  /** How many rows were taken. */
  get length(): number {
    return this.#builder.length;
  }

  /** The distance of every row from the one before; `undefined` where it is not always the same, or of fewer than two. */
  get regularSpacing(): number | undefined {
    return this.#run.isRegular && this.length > 1 ? this.#run.spacing : undefined;
  }

  get zeroVolumes(): number {
    return this.#run.zeroVolumes;
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
    return this.#knownPositions()[row]!;
  }

  /** Takes a row (time, open, high, low, close, volume), or counts it as a defect. A value that could not be read is NaN. */
  add(position: number, row: Float64Array): void {
    const taken = this.addSound(Float64Array.of(position), row, 1);
    if (taken === 0) this.reject(position, ...this.#defectOf(row));
  }

  /** Takes rows as {@link RowSink} has it. */
  addSound(positions: Float64Array, block: Float64Array, count: number): number {
    const start = this.#builder.length;
    const taken = this.#run.take(block, count, this.#builder.reserve(count), start);
    const ownPositions = this.#positionsFor(start + taken);
    for (let row = 0; row < taken; row++) ownPositions[start + row] = positions[row]!;
    this.#builder.extend(taken);
    return taken;
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
      const position = this.#knownPositions()[row]!;
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
    if (time <= this.#run.last) return this.#misplacement(time, values);
    const [open, high, low, close, volume] = values as [number, number, number, number, number];
    const candle = { openTime: epochMs(time), closeTime: epochMs(time + 1), open, high, low, close, volume };
    return ['impossible prices or volume', candleDefect(candle) ?? 'it is impossible'];
  }

  #misplacement(time: number, values: readonly number[]): [kind: DefectKind, what: string] {
    const row = this.#builder.rowOf(time);
    if (row === undefined) {
      return ['out of order', `${toIso(epochMs(time))} comes after ${toIso(epochMs(this.#run.last))}: not in order`];
    }
    const earlier = this.#whereabouts(this.#knownPositions()[row]!);
    const [, ...before] = this.#builder.row(row);
    const same = values.every((value, index) => value === before[index]);
    const what = `${toIso(epochMs(time))} is there already (${earlier}), with ${same ? 'the same' : 'other'} values`;
    return [same ? 'twice' : 'twice with other values', what];
  }

  #positionsFor(rows: number): Float64Array {
    let positions = this.#knownPositions();
    while (rows > positions.length) {
      const larger = new Float64Array(2 * positions.length);
      larger.set(positions);
      positions = larger;
    }
    this.#positions = positions;
    return positions;
  }

  #knownPositions(): Float64Array {
    if (typeof this.#positions === 'function') this.#positions = this.#positions();
    return this.#positions;
  }
}
