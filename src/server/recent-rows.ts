/** The last rows of a kind (signals, fills), told by the bus and made good from the store. */
export class RecentRows<Row> {
  readonly #capacity: number;
  readonly #idOf: (row: Row) => string;
  #rows: readonly Row[] = [];
  #heardMeanwhile: Row[] = [];

  constructor(capacity: number, idOf: (row: Row) => string) {
    this.#capacity = capacity;
    this.#idOf = idOf;
  }

  /** Oldest first. */
  all(): readonly Row[] {
    return this.#rows;
  }

  hear(row: Row): void {
    this.#rows = [...this.#rows, row].slice(-this.#capacity);
    this.#heardMeanwhile = [...this.#heardMeanwhile, row].slice(-this.#capacity);
  }

  /** Call it before the store is asked. */
  beginReading(): void {
    this.#heardMeanwhile = [];
  }

  /** Takes the store's last rows, oldest first, and after them what was heard since {@link beginReading}. */
  endReading(stored: readonly Row[]): void {
    const known = new Set(stored.map(this.#idOf));
    const newer = this.#heardMeanwhile.filter((row) => !known.has(this.#idOf(row)));
    this.#rows = [...stored, ...newer].slice(-this.#capacity);
  }
}
