import { isDeepStrictEqual } from 'node:util';
import { candleDefect, type Feed, feedName } from '../../../src/domain/candle.ts';
import type { BotStatus, CandleMessage, JournalEntry } from '../../../src/domain/event.ts';
import type { Fill } from '../../../src/domain/fill.ts';
import type { OrderEvent, OrderTerms } from '../../../src/domain/order.ts';
import type { SignalRecord } from '../../../src/domain/signal.ts';
import { InvariantError, invariant } from '../../../src/foundation/errors.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { failed, type Result, success } from '../../../src/foundation/result.ts';
import type {
  BotCommit,
  Checkpoint,
  CommitRefusal,
  EquityPoint,
  Lease,
  LeaseStore,
  MarketRecord,
  MarketStore,
  Page,
  TradingStore,
} from '../../../src/store/store.ts';

interface BotRows {
  revision: number;
  state: string;
  token: number;
  /** Of the newest commit. */
  digest: string;
  readonly signals: Map<string, SignalRecord>;
  readonly intents: Map<string, OrderTerms>;
  readonly events: OrderEvent[];
  readonly fills: Map<string, Fill>;
  readonly equity: EquityPoint[];
  readonly outbox: Map<string, JournalEntry>;
  status: BotStatus;
}

const NOBODY = '';

/**
 * The part of the store that bots need, in memory: for simulations of many lives, in which it outlives the simulated
 * processes. It keeps the promises of the port (a test holds it against the embedded store). State is kept as text; rows,
 * which nobody changes, as they are.
 */
export class MemoryStore implements MarketStore, TradingStore, LeaseStore {
  readonly #leases = new Map<string, { owner: string; token: number; expiresAt: number }>();
  readonly #bots = new Map<string, BotRows>();
  readonly #candles = new Map<string, CandleMessage[]>();

  // — leases —

  async acquireLease(name: string, owner: string, ttlMs: number, now: number): Promise<Lease | undefined> {
    invariant(owner !== NOBODY && ttlMs > 0, 'A lease needs an owner and a positive duration', { name, owner, ttlMs });
    const present = this.#leases.get(name);
    if (present && present.owner !== owner && present.owner !== NOBODY && present.expiresAt > now) return undefined;
    const token = present === undefined ? 1 : present.owner === owner ? present.token : present.token + 1;
    this.#leases.set(name, { owner, token, expiresAt: now + ttlMs });
    return { name, owner, token };
  }

  async renewLease(lease: Lease, ttlMs: number, now: number): Promise<boolean> {
    const present = this.#leases.get(lease.name);
    if (present === undefined || !this.holds(lease)) return false;
    present.expiresAt = now + ttlMs;
    return true;
  }

  async releaseLease(lease: Lease): Promise<void> {
    if (!this.holds(lease)) return;
    const present = this.#leases.get(lease.name)!;
    present.owner = NOBODY;
    present.expiresAt = 0;
  }

  holds({ name, owner, token }: Lease): boolean {
    const present = this.#leases.get(name);
    return present !== undefined && present.owner === owner && present.token === token;
  }

  /** Who may write for a bot now, whether or not the lease has run out. */
  ownerOf(name: string): string | undefined {
    return this.#leases.get(name)?.owner;
  }

  // — trading —

  async checkpoint(botId: string): Promise<Checkpoint | undefined> {
    const bot = this.#bots.get(botId);
    return bot && { revision: bot.revision, state: JSON.parse(bot.state) as Json };
  }

  async commitBot(commit: BotCommit): Promise<Result<number, CommitRefusal>> {
    const { botId, lease, expectedRevision } = commit;
    const state = JSON.stringify(commit.state);
    const digest = digestOf(commit, state);
    if (!this.holds(lease)) {
      return failed({ code: 'LEASE_LOST', message: `The lease of ${botId} is not ${lease.owner}'s any more.` });
    }
    const present = this.#bots.get(botId);
    const revision = expectedRevision + 1;
    if ((present?.revision ?? 0) !== expectedRevision) {
      const isThisCommit = present?.revision === revision && present.token === lease.token && present.digest === digest;
      if (isThisCommit) return success(revision);
      const message = `The checkpoint of bot ${botId} is at revision ${present?.revision ?? 0}, not at ${expectedRevision}.`;
      return failed({ code: 'REVISION_CONFLICT', message });
    }
    const bot = present ?? emptyRows(commit);
    // All is checked before anything is written.
    const signals = fresh(bot.signals, commit.signals, (one) => one.signalId);
    const intents = fresh(bot.intents, commit.intents, (one) => one.clientOrderId);
    const fills = fresh(bot.fills, commit.fills, (one) => one.fillId);
    for (const [id, row] of signals) bot.signals.set(id, row);
    for (const [id, row] of intents) bot.intents.set(id, row);
    for (const [id, row] of fills) bot.fills.set(id, row);
    bot.events.push(...commit.orderEvents);
    bot.equity.push(...commit.equity);
    for (const entry of commit.outbox) bot.outbox.set(entry.eventId, entry);
    Object.assign(bot, { revision, state, token: lease.token, digest, status: commit.status });
    this.#bots.set(botId, bot);
    return success(revision);
  }

