import { invariant } from '../../../foundation/errors.ts';
import { DAY_MS } from '../../../foundation/time.ts';
import type { CandleColumns } from '../../../market/candle-columns.ts';
import type { Column } from '../../../strategy/column-signals.ts';
import { ColumnTile, slotOffset, slotStride } from '../column-tile.ts';
import type { PlainTerms } from '../plain-terms.ts';
import type { PeriodScale, PointTotals } from '../point-figures.ts';
import { type PointProgram, REGISTERS, type SignalCompiler } from '../signal-program.ts';
import { type Kernel, openKernel } from './kernel.ts';
import {
  AVERAGE,
  FILL_BYTES,
  POINT,
  type PointInteger,
  type PointNumber,
  TERMS,
  TILE,
  type TileField,
} from './kernel-memory.ts';
import { type KernelTerms, kernelTerms, writeTerms } from './kernel-terms.ts';

/** A fill as the kernel booked it, in units of 10⁻¹². */
export interface KernelFill {
  /** The bar at whose open it filled; the number of bars for what was closed after the last. */
  readonly row: number;
  readonly price: bigint;
  /** Positive: bought. */
  readonly quantity: bigint;
  readonly fee: bigint;
}

/** What can be had of a run besides its totals. */
export interface PointTrace {
  /** Is told of every fill, in order. */
  readonly onFill?: (fill: KernelFill) => void;
  /** Takes equity at the close of each bar. */
  readonly equity?: Float64Array;
}

/** What a tile's columns may take: they are read over and over and should stay in the processor's second cache. */
const TILE_BYTES = 640 * 1_024;
const MOST_TILE_ROWS = 2_048;
const LEAST_TILE_ROWS = 128;

/** Runs batches of points through the kernel in WebAssembly; see `column-kernel.as`. */
export class KernelRunner {
  readonly #bars: CandleColumns;
  readonly #scale: PeriodScale;
  readonly #terms: KernelTerms;
  readonly #kernel: Kernel;
  readonly #dayStart: Int32Array | undefined;

  private constructor(terms: PlainTerms, kernel: KernelTerms, scale: PeriodScale) {
    this.#bars = terms.bars;
    this.#scale = scale;
    this.#terms = kernel;
    this.#kernel = openKernel(kernel.exact);
    this.#dayStart = kernel.usesDays ? dayStarts(terms.bars) : undefined;
  }

  /** `undefined` where the kernel does not know the terms. */
  static open(terms: PlainTerms, scale: PeriodScale): KernelRunner | undefined {
    const kernel = kernelTerms(terms);
    return kernel && new KernelRunner(terms, kernel, scale);
  }

