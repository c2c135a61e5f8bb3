import type { EventBus } from '../bus/event-bus.ts';
import { feedName } from '../domain/candle.ts';
import type { BotLifecycle, BotStatus } from '../domain/event.ts';
import { barOpenTime, timeframeMs } from '../domain/timeframe.ts';
import { StrategyFailure } from '../engine/engine.ts';
import { openSession, type SessionSpec, type VenueFactory } from '../engine/open-session.ts';
import { RunRecord } from '../engine/run-record.ts';
import type { TradingSession } from '../engine/trading-session.ts';
import type { Clock } from '../foundation/clock.ts';
import { crashPoint } from '../foundation/crash-point.ts';
import { UserError } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { Logger } from '../foundation/logger.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import { CandleColumns } from '../market/candle-columns.ts';
import { CandleWindow, pushCandle } from '../market/candle-window.ts';
import type { EquityPoint, Lease, MarketStore, TradingStore } from '../store/store.ts';
import { BotCommits } from './bot-commits.ts';
import { botHoldings, botStatus, count, idleBotStatus } from './bot-report.ts';
import { CandleFollower } from './candle-follower.ts';
import type { LatencyBoard } from './latency-board.ts';
import type { AccountLink } from './orders/account-link.ts';
import { BotAccount } from './orders/bot-account.ts';
import { PriceTrigger } from './price-trigger.ts';
import { blankBot, fingerprint, newCounts, restoreWindows, type SavedBot, saveWindows } from './saved-bot.ts';
import type { Slice } from './slice-assembler.ts';

export interface BotParts {
  readonly bus: EventBus;
  readonly store: MarketStore & TradingStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The simulated venue of a paper bot. */
  readonly venue: VenueFactory;
  /** The account at a venue outside; `undefined` on paper. */
  readonly account?: AccountLink | undefined;
  /** Of a live market: how late its source is known to be, in milliseconds; `undefined` for a replay. */
  readonly marketDelayMs?: number | undefined;
  /** Of a live market: where latencies are noted. */
  readonly latency?: LatencyBoard | undefined;
}

/** Slices processed between two commits at most: a restart repeats no more than these. */
const SLICES_PER_COMMIT = 256;

/** How long a bot waits for its account to be reconciled before it goes on, halted. */
const SETTLE_WITHIN_MS = 15_000;
/** How long a bot that stops waits for the answers to its last requests. */
const WIND_DOWN_WITHIN_MS = 4_000;

/**
 * A bot: follows its candles, steps its session through every slice, and commits what came of a batch of slices together
 * with the state after it, in one transaction. After a kill it goes on from the last commit and decides the same again,
 * because the session is deterministic; nothing is lost and nothing is doubled.
 *
 * With an account at a venue outside it hears what the venue says between two batches, commits that as well, and sends its
 * orders after the commit that has their intents: see the rules at the top of `external-venue.ts`.
 */
export class Bot {
  readonly spec: SessionSpec;
  readonly #parts: BotParts;
  readonly #record = new RunRecord();
  #session: TradingSession | undefined;
  #follower: CandleFollower | undefined;
  readonly #commits: BotCommits;
  #lifecycle: BotLifecycle = 'starting';
  #reason: string | null = null;
  #windows: CandleWindow[] = [];
  #sequences: Record<string, number> = {};
  #counts = newCounts();
  #stopped = false;
  #account: BotAccount | undefined;
  #prices: PriceTrigger | undefined;
  /** Until when this process surely holds the lease, by the wall clock: a process that slept wakes up without it. */
  #heldUntil = Number.NEGATIVE_INFINITY;
  /** When the strategy was asked last; see {@link LatencyBoard.now}. */
  #decidingSince = Number.NaN;
  /** Something about the bot has changed without a slice or a word of the venue. */
  #isChanged = false;

  constructor(spec: SessionSpec, parts: BotParts) {
    this.spec = spec;
    this.#parts = parts;
    this.#commits = new BotCommits(spec.botId, { ...parts, isStopping: () => this.#stopped });
  }

  get lifecycle(): BotLifecycle {
    return this.#lifecycle;
  }

  /** The lease was taken or prolonged. @param time until when it holds, by the wall clock */
  holdUntil(time: number): void {
    this.#heldUntil = time;
  }

  /**
   * Takes up the state of its last life, if it had one, and begins to listen. A strategy that can't be made or restored
   * fails the bot, but leaves its saved state alone, so that it can go on once the strategy is mended.
   *
   * @param resumes whether it is to trade again if it was halted
   */
  async start(lease: Lease, { resumes = false } = {}): Promise<void> {
    const checkpoint = await this.#commits.begin(lease);
    try {
      this.#session = this.#openSession();
      if (checkpoint) this.#takeUp(checkpoint.state as unknown as SavedBot);
      if (resumes) this.#resume(this.#session);
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
    await this.#followPrices();
    this.#lifecycle = 'running';
    this.#reason = null;
    // Its status is that of its last life until the next commit, and a bar may be long.
    if ((checkpoint?.state as SavedBot | undefined)?.lifecycle === 'stopped') this.#noteChange();
  }

  /** Commits though there is no slice and no word of the venue. */
  #noteChange(): void {
    this.#isChanged = true;
    this.#follower?.interrupt();
  }