  async outbox(botId: string): Promise<readonly JournalEntry[]> {
    return [...(this.#bots.get(botId)?.outbox.values() ?? [])];
  }

  /** What has got into the audit log leaves the outbox. */
  forgetOutbox(eventIds: Iterable<string>): void {
    for (const id of eventIds) for (const { outbox } of this.#bots.values()) outbox.delete(id);
  }

  async botStatuses(): Promise<readonly BotStatus[]> {
    return [...this.#bots.values()].map(({ status }) => status);
  }

  async signals(botId: string, page?: Page): Promise<readonly SignalRecord[]> {
    return paged([...(this.#bots.get(botId)?.signals.values() ?? [])], page);
  }

  async orderIntents(botId: string, page?: Page): Promise<readonly OrderTerms[]> {
    return paged([...(this.#bots.get(botId)?.intents.values() ?? [])], page);
  }

  async orderEvents(botId: string, page?: Page): Promise<readonly OrderEvent[]> {
    return paged(this.#bots.get(botId)?.events ?? [], page);
  }

  async fills(botId: string, page?: Page): Promise<readonly Fill[]> {
    return paged([...(this.#bots.get(botId)?.fills.values() ?? [])], page);
  }

  async equity(botId: string, page?: Page): Promise<readonly EquityPoint[]> {
    return paged(this.#bots.get(botId)?.equity ?? [], page);
  }

  /** The terms that were committed under an id, before now. */
  intent(botId: string, clientOrderId: string): OrderTerms | undefined {
    return this.#bots.get(botId)?.intents.get(clientOrderId);
  }

  // — market: the log of these worlds forgets nothing, so that this is hardly asked —

  async recordMarket(records: readonly MarketRecord[]): Promise<void> {
    for (const { candle } of records) {
      invariant(candleDefect(candle) === undefined, 'An impossible candle', { candle });
      const known = this.#candles.get(feedName(candle)) ?? [];
      if (!known.some((one) => one.sequence === candle.sequence)) known.push({ ...candle });
      this.#candles.set(feedName(candle), known);
    }
  }

  async candlesAfter(feed: Feed, afterSequence: number, limit: number): Promise<readonly CandleMessage[]> {
    const known = this.#candles.get(feedName(feed)) ?? [];
    return known.filter((one) => one.sequence > afterSequence).slice(0, limit);
  }

  async lastCandles(feed: Feed, until: number, count: number): Promise<readonly CandleMessage[]> {
    const known = this.#candles.get(feedName(feed)) ?? [];
    return known.filter((one) => one.closeTime <= until).slice(-count);
  }

  async candleVersions(feed: Feed, closeTime: number): Promise<readonly CandleMessage[]> {
    return (this.#candles.get(feedName(feed)) ?? []).filter((one) => one.closeTime === closeTime);
  }

  async newestCandles(): Promise<readonly CandleMessage[]> {
    return [...this.#candles.values()].map((known) => known.at(-1)!);
  }

  async countRows(): Promise<number> {
    throw new InvariantError('Nothing that trades counts rows');
  }
}

function emptyRows({ status }: BotCommit): BotRows {
  return {
    revision: 0,
    state: '',
    token: 0,
    digest: '',
    signals: new Map(),
    intents: new Map(),
    events: [],
    fills: new Map(),
    equity: [],
    outbox: new Map(),
    status,
  };
}

/** Tells the same commit, sent again, from another one. */
function digestOf(commit: BotCommit, state: string): string {
  const { signals, intents, orderEvents, fills, equity, outbox, expectedRevision, committedAt } = commit;
  const lengths = [signals, intents, orderEvents, fills, equity, outbox].map((rows) => rows.length);
  return `${JSON.stringify([expectedRevision, committedAt, ...lengths])} ${state}`;
}

/** Those of `rows` that are not stored yet; one that is must say the same. */
function fresh<Row>(
  stored: ReadonlyMap<string, Row>,
  rows: readonly Row[],
  idOf: (row: Row) => string,
): Map<string, Row> {
  const added = new Map<string, Row>();
  for (const row of rows) {
    const id = idOf(row);
    const before = stored.get(id) ?? added.get(id);
    if (before === undefined) added.set(id, row);
    else if (!isDeepStrictEqual(before, row)) {
      throw new InvariantError('A row is stored already and says something else', { id });
    }
  }
  return added;
}

function paged<Row>(rows: readonly Row[], { offset = 0, limit = Number.POSITIVE_INFINITY }: Page = {}): readonly Row[] {
  return rows.slice(offset, offset + limit);
}
