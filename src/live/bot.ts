import type { EventBus } from '../bus/event-bus.ts';
import { logs, topics } from '../bus/topics.ts';
import { feedName } from '../domain/candle.ts';
import type { BotLifecycle, BotStatus, JournalEntry } from '../domain/event.ts';
import { timeframeMs } from '../domain/timeframe.ts';
import { StrategyFailure } from '../engine/engine.ts';
import { openSession, type SessionSpec, type VenueFactory } from '../engine/open-session.ts';
import { RunRecord } from '../engine/run-record.ts';
import type { TradingSession } from '../engine/trading-session.ts';
import type { Clock } from '../foundation/clock.ts';
import { messageOf, UserError } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { Logger } from '../foundation/logger.ts';
import { epochMs } from '../foundation/time.ts';
import { CandleColumns } from '../market/candle-columns.ts';
import { CandleWindow, pushCandle } from '../market/candle-window.ts';
import type { BotCommit, EquityPoint, Lease, MarketStore, TradingStore } from '../store/store.ts';
import { botStatus, count, idleBotStatus, journalEntries } from './bot-report.ts';
import { CandleFollower } from './candle-follower.ts';
import { blankBot, fingerprint, newCounts, restoreWindows, type SavedBot, saveWindows } from './saved-bot.ts';
import type { Slice } from './slice-assembler.ts';
import { withPatience } from './store-patience.ts';

export interface BotParts {
  readonly bus: EventBus;
  readonly store: MarketStore & TradingStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly venue: VenueFactory;
}

/** Slices processed between two commits at most: a restart repeats no more than these. */
const SLICES_PER_COMMIT = 256;
const JOURNAL_PAGE = 500;

/** Another process trades this bot now, or the store moved on under us: this one must stop, and does. */
export class BotSuperseded extends Error {
  override readonly name = 'BotSuperseded';
}

/**
 * A paper bot: follows its candles, steps its session through every slice, and commits what came of a batch of slices
 * together with the state after it, in one transaction. After a kill it goes on from the last commit and decides the
 * same again, because the session is deterministic; nothing is lost and nothing is doubled.
 *
 * What others must hear of goes with the commit into an outbox and to the journal, at least once. It leaves the outbox
 * when the recorder has it in the audit log, so that nothing is lost with a bus that forgets.
 */
export class Bot {
  readonly spec: SessionSpec;
  readonly #parts: BotParts;
  readonly #record = new RunRecord();
  #session: TradingSession | undefined;
  #follower: CandleFollower | undefined;
  #lease!: Lease;
  #revision = 0;
  #lifecycle: BotLifecycle = 'starting';
  #reason: string | null = null;
  #windows: CandleWindow[] = [];
  #sequences: Record<string, number> = {};
  #counts = newCounts();
  #stopped = false;

  constructor(spec: SessionSpec, parts: BotParts) {
    this.spec = spec;
    this.#parts = parts;
  }

  get lifecycle(): BotLifecycle {
    return this.#lifecycle;
  }

