import type { Candle, Feed } from '../domain/candle.ts';
import type { BotStatus, CandleMessage, JournalEntry } from '../domain/event.ts';
import type { Fill } from '../domain/fill.ts';
import type { OrderEvent, OrderTerms } from '../domain/order.ts';
import type { SignalRecord } from '../domain/signal.ts';
import type { Json } from '../foundation/json.ts';
import type { Result } from '../foundation/result.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { LatencyStore } from './latency-store.ts';
import type { SweepStore } from './sweep-store.ts';

/**
 * PORT: the authority. What it acknowledged survives a kill; every write below is one transaction, and every one may be
 * repeated without doubling anything (unique keys). Exact numbers (up to 38 digits, 12 of them decimals) are decimal text
 * in the embedded store and NUMERIC in PostgreSQL, and come back the same, as do float64 numbers (−0 comes back as 0).
 *
 * A number that is not finite is a broken invariant: the write throws an InvariantError before anything is written. A
 * full disk, a lost connection and the like throw a StoreUnavailableError with a code (store-error.ts).
 */
export interface Store extends MarketStore, TradingStore, AuditStore, LeaseStore, SweepStore, LatencyStore {
  /** Brings the schema to this program's version. Throws a UserError when the data was written by a newer program. */
  migrate(): Promise<void>;
  /** For stopping: what has waited for a server's answer for seconds is given up, and rejects; what comes after is done as ever. */
  interrupt(): void;
  close(): Promise<void>;
}

export interface MarketStore {
  /**
   * Candles and the raw messages they came from, apart. A candle that is there already with the same values is left
   * alone; with other values it is kept as the next revision beside the first (never overwritten). An old revision that
   * is delivered again (same values, same sequence) after a newer one is left alone too. Each revision keeps the first
   * raw message that came with it.
   */
  recordMarket(records: readonly MarketRecord[]): Promise<void>;
  /** The newest revision of each candle with `sequence > afterSequence`, by sequence, at most `limit`. */
  candlesAfter(feed: Feed, afterSequence: number, limit: number): Promise<readonly CandleMessage[]>;
  /** The last `count` candles that close at or before `until`, oldest first. */
  lastCandles(feed: Feed, until: EpochMs, count: number): Promise<readonly Candle[]>;
  /** Every version of a candle, the first one first; none where there is no such candle. */
  candleVersions(feed: Feed, closeTime: EpochMs): Promise<readonly CandleMessage[]>;
  /** The newest candle of each feed that has one. */
  newestCandles(): Promise<readonly CandleMessage[]>;
  countRows(
    table: 'raw_messages' | 'candles' | 'signals' | 'order_intents' | 'order_events' | 'fills' | 'audit_log',
  ): Promise<number>;
}

export interface MarketRecord {
  readonly candle: CandleMessage;
  readonly raw: string | null;
}

export interface TradingStore {
  /** The bot's last checkpoint, with its revision; `undefined` for a bot that never committed. */
  checkpoint(botId: string): Promise<Checkpoint | undefined>;
  /**
   * Everything that came of a batch of slices, with the state after it, all or nothing. Gives the new revision. Refused
   * when the lease is no longer the writer's (`LEASE_LOST`: owner or token changed; a lease that has run out but was not
   * taken by another is still its owner's) or when the checkpoint moved on meanwhile (`REVISION_CONFLICT`).
   *
   * The very same commit again, because the answer to the first was lost, is acknowledged again. A signal, intent, fill
   * or outbox entry whose id the bot has stored already is passed over when it says the same; when it says something else
   * the commit throws an InvariantError and nothing of it is written.
   */
  commitBot(commit: BotCommit): Promise<Result<number, CommitRefusal>>;
  /** Journal entries committed and not yet in the audit log, oldest first. */
  outbox(botId: string): Promise<readonly JournalEntry[]>;
  botStatuses(): Promise<readonly BotStatus[]>;
  signals(botId: string, page?: Page): Promise<readonly SignalRecord[]>;
  orderIntents(botId: string, page?: Page): Promise<readonly OrderTerms[]>;
  orderEvents(botId: string, page?: Page): Promise<readonly OrderEvent[]>;
  fills(botId: string, page?: Page): Promise<readonly Fill[]>;
  equity(botId: string, page?: Page): Promise<readonly EquityPoint[]>;
}

/** Rows in the order of writing: skip `offset`, give at most `limit` (default: all). */
export interface Page {
  readonly offset?: number;
  readonly limit?: number;
}

export interface EquityPoint {
  readonly time: EpochMs;
  readonly equity: number;
}

export interface Checkpoint {
  /** 1, 2, 3 …: one more with each commit. */
  readonly revision: number;
  readonly state: Json;
}

export interface BotCommit {
  readonly botId: string;
  /** The lease under which it writes. */
  readonly lease: Lease;
  /** The revision it started from; 0 for the first commit. */
  readonly expectedRevision: number;
  readonly state: Json;
  readonly status: BotStatus;
  readonly signals: readonly SignalRecord[];
  readonly intents: readonly OrderTerms[];
  readonly orderEvents: readonly OrderEvent[];
  readonly fills: readonly Fill[];
  readonly equity: readonly EquityPoint[];
  /** What is to be appended to the journal once this is durable; kept until it is in the audit log. */
  readonly outbox: readonly JournalEntry[];
  readonly committedAt: EpochMs;
}

export interface CommitRefusal {
  readonly code: 'LEASE_LOST' | 'REVISION_CONFLICT';
  readonly message: string;
}

export interface AuditStore {
  /**
   * Appends to the hash chain: `hash = SHA-256(previousHash + canonical JSON of the entry)`. An eventId that is there
   * already is passed over. What is in the audit log has left the outbox.
   */
  appendAudit(entries: readonly JournalEntry[], recordedAt: EpochMs): Promise<void>;
  /** Rows after `afterIndex`, oldest first. */
  auditRows(afterIndex: number, limit: number): Promise<readonly AuditRow[]>;
}

export interface AuditRow {
  /** 1, 2, 3 … without a hole. */
  readonly index: number;
  readonly eventId: string;
  readonly recordedAt: EpochMs;
  readonly entry: string;
  readonly previousHash: string;
  readonly hash: string;
}

export interface LeaseStore {
  /**
   * Takes the lease when it is free, expired, or already `owner`'s. The token rises by one with each change of owner (a
   * lease given back belongs to nobody), so that a writer that lost its lease without noticing is told apart.
   * `undefined` when another holds it. `owner` must be unique to the process: a restarted one is another owner.
   */
  acquireLease(name: string, owner: string, ttlMs: number, now: EpochMs): Promise<Lease | undefined>;
  /** Prolongs it, also after it has run out as long as nobody took it; `false` when it is no longer the owner's. */
  renewLease(lease: Lease, ttlMs: number, now: EpochMs): Promise<boolean>;
  releaseLease(lease: Lease): Promise<void>;
}

export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly token: number;
}
