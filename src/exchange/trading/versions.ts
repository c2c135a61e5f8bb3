/** How long superseded versions are kept, for look-ups that lag. */
const KEPT_MS = 120_000;

/** What a thing was, at times that do not fall. */
export class Versions<Value> {
  readonly #versions: { readonly time: number; readonly value: Value }[] = [];

  record(time: number, value: Value): void {
    this.#versions.push({ time, value });
    while (this.#versions.length > 1 && this.#versions[1]!.time < time - KEPT_MS) this.#versions.shift();
  }

  /** What it was at `time`; `undefined` before it was. */
  at(time: number): Value | undefined {
    return this.#versions.findLast((version) => version.time <= time)?.value;
  }
}
