import type { Json } from '../foundation/json.ts';

/**
 * Why a position is still to be closed:
 * `wished`: the strategy wished it on a price that was too old, and may wish something else before there is a fresh one;
 * `unprotected`: its stop was lost at the venue, so it ends at the first fresh price, whatever is wished;
 * `failed`: the order that was to close it was lost; tried again bar by bar, as a venue that refuses may go on doing so.
 */
export type ExitCause = 'wished' | 'unprotected' | 'failed';

interface DueExit {
  readonly cause: ExitCause;
  readonly reason: string;
}

/** The positions that are to be closed as soon as it can be done, by symbol. */
export class DueExits {
  #exits = new Map<string, DueExit>();

  get isEmpty(): boolean {
    return this.#exits.size === 0;
  }

  get symbols(): readonly string[] {
    return [...this.#exits.keys()];
  }

  /** What must be stays so, also where it is wished. */
  set(symbol: string, cause: ExitCause, reason: string): void {
    if (cause === 'wished' && this.#exits.has(symbol) && this.#exits.get(symbol)!.cause !== 'wished') return;
    this.#exits.set(symbol, { cause, reason });
  }

  /** @param isBar whether a bar has closed, or only a price was heard; `undefined`: nothing is due now */
  reasonAt(symbol: string, isBar: boolean): string | undefined {
    const exit = this.#exits.get(symbol);
    return exit === undefined || (exit.cause === 'failed' && !isBar) ? undefined : exit.reason;
  }

  /** The position has ended, or an order that ends it is on its way. */
  done(symbol: string): void {
    this.#exits.delete(symbol);
  }

  /** The strategy wished something else. */
  withdraw(symbol: string): void {
    if (this.#exits.get(symbol)?.cause === 'wished') this.#exits.delete(symbol);
  }

  snapshot(): Json {
    return Array.from(this.#exits, ([symbol, { cause, reason }]) => ({ symbol, cause, reason }));
  }

  restore(state: Json): void {
    const saved = state as unknown as readonly ({ readonly symbol: string } & DueExit)[];
    this.#exits = new Map(saved.map(({ symbol, cause, reason }) => [symbol, { cause, reason }]));
  }
}