  /**
   * The totals of each program, `undefined` where its numbers went beyond what the kernel can hold.
   *
   * @param compiler the one that made the programs
   * @param trace what else is wanted of a batch of one program
   */
  run(
    compiler: SignalCompiler,
    programs: readonly PointProgram[],
    trace: PointTrace = {},
  ): readonly (PointTotals | undefined)[] {
    invariant(programs.length === 1 || (!trace.onFill && !trace.equity), 'One program at a time can be traced', {
      programs: programs.length,
    });
    const averages = averagesOf(compiler.columns);
    const memory = new BatchMemory(this.#kernel, this.#scale, compiler.columns.length, programs, averages, trace);
    writeTerms(memory.view, memory.terms, this.#terms);
    const { functions } = this.#kernel;
    functions.setTerms(memory.terms, memory.tile);
    for (const point of memory.points) functions.openPoint(point);
    for (const average of memory.averages) functions.openAverage(average);
    const tile = new ColumnTile(
      compiler.columns,
      this.#bars,
      { numbers: memory.numbers, slotStart: memory.slots / 8, rows: memory.rows },
      new Set(averages.map(({ slot }) => slot)),
      compiler.operands,
    );
    while (tile.advance()) {
      memory.show(this.#bars, tile, this.#dayStart);
      functions.beginTile();
      if (memory.averages.length > 0) functions.runAverages(memory.averages[0]!, memory.averages.length / 2);
      if (memory.hasBounds) functions.measureSlots(compiler.columns.length);
      functions.runPoints(memory.points[0]!, programs.length);
      memory.drain(tile, trace);
    }
    for (const point of memory.points) functions.finishPoint(point);
    memory.drain(tile, trace);
    return memory.points.map((point) => memory.totals(point));
  }
}

/** A column that the kernel computes itself. */
interface AverageSlot {
  readonly slot: number;
  readonly period: number;
}

/** The longest period that the kernel takes: closes lie in its memory as far ahead, and behind. */
const LONGEST_AVERAGE = 16_384;

function averagesOf(columns: readonly Column[]): readonly AverageSlot[] {
  return columns.flatMap((column, slot) => {
    const period = column.kind === 'derived' ? column.source.averageOfCloses : undefined;
    return period === undefined || period > LONGEST_AVERAGE ? [] : [{ slot, period }];
  });
}

/** The row of the first bar of each bar's day; a bar belongs to the day in which it closes (UTC), as at the risk gate. */
function dayStarts({ length, openTime, intervalMs }: CandleColumns): Int32Array {
  const starts = new Int32Array(length);
  let day = Number.NaN;
  let start = 0;
  for (let row = 0; row < length; row++) {
    const today = Math.floor((openTime[row]! + intervalMs) / DAY_MS);
    if (today !== day) start = row;
    day = today;
    starts[row] = start;
  }
  return starts;
}

/** The kernel's memory, laid out for one batch. Addresses in bytes. */
class BatchMemory {
  readonly rows: number;
  readonly terms: number;
  readonly tile: number;
  readonly slots: number;
  readonly hasBounds: boolean;
  readonly points: readonly number[];
  /** Two and two: where their number is odd the last one is there twice. */
  readonly averages: readonly number[];
  readonly view: DataView;
  readonly numbers: Float64Array;
  readonly #scale: PeriodScale;
  /** How many closes before and after the tile's lie in memory. */
  readonly #ahead: number;
  readonly #fields: Readonly<Record<TileField, number>>;

  constructor(
    kernel: Kernel,
    scale: PeriodScale,
    columns: number,
    programs: readonly PointProgram[],
    averages: readonly AverageSlot[],
    trace: PointTrace,
  ) {
    this.rows = tileRows(columns);
    this.#scale = scale;
    const { rows } = this;
    const periods = scale.periodRows.length;
    // The compiler's own data ends below this.
    let end = 4_096;
    const take = (bytes: number): number => {
      const address = end;
      end += Math.ceil(bytes / 64) * 64;
      return address;
    };
    this.terms = take(TERMS.bytes);
    this.tile = take(TILE.bytes);
    const ahead = Math.max(0, ...averages.map(({ period }) => period));
    this.#ahead = ahead;
    this.#fields = {
      start: 0,
      count: 0,
      rows,
      isLast: 0,
      openTime: take(rows * 8),
      open: take(rows * 8),
      close: take((rows + 2 * ahead) * 8) + ahead * 8,
      buyPrice: take(rows * 8),
      sellPrice: take(rows * 8),
      blockMaximum: take(rows / 4),
      blockMinimum: take(rows / 4),
      dayStart: take(rows * 4),
      periodRows: take(periods * 4),
      periods,
      registers: take((REGISTERS * rows) / 8),
      slots: take(columns * slotStride(rows) * 8),
      log: trace.onFill ? take((rows * 2 + 2) * FILL_BYTES) : 0,
      logged: 0,
      equity: trace.equity ? take(rows * 8) : 0,
      firstTime: 0,
      interval: 0,
      // They cost as much as a comparison or two of each column.
      bounds: programs.length > 2 * columns ? take(columns * (rows / 2)) : 0,
    };
    this.slots = this.#fields.slots;
    this.hasBounds = this.#fields.bounds !== 0;
    const first = take(programs.length * POINT.bytes);
    this.points = programs.map((_, index) => first + index * POINT.bytes);
    const periodEquity = take(programs.length * periods * 8);
    const operations = take(programs.reduce((sum, program) => sum + program.operations.length, 0) * 4);
    const paired = averages.length % 2 === 0 ? averages : [...averages, averages.at(-1)!];
    this.averages = paired.map(() => take(AVERAGE.bytes)).map((_, index, taken) => taken[0]! + index * AVERAGE.bytes);
    const sums = paired.map(({ period }) => [take(period * 8), take(period * 8)] as const);
    const buffer = kernel.reserve(end);
    this.view = new DataView(buffer);
    this.numbers = new Float64Array(buffer, 0, buffer.byteLength >>> 3);
    new Int32Array(buffer, this.#fields.periodRows, periods).set(scale.periodRows);
    // An earlier batch may have left bits where this one has none.
    new Uint8Array(buffer).fill(0, this.#fields.registers, this.#fields.registers + (REGISTERS * rows) / 8);
    this.#writeFields();
    this.#writePrograms(programs, operations, periodEquity);
    this.#writeAverages(paired, sums);
  }

  /** Puts the prices of the tile's bars where the kernel reads them. */
  show(bars: CandleColumns, { start, count }: ColumnTile, dayStart: Int32Array | undefined): void {
    const end = start + count;
    const { openTime, intervalMs } = bars;
    // Bars don't overlap: where they take no more time than their number needs, they have no gaps.
    const isRegular = openTime[end - 1]! - openTime[start]! === (count - 1) * intervalMs;
    if (!isRegular) this.#column(this.#fields.openTime, openTime, start, end);
    this.#setTile('firstTime', openTime[start]!);
    this.#setTile('interval', isRegular ? intervalMs : 0);
    this.#column(this.#fields.open, bars.open, start, end);
    const behind = Math.min(start, this.#ahead);
    const ahead = Math.min(bars.length, end + this.#ahead);
    this.#column(this.#fields.close - behind * 8, bars.close, start - behind, ahead);
    if (dayStart) new Int32Array(this.view.buffer, this.#fields.dayStart, count).set(dayStart.subarray(start, end));
    this.#setTile('start', start);
    this.#setTile('count', count);
    this.#setTile('isLast', end === bars.length ? 1 : 0);
  }

  /** Hands on what the kernel has traced of the tile. */
  drain({ start, count }: ColumnTile, { onFill, equity }: PointTrace): void {
    if (equity) {
      const curve = this.#fields.equity / 8;
      equity.set(this.numbers.subarray(curve, curve + count), start);
    }
    if (onFill) this.#drainLog(onFill);
  }

  #drainLog(onFill: (fill: KernelFill) => void): void {
    const { view } = this;
    const logged = view.getFloat64(this.tile + TILE.at.logged, true);
    for (let index = 0; index < logged; index++) {
      const at = this.#fields.log + index * FILL_BYTES;
      onFill({
        row: view.getFloat64(at, true),
        price: view.getBigInt64(at + 8, true),
        quantity: view.getBigInt64(at + 16, true),
        fee: view.getBigInt64(at + 24, true),
      });
    }
    this.#setTile('logged', 0);
  }

  totals(point: number): PointTotals | undefined {
    const integer = (name: PointInteger): number => this.view.getInt32(point + POINT.at[name], true);
    const number = (name: PointNumber): number => this.view.getFloat64(point + POINT.at[name], true);
    if (integer('beyond') !== 0) return undefined;
    const periodEquity = integer('periodEquity') / 8;
    return {
      finalEquity: number('finalEquity'),
      periodEquity: this.numbers.slice(periodEquity, periodEquity + this.#scale.periodRows.length),
      maximumDrawdown: number('drawdown'),
      roundTrips: integer('roundTrips'),
      winners: integer('winners'),
      profit: number('profit') + number('profitLost'),
      gains: number('gains') + number('gainsLost'),
      losses: number('losses') + number('lossesLost'),
      fees: number('feesPaid'),
      fills: integer('fills'),
      turnover: number('turnover') + number('turnoverLost'),
      heldMs: number('heldMs'),
      refused: integer('refused'),
    };
  }

  #column(address: number, column: Float64Array, start: number, end: number): void {
    this.numbers.set(column.subarray(start, end), address / 8);
  }

  #setTile(field: TileField, value: number): void {
    this.view.setFloat64(this.tile + TILE.at[field], value, true);
  }

  #writeFields(): void {
    for (const [field, value] of Object.entries(this.#fields)) this.#setTile(field as TileField, value);
  }

  #writeAverages(averages: readonly AverageSlot[], sums: readonly (readonly [number, number])[]): void {
    for (const [index, { slot, period }] of averages.entries()) {
      const set = (name: 'period' | 'sums' | 'nextSums' | 'output', value: number): void =>
        this.view.setInt32(this.averages[index]! + AVERAGE.at[name], value, true);
      set('period', period);
      set('sums', sums[index]![0]);
      set('nextSums', sums[index]![1]);
      set('output', slotOffset({ slotStart: this.slots / 8, rows: this.rows }, slot) * 8);
    }
  }

  #writePrograms(programs: readonly PointProgram[], operations: number, periodEquity: number): void {
    let written = operations;
    const bytes = new Uint8Array(this.view.buffer);
    for (const [index, program] of programs.entries()) {
      const point = this.points[index]!;
      const set = (name: PointInteger, value: number): void => this.view.setInt32(point + POINT.at[name], value, true);
      bytes.fill(0, point, point + POINT.bytes);
      set('operations', written);
      set('operationCount', program.operations.length / 4);
      for (const name of ['enterLong', 'enterShort', 'exitLong', 'exitShort', 'rearm'] as const)
        set(name, program[name]);
      set('turns', program.turns ? 1 : 0);
      set('periodEquity', periodEquity + index * this.#scale.periodRows.length * 8);
      new Int32Array(this.view.buffer, written, program.operations.length).set(program.operations);
      written += program.operations.length * 4;
    }
  }
}

/** As many rows as keep the columns in the cache. */
function tileRows(columns: number): number {
  const rows = Math.floor(TILE_BYTES / 8 / Math.max(1, columns) / 64) * 64;
  return Math.min(MOST_TILE_ROWS, Math.max(LEAST_TILE_ROWS, rows));
}
