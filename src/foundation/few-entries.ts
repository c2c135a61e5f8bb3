/** From so many entries on a hash table is quicker than a search. */
const MANY = 16;

/**
 * A map from texts in the order in which its keys came, for a few entries that come and go all the time: while there are
 * few it is two lists, which cost neither a hash nor the holes that deletions leave in a `Map`. Any number is right.
 */
export class FewEntries<Value> {
  #keys: string[] = [];
  #values: Value[] = [];
  /** Instead of the lists, from {@link MANY} entries on until it is empty. */
  #table: Map<string, Value> | undefined;

  get size(): number {
    return this.#table === undefined ? this.#keys.length : this.#table.size;
  }

  has(key: string): boolean {
    return this.#table === undefined ? this.#keys.indexOf(key) >= 0 : this.#table.has(key);
  }

  get(key: string): Value | undefined {
    if (this.#table !== undefined) return this.#table.get(key);
    const keys = this.#keys;
    for (let index = 0; index < keys.length; index++) if (keys[index] === key) return this.#values[index];
    return undefined;
  }

  /** A new key goes to the end; a known one keeps its place. */
  set(key: string, value: Value): void {
    if (this.#table !== undefined) {
      this.#table.set(key, value);
      return;
    }
    const keys = this.#keys;
    for (let index = 0; index < keys.length; index++) {
      if (keys[index] !== key) continue;
      this.#values[index] = value;
      return;
    }
    if (keys.length < MANY) {
      keys.push(key);
      this.#values.push(value);
    } else this.#grow(key, value);
  }

  delete(key: string): void {
    if (this.#table !== undefined) {
      this.#table.delete(key);
      if (this.#table.size === 0) this.#table = undefined;
      return;
    }
    const keys = this.#keys;
    const values = this.#values;
    const last = keys.length - 1;
    for (let index = 0; index <= last; index++) {
      if (keys[index] !== key) continue;
      for (let at = index; at < last; at++) {
        keys[at] = keys[at + 1]!;
        values[at] = values[at + 1]!;
      }
      keys.pop();
      values.pop();
      return;
    }
  }

  /** In the order in which the keys came. Not to be changed while it is gone through. */
  values(): Iterable<Value> {
    return this.#table === undefined ? this.#values : this.#table.values();
  }

  #grow(key: string, value: Value): void {
    this.#table = new Map(this.#keys.map((known, index) => [known, this.#values[index]!]));
    this.#table.set(key, value);
    this.#keys = [];
    this.#values = [];
  }
}
