import { UserError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { clientCommand } from './redis-address.ts';
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
 *
 * It also warns of an append-only file that is not synced before each answer: while one sync is under way Redis holds
 * further writes back for up to 2 s (`flushAppendOnlyFile` in its aof.c) and answers all the same, so that even a mere
 * kill of its process loses what it has acknowledged meanwhile. A process that lives on appends its own part of that again
 * (redis-recent-entries.ts); what is lost for good is what its author did not survive either.
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
  const sync = await setting(connection, 'appendfsync');
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
  if (appendOnly === 'yes' && sync !== undefined && sync !== 'always') {
    logger.warn('Redis may lose what it acknowledged in the last two seconds before a crash', {
      address,
      setting: `appendfsync ${sync}`,
      mend: `${clientCommand(address)} CONFIG SET appendfsync always`,
    });
  }
  if (unsafe.length === 0) return;
  const message = describe(unsafe, address);
  if (!allowUnsafe) throw new UserError(message);
  logger.warn(message, { address, allowed: true });
}

function describe(unsafe: readonly UnsafeSetting[], address: string): string {
  const faults = unsafe.map(({ name, value, harm }) => `${harm} (${name} ${value})`).join(' and ');
  const mend = unsafe.map(({ name, safe }) => `\`${clientCommand(address)} CONFIG SET ${name} ${safe}\``).join(' and ');
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
