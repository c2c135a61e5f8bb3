import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { type Clock, systemClock } from '../foundation/clock.ts';

/**
 * A statement that is not answered for so long has no one to answer it: the server hangs, or the connection is half open,
 * which nothing else would ever tell. Its connection is cut, so that what waits can be done anew over another one.
 */
export const ANSWER_WITHIN_MS = 15_000;
/** A statement that has waited for so long when the program stops is not waited for any more. */
const WAITING_MS = 3_000;
/** How long connections may take to end in good order. */
const END_WITHIN_MS = 3_000;
/** What `pg` says of a statement that was not answered in time. */
export const UNANSWERED = 'Query read timeout';

/** Cuts connections whose statements are not answered, and ends the pool in time whatever they wait for. */
export class PoolGuard {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  /** Each connection with when its statement under way began; NaN where there is none. */
  readonly #clients = new Map<pg.PoolClient, number>();

  constructor(pool: pg.Pool, clock: Clock = systemClock) {
    this.#pool = pool;
    this.#clock = clock;
    pool.on('connect', (client) => {
      this.#clients.set(client, Number.NaN);
      this.#watch(client);
    });
    pool.on('remove', (client) => this.#clients.delete(client as pg.PoolClient));
  }

  /**
   * Cuts the connections that have waited for an answer for seconds, whose statements reject, and those that are idle, as
   * nobody knows whether they are still good. The pool makes new ones.
   */
  cutWaiting(): void {
    const now = this.#clock.monotonic();
    for (const [client, since] of this.#clients) if (Number.isNaN(since) || now - since > WAITING_MS) cut(client);
  }

  /** Ends the pool; cuts what has not ended by itself. */
  async end(): Promise<void> {
    const ended = this.#pool.end();
    const cancel = this.#clock.after(END_WITHIN_MS, () => {
      for (const client of this.#clients.keys()) cut(client);
    });
    await ended.finally(cancel);
  }

  /** A client does not end by itself when a statement times out: the next one would wait behind it for ever. */
  #watch(client: pg.PoolClient): void {
    const query = client.query.bind(client) as (...statement: unknown[]) => unknown;
    const guarded = (...statement: unknown[]): unknown => {
      const answer = query(...statement);
      if (!(answer instanceof Promise)) return answer;
      this.#clients.set(client, this.#clock.monotonic());
      const done = (): void => {
        if (this.#clients.has(client)) this.#clients.set(client, Number.NaN);
      };
      answer.then(done, (error: unknown) => {
        done();
        if (error instanceof Error && error.message === UNANSWERED) cut(client);
      });
      return answer;
    };
    client.query = guarded as typeof client.query;
  }
}

/** As if the network had done it: statements reject, and the pool forgets the connection. */
function cut(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Duplex } }).connection;
  stream.destroy(new Error('Connection terminated: it does not answer'));
}
