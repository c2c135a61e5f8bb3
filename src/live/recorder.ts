import type { Consumer, EventBus, LogEntry } from '../bus/event-bus.ts';
import { logs } from '../bus/topics.ts';
import type { CandleMessage, JournalEntry, MarketLogEntry } from '../domain/event.ts';
import type { Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { AuditStore, MarketRecord, MarketStore } from '../store/store.ts';
import { StoreUnavailableError } from '../store/store-error.ts';
import { withPatience } from './store-patience.ts';

export interface RecorderParts {
  readonly bus: EventBus;
  readonly store: MarketStore & AuditStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Also writes confirmed candles to files, where wished. */
  readonly candleFiles?: { append(candles: readonly CandleMessage[]): Promise<unknown> };
}

export interface RecorderOptions {
  /** This process among the recorders: the group shares the logs. */
  readonly consumer: string;
  readonly recordRaw: boolean;
}

const BATCH = 1_000;
/** So many entries stay in the log after they were stored, for those who are a little behind. */
const KEEP_IN_LOG = 10_000;
const TRIM_EVERY = 5_000;

/**
 * Writes the logs to the store: market data with its raw messages, and the journal to the audit chain. An entry is
 * acknowledged after the store has committed it, and whatever comes twice is stored once.
 */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #options: RecorderOptions;
  readonly #consumers: Consumer[] = [];
  #sinceTrim = 0;
  /** The market log has said that no more will come. */
  ended = false;
  candles = 0;
  journalEntries = 0;
  /** Why nothing more is recorded: a full disk, say. What was not recorded was not acknowledged either. */
  failure: Error | undefined;
  #stopping = false;
  #stop!: () => void;
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stop = resolve;
  });

  constructor(parts: RecorderParts, options: RecorderOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { bus, logger } = this.#parts;
    const options = {
      group: 'recorder',
      consumer: this.#options.consumer,
      batchSize: BATCH,
      onDeadLetter: (position: string, error: string) =>
        logger.error('an entry could not be recorded and was set aside', { position, error }),
    };
    this.#consumers.push(
      await bus.consume(logs.market, options, (batch) => this.#write(() => this.#recordMarket(batch))),
    );
    this.#consumers.push(
      await bus.consume(logs.journal, options, (batch) => this.#write(() => this.#recordJournal(batch))),
    );
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stop();
    for (const consumer of this.#consumers.splice(0)) await consumer.stop();
  }

  /** How many entries wait to be recorded. */
  async backlog(): Promise<number> {
    const { bus } = this.#parts;
    return (await bus.backlog(logs.market, 'recorder')) + (await bus.backlog(logs.journal, 'recorder'));
  }

  /**
   * Waits while the store is away. A failure that waiting does not mend is kept, and the batch with it, unacknowledged:
   * handing it back would only bring it to the dead letters, which are for entries that are themselves bad.
   */
  async #write(record: () => Promise<void>): Promise<void> {
    const { clock, logger } = this.#parts;
    try {
      await withPatience({ clock, logger, isStopping: () => this.#stopping }, record);
    } catch (thrown) {
      if (!(thrown instanceof StoreUnavailableError)) throw thrown;
      this.failure = thrown;
      await this.#stopped;
      throw thrown;
    }
  }

  async #recordMarket(batch: readonly LogEntry<MarketLogEntry>[]): Promise<void> {
    const records: MarketRecord[] = [];
    for (const { entry } of batch) {
      if (entry.kind === 'candle')
        records.push({ candle: entry.candle, raw: this.#options.recordRaw ? entry.raw : null });
      else if (entry.end) this.ended = true;
    }
    await this.#parts.store.recordMarket(records);
    await this.#parts.candleFiles?.append(records.map((record) => record.candle));
    this.candles += records.length;
    this.#sinceTrim += batch.length;
    if (this.#sinceTrim < TRIM_EVERY) return;
    this.#sinceTrim = 0;
    await this.#trim();
  }

  /** What is stored is stored: a log that can't be trimmed now is trimmed the next time. */
  async #trim(): Promise<void> {
    const { bus, logger } = this.#parts;
    try {
      await bus.trim(logs.market, KEEP_IN_LOG);
      await bus.trim(logs.journal, KEEP_IN_LOG);
    } catch (thrown) {
      logger.warn('the logs could not be trimmed', { error: messageOf(thrown) });
    }
  }

  async #recordJournal(batch: readonly LogEntry<JournalEntry>[]): Promise<void> {
    await this.#parts.store.appendAudit(
      batch.map(({ entry }) => entry),
      this.#parts.clock.now(),
    );
    this.journalEntries += batch.length;
  }
}