  /**
   * Takes up the state of its last life, if it had one, and begins to listen. A strategy that can't be made or restored
   * fails the bot, but leaves its saved state alone, so that it can go on once the strategy is mended.
   */
  async start(lease: Lease): Promise<void> {
    const { store } = this.#parts;
    this.#lease = lease;
    const checkpoint = await store.checkpoint(this.spec.botId);
    this.#revision = checkpoint?.revision ?? 0;
    await this.#publishLeftOver();
    try {
      this.#session = this.#openSession();
      if (checkpoint) this.#takeUp(checkpoint.state as unknown as SavedBot);
    } catch (thrown) {
      if (!(thrown instanceof StrategyFailure)) throw thrown;
      await this.#failToStart(thrown, checkpoint?.state);
      return;
    }
    this.#follower = new CandleFollower(this.#parts, {
      feeds: this.#windows.map((window) => window.feed),
      sequences: new Map(Object.entries(this.#sequences)),
      processedThrough: this.#counts.marketTime || Number.NEGATIVE_INFINITY,
    });
    if (this.#lifecycle === 'failed' || this.#lifecycle === 'finished') return;
    await this.#follower.start();
    this.#lifecycle = 'running';
    this.#reason = null;
  }

  /** Trades until it is stopped, the market ends, or the strategy fails. Throws {@link BotSuperseded} when fenced off. */
  async run(): Promise<void> {
    try {
      while (this.#lifecycle === 'running' && !this.#stopped) {
        const slices = await this.#follower!.take(SLICES_PER_COMMIT);
        if (slices.length === 0) {
          if (!this.#follower!.ended) break;
          this.#lifecycle = 'finished';
        }
        await this.#commit(this.#process(slices));
      }
      if (this.#lifecycle === 'running') {
        this.#lifecycle = 'stopped';
        this.#reason = 'stopped by the operator';
        await this.#commit([]);
      }
    } finally {
      await this.#follower?.stop();
    }
  }

  /** Ends {@link run} after the batch in hand. Positions stay: they are in the checkpoint. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#follower?.stop();
  }

  status(): BotStatus {
    const stage = { lifecycle: this.#lifecycle, reason: this.#reason };
    if (!this.#session) return idleBotStatus(this.spec, stage);
    return botStatus(this.spec, this.#session.engine.account, this.#counts, stage);
  }

  #openSession(): TradingSession {
    this.#windows = [];
    const makeWindow = (feed: CandleWindow['feed'], lookback: number): CandleWindow => {
      const intervalMs = timeframeMs(feed.timeframe);
      const window = CandleWindow.overRing(feed, lookback, (length) => new CandleColumns(length, intervalMs));
      this.#windows.push(window);
      return window;
    };
    return openSession(this.spec, makeWindow, this.#parts.venue, this.#record);
  }

  #process(slices: readonly Slice[]): EquityPoint[] {
    const equity: EquityPoint[] = [];
    const session = this.#session!;
    const { market, account } = session.engine;
    for (const slice of slices) {
      for (const [index, candle] of slice.candles.entries()) {
        if (!candle) continue;
        pushCandle(this.#windows[index]!, candle);
        market.fresh[index] = 1;
        this.#sequences[feedName(candle)] = candle.sequence;
      }
      this.#counts.marketTime = slice.time;
      this.#counts.slices += 1;
      try {
        session.slice(slice.time);
      } catch (thrown) {
        if (!(thrown instanceof StrategyFailure)) throw thrown;
        this.#fail(thrown);
      }
      equity.push({ time: slice.time, equity: account.equity });
      if (this.#lifecycle === 'failed') break;
    }
    return equity;
  }

  /** A strategy that throws stops its own bot, and only that one. Its orders are withdrawn; positions stay for a person. */
  #fail(failure: StrategyFailure): void {
    this.#lifecycle = 'failed';
    this.#reason = failure.message;
    this.#session?.withdrawOrders(epochMs(this.#counts.marketTime));
    this.#parts.logger.error('a bot failed', {
      botId: this.spec.botId,
      reason: failure.message,
      stack: (failure.cause as Error | undefined)?.stack,
    });
  }

  /** Tells everyone, and keeps what was saved. */
  async #failToStart(failure: StrategyFailure, saved: Json | undefined): Promise<void> {
    this.#session = undefined;
    this.#fail(failure);
    const statuses = await this.#parts.store.botStatuses();
    const known = statuses.find((status) => status.botId === this.spec.botId);
    const { lifecycle, reason } = this.status();
    const status = known ? { ...known, lifecycle, reason } : this.status();
    await this.#write(() => saved ?? (blankBot(this.spec, failure.message) as unknown as Json), status, []);
  }

  async #commit(equity: readonly EquityPoint[]): Promise<void> {
    const state = this.#stateAfter(this.#session!) ?? (await this.#stateOfFailed());
    count(this.#counts, this.#record);
    await this.#write(state, this.status(), equity);
  }

  /** What makes the state to keep; `undefined` when the strategy can't be saved, which fails the bot. */
  #stateAfter(session: TradingSession): (() => Json) | undefined {
    try {
      const saved = session.snapshot();
      return () => this.#save(saved);
    } catch (thrown) {
      if (!(thrown instanceof StrategyFailure)) throw thrown;
      this.#fail(thrown);
      return undefined;
    }
  }

  /** A bot that has failed is not taken up again, so the last state that could be saved will do. */
  async #stateOfFailed(): Promise<() => Json> {
    const { lifecycle, reason } = this.status();
    const before = (await this.#parts.store.checkpoint(this.spec.botId))?.state as unknown as SavedBot | undefined;
    const state = { ...(before ?? blankBot(this.spec, reason ?? '')), lifecycle, reason };
    return () => state as unknown as Json;
  }

  /** @param state is asked last: what is written counts in it */
  async #write(state: () => Json, status: BotStatus, equity: readonly EquityPoint[]): Promise<void> {
    const { store, clock, logger } = this.#parts;
    const record = this.#record;
    const outbox = journalEntries(record, this.#counts, status, this.#revision + 1);
    const commit: BotCommit = {
      botId: this.spec.botId,
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
    // The very same commit may be sent again after a lost answer: it is acknowledged again, and nothing is doubled.
    const committed = await withPatience({ clock, logger, isStopping: () => this.#stopped }, () =>
      store.commitBot(commit),
    );
    if (!committed.ok) throw new BotSuperseded(`${this.spec.botId}: ${committed.error.message}`);
    this.#revision = committed.value;
    await this.#tell(record, status);
    record.clear();
    await this.#publish(outbox);
  }

  /** Those who listen now hear at once; nobody waits for them, and a bus that is away loses nothing that matters. */
  async #tell(record: RunRecord, status: BotStatus): Promise<void> {
    const { bus, logger } = this.#parts;
    const { botId } = this.spec;
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
    await this.#publish(await this.#parts.store.outbox(this.spec.botId));
  }

  async #publish(entries: readonly JournalEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += JOURNAL_PAGE) {
      await this.#parts.bus.append(logs.journal, entries.slice(from, from + JOURNAL_PAGE));
    }
  }

  #save(session: Json): Json {
    const saved: SavedBot = {
      fingerprint: fingerprint(this.spec),
      lifecycle: this.#lifecycle,
      reason: this.#reason,
      session,
      windows: saveWindows(this.#windows),
      sequences: this.#sequences,
      counts: this.#counts,
    };
    return saved as unknown as Json;
  }

  #takeUp(saved: SavedBot): void {
    if (saved.session === null) return;
    if (saved.fingerprint !== fingerprint(this.spec)) {
      throw new UserError(
        `The bot "${this.spec.botId}" was recorded with another strategy, parameters, symbols, balance, limits or costs than it has now. ` +
          'Give the changed bot a new id, or start over with --fresh.',
      );
    }
    restoreWindows(this.#windows, saved.windows);
    this.#session!.restore(saved.session);
    this.#sequences = { ...saved.sequences };
    this.#counts = { ...saved.counts };
    this.#lifecycle = saved.lifecycle === 'running' || saved.lifecycle === 'stopped' ? 'starting' : saved.lifecycle;
    this.#reason = saved.reason;
  }
}
