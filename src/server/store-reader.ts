import type { Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { AuditHeadAnswer } from '../protocol/answers.ts';
import type { BotStatus } from '../protocol/wire.ts';
import { GENESIS_HASH } from '../store/audit-chain.ts';
import type { AuditRow, Store } from '../store/store.ts';
import { StoreUnavailableError } from '../store/store-error.ts';
import { RequestRefused } from './refusal.ts';
import type { ServerLimits } from './server-options.ts';
import { NoAnswer, shared, within } from './within.ts';

export interface StoreReaderParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ServerLimits;
}

/**
 * The store as the server uses it: reads only, a bounded number of them at a time, each answered in time or refused. A
 * read that is late stays counted until the store has let go of it.
 */
export class StoreReader {
  readonly #parts: StoreReaderParts;
  readonly #sharedStatuses: () => Promise<readonly BotStatus[]>;
  #underWay = 0;
  #auditIndex = 0;

  constructor(parts: StoreReaderParts) {
    this.#parts = parts;
    this.#sharedStatuses = shared(() => this.read((store) => store.botStatuses()));
  }

  /** Throws a {@link RequestRefused} (503) when the store is away, late, or has enough to do. */
  async read<Value>(ask: (store: Store) => Promise<Value>): Promise<Value> {
    const { store, clock, logger, limits } = this.#parts;
    if (this.#underWay >= limits.maximumReads)
      throw refused('BUSY', 'There are too many requests. Come again in a second.');
    this.#underWay += 1;
    const answer = ask(store).finally(() => {
      this.#underWay -= 1;
    });
    try {
      return await within(clock, limits.readWithinMs, answer);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError || error instanceof NoAnswer)) throw error;
      logger.warn('The store did not answer the server', { error: messageOf(error) });
      throw refused('STORE_UNAVAILABLE', 'The store does not answer at present. Come again in a second.');
    }
  }

  /** What every bot last committed; asked of the store once for all who want it at the same time. */
  statuses(): Promise<readonly BotStatus[]> {
    return this.#sharedStatuses();
  }

  /**
   * The last entry of the audit log. Its index is found by steps that double and then halve, since the log has no holes:
   * some twenty look-ups in a key, where counting a million rows would hold up everything else in this process.
   */
  async auditHead(): Promise<AuditHeadAnswer> {
    const after = (index: number): Promise<AuditRow | undefined> =>
      this.read(async (store) => (await store.auditRows(index, 1))[0]);
    let last = this.#auditIndex;
    let step = 1;
    let row = last === 0 ? undefined : await after(last - 1);
    if (!row) last = 0;
    // Up while there is an entry `step` further on, then down to where there is none.
    for (let next = await after(last + step - 1); next; next = await after(last + step - 1)) {
      last = next.index;
      row = next;
      step *= 2;
    }
    for (step = Math.floor(step / 2); step >= 1; step = Math.floor(step / 2)) {
      const next = await after(last + step - 1);
      if (!next) continue;
      last = next.index;
      row = next;
    }
    this.#auditIndex = last;
    if (!row) return { index: 0, hash: GENESIS_HASH, recordedAt: null };
    return { index: row.index, hash: row.hash, recordedAt: row.recordedAt };
  }
}

function refused(code: 'BUSY' | 'STORE_UNAVAILABLE', message: string): RequestRefused {
  return new RequestRefused(503, code, message, { 'retry-after': '1' });
}
