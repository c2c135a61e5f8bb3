import { CandleColumns } from './candle-columns.ts';

/** Collects bars one by one where their number is not known beforehand; `build` copies them into columns. */
export class CandleColumnsBuilder {
  #length = 0;
  #capacity: number;
  #columns: Float64Array[];
  /** Of columns that were there from the beginning, as long as there is no other row. */
  #buffer: SharedArrayBuffer | undefined;

  constructor(capacity = 1_024) {
    this.#capacity = Math.max(1, capacity);
    this.#columns = Array.from({ length: 6 }, () => new Float64Array(this.#capacity));
  }

  /** Begins with the rows of columns of which there are `length`; it goes on with their own memory. */
  static over(buffer: SharedArrayBuffer, length: number): CandleColumnsBuilder {
    const builder = new CandleColumnsBuilder(0);
    const { openTime, open, high, low, close, volume } = new CandleColumns(length, 0, buffer);
    builder.#columns = [openTime, open, high, low, close, volume];
    builder.#capacity = length;
    builder.#length = length;
    builder.#buffer = buffer;
    return builder;
  }

  get length(): number {
    return this.#length;
  }

  add(openTime: number, open: number, high: number, low: number, close: number, volume: number): void {
    const row = this.#length;
    if (row === this.#capacity) this.#grow();
    const columns = this.#columns;
    columns[0]![row] = openTime;
    columns[1]![row] = open;
    columns[2]![row] = high;
    columns[3]![row] = low;
    columns[4]![row] = close;
    columns[5]![row] = volume;
    this.#length = row + 1;
  }

  /** The columns with room for `count` more rows; those that are written there count when {@link extend} says so. */
  reserve(count: number): readonly Float64Array[] {
    while (this.#length + count > this.#capacity) this.#grow();
    return this.#columns;
  }

  extend(count: number): void {
    this.#length += count;
  }

  /** The open times so far: a view that holds until the next row is added. */
  get openTimes(): Float64Array {
    return this.#columns[0]!.subarray(0, this.#length);
  }

  /** A row as it was added: open time, open, high, low, close, volume. */
  row(row: number): number[] {
    return this.#columns.map((column) => column[row]!);
  }

  /** The row of an open time, among rows that were added in the order of their time. */
  rowOf(openTime: number): number | undefined {
    const times = this.#columns[0]!;
    let low = 0;
    let high = this.#length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (times[middle] === openTime) return middle;
      if (times[middle]! < openTime) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** Once. @param intervalMs the length of a bar */
  build(intervalMs: number): CandleColumns {
    if (this.#buffer !== undefined) return new CandleColumns(this.#length, intervalMs, this.#buffer);
    const built = new CandleColumns(this.#length, intervalMs);
    const targets = [built.openTime, built.open, built.high, built.low, built.close, built.volume];
    targets.forEach((target, index) => {
      target.set(this.#columns[index]!.subarray(0, this.#length));
    });
    return built;
  }

  #grow(): void {
    this.#capacity = Math.max(1, 2 * this.#capacity);
    this.#buffer = undefined;
    this.#columns = this.#columns.map((column) => {
      const larger = new Float64Array(this.#capacity);
      larger.set(column);
      return larger;
    });
  }
}
