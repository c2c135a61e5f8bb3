import type { CandleColumns } from '../../market/candle-columns.ts';
import type { Column, ColumnStream } from '../../strategy/column-signals.ts';

/** How many numbers stand before a slot's first row: the last of them is the row before it. Keeps rows on 16 bytes. */
export const SLOT_MARGIN = 2;

/** Where the slots of a tile lie in memory: `slotStart + slot × slotStride + row`, counted in float64. */
export interface TileMemory {
  readonly numbers: Float64Array;
  readonly slotStart: number;
  /** A multiple of 32. */
  readonly rows: number;
}

export function slotStride(rows: number): number {
  return rows + SLOT_MARGIN;
}

/** Where the first row of a slot lies. */
export function slotOffset(memory: Pick<TileMemory, 'slotStart' | 'rows'>, slot: number): number {
  return memory.slotStart + slot * slotStride(memory.rows) + SLOT_MARGIN;
}

/**
 * The columns of a batch over a stretch of bars that fits the processor's cache. Tiles are filled from the first bar to
 * the last, so that no column is ever held whole: memory does not grow with the bars.
 */
export class ColumnTile {
  /** The bars in the tile are [start, start + count). */
  start = 0;
  count = 0;
  readonly memory: TileMemory;
  readonly #bars: CandleColumns;
  readonly #views: readonly Float64Array[];
  readonly #priceSlots: readonly { readonly from: Float64Array; readonly to: Float64Array }[];
  readonly #streams: readonly RunningStream[];

  /**
   * @param computed slots of derived columns that somebody else computes after each {@link advance}
   * @param read slots of the bars' own columns that must be filled for others than the columns here. Default all
   */
  constructor(
    columns: readonly Column[],
    bars: CandleColumns,
    memory: TileMemory,
    computed: ReadonlySet<number> = NONE,
    read?: ReadonlySet<number>,
  ) {
    this.memory = memory;
    this.#bars = bars;
    this.#views = columns.map((_, slot) => {
      const offset = slotOffset(memory, slot);
      memory.numbers.fill(Number.NaN, offset - SLOT_MARGIN, offset);
      return memory.numbers.subarray(offset, offset + memory.rows);
    });
    const own = columns.filter((column, slot) => column.kind === 'derived' && !computed.has(slot));
    const inputs = new Set(own.flatMap((column) => (column.kind === 'derived' ? column.source.inputs : [])));
    const needed = new Set(Array.from(inputs, ({ key }) => key));
    this.#priceSlots = columns.flatMap((column, slot) =>
      column.kind === 'price' && (read === undefined || read.has(slot) || needed.has(column.key))
        ? [{ from: bars[column.field], to: this.#views[slot]! }]
        : [],
    );
    this.#streams = openStreams(columns, this.#views, memory.rows, computed);
    for (const [slot, column] of columns.entries())
      if (column.kind === 'constant') this.#views[slot]!.fill(column.value);
  }

  /** Fills the tile with the next bars. False when there are none. */
  advance(): boolean {
    const { numbers, rows } = this.memory;
    const start = this.start + this.count;
    if (start >= this.#bars.length) return false;
    this.#keepLast(numbers);
    this.start = start;
    this.count = Math.min(rows, this.#bars.length - start);
    for (const { from, to } of this.#priceSlots) to.set(from.subarray(this.start, this.start + this.count));
    for (const { stream, inputs, outputs } of this.#streams) stream.advance(this.count, inputs, outputs);
    return true;
  }

  /** What is the last row now will be the row before the next tile's first. */
  #keepLast(numbers: Float64Array): void {
    if (this.count === 0) return;
    for (let slot = 0; slot < this.#views.length; slot++) {
      const offset = slotOffset(this.memory, slot);
      numbers[offset - 1] = numbers[offset + this.count - 1]!;
    }
  }
}

const NONE: ReadonlySet<number> = new Set();

interface RunningStream {
  readonly stream: ColumnStream;
  readonly inputs: readonly Float64Array[];
  readonly outputs: readonly Float64Array[];
}

/** The computations in the order of the slots, which has inputs first. An output that nobody asked for goes nowhere. */
function openStreams(
  columns: readonly Column[],
  views: readonly Float64Array[],
  rows: number,
  computed: ReadonlySet<number>,
): RunningStream[] {
  const viewOf = new Map(columns.map((column, slot) => [column.key, views[slot]!]));
  const opened = new Map<string, { readonly running: RunningStream; readonly outputs: Float64Array[] }>();
  for (const [slot, column] of columns.entries()) {
    if (column.kind !== 'derived' || computed.has(slot)) continue;
    const { source, output } = column;
    let entry = opened.get(source.key);
    if (entry === undefined) {
      const outputs = Array.from({ length: source.outputs }, () => nowhere(rows));
      const inputs = source.inputs.map((input) => viewOf.get(input.key)!);
      entry = { running: { stream: source.open(), inputs, outputs }, outputs };
      opened.set(source.key, entry);
    }
    entry.outputs[output] = views[slot]!;
  }
  return Array.from(opened.values(), ({ running }) => running);
}

function nowhere(rows: number): Float64Array {
  return new Float64Array(rows);
}
