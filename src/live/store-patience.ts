import { type Clock, sleep } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { StoreUnavailableError } from '../store/store-error.ts';

export interface PatienceParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the waiting: the failure is thrown after all. */
  readonly isStopping: () => boolean;
}

const RETRY_EVERY_MS = 500;
const TELL_EVERY_MS = 10_000;

/**
 * Writes to the store, and writes again while it is away or busy: every write may be repeated without doubling anything.
 * What waiting does not mend (a full disk, a damaged file) is thrown at once.
 */
export async function withPatience<Value>(parts: PatienceParts, write: () => Promise<Value>): Promise<Value> {
  const { clock, logger, isStopping } = parts;
  for (let waited = 0; ; waited += RETRY_EVERY_MS) {
    try {
      return await write();
    } catch (thrown) {
      if (!(thrown instanceof StoreUnavailableError && thrown.isPassing) || isStopping()) throw thrown;
      if (waited % TELL_EVERY_MS === 0) logger.warn('the store is away; waiting for it', { error: thrown.message });
      await sleep(clock, RETRY_EVERY_MS);
    }
  }
}
