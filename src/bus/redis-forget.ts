import type { Clock } from '../foundation/clock.ts';
import { invariant } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { connectRedis } from './redis-connection.ts';

export interface ForgetOptions {
  readonly url: string;
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Deletes every key under a prefix: what a run that had a prefix of its own leaves behind. */
export async function forgetRedisKeys({ url, keyPrefix, clock, logger }: ForgetOptions): Promise<void> {
  invariant(/^[a-z0-9_-]{8,}:$/.test(keyPrefix), 'Only keys under a prefix of their own are deleted', { keyPrefix });
  const { commands: connection } = await connectRedis(url, clock, logger);
  try {
    let cursor = '0';
    do {
      const [next, keys] = await connection.redis.scan(cursor, 'MATCH', `${keyPrefix}*`, 'COUNT', 1_000);
      cursor = next;
      if (keys.length > 0) await connection.redis.unlink(...keys);
    } while (cursor !== '0');
  } finally {
    connection.close();
  }
}
