import type { Candle, Feed } from '../domain/candle.ts';
import type { BotStatus, CandleMessage, JournalEntry } from '../domain/event.ts';
import type { Fill } from '../domain/fill.ts';
import type { OrderEvent, OrderTerms } from '../domain/order.ts';
import type { SignalRecord } from '../domain/signal.ts';
import type { Result } from '../foundation/result.ts';
import type { EpochMs } from '../foundation/time.ts';
import { AuditTable } from './audit-table.ts';
import type { LatencyWindow } from './latency-store.ts';
import { LatencyTable } from './latency-table.ts';
import { LeaseTable } from './lease-table.ts';
import { MarketTables } from './market-tables.ts';
import { migrate } from './migrate.ts';
import type { SqlDatabase } from './sql-database.ts';
import type {
  AuditRow,
  BotCommit,
  Checkpoint,
  CommitRefusal,
  EquityPoint,
  Lease,
  MarketRecord,
  MarketStore,
  Page,
  Store,
} from './store.ts';
import type { SweepChunk, SweepRecord } from './sweep-store.ts';
import { SweepTables } from './sweep-tables.ts';
import { TradingTables } from './trading-tables.ts';

/** The store over an SQL database: the same tables and queries for the embedded one and PostgreSQL. */
export class SqlStore implements Store {
  readonly #database: SqlDatabase;
  readonly #market: MarketTables;
  readonly #trading: TradingTables;
  readonly #audit: AuditTable;
  readonly #leases: LeaseTable;
  readonly #sweeps: SweepTables;
  readonly #latencies: LatencyTable;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#market = new MarketTables(database);
    this.#trading = new TradingTables(database);
    this.#audit = new AuditTable(database);
    this.#leases = new LeaseTable(database);
    this.#sweeps = new SweepTables(database);
    this.#latencies = new LatencyTable(database);
  }

  async migrate(): Promise<void> {
    await migrate(this.#database);
  }

  interrupt(): void {
    this.#database.interrupt();
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  recordMarket(records: readonly MarketRecord[]): Promise<void> {
    return this.#market.recordMarket(records);
  }

  candlesAfter(feed: Feed, afterSequence: number, limit: number): Promise<readonly CandleMessage[]> {
    return this.#market.candlesAfter(feed, afterSequence, limit);
  }

  candleVersions(feed: Feed, closeTime: EpochMs): Promise<readonly CandleMessage[]> {
    return this.#market.candleVersions(feed, closeTime);
  }

  lastCandles(feed: Feed, until: EpochMs, count: number): Promise<readonly Candle[]> {
    return this.#market.lastCandles(feed, until, count);
  }

  newestCandles(): Promise<readonly CandleMessage[]> {
    return this.#market.newestCandles();
  }

  countRows(table: Parameters<MarketStore['countRows']>[0]): Promise<number> {
    return this.#market.countRows(table);
  }

  checkpoint(botId: string): Promise<Checkpoint | undefined> {
    return this.#trading.checkpoint(botId);
  }

  commitBot(commit: BotCommit): Promise<Result<number, CommitRefusal>> {
    return this.#trading.commitBot(commit);
  }

  outbox(botId: string): Promise<readonly JournalEntry[]> {
    return this.#trading.outbox(botId);
  }

  botStatuses(): Promise<readonly BotStatus[]> {
    return this.#trading.botStatuses();
  }

  signals(botId: string, page?: Page): Promise<readonly SignalRecord[]> {
    return this.#trading.signals(botId, page);
  }

  orderIntents(botId: string, page?: Page): Promise<readonly OrderTerms[]> {
    return this.#trading.orderIntents(botId, page);
  }

  orderEvents(botId: string, page?: Page): Promise<readonly OrderEvent[]> {
    return this.#trading.orderEvents(botId, page);
  }

  fills(botId: string, page?: Page): Promise<readonly Fill[]> {
    return this.#trading.fills(botId, page);
  }

  equity(botId: string, page?: Page): Promise<readonly EquityPoint[]> {
    return this.#trading.equity(botId, page);
  }

  appendAudit(entries: readonly JournalEntry[], recordedAt: EpochMs): Promise<void> {
    return this.#audit.appendAudit(entries, recordedAt);
  }

  auditRows(afterIndex: number, limit: number): Promise<readonly AuditRow[]> {
    return this.#audit.auditRows(afterIndex, limit);
  }

  acquireLease(name: string, owner: string, ttlMs: number, now: EpochMs): Promise<Lease | undefined> {
    return this.#leases.acquireLease(name, owner, ttlMs, now);
  }

  renewLease(lease: Lease, ttlMs: number, now: EpochMs): Promise<boolean> {
    return this.#leases.renewLease(lease, ttlMs, now);
  }

  releaseLease(lease: Lease): Promise<void> {
    return this.#leases.releaseLease(lease);
  }

  createSweep(sweep: SweepRecord): Promise<void> {
    return this.#sweeps.createSweep(sweep);
  }

  sweep(id: string): Promise<SweepRecord | undefined> {
    return this.#sweeps.sweep(id);
  }

  sweeps(): Promise<readonly SweepRecord[]> {
    return this.#sweeps.sweeps();
  }

  deleteSweep(id: string): Promise<void> {
    return this.#sweeps.deleteSweep(id);
  }

  cancelSweep(id: string, cancelled: boolean): Promise<void> {
    return this.#sweeps.cancelSweep(id, cancelled);
  }

  saveChunk(chunk: SweepChunk): Promise<void> {
    return this.#sweeps.saveChunk(chunk);
  }

  chunksDone(id: string): Promise<readonly number[]> {
    return this.#sweeps.chunksDone(id);
  }

  chunks(id: string, from: number, to: number): Promise<readonly SweepChunk[]> {
    return this.#sweeps.chunks(id, from, to);
  }

  saveDataset(hash: string, content: Uint8Array): Promise<void> {
    return this.#sweeps.saveDataset(hash, content);
  }

  dataset(hash: string): Promise<Uint8Array | undefined> {
    return this.#sweeps.dataset(hash);
  }

  saveLatencies(windows: readonly LatencyWindow[]): Promise<void> {
    return this.#latencies.saveLatencies(windows);
  }

  latencies(since: EpochMs): Promise<readonly LatencyWindow[]> {
    return this.#latencies.latencies(since);
  }

  forgetLatencies(before: EpochMs): Promise<void> {
    return this.#latencies.forgetLatencies(before);
  }
}
