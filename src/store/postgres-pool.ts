import type pg from 'pg';
import { type Clock, systemClock } from '../foundation/clock.ts';

/**
 * A statement that is not answered for so long has no one to answer it: the server hangs, or the connection is half open,
 * which nothing else would ever tell. Its connection is cut, so that what waits can be done anew over another one.
 */
export const ANSWER_WITHIN_MS = 30_000;
/** How long connections may take to end in good order. */
const END_WITHIN_MS = 3_000;
/** What `pg` says of a statement that was not answered in time. */
export const UNANSWERED = 'Query read timeout';

/** Cuts connections whose statements are not answered, and ends the pool in time whatever they wait for. */
export class PoolGuard {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  readonly #clients = new Set<pg.PoolClient>();

  constructor(pool: pg.Pool, clock: Clock = systemClock) {
    this.#pool = pool;
    this.#clock = clock;
    pool.on('connect', (client) => {
      this.#clients.add(client);
      cutWhenUnanswered(client);
    });
    pool.on('remove', (client) => this.#clients.delete(client as pg.PoolClient));
  }

  /** Ends the pool; cuts what has not ended by itself. */
  async end(): Promise<void> {
    const ended = this.#pool.end();
    const cancel = this.#clock.after(END_WITHIN_MS, () => {
      for (const client of this.#clients) cut(client);
    });
    await ended.finally(cancel);
  }
}

/** A client does not end by itself when a statement times out: the next one would wait behind it for ever. */
function cutWhenUnanswered(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...statement: unknown[]) => unknown;
  const guarded = (...statement: unknown[]): unknown => {
    const answer = query(...statement);
    if (answer instanceof Promise) {
      answer.catch((error: unknown) => {
        if (error instanceof Error && error.message === UNANSWERED) cut(client);
      });
    }
    return answer;
  };
  client.query = guarded as typeof client.query;
}

/** With a statement under way `end` destroys the socket at once; the statement rejects. */
function cut(client: pg.PoolClient): void {
  (client as unknown as pg.Client).end().catch(() => {});
}
