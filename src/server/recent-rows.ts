/** Ids that are remembered, so that a row which comes by both ways is told once. */
const IDS_KEPT = 1_000;

/**
 * The last rows of a kind (signals, fills). They come by two ways: the bus tells each at once but may lose one, and the
 * store has them all but must be asked. Whichever way a row comes first, that is when it is new.
 */
export class RecentRows<Row> {
  readonly #capacity: number;
  readonly #idOf: (row: Row) => string;
  readonly #known = new Set<string>();
  #rows: readonly Row[] = [];
  #heardMeanwhile: readonly Row[] = [];

  constructor(capacity: number, idOf: (row: Row) => string) {
    this.#capacity = capacity;
    this.#idOf = idOf;
  }

  /** Oldest first. */
  all(): readonly Row[] {
    return this.#rows;
  }

  /** Takes a row from the bus; `false` when it is not new. */
  hear(row: Row): boolean {
    if (!this.#remember(row)) return false;
    this.#rows = this.#last([...this.#rows, row]);
    this.#heardMeanwhile = this.#last([...this.#heardMeanwhile, row]);
    return true;
  }

  /** Call it before the store is asked. */
  beginReading(): void {
    this.#heardMeanwhile = [];
  }

  /** Takes the store's last rows, oldest first, and puts after them what was heard meanwhile. Gives those that are new. */
  endReading(stored: readonly Row[]): readonly Row[] {
    const inStore = new Set(stored.map(this.#idOf));
    const newer = this.#heardMeanwhile.filter((row) => !inStore.has(this.#idOf(row)));
    this.#rows = this.#last([...stored, ...newer]);
    return stored.filter((row) => this.#remember(row));
  }

  #last(rows: readonly Row[]): readonly Row[] {
    return rows.slice(-this.#capacity);
  }

  #remember(row: Row): boolean {
    const id = this.#idOf(row);
    if (this.#known.has(id)) return false;
    this.#known.add(id);
    if (this.#known.size > IDS_KEPT) this.#known.delete(this.#known.values().next().value!);
    return true;
  }
}
