import type { Json } from '../foundation/json.ts';

/**
 * Why a position is still to be closed:
 * `wished`: the strategy wished it on a price that was too old;
 * `sent`: an order to close it went to a venue outside, which may lose it or do only a part of it;
 * `lost`: the venue let go of its stop, so it ends whatever is wished.
 * The strategy can think better of the first two.
 */
export type ExitCause = 'wished' | 'sent' | 'lost';

interface DueExit {
  readonly cause: ExitCause;
  /** Of the position that is to be closed: 1 long, −1 short; 0 for whichever an order on its way may still open. */
  readonly sign: number;
  readonly reason: string;
  /** By the market's clock; at the earliest then it is tried (again). */
  readonly notBefore: number;
  readonly tries: number;
}

/** What closed the position may still be on its way to us, when the stop beside it is told as gone. */
const AFTER_A_LOSS_MS = 5_000;
const AGAIN_AFTER_MS = 30_000;
/** A venue that refuses an exit may go on doing so: it is not to be stormed. */
const AGAIN_AT_LEAST_EVERY_MS = 15 * 60_000;

/** The positions that are to be closed as soon as it can be done, by symbol, until they are closed. */
export class DueExits {
  #exits = new Map<string, DueExit>();

  get isEmpty(): boolean {
    return this.#exits.size === 0;
  }

  get symbols(): readonly string[] {
    return [...this.#exits.keys()];
  }

  /** Whether nothing but ways out makes sense any more. */
  isLost(symbol: string): boolean {
    return this.#exits.get(symbol)?.cause === 'lost';
  }

  /** Of an exit that is to be tried now. */
  reasonAt(symbol: string, now: number): string | undefined {
    const exit = this.#exits.get(symbol);
    return exit !== undefined && now >= exit.notBefore ? exit.reason : undefined;
  }

  /** What must be stays so, also where it is wished; and trying again is no news. */
  set(symbol: string, cause: ExitCause, position: number, reason: string, now: number): void {
    const known = this.#exits.get(symbol)?.cause;
    if (known === 'lost' || known === cause || (known === 'sent' && cause === 'wished')) return;
    const exit = { cause, sign: Math.sign(position), reason, notBefore: now, tries: 0 };
    if (cause === 'sent') this.#exits.set(symbol, tried(exit, now));
    else this.#exits.set(symbol, cause === 'lost' ? { ...exit, notBefore: now + AFTER_A_LOSS_MS } : exit);
  }

  tried(symbol: string, now: number): void {
    const exit = this.#exits.get(symbol);
    if (exit !== undefined) this.#exits.set(symbol, tried(exit, now));
  }

  /**
   * Ends what has come about: the position has ended, or turned round.
   *
   * @param mayOpen whether an order on its way may still open or enlarge one
   */
  settle(symbol: string, position: number, mayOpen: boolean): void {
    const exit = this.#exits.get(symbol);
    if (exit === undefined) return;
    const isOver = position === 0 ? !mayOpen : exit.sign !== 0 && Math.sign(position) !== exit.sign;
    if (isOver) this.#exits.delete(symbol);
  }

  /** The strategy wished something else. */
  withdraw(symbol: string, causes: readonly Exclude<ExitCause, 'lost'>[]): void {
    const cause = this.#exits.get(symbol)?.cause;
    if (causes.some((one) => one === cause)) this.#exits.delete(symbol);
  }

  snapshot(): Json {
    return Array.from(this.#exits, ([symbol, exit]) => ({ symbol, ...exit }));
  }

  restore(state: Json): void {
    const saved = state as unknown as readonly ({ readonly symbol: string } & DueExit)[];
    // Stores of before this class have none of it, or not all.
    const whole = saved.filter(({ notBefore, sign }) => notBefore !== undefined && sign !== undefined);
    this.#exits = new Map(whole.map(({ symbol, ...exit }) => [symbol, exit]));
  }
}

function tried(exit: DueExit, now: number): DueExit {
  const pause = Math.min(AGAIN_AFTER_MS * 2 ** Math.min(exit.tries, 10), AGAIN_AT_LEAST_EVERY_MS);
  return { ...exit, notBefore: now + pause, tries: exit.tries + 1 };
}
