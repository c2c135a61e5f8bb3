import { createHash } from 'node:crypto';
import type { EventBus } from '../bus/event-bus.ts';
import { logs, topics } from '../bus/topics.ts';
import { type Candle, feedName } from '../domain/candle.ts';
import type { BotLifecycle, BotPosition, BotStatus, JournalEntry } from '../domain/event.ts';
import { timeframeMs } from '../domain/timeframe.ts';
import { StrategyFailure } from '../engine/engine.ts';
import { openSession, type SessionSpec, type VenueFactory } from '../engine/open-session.ts';
import { RunRecord } from '../engine/run-record.ts';
import type { TradingSession } from '../engine/trading-session.ts';
import type { Clock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import { toNumber } from '../foundation/fixed-point.ts';
import type { Json } from '../foundation/json.ts';
import type { Logger } from '../foundation/logger.ts';
import { epochMs } from '../foundation/time.ts';
import { CandleColumns } from '../market/candle-columns.ts';
import { CandleWindow, pushCandle, refillWindow } from '../market/candle-window.ts';
import type { EquityPoint, Lease, MarketStore, TradingStore } from '../store/store.ts';
import { CandleFollower } from './candle-follower.ts';
import type { Slice } from './slice-assembler.ts';

export interface BotParts {
  readonly bus: EventBus;
  readonly store: MarketStore & TradingStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly venue: VenueFactory;
}

/** What a bot keeps between two lives, besides what the store records of its doings. */
interface SavedBot {
  readonly fingerprint: string;
  readonly lifecycle: BotLifecycle;
  readonly reason: string | null;
  readonly session: Json;
  /** The last bars that the strategy can see, by feed. */
  readonly windows: Readonly<Record<string, SavedWindow>>;
  readonly sequences: Readonly<Record<string, number>>;
  readonly counts: BotCounts;
}

interface SavedWindow {
  readonly seen: number;
  readonly candles: readonly Candle[];
}

interface BotCounts {
  marketTime: number;
  slices: number;
  signals: number;
  refusals: number;
  roundTrips: number;
  winningRoundTrips: number;
  orderEvents: number;
}

/** Slices processed between two commits at most: a restart repeats no more than these. */
const SLICES_PER_COMMIT = 256;
const OUTBOX_PAGE = 500;

/** Another process trades this bot now, or the store moved on under us: this one must stop, and does. */
export class BotSuperseded extends Error {
  override readonly name = 'BotSuperseded';
}

/**
 * A paper bot: follows its candles, steps its session through every slice, and commits what came of a batch of slices
 * together with the state after it, in one transaction. After a kill it goes on from the last commit and decides the
 * same again, because the session is deterministic; nothing is lost and nothing is doubled.
 *
 * What others must hear of goes with the commit into an outbox, and from there to the journal: at least once.
 */
export class Bot {
  readonly spec: SessionSpec;
  readonly #parts: BotParts;
  readonly #record = new RunRecord();
  #session!: TradingSession;
  #follower!: CandleFollower;
  #lease!: Lease;
  #revision = 0;
  #lifecycle: BotLifecycle = 'starting';
  #reason: string | null = null;
  #windows: CandleWindow[] = [];
  #sequences: Record<string, number> = {};
  #counts: BotCounts = {
    marketTime: 0,
    slices: 0,
    signals: 0,
    refusals: 0,
    roundTrips: 0,
    winningRoundTrips: 0,
    orderEvents: 0,
  };
  #stopped = false;

  constructor(spec: SessionSpec, parts: BotParts) {
    this.spec = spec;
    this.#parts = parts;
  }

  get lifecycle(): BotLifecycle {
    return this.#lifecycle;
  }

  /** Takes up the state of its last life, if it had one, and begins to listen. */
  async start(lease: Lease): Promise<void> {
    const { store } = this.#parts;
    this.#lease = lease;
    this.#session = this.#openSession();
    const checkpoint = await store.checkpoint(this.spec.botId);
    if (checkpoint) {
      this.#revision = checkpoint.revision;
      this.#takeUp(checkpoint.state as unknown as SavedBot);
    }
    await this.#publishOutbox();
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
      await this.#trade();
    } finally {
      await this.#follower.stop();
    }
  }

  async #trade(): Promise<void> {
    while (this.#lifecycle === 'running' && !this.#stopped) {
      const slices = await this.#follower.take(SLICES_PER_COMMIT);
      if (slices.length === 0) {
        if (this.#follower.ended) this.#lifecycle = 'finished';
        else break;
      }
      const equity = this.#process(slices);
      await this.#commit(equity);
    }
    if (this.#lifecycle === 'running') {
      this.#lifecycle = 'stopped';
      this.#reason = 'stopped by the operator';
      await this.#commit([]);
    }
  }

  /** Ends {@link run} after the batch in hand. Positions stay: they are in the checkpoint. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#follower?.stop();
  }

  status(): BotStatus {
    const { engine } = this.#session;
    const { portfolio } = engine.account;
    return {
      botId: this.spec.botId,
      strategy: this.spec.definition.name,
      symbols: this.spec.symbols,
      lifecycle: this.#lifecycle,
      reason: this.#reason,
      marketTime: epochMs(this.#counts.marketTime),
      slices: this.#counts.slices,
      equity: engine.account.equity,
      balance: engine.account.cash,
      realisedProfit: toNumber(portfolio.realisedProfit()),
      fees: toNumber(portfolio.fees.get(portfolio.currency) ?? 0n),
      fills: portfolio.fillCount,
      roundTrips: this.#counts.roundTrips,
      winningRoundTrips: this.#counts.winningRoundTrips,
      signals: this.#counts.signals,
      refusals: this.#counts.refusals,
      positions: this.#positions(),
    };
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
    const { market } = this.#session.engine;
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
        this.#session.slice(slice.time);
      } catch (thrown) {
        if (!(thrown instanceof StrategyFailure)) throw thrown;
        this.#fail(thrown);
        break;
      } finally {
        equity.push({ time: slice.time, equity: this.#session.engine.account.equity });
      }
    }
    return equity;
  }

  /** A strategy that throws stops its own bot, and only that one. Its orders are withdrawn; positions stay for a person. */
  #fail(failure: StrategyFailure): void {
    this.#lifecycle = 'failed';
    this.#reason = failure.message;
    this.#session.withdrawOrders(epochMs(this.#counts.marketTime));
    this.#parts.logger.error('a bot failed', {
      botId: this.spec.botId,
      reason: failure.message,
      stack: (failure.cause as Error)?.stack,
    });
  }

  async #commit(equity: readonly EquityPoint[]): Promise<void> {
    const { store, clock } = this.#parts;
    const record = this.#record;
    this.#count(record);
    const status = this.status();
    const revision = this.#revision + 1;
    const outbox = this.#journal(record, status, revision);
    const committed = await store.commitBot({
      botId: this.spec.botId,
      lease: this.#lease,
      expectedRevision: this.#revision,
      state: this.#save() as unknown as Json,
      status,
      signals: record.signals,
      intents: record.intents,
      orderEvents: record.orderEvents,
      fills: record.fills,
      equity,
      outbox,
      committedAt: clock.now(),
    });
    if (!committed.ok) throw new BotSuperseded(`${this.spec.botId}: ${committed.error.message}`);
    this.#revision = committed.value;
    await this.#tell(record, status);
    record.clear();
    await this.#publishOutbox();
  }

  #count(record: RunRecord): void {
    this.#counts.signals += record.signals.length;
    this.#counts.refusals += record.signals.filter((one) => one.outcome.kind === 'refused').length;
    this.#counts.roundTrips += record.roundTrips.length;
    this.#counts.winningRoundTrips += record.roundTrips.filter((trip) => trip.profit > 0n).length;
  }

  /** Those who listen now hear at once; nobody waits for them. */
  async #tell(record: RunRecord, status: BotStatus): Promise<void> {
    const { bus } = this.#parts;
    const { botId } = this.spec;
    for (const signal of record.signals) await bus.publish(topics.botSignals(botId), signal);
    for (const fill of record.fills) await bus.publish(topics.tradeUpdates(botId), fill);
    await bus.publish(topics.botStatus(botId), status);
  }

  #journal(record: RunRecord, status: BotStatus, revision: number): JournalEntry[] {
    const { botId } = this.spec;
    const time = status.marketTime;
    const entries: JournalEntry[] = [];
    for (const one of record.signals)
      entries.push({ kind: 'signal', eventId: `signal/${one.signalId}`, time: one.decisionTime, record: one });
    for (const terms of record.intents)
      entries.push({ kind: 'order-intent', eventId: `intent/${terms.clientOrderId}`, time: terms.createdAt, terms });
    for (const event of record.orderEvents) {
      this.#counts.orderEvents += 1;
      entries.push({
        kind: 'order-event',
        eventId: `order/${botId}/${this.#counts.orderEvents}`,
        time: event.time,
        event,
      });
    }
    for (const fill of record.fills)
      entries.push({ kind: 'fill', eventId: `fill/${botId}/${fill.fillId}`, time: fill.time, fill });
    for (const { time: at, equity } of record.lossLimits) {
      const event = { type: 'risk.daily-loss-limit', source: botId, time: at, details: { equity } };
      entries.push({ kind: 'system', eventId: `loss-limit/${botId}/${at}`, time: at, event });
    }
    if (entries.length > 0 || this.#lifecycle !== 'running') {
      entries.push({ kind: 'bot-state', eventId: `state/${botId}/${revision}`, time, state: status });
    }
    return entries;
  }

  async #publishOutbox(): Promise<void> {
    const { bus, store } = this.#parts;
    const { botId } = this.spec;
    for (;;) {
      const entries = await store.outbox(botId, OUTBOX_PAGE);
      if (entries.length === 0) return;
      await bus.append(logs.journal, entries);
      await store.confirmOutbox(
        botId,
        entries.map((entry) => entry.eventId),
      );
      if (entries.length < OUTBOX_PAGE) return;
    }
  }

  #save(): SavedBot {
    const windows: Record<string, SavedWindow> = {};
    for (const window of this.#windows) {
      const candles: Candle[] = [];
      for (let ago = window.length - 1; ago >= 0; ago--) candles.push(window.candle(ago));
      windows[feedName(window.feed)] = { seen: window.seen, candles };
    }
    return {
      fingerprint: fingerprint(this.spec),
      lifecycle: this.#lifecycle,
      reason: this.#reason,
      session: this.#session.snapshot(),
      windows,
      sequences: this.#sequences,
      counts: this.#counts,
    };
  }

  #takeUp(saved: SavedBot): void {
    if (saved.fingerprint !== fingerprint(this.spec)) {
      throw new UserError(
        `The bot "${this.spec.botId}" was recorded with another strategy, parameters, symbols, balance or limits than it has now. ` +
          'Give the changed bot a new id, or start over with --fresh.',
      );
    }
    for (const window of this.#windows) {
      const one = saved.windows[feedName(window.feed)];
      if (one) refillWindow(window, one.candles, one.seen);
    }
    this.#session.restore(saved.session);
    this.#sequences = { ...saved.sequences };
    this.#counts = { ...saved.counts };
    this.#lifecycle = saved.lifecycle === 'running' || saved.lifecycle === 'stopped' ? 'starting' : saved.lifecycle;
    this.#reason = saved.reason;
  }

  #positions(): BotPosition[] {
    const { account } = this.#session.engine;
    const positions: BotPosition[] = [];
    for (const position of account.portfolio.positions()) {
      const { averagePrice } = position;
      if (averagePrice === undefined) continue;
      const quantity = toNumber(position.quantity);
      const price = account.mark(position.symbol);
      const average = toNumber(averagePrice);
      positions.push({
        symbol: position.symbol,
        quantity,
        averagePrice: average,
        price,
        unrealisedProfit: quantity * (price - average),
      });
    }
    return positions;
  }
}

/** What must not change under a running bot. */
function fingerprint(spec: SessionSpec): string {
  const { definition, parameters, symbols, timeframe, currency, startingBalance, limits, sizing } = spec;
  const text = JSON.stringify([
    definition.name,
    parameters,
    symbols,
    timeframe,
    currency,
    startingBalance.toString(),
    limits,
    sizing,
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