  /** Trades until it is stopped, the market ends, or the strategy fails. Throws {@link BotSuperseded} when fenced off. */
  async run(): Promise<void> {
    try {
      await this.#reconcileFirst();
      while (this.#lifecycle === 'running' && !this.#stopped) await this.#step();
      if (this.#lifecycle === 'running') {
        this.#lifecycle = 'stopped';
        this.#reason = 'stopped by the operator';
        crashPoint('in-shutdown');
        if (this.#account) this.#session!.withdrawEntries(this.#parts.clock.now());
        await this.#commit([]);
      }
      await this.#windDown();
    } finally {
      this.#account?.leave();
      await this.#prices?.stop();
      await this.#follower?.stop();
    }
  }

  /** One batch: what the venue said first, then the slices, then prices; then one commit, and what is to be sent. */
  async #step(): Promise<void> {
    const follower = this.#follower!;
    const slices = await follower.take(SLICES_PER_COMMIT);
    const hasHeard = this.#hear();
    const equity = this.#process(slices);
    const hasPriced = this.#processPrices();
    if (slices.length === 0 && !hasHeard && !hasPriced && !this.#isChanged) {
      if (follower.isStopped || !follower.ended) return;
      this.#lifecycle = 'finished';
    }
    this.#isChanged = false;
    await this.#commit(equity);
    this.#account?.send();
  }

  /** Takes in what the venue said, and what that makes necessary. False: nothing. */
  #hear(): boolean {
    const account = this.#account;
    if (account === undefined) return false;
    const session = this.#session!;
    const hasHeard = account.hear();
    if (hasHeard) session.carryOut(this.#parts.clock.now());
    for (const lost of account.takeLostStops()) {
      if (session.engine.onLostStop(lost, this.#parts.clock.now())) account.tellLostStop(lost);
    }
    return hasHeard;
  }

  async #hearAndCommit(): Promise<void> {
    if (this.#hear()) await this.#commit([]);
  }

  /** The venue's truth and ours are brought together before anything is decided. */
  async #reconcileFirst(): Promise<void> {
    const account = this.#account;
    if (account === undefined || this.#lifecycle !== 'running') return;
    account.join();
    const isDone = () => account.haltReason === undefined && account.isSettled;
    await account.attend(SETTLE_WITHIN_MS, isDone, () => this.#hearAndCommit());
  }

  /** Hears the answers to what was asked for last, and what becomes of orders that end in a moment. */
  async #windDown(): Promise<void> {
    const account = this.#account;
    if (account === undefined) return;
    await account.attend(
      WIND_DOWN_WITHIN_MS,
      () => account.isAtRest,
      () => this.#hearAndCommit(),
    );
    if (account.isSettled) return;
    const { logger } = this.#parts;
    logger.warn('a bot ends with orders in doubt: they are asked for when it starts again', { botId: this.spec.botId });
  }

  #resume({ engine: { gate } }: TradingSession): void {
    const reason = gate.halted;
    if (reason === undefined) return;
    gate.resume();
    this.#isChanged = true;
    this.#parts.logger.warn('a bot that was halted trades again', { botId: this.spec.botId, reason });
  }

  /** Lets nothing but exits through until a person has looked, and says so (`start --resume`). */
  #halt(reason: string): void {
    this.#session!.engine.gate.halt(reason);
    this.#parts.logger.error('a bot was halted', { botId: this.spec.botId, reason });
  }

  /** Ends {@link run} after the batch in hand. Positions stay: they are in the checkpoint. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#follower?.stop();
  }

  status(): BotStatus {
    const stage = { lifecycle: this.#lifecycle, reason: this.#reason };
    if (!this.#session) return idleBotStatus(this.spec, stage);
    const halted = this.#haltReason;
    if (halted !== undefined && this.#lifecycle === 'running') {
      return botStatus(this.spec, this.#session.engine.account, this.#counts, { lifecycle: 'halted', reason: halted });
    }
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
    const account = this.#openAccount();
    const makeVenue: VenueFactory = account ? (_, __, emit) => account.openVenue(emit) : this.#parts.venue;
    const session = openSession(this.spec, makeWindow, makeVenue, this.#record);
    session.engine.orders.areOutside = account !== undefined;
    return session;
  }

  #openAccount(): BotAccount | undefined {
    const { account: link, clock, logger, latency } = this.#parts;
    if (link === undefined) return undefined;
    this.#account = new BotAccount({
      botId: this.spec.botId,
      link,
      clock,
      logger,
      wake: () => this.#follower?.interrupt(),
      onHalt: () => this.#noteChange(),
      isHeld: () => clock.now() < this.#heldUntil,
      holdings: () => botHoldings(this.#session!.engine.account.portfolio),
      onPhantom: (fill) => this.#halt(`the venue filled ${fill.clientOrderId}, which had ended here`),
      onFunding: (payment) => this.#session!.engine.onFunding(payment),
      onSent: () => latency?.recordSince('strategy-sent', this.#decidingSince),
      onAcknowledged: (milliseconds) => latency?.record('sent-acknowledged', milliseconds),
    });
    return this.#account;
  }

  /** Prices between bars: for strategies that decide on them, and for trailing stops and lost exits at venues outside. */
  async #followPrices(): Promise<void> {
    const { priceTriggerMs, botId, definition, symbols } = this.spec;
    if (priceTriggerMs !== undefined && this.#session!.engine.strategy.onPrice === undefined) {
      throw new UserError(
        `The bot "${botId}" is to decide on prices, but ${definition.name} has no onPrice: leave bots[].trigger out.`,
      );
    }
    if (priceTriggerMs === undefined && this.#account === undefined) return;
    this.#prices = new PriceTrigger({
      bus: this.#parts.bus,
      symbols,
      minimumIntervalMs: priceTriggerMs ?? null,
      awaits: (symbol, time) => this.#session!.engine.awaitsPrice(symbol, time),
      onPrice: (price) => this.#account?.price(price),
      wake: () => this.#follower?.interrupt(),
    });
    await this.#prices.start();
  }

  /** Why entries are refused just now; `undefined` when they are not. */
  get #haltReason(): string | undefined {
    return this.#session?.engine.gate.halted ?? this.#account?.haltReason;
  }

  /** Tells the engine how far behind the present the time is that it decides on, and whether the account lets it. */
  #prepare(time: EpochMs): TradingSession {
    const { clock, marketDelayMs, latency } = this.#parts;
    const session = this.#session!;
    if (latency) this.#decidingSince = latency.now();
    session.engine.lag = marketDelayMs === undefined ? undefined : Math.max(0, clock.now() - time - marketDelayMs);
    session.engine.gate.suspend(this.#account?.haltReason);
    return session;
  }

  #process(slices: readonly Slice[]): EquityPoint[] {
    const equity: EquityPoint[] = [];
    const session = this.#session!;
    const { latency } = this.#parts;
    const { market, account } = session.engine;
    for (const slice of slices) {
      for (const [index, candle] of slice.candles.entries()) {
        if (!candle) continue;
        if (candle.publishedAt !== undefined) latency?.recordSince('published-strategy', candle.publishedAt);
        pushCandle(this.#windows[index]!, candle);
        market.fresh[index] = 1;
        this.#sequences[feedName(candle)] = candle.sequence;
      }
      this.#counts.marketTime = slice.time;
      this.#counts.slices += 1;
      this.#prepare(slice.time);
      this.#guard(() => session.slice(slice.time));
      equity.push({ time: slice.time, equity: account.equity });
      if (this.#lifecycle === 'failed') break;
    }
    return equity;
  }

  /** Decides on the prices that are due between bars. False: none was. */
  #processPrices(): boolean {
    if (this.#prices === undefined || this.#lifecycle !== 'running') return false;
    const { marketTime } = this.#counts;
    const next = this.#windows.map(
      ({ feed }) => barOpenTime(epochMs(marketTime), feed.timeframe) + timeframeMs(feed.timeframe),
    );
    const prices = marketTime === 0 ? [] : this.#prices.take({ last: marketTime, next: Math.min(...next) });
    let hasPriced = false;
    for (const { price: told, isDecidedOn } of prices) {
      const { symbol, price, occurredAt, source } = told;
      const session = this.#session!;
      if (occurredAt <= session.engine.market.time || this.#lifecycle !== 'running') continue;
      this.#prepare(occurredAt);
      const news = { symbol, price, time: occurredAt, source: `price:${source}` };
      this.#guard(() => session.price(news, isDecidedOn));
      hasPriced = true;
    }
    return hasPriced;
  }

  #guard(decide: () => void): void {
    try {
      decide();
    } catch (thrown) {
      if (!(thrown instanceof StrategyFailure)) throw thrown;
      this.#fail(thrown);
    }
  }

  /** A strategy that throws stops its own bot, and only that one. Its orders are withdrawn; positions stay for a person. */
  #fail(failure: StrategyFailure): void {
    this.#lifecycle = 'failed';
    this.#reason = failure.message;
    const time = epochMs(this.#counts.marketTime);
    // At a venue outside what protects the position stays where it is.
    if (this.#account) this.#session?.withdrawEntries(time);
    else this.#session?.withdrawOrders(time);
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
      crashPoint('in-snapshot');
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

  #write(state: () => Json, status: BotStatus, equity: readonly EquityPoint[]): Promise<void> {
    return this.#commits.commit({ state, status, record: this.#record, counts: this.#counts, equity });
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
