import { type EventBus, LOG_START, type LogPosition, type Unsubscribe } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import { type Feed, feedName } from '../domain/candle.ts';
import type { CandleMessage, MarketLogEntry } from '../domain/event.ts';
import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { InvariantError, messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { MarketStore } from '../store/store.ts';
import { MarketLogTail } from './market-log-tail.ts';
import { type Slice, SliceAssembler } from './slice-assembler.ts';

export interface FollowerParts {
  readonly bus: EventBus;
  readonly store: MarketStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface FollowerStart {
  readonly feeds: readonly Feed[];
  /** The last sequence that was processed, by feed name. */
  readonly sequences: ReadonlyMap<string, number>;
  /** Everything that closes at or before this time was processed. */
  readonly processedThrough: number;
}

/** How often a quiet follower looks into the log, in case the last message was lost. */
const LOOK_EVERY_MS = 500;
const READ_COUNT = 1_000;
/** More waiting messages than this are dropped and read from the log again: memory stays bounded. */
const INBOX_LIMIT = 4_096;

/**
 * Follows confirmed candles without a gap, whatever the bus loses. New candles come by the topics `data:{symbol}:{timeframe}`
 * the moment they are published. The market log is the truth behind them: it is read at the start, after every hole in a
 * sequence, when too much waits, and now and then in silence. What the log no longer holds comes from the store.
 */
export class CandleFollower {
  readonly #parts: FollowerParts;
  readonly #feeds: readonly Feed[];
  readonly #assembler: SliceAssembler;
  readonly #tail: MarketLogTail;
  #position: LogPosition = LOG_START;
  /** Of the last log entry read. */
  #index = 0;
  #inbox: CandleMessage[] = [];
  #behind = true;
  #ended = false;
  #stopped = false;
  #isInterrupted = false;
  #wake: (() => void) | undefined;
  #cancelTimer: CancelTimer | undefined;
  #unsubscribe: Unsubscribe[] = [];
  /** How often the store had to fill in for the log. */
  repairs = 0;

  constructor(parts: FollowerParts, start: FollowerStart) {
    this.#parts = parts;
    this.#tail = MarketLogTail.of(parts.bus, READ_COUNT);
    this.#feeds = start.feeds;
    this.#assembler = new SliceAssembler(start.feeds, start.sequences, start.processedThrough);
  }

  /** Subscribes. To be called before anything is taken: first the subscription, then the past, so that nothing falls between. */
  async start(): Promise<void> {
    const { bus, clock } = this.#parts;
    for (const feed of this.#feeds) {
      const topic = topics.candle(feed.symbol, feed.timeframe);
      this.#unsubscribe.push(await bus.subscribe(topic, ({ payload }) => this.#receive(payload)));
    }
    const look = (): void => {
      this.#behind = true;
      this.#wakeUp();
    };
    // All followers look at the same moments, so that one reading of the log does for all.
    const untilNext = LOOK_EVERY_MS - (clock.monotonic() % LOOK_EVERY_MS);
    this.#cancelTimer = clock.after(untilNext, () => {
      look();
      this.#cancelTimer = clock.every(LOOK_EVERY_MS, look);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#wakeUp();
    for (const unsubscribe of this.#unsubscribe.splice(0)) await unsubscribe();
  }

  /**
   * The next slices, at least one and at most `limit`; waits for them. Empty when stopped, when the market has ended
   * ({@link ended}), or when {@link interrupt} was called.
   */
  take(limit: number): Promise<readonly Slice[]> {
    return this.#take(limit, true);
  }

  /**
   * The slices that there are now, at most `limit`; empty when everything that the log and the store have was taken.
   * Rejects when the bus or the store does not answer.
   */
  takeNow(limit: number): Promise<readonly Slice[]> {
    return this.#take(limit, false);
  }

  /** The log said that no more will come, and everything before it was taken. */
  get ended(): boolean {
    return this.#ended && !this.#behind && this.#assembler.pending === 0;
  }

  async #take(limit: number, waits: boolean): Promise<readonly Slice[]> {
    const slices: Slice[] = [];
    for (;;) {
      this.#drainInto(slices, limit);
      if (slices.length > 0 || this.#stopped || this.#takeInterrupt()) return slices;
      if (this.#behind && (await (waits ? this.#catchUp() : this.#readLog()))) continue;
      this.#drainInto(slices, limit);
      if (slices.length > 0 || this.#stopped || this.ended || this.#takeInterrupt() || !waits) return slices;
      // Nothing more to be had now, also where a hole is still open: its candle is on its way into the log.
      await this.#sleep();
    }
  }

  /** Makes {@link take} return, now or when it is called next: there is something else to do. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.#wakeUp();
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  #takeInterrupt(): boolean {
    const was = this.#isInterrupted;
    this.#isInterrupted = false;
    return was;
  }

  #receive(message: CandleMessage): void {
    if (this.#inbox.length >= INBOX_LIMIT) {
      this.#inbox = [];
      this.#behind = true;
    } else this.#inbox.push(message);
    this.#wakeUp();
  }

  /** Moves what is there into `slices`. While behind, messages wait: the log comes first, so that order is kept. */
  #drainInto(slices: Slice[], limit: number): void {
    this.#assemble(slices, limit);
    if (this.#behind) return;
    let taken = 0;
    while (slices.length < limit && taken < this.#inbox.length) {
      const outcome = this.#assembler.push(this.#inbox[taken]!);
      if (outcome === 'gap') {
        this.#behind = true;
        break;
      }
      taken += 1;
      if (outcome === 'taken') this.#assemble(slices, limit);
    }
    this.#inbox.splice(0, taken);
  }

  #assemble(slices: Slice[], limit: number): void {
    while (slices.length < limit) {
      const slice = this.#assembler.next();
      if (!slice) return;
      slices.push(slice);
    }
  }

  /** Reads on in the log. False when there was nothing new, or the bus or the store did not answer: then wait. */
  async #catchUp(): Promise<boolean> {
    try {
      return await this.#readLog();
    } catch (thrown) {
      if (this.#stopped) return false;
      if (thrown instanceof InvariantError) throw thrown;
      this.#parts.logger.warn('the market log could not be read; trying again', { error: messageOf(thrown) });
      return false;
    }
  }

  async #readLog(): Promise<boolean> {
    const entries = await this.#tail.read(this.#position);
    for (const { position, entry } of entries) {
      if (entry.index > this.#index + 1 && (await this.#repairFromStore(entry))) return true;
      await this.#takeIn(entry);
      this.#index = Math.max(this.#index, entry.index);
      this.#position = position;
    }
    if (entries.length < READ_COUNT) this.#behind = false;
    return entries.length > 0;
  }

  async #takeIn(entry: MarketLogEntry): Promise<void> {
    if (entry.kind === 'watermark') {
      this.#assembler.advanceWatermark(entry.watermark);
      if (entry.end) this.#assembler.finish();
      this.#ended = entry.end;
      return;
    }
    const { candle } = entry;
    // A hole in the candles where there is none in the log: the log was begun anew, and only the store has the past.
    if (this.#assembler.push(candle) === 'gap') {
      while (await this.#repairFromStore(entry));
      if (this.#assembler.push(candle) === 'gap') throw this.#lost(candle);
    }
    this.#assembler.advanceWatermark(candle.watermark);
    this.#ended = false;
  }

  #lost(candle: CandleMessage): InvariantError {
    return new InvariantError('Confirmed candles are gone from the log and were never stored', {
      feed: feedName(candle),
      from: this.#assembler.sequence(feedName(candle)) + 1,
      to: candle.sequence - 1,
    });
  }

  /**
   * The log no longer holds what came before `entry`. Only what the store has is ever trimmed, so it is all there: of
   * every feed, up to where the log goes on. Takes a page of each feed, so that a long past does not fill the memory;
   * true when there is more.
   */
  async #repairFromStore(entry: MarketLogEntry): Promise<boolean> {
    const { store, logger } = this.#parts;
    const isCandle = entry.kind === 'candle';
    const through = isCandle ? entry.candle.closeTime : entry.watermark;
    let known: number = isCandle ? entry.candle.watermark : entry.watermark;
    let more = false;
    for (const feed of this.#feeds) {
      const page = await store.candlesAfter(feed, this.#assembler.sequence(feedName(feed)), READ_COUNT);
      for (const candle of page) this.#assembler.push(candle);
      const last = page.at(-1);
      // What the store has beyond is in the log too: pushed twice, taken once.
      if (page.length < READ_COUNT || last!.closeTime > through) continue;
      known = Math.min(known, last!.closeTime);
      more = true;
    }
    this.#assembler.advanceWatermark(known);
    if (!more) this.repairs += 1;
    logger.debug('reading candles from the store', { through, entry: entry.index, more });
    return more;
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
