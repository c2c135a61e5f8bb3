import type { Json } from '../../foundation/json.ts';

/** So many orders that have ended are remembered, with their fills. */
const REMEMBERED = 256;

/** The orders that ended last, so that what the venue repeats about them is known again, and what is new stands out. */
export class EndedIds {
  #fillsOf = new Map<string, readonly string[]>();

  add(clientOrderId: string, fillIds: Iterable<string>): void {
    this.#fillsOf.set(clientOrderId, [...fillIds]);
    if (this.#fillsOf.size <= REMEMBERED) return;
    const oldest = this.#fillsOf.keys().next();
    if (!oldest.done) this.#fillsOf.delete(oldest.value);
  }

  has(clientOrderId: string): boolean {
    return this.#fillsOf.has(clientOrderId);
  }

  hasFill(clientOrderId: string, fillId: string): boolean {
    return this.#fillsOf.get(clientOrderId)?.includes(fillId) ?? false;
  }

  snapshot(): Json {
    return [...this.#fillsOf].map(([id, fills]) => [id, [...fills]]);
  }

  restore(state: Json): void {
    this.#fillsOf = new Map(state as unknown as readonly (readonly [string, readonly string[]])[]);
  }
}
