import { type Feed, feedName } from '../../domain/candle.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { barOpenTime, timeframeMs } from '../../domain/timeframe.ts';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { invariant, messageOf, UserError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { type EpochMs, epochMs, toIso } from '../../foundation/time.ts';
import type { MarketDataFeed, MarketDataSink } from '../../market/market-data.ts';
import { CandleTrack, type FrameOutcome } from './candle-track.ts';
import { ExchangeClock } from './exchange-clock.ts';
import {
  type CandleFrame,
  type ExchangeConnection,
  ExchangeFailure,
  type ExchangeListener,
  type Topic,
  topicName,
} from './exchange-connection.ts';
import { HistoryReader } from './history-reader.ts';
import { Pauses } from './pauses.ts';
import { PriceWatch } from './price-watch.ts';
import { backoffMs } from './reconnect-pace.ts';
import { SinkQueue } from './sink-queue.ts';
import { StreamKeeper, type StreamState } from './stream-keeper.ts';

export interface ExchangeFeedOptions {
  readonly connection: ExchangeConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** With how many closed candles a feed begins that has no resume point. Default 0: with the next that closes. */
  readonly history?: number;
}

/** What happened so far. */
export interface ExchangeFeedCounts {
  /** Candles given; `fromHistory` of them were not taken from the stream. */
  given: number;
  fromHistory: number;
  frames: number;
  prices: number;
  repeated: number;
  revised: number;
  closedTooEarly: number;
  impossible: number;
  malformed: number;
}

export interface ExchangeFeedStatus {
  readonly source: string;
  readonly state: StreamState;
  /** How often it connected. */
  readonly connections: number;
  readonly exchangeTime: EpochMs;
  readonly completeUntil: ReadonlyMap<string, EpochMs>;
  readonly counts: Readonly<ExchangeFeedCounts>;
}

const CHECK_EVERY_MS = 500;
const ASK_TIME_EVERY_MS = 600_000;
/** An exchange that can't be reached for so long when a person starts the program is told to the person. */
const OPEN_WITHIN_MS = 30_000;
const OPEN_PACE = { firstMs: 500, longestMs: 5_000 };
/** More candles of one feed than these are not made up for: 34 days of one-minute candles. */
const MOST_MISSED = 50_000;
/** More than these wait for the sink, and reading the history pauses. */
const MOST_WAITING = 5_000;

/** What `stop` takes hold of. */
interface Run {
  readonly tracks: ReadonlyMap<string, CandleTrack>;
  readonly lastFrameAt: Map<CandleTrack, number>;
  readonly queue: SinkQueue;
  readonly history: HistoryReader;
  readonly keeper: StreamKeeper;
  readonly prices: PriceWatch | undefined;
  watermark: EpochMs;
  waiting: number;
  cancelChecks: CancelTimer;
}

/**
 * The candles and prices of an exchange as they happen: closed candles only, in order, each once. It subscribes first
 * and reads the history then; what a broken, silent or late stream did not bring is read from the history before the
 * next candle is given; the stream is connected anew by {@link StreamKeeper}. While there is no stream the history alone
 * goes on.
 */
export class ExchangeFeed implements MarketDataFeed {
  readonly name: string;
  readonly delayMs: number;
  readonly counts: ExchangeFeedCounts = {
    given: 0,
    fromHistory: 0,
    frames: 0,
    prices: 0,
    repeated: 0,
    revised: 0,
    closedTooEarly: 0,
    impossible: 0,
    malformed: 0,
  };
  readonly #options: ExchangeFeedOptions;
  readonly #exchangeClock: ExchangeClock;
  readonly #pauses: Pauses;
  #run: Run | undefined;
  #stopped = false;

  constructor(options: ExchangeFeedOptions) {
    this.#options = options;
    this.name = options.connection.traits.name;
    this.delayMs = options.connection.traits.delayMs;
    this.#exchangeClock = new ExchangeClock(options.clock);
    this.#pauses = new Pauses(options.clock);
  }

  /** What is traded of these feeds. Opens the connection, as `start` does. @throws UserError as `start` */
  async instruments(feeds: readonly Feed[]): Promise<readonly Instrument[]> {
    await this.#open(feeds);
    return this.#options.connection.instruments();
  }

