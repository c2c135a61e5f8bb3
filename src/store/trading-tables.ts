import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { BotStatus, JournalEntry } from '../domain/event.ts';
import type { Fill } from '../domain/fill.ts';
import type { OrderEvent, OrderTerms } from '../domain/order.ts';
import { journalEntryFromJson, orderEventFromJson, termsFromJson } from '../domain/order-codec.ts';
import type { SignalRecord } from '../domain/signal.ts';
import type { Json } from '../foundation/json.ts';
import type { Result } from '../foundation/result.ts';
import type { EpochMs } from '../foundation/time.ts';
import { commitBot } from './commit-bot.ts';
import { fillOf } from './commit-rows.ts';
import type { Tables } from './schema.ts';
import type { SqlDatabase } from './sql-database.ts';
import type { BotCommit, Checkpoint, CommitRefusal, EquityPoint, Page, TradingStore } from './store.ts';

/** What bots decided and did, in the order in which they wrote it. */
export class TradingTables implements TradingStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async checkpoint(botId: string): Promise<Checkpoint | undefined> {
    const row = await this.#database.read((kysely) =>
      kysely.selectFrom('bot_checkpoints').select(['revision', 'state']).where('bot_id', '=', botId).executeTakeFirst(),
    );
    return row && { revision: row.revision, state: parsed<Json>(row.state) };
  }

  commitBot(commit: BotCommit): Promise<Result<number, CommitRefusal>> {
    return commitBot(this.#database, commit);
  }

  async outbox(botId: string): Promise<readonly JournalEntry[]> {
    const rows = await this.#inOrder('outbox', botId, {}, (query) => query.select('entry').execute());
    return rows.map(({ entry }) => journalEntryFromJson(parsed(entry)));
  }

  async botStatuses(): Promise<readonly BotStatus[]> {
    const rows = await this.#database.read((kysely) => kysely.selectFrom('bot_status').select('status').execute());
    const statuses = rows.map(({ status }) => parsed<BotStatus>(status));
    return statuses.sort((a, b) => (a.botId < b.botId ? -1 : 1));
  }

  async signals(botId: string, page: Page = {}): Promise<readonly SignalRecord[]> {
    const rows = await this.#inOrder('signals', botId, page, (query) => query.select('record').execute());
    return rows.map(({ record }) => parsed<SignalRecord>(record));
  }

  async orderIntents(botId: string, page: Page = {}): Promise<readonly OrderTerms[]> {
    const rows = await this.#inOrder('order_intents', botId, page, (query) => query.select('terms').execute());
    return rows.map(({ terms }) => termsFromJson(parsed(terms)));
  }

  async orderEvents(botId: string, page: Page = {}): Promise<readonly OrderEvent[]> {
    const rows = await this.#inOrder('order_events', botId, page, (query) => query.select('event').execute());
    return rows.map(({ event }) => orderEventFromJson(parsed(event)));
  }

  async fills(botId: string, page: Page = {}): Promise<readonly Fill[]> {
    const rows = await this.#inOrder('fills', botId, page, (query) => query.selectAll().execute());
    return rows.map(fillOf);
  }

  async equity(botId: string, page: Page = {}): Promise<readonly EquityPoint[]> {
    const rows = await this.#inOrder('equity', botId, page, (query) => query.select(['time', 'equity']).execute());
    return rows.map(({ time, equity }) => ({ time: time as EpochMs, equity }));
  }

  /** Reads a page of a bot's rows of `table`, oldest first. */
  #inOrder<Name extends WrittenTable, Answer>(
    table: Name,
    botId: string,
    page: Page,
    read: (query: SelectQueryBuilder<Tables, Name, object>) => Promise<Answer>,
  ): Promise<Answer> {
    return this.#database.read((kysely) => read(ordered(kysely, table, botId, page)));
  }
}

type WrittenTable = 'signals' | 'order_intents' | 'order_events' | 'fills' | 'equity' | 'outbox';

function ordered<Name extends WrittenTable>(
  kysely: Kysely<Tables>,
  table: Name,
  botId: string,
  { offset = 0, limit = Number.MAX_SAFE_INTEGER }: Page,
): SelectQueryBuilder<Tables, Name, object> {
  const query = kysely
    .selectFrom(table as 'equity')
    .where('bot_id', '=', botId)
    .orderBy('revision')
    .orderBy('place')
    .offset(offset)
    .limit(limit);
  // The columns it names are in all of these tables.
  return query as unknown as SelectQueryBuilder<Tables, Name, object>;
}

function parsed<Value = Json>(text: string): Value {
  return JSON.parse(text) as Value;
}
