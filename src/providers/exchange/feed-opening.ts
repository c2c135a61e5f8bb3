import type { Feed } from '../../domain/candle.ts';
import type { Clock } from '../../foundation/clock.ts';
import { UserError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import type { EpochMs } from '../../foundation/time.ts';
import { type ExchangeConnection, ExchangeFailure, type ExchangeListener } from './exchange-connection.ts';
import type { Pauses } from './pauses.ts';
import { backoffMs } from './reconnect-pace.ts';

/**
 * An exchange that can't be reached for so long when a person starts the program is told to the person. A connection
 * gives up on a question within half of that, in the world's time; so two attempts are made even where our clock is
 * faster than the world's.
 */
const OPEN_WITHIN_MS = 6_000;
const LEAST_ATTEMPTS = 2;
const OPEN_PACE = { firstMs: 500, longestMs: 2_000 };

export interface OpeningParts {
  readonly connection: ExchangeConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ended when the feed is stopped. */
  readonly pauses: Pauses;
  readonly isStopped: () => boolean;
}

/**
 * Learns what is traded and what time it is there; tries for a few seconds where the network fails.
 *
 * @returns the exchange's time; `undefined` when it was stopped
 * @throws UserError when a feed is not offered, or the exchange can't be reached in time
 */
export async function openExchange(
  { connection, clock, random, logger, pauses, isStopped }: OpeningParts,
  feeds: readonly Feed[],
  listener: ExchangeListener,
): Promise<EpochMs | undefined> {
  const { name } = connection.traits;
  const begun = clock.monotonic();
  for (let attempt = 0; !isStopped(); attempt++) {
    try {
      await connection.open(feeds, listener);
      return await connection.time();
    } catch (thrown) {
      if (!(thrown instanceof ExchangeFailure)) throw thrown;
      const wait = backoffMs(attempt, OPEN_PACE, random);
      const isLate = attempt + 1 >= LEAST_ATTEMPTS && clock.monotonic() - begun + wait >= OPEN_WITHIN_MS;
      if (thrown.kind === 'refused' || isLate) {
        throw new UserError(`${name} can't be reached: ${thrown.message}. Check the network and market.url.`);
      }
      logger.warn('the exchange can not be reached; trying again', { exchange: name, error: thrown.message });
      await pauses.pause(wait);
    }
  }
  return undefined;
}
