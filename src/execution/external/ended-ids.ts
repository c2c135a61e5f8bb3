import { forgetOldest } from '../../foundation/forget-oldest.ts';
import type { Json } from '../../foundation/json.ts';

/** So many orders that have ended are remembered: of those that filled, and of those that did not. */
const REMEMBERED = 256;

/**
 * The orders that ended last, so that what the venue repeats about them is known again, and what is new stands out. Those
 * that filled are kept apart: quotes that end by the hundred must not push them out, as venues repeat fills for long.
 */
export class EndedIds {
  #fillsOf = new Map<string, readonly string[]>();
  #unfilled = new Set<string>();

  add(clientOrderId: string, fillIds: Iterable<string>): void {
    const fills = [...fillIds];
    if (fills.length > 0) this.#fillsOf.set(clientOrderId, fills);
    else this.#unfilled.add(clientOrderId);
    forgetOldest(this.#fillsOf, REMEMBERED);
    forgetOldest(this.#unfilled, REMEMBERED);
  }

  /** A fill came after the end of its order: the next time it is known. */
  addFill(clientOrderId: string, fillId: string): void {
    this.#unfilled.delete(clientOrderId);
    this.add(clientOrderId, [...(this.#fillsOf.get(clientOrderId) ?? []), fillId]);
  }

  has(clientOrderId: string): boolean {
    return this.#fillsOf.has(clientOrderId) || this.#unfilled.has(clientOrderId);
  }

  hasFill(clientOrderId: string, fillId: string): boolean {
    return this.#fillsOf.get(clientOrderId)?.includes(fillId) ?? false;
  }

  snapshot(): Json {
    return { filled: [...this.#fillsOf].map(([id, fills]) => [id, [...fills]]), unfilled: [...this.#unfilled] };
  }

  restore(state: Json): void {
    const saved = state as unknown as SavedIds;
    this.#fillsOf = new Map(saved.filled);
    this.#unfilled = new Set(saved.unfilled);
  }
}

interface SavedIds {
  readonly filled: readonly (readonly [string, readonly string[]])[];
  readonly unfilled: readonly string[];
}
