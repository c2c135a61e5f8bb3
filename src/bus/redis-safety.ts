import { UserError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { isFinal, type RedisConnection } from './redis-connection.ts';

interface UnsafeSetting {
  readonly name: string;
  readonly value: string;
  readonly safe: string;
  readonly harm: string;
}

/**
 * Refuses (UserError) a Redis that would lose acknowledged entries without a word: one that evicts keys when its memory
 * is full, or that keeps no append-only file. With `allowUnsafe` it only warns.
 */
export async function checkSafety(
  connection: RedisConnection,
  address: string,
  allowUnsafe: boolean,
  logger: Logger,
): Promise<void> {
  const unsafe: UnsafeSetting[] = [];
  const policy = await setting(connection, 'maxmemory-policy');
  const appendOnly = await setting(connection, 'appendonly');
  if (policy === undefined || appendOnly === undefined) {
    logger.warn('Redis does not let us read its settings: see to it that it keeps what it is given', {
      address,
      needed: 'maxmemory-policy noeviction, appendonly yes',
    });
  }
  if (policy !== undefined && policy !== 'noeviction') {
    unsafe.push({
      name: 'maxmemory-policy',
      value: policy,
      safe: 'noeviction',
      harm: 'deletes logs when its memory is full',
    });
  }
  if (appendOnly !== undefined && appendOnly !== 'yes') {
    unsafe.push({ name: 'appendonly', value: appendOnly, safe: 'yes', harm: 'loses everything when it is killed' });
  }
  if (unsafe.length === 0) return;
  const message = describe(unsafe, address);
  if (!allowUnsafe) throw new UserError(message);
  logger.warn(message, { address, allowed: true });
}

function describe(unsafe: readonly UnsafeSetting[], address: string): string {
  const faults = unsafe.map(({ name, value, harm }) => `${harm} (${name} ${value})`).join(' and ');
  const colon = address.lastIndexOf(':');
  const client = `redis-cli -h ${address.slice(0, colon)} -p ${address.slice(colon + 1)}`;
  const mend = unsafe.map(({ name, safe }) => `\`${client} CONFIG SET ${name} ${safe}\``).join(' and ');
  return `Redis at ${address} ${faults}: run ${mend} and put the same into its redis.conf, or allow an unsafe Redis in the configuration.`;
}

/** `undefined` where the server does not tell (many hosted ones forbid CONFIG). */
async function setting(connection: RedisConnection, name: string): Promise<string | undefined> {
  try {
    const [, value] = (await connection.request((redis) => redis.config('GET', name))) as string[];
    return value;
  } catch (error) {
    if (isFinal(error)) return undefined;
    throw error;
  }
}