  status(): ExchangeFeedStatus {
    const tracks = [...(this.#run?.tracks ?? [])];
    return {
      source: this.name,
      state: this.#run?.keeper.state ?? 'off',
      connections: this.#run?.keeper.connections ?? 0,
      exchangeTime: this.#exchangeClock.now(),
      completeUntil: new Map(tracks.map(([name, track]) => [name, track.completeUntil])),
      counts: { ...this.counts },
    };
  }

  async start(feeds: readonly Feed[], resumeAfter: ReadonlyMap<string, EpochMs>, sink: MarketDataSink): Promise<void> {
    invariant(this.#run === undefined && !this.#stopped, 'A feed of an exchange that has begun can not begin again');
    await this.#open(feeds);
    if (this.#stopped) return;
    const tracks = new Map(feeds.map((feed) => [feedName(feed), this.#trackOf(feed, resumeAfter.get(feedName(feed)))]));
    this.#run = this.#makeRun(tracks, sink);
    this.#run.keeper.start();
    for (const track of tracks.values()) this.#run.history.look(track);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cease();
    await this.#run?.queue.close();
    await this.#options.connection.close();
  }

  /** Nothing more is asked or taken. */
  #cease(): void {
    this.#pauses.end();
    this.#run?.cancelChecks();
    this.#run?.history.stop();
    this.#run?.keeper.stop();
  }

  #makeRun(tracks: ReadonlyMap<string, CandleTrack>, sink: MarketDataSink): Run {
    const { connection, clock, random, logger } = this.#options;
    const { streamsCandles, streamsPrices } = connection.traits;
    const feeds = [...tracks.values()].map(({ feed }) => feed);
    const symbols = sink.price === undefined ? [] : [...new Set(feeds.map(({ symbol }) => symbol))];
    const topics: Topic[] = [
      ...(streamsCandles ? feeds.map((feed) => ({ kind: 'candles', feed }) as const) : []),
      ...(streamsPrices ? symbols.map((symbol) => ({ kind: 'price', symbol }) as const) : []),
    ];
    const parts = { connection, clock, random, logger };
    const keeper = new StreamKeeper(
      { ...parts, onBroken: () => this.#broken(), onLive: () => this.#lookAtAll() },
      topics,
    );
    const exchangeClock = this.#exchangeClock;
    const history = new HistoryReader({
      ...parts,
      exchangeClock,
      onFilled: (track) => this.#give(track),
      onRefused: (failure) => this.#fail(failure),
    });
    const onPrice = (price: Parameters<NonNullable<MarketDataSink['price']>>[0]): void => {
      this.counts.prices += 1;
      if (!this.#stopped) sink.price?.(price);
    };
    const onSilent = (symbol: string): void => {
      const topic = topics.find((one) => one.kind === 'price' && one.symbol === symbol);
      if (topic !== undefined) void keeper.resubscribe(topic);
    };
    return {
      tracks,
      lastFrameAt: new Map(),
      queue: new SinkQueue(sink, () => this.#cease()),
      history,
      keeper,
      prices:
        symbols.length === 0
          ? undefined
          : new PriceWatch({ connection, exchangeClock, clock, onPrice, onSilent }, symbols),
      watermark: epochMs(Math.min(...[...tracks.values()].map((track) => track.completeUntil))),
      waiting: 0,
      cancelChecks: this.#startChecks(),
    };
  }

  /** Where a feed begins. */
  #trackOf(feed: Feed, after: EpochMs | undefined): CandleTrack {
    const running = barOpenTime(this.#exchangeClock.now(), feed.timeframe);
    const length = timeframeMs(feed.timeframe);
    if (after === undefined) return new CandleTrack(feed, epochMs(running - (this.#options.history ?? 0) * length));
    const missed = (running - after) / length;
    if (missed > MOST_MISSED) {
      throw new UserError(
        `The record of ${feedName(feed)} ends at ${toIso(after)}, ${Math.round(missed).toLocaleString('en')} candles ago: too many to make up for. Begin anew with --fresh, or name another store.`,
      );
    }
    return new CandleTrack(feed, after);
  }

  /** Learns what is traded and what time it is there; tries for a while where the network fails. */
  async #open(feeds: readonly Feed[]): Promise<void> {
    const { connection, clock, random, logger } = this.#options;
    const begun = clock.monotonic();
    for (let attempt = 0; !this.#stopped; attempt++) {
      try {
        await connection.open(feeds, this.#listener());
        this.#exchangeClock.set(await connection.time());
        return;
      } catch (thrown) {
        if (!(thrown instanceof ExchangeFailure)) throw thrown;
        if (thrown.kind === 'refused' || clock.monotonic() - begun > OPEN_WITHIN_MS) {
          throw new UserError(`${this.name} can't be reached: ${thrown.message}. Check the network and market.url.`);
        }
        logger.warn('the exchange can not be reached; trying again', { exchange: this.name, error: thrown.message });
        await this.#pauses.pause(backoffMs(attempt, OPEN_PACE, random));
      }
    }
  }

  #listener(): ExchangeListener {
    const { logger } = this.#options;
    return {
      heard: () => this.#run?.keeper.heard(),
      candle: (frame) => this.#take(frame),
      price: (price) => {
        if (this.#run?.prices?.take(price) === false) this.counts.impossible += 1;
      },
      malformed: (reason) => {
        this.counts.malformed += 1;
        if (this.counts.malformed <= 10) logger.warn('a message of the exchange is passed over', { reason });
      },
      subscriptionFailed: (topics, failure) => {
        if (this.#run === undefined || this.#stopped) return;
        logger.warn('a subscription failed', { topics: topics.map(topicName), error: failure.message });
        // A refused topic is served by the history, and asked for again by the next connection.
        if (failure.kind !== 'refused') this.#run.keeper.down(failure);
      },
      down: (failure) => this.#run?.keeper.down(failure),
    };
  }

  #take(frame: CandleFrame): void {
    const run = this.#run;
    const track = run?.tracks.get(feedName(frame.feed));
    if (run === undefined || track === undefined || this.#stopped) return;
    this.counts.frames += 1;
    run.lastFrameAt.set(track, this.#options.clock.monotonic());
    if (frame.exchangeTime !== undefined) this.#exchangeClock.observe(frame.exchangeTime);
    this.#count(track.take(frame, this.#exchangeClock.now()), frame);
    void this.#give(track);
    if (track.waitingFrom !== undefined) run.history.lookNow(track);
  }

  #count(outcome: FrameOutcome, frame: CandleFrame): void {
    const { logger } = this.#options;
    if (outcome === 'repeated') this.counts.repeated += 1;
    if (outcome === 'revised') {
      this.counts.revised += 1;
      logger.warn('the exchange revised a candle that was given', { ...frame.feed, openTime: frame.openTime });
    }
    if (outcome === 'closed-too-early') {
      this.counts.closedTooEarly += 1;
      logger.warn('a candle is called closed before its end', { ...frame.feed, openTime: frame.openTime });
    }
    if (outcome === 'impossible') {
      this.counts.impossible += 1;
      logger.warn('a candle is impossible', { ...frame.feed, raw: frame.raw });
    }
  }

  /** Hands on what a track has ready; resolves when the sink keeps up. */
  async #give(track: CandleTrack): Promise<void> {
    const run = this.#run;
    if (run === undefined || this.#stopped) return;
    let fromHistory = 0;
    for (const given of track.release()) {
      this.counts.given += 1;
      if (given.fromHistory) fromHistory += 1;
      run.waiting += 1;
      run.queue.candle(track.feed, given.candle, given.raw);
    }
    this.counts.fromHistory += fromHistory;
    this.#moveWatermark(run);
    if (fromHistory > 0) this.#wakeSilentTopic(run, track);
    if (run.waiting < MOST_WAITING) return;
    await run.queue.idle();
    run.waiting = 0;
  }

  #moveWatermark(run: Run): void {
    const complete = epochMs(Math.min(...[...run.tracks.values()].map((track) => track.completeUntil)));
    if (complete <= run.watermark) return;
    run.watermark = complete;
    run.queue.watermark(complete);
  }

  /** The history had a candle that a live stream should have brought, and the topic brings nothing at all. */
  #wakeSilentTopic(run: Run, track: CandleTrack): void {
    const { connection, clock } = this.#options;
    const { streamsCandles, isSparse, graceMs } = connection.traits;
    if (!streamsCandles || isSparse || run.keeper.liveForMs <= graceMs) return;
    const silence = clock.monotonic() - (run.lastFrameAt.get(track) ?? 0);
    if (silence > graceMs) void run.keeper.resubscribe({ kind: 'candles', feed: track.feed });
  }

  #broken(): void {
    for (const track of this.#run?.tracks.values() ?? []) track.forgetForming();
  }

  #lookAtAll(): void {
    for (const track of this.#run?.tracks.values() ?? []) this.#run?.history.lookNow(track);
  }

  #startChecks(): CancelTimer {
    const { clock, connection, logger } = this.#options;
    let askedAt = clock.monotonic();
    return clock.every(CHECK_EVERY_MS, () => {
      const run = this.#run;
      if (run === undefined) return;
      run.keeper.check();
      run.prices?.check();
      for (const track of run.tracks.values()) run.history.look(track);
      if (clock.monotonic() - askedAt < ASK_TIME_EVERY_MS) return;
      askedAt = clock.monotonic();
      connection.time().then(
        (time) => this.#exchangeClock.set(time),
        (thrown: unknown) => logger.warn('the exchange does not say what time it is', { error: messageOf(thrown) }),
      );
    });
  }

  #fail(failure: Error): void {
    if (this.#stopped) return;
    this.#run?.queue.end(failure);
  }
}
