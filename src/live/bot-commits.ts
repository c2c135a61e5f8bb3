import type { EventBus } from '../bus/event-bus.ts';
import { logs, topics } from '../bus/topics.ts';
import type { BotStatus, JournalEntry } from '../domain/event.ts';
import type { RunRecord } from '../engine/run-record.ts';
import type { Clock } from '../foundation/clock.ts';
import { crashPoint } from '../foundation/crash-point.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { Logger } from '../foundation/logger.ts';
import type { BotCommit, Checkpoint, EquityPoint, Lease, TradingStore } from '../store/store.ts';
import { journalEntries } from './bot-report.ts';
import type { BotCounts } from './saved-bot.ts';
import { withPatience } from './store-patience.ts';

export interface BotCommitsParts {
  readonly bus: EventBus;
  readonly store: TradingStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A store that is away is waited for until then. */
  readonly isStopping: () => boolean;
}

/** What a bot did since its last commit, and what it is after that. */
export interface BotProgress {
  /** Asked last: what is written counts in it. */
  readonly state: () => Json;
  readonly status: BotStatus;
  /** Empty afterwards. */
  readonly record: RunRecord;
  readonly counts: BotCounts;
  readonly equity: readonly EquityPoint[];
}

const JOURNAL_PAGE = 500;

/** Another process trades this bot now, or the store moved on under us: this one must stop, and does. */
export class BotSuperseded extends Error {
  override readonly name = 'BotSuperseded';
}

/**
 * Makes durable what a bot does: its doings and the state after them in one transaction, under the token of its lease.
 *
 * What others must hear of goes with the commit into an outbox and to the journal, at least once. It leaves the outbox
 * when the recorder has it in the audit log, so that nothing is lost with a bus that forgets.
 */
export class BotCommits {
  readonly #botId: string;
  readonly #parts: BotCommitsParts;
  #lease!: Lease;
  #revision = 0;

  constructor(botId: string, parts: BotCommitsParts) {
    this.#botId = botId;
    this.#parts = parts;
  }

  /** What was committed last, by whomever; `undefined` for a new bot. */
  async begin(lease: Lease): Promise<Checkpoint | undefined> {
    this.#lease = lease;
    const checkpoint = await this.#parts.store.checkpoint(this.#botId);
    this.#revision = checkpoint?.revision ?? 0;
    await this.#publishLeftOver();
    return checkpoint;
  }

  /** @throws BotSuperseded where the lease is another's */
  async commit({ state, status, record, counts, equity }: BotProgress): Promise<void> {
    const { store, clock, logger, isStopping } = this.#parts;
    const outbox = journalEntries(record, counts, status, this.#revision + 1);
    const commit: BotCommit = {
      botId: this.#botId,
      lease: this.#lease,
      expectedRevision: this.#revision,
      state: state(),
      status,
      signals: record.signals,
      intents: record.intents,
      orderEvents: record.orderEvents,
      fills: record.fills,
      equity,
      outbox,
      committedAt: clock.now(),
    };
    const hasIntents = record.intents.length > 0;
    const hasFills = record.fills.length > 0;
    if (hasIntents) crashPoint('before-intent-commit');
    if (hasFills) crashPoint('before-fill-commit');
    // The very same commit may be sent again after a lost answer: it is acknowledged again, and nothing is doubled.
    const committed = await withPatience({ clock, logger, isStopping }, () => store.commitBot(commit));
    if (!committed.ok) throw new BotSuperseded(`${this.#botId}: ${committed.error.message}`);
    this.#revision = committed.value;
    if (hasIntents) crashPoint('after-intent-commit');
    if (hasFills) crashPoint('after-fill-commit');
    await this.#tell(record, status);
    record.clear();
    await this.#publish(outbox);
  }

  /** Those who listen now hear at once; nobody waits for them, and a bus that is away loses nothing that matters. */
  async #tell(record: RunRecord, status: BotStatus): Promise<void> {
    const { bus, logger } = this.#parts;
    const botId = this.#botId;
    try {
      for (const signal of record.signals) await bus.publish(topics.botSignals(botId), signal);
      for (const fill of record.fills) await bus.publish(topics.tradeUpdates(botId), fill);
      await bus.publish(topics.botStatus(botId), status);
    } catch (thrown) {
      logger.warn('a bot could not tell of what it did', { botId, error: messageOf(thrown) });
    }
  }

  /**
   * What was committed and is not in the audit log yet: a life ended before it was appended, or a bus forgot it that lives
   * in memory. It is little: the collector waits for a recorder that lags behind.
   */
  async #publishLeftOver(): Promise<void> {
    await this.#publish(await this.#parts.store.outbox(this.#botId));
  }

  async #publish(entries: readonly JournalEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += JOURNAL_PAGE) {
      await this.#parts.bus.append(logs.journal, entries.slice(from, from + JOURNAL_PAGE));
    }
  }
}
