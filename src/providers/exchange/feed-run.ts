import { type Candle, type Feed, feedName, type Trade } from '../../domain/candle.ts';
import type { CancelTimer } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import { type EpochMs, epochMs } from '../../foundation/time.ts';
import type { LatestPrice } from '../../market/market-data.ts';
import { CandleChecks } from './candle-checks.ts';
import type { CandleTrack, FrameOutcome } from './candle-track.ts';
import { type CandleFrame, candleOf, type ExchangeFailure, type Topic, topicName } from './exchange-connection.ts';
import type { FeedRunParts } from './feed-options.ts';
import { HistoryReader } from './history-reader.ts';
import { PriceWatch } from './price-watch.ts';
import { SinkQueue } from './sink-queue.ts';
import { StreamLines } from './stream-lines.ts';
import { TopicBoard } from './topic-board.ts';

const CHECK_EVERY_MS = 500;
const ASK_TIME_EVERY_MS = 600_000;
const ASK_AGAIN_AFTER_MS = 5_000;
/** More than these wait for the sink, and reading the history pauses. */
const MOST_WAITING = 5_000;

/** A feed between its start and its stop: the parts that follow an exchange, and how they hang together. */
export class FeedRun {
  readonly tracks: ReadonlyMap<string, CandleTrack>;
  readonly lines: StreamLines;
  readonly board: TopicBoard;
  readonly #parts: FeedRunParts;
  readonly #queue: SinkQueue;
  readonly #history: HistoryReader;
  readonly #prices: PriceWatch | undefined;
  readonly #checks: CandleChecks;
  #cancelChecks: CancelTimer = () => {};
  #watermark: EpochMs;
  #waiting = 0;
  /** Of the monotonic clock. */
  #timeAskedAt = 0;
  #stopped = false;

  constructor(parts: FeedRunParts, tracks: ReadonlyMap<string, CandleTrack>) {
    this.#parts = parts;
    this.tracks = tracks;
    const { connection, sink, clock } = parts;
    const symbols = [...new Set([...tracks.values()].map(({ feed }) => feed.symbol))];
    const priced = sink.price === undefined ? [] : symbols;
    const { wanted, streamed } = this.#topics(symbols, priced);
    const perSocket = parts.symbolsPerSocket ?? connection.traits.symbolsPerSocket;
    this.lines = new StreamLines(
      {
        ...parts,
        onBroken: (topics) => this.#broken(topics),
        onLive: (topics) => this.#live(topics),
        onRetried: (topics) => this.board.subscribed(topics),
      },
      streamed,
      perSocket,
    );
    this.board = new TopicBoard({
      clock,
      liveForMs: (line) => this.lines.liveForMs(line),
      speaksAtOnce: (topic) => topic.kind === 'candles' && !connection.traits.isSparse,
      resubscribe: (line, topic) => this.lines.resubscribe(line, topic),
      onStale: () => {
        parts.counts.stale += 1;
      },
    });
    for (const topic of wanted) this.board.add(topic, this.lines.lineOf(topic));
    this.#queue = new SinkQueue(sink, () => this.#cease());
    this.#history = this.#makeHistory();
    this.#prices = priced.length === 0 ? undefined : this.#makePrices(priced);
    this.#checks = new CandleChecks({ ...parts, queue: this.#queue, tracks });
    this.#watermark = this.completeUntil;
  }

  /** Every candle of every feed until then has come out. */
  get completeUntil(): EpochMs {
    return epochMs(Math.min(...[...this.tracks.values()].map((track) => track.completeUntil)));
  }

  start(): void {
    this.#cancelChecks = this.#startChecks();
    this.lines.start();
    for (const track of this.tracks.values()) this.#history.look(track);
  }

  async stop(): Promise<void> {
    this.#cease();
    await this.#queue.close();
  }

  takeCandle(frame: CandleFrame): void {
    const track = this.tracks.get(feedName(frame.feed));
    if (track === undefined || this.#stopped) return;
    const { counts, exchangeClock } = this.#parts;
    counts.frames += 1;
    const topic: Topic = { kind: 'candles', feed: track.feed };
    this.board.heard(topic, frame.exchangeTime);
    this.lines.taken(topic);
    if (frame.exchangeTime !== undefined) this.#observe(frame.exchangeTime);
    this.#judge(track.take(frame, exchangeClock.now()), frame, track);
    void this.#give(track);
    if (track.waitingFrom !== undefined) this.#history.lookNow(track);
  }

  takePrice(price: LatestPrice): void {
    const outcome = this.#prices?.take(price);
    if (outcome === 'impossible') this.#parts.counts.impossible += 1;
    if (outcome === 'impossible' || outcome === undefined) return;
    const topic: Topic = { kind: 'price', symbol: price.symbol };
    this.board.heard(topic, price.occurredAt);
    this.lines.taken(topic);
  }

  takeTrade(symbol: string, trade: Trade): void {
    const topic: Topic = { kind: 'trades', symbol };
    this.board.heard(topic, trade.time);
    this.lines.taken(topic);
    this.#checks.trade(symbol, trade);
  }

  subscriptionFailed(line: number, topics: readonly Topic[], failure: ExchangeFailure): void {
    if (this.#stopped) return;
    const { logger, counts } = this.#parts;
    logger.warn('a subscription failed', { line, topics: topics.map(topicName), error: failure.message });
    if (failure.kind !== 'refused') {
      this.lines.down(line, failure);
      return;
    }
    counts.refused += topics.length;
    // Requests stand in for a refused topic, which is asked for again.
    for (const topic of topics) this.board.refused(topic);
    this.lines.retry(line, topics);
  }

  #topics(
    symbols: readonly string[],
    priced: readonly string[],
  ): { readonly wanted: readonly Topic[]; readonly streamed: readonly Topic[] } {
    const { streamsCandles, streamsPrices, streamsTrades } = this.#parts.connection.traits;
    const feeds = [...this.tracks.values()].map(({ feed }) => feed);
    const candles = feeds.map((feed) => ({ kind: 'candles', feed }) as const);
    const prices = priced.map((symbol) => ({ kind: 'price', symbol }) as const);
    const isCompared = this.#parts.compareTrades === true && streamsTrades;
    const trades = isCompared ? symbols.map((symbol) => ({ kind: 'trades', symbol }) as const) : [];
    return {
      wanted: [...candles, ...prices, ...trades],
      streamed: [...(streamsCandles ? candles : []), ...(streamsPrices ? prices : []), ...trades],
    };
  }

  #makeHistory(): HistoryReader {
    return new HistoryReader({
      ...this.#parts,
      isStreamed: ({ feed }) => this.board.isStreamed({ kind: 'candles', feed }),
      onRequest: () => this.#countPoll(),
      onUnanswered: ({ feed }) => this.board.unanswered({ kind: 'candles', feed }),
      onFilled: (track) => this.#give(track),
      onRefused: (failure) => {
        if (!this.#stopped) this.#queue.end(failure);
      },
    });
  }

  #makePrices(symbols: readonly string[]): PriceWatch {
    const { sink, counts } = this.#parts;
    return new PriceWatch(
      {
        ...this.#parts,
        observe: (exchangeTime) => this.#observe(exchangeTime),
        isStreamed: (symbol) => this.board.isStreamed({ kind: 'price', symbol }),
        onRequest: () => this.#countPoll(),
        onUnanswered: (symbol) => this.board.unanswered({ kind: 'price', symbol }),
        onPrice: (price) => {
          if (this.#stopped) return;
          counts.prices += 1;
          this.board.asked({ kind: 'price', symbol: price.symbol }, price.occurredAt);
          sink.price?.(price);
        },
        onSilent: (symbol) => this.board.missed({ kind: 'price', symbol }),
      },
      symbols,
    );
  }

  #countPoll(): void {
    this.#parts.counts.polls += 1;
  }

  #judge(outcome: FrameOutcome, frame: CandleFrame, track: CandleTrack): void {
    const { logger, counts } = this.#parts;
    const about = { ...frame.feed, openTime: frame.openTime };
    const claimed = (): Candle => candleOf(frame, track.feed);
    if (outcome === 'repeated') counts.repeated += 1;
    if (outcome === 'revised') {
      logger.warn('the stream tells a candle that was given with other values', about);
      this.#checks.claimed(track, claimed(), frame.raw);
    }
    if (outcome === 'closed-too-early') {
      counts.closedTooEarly += 1;
      logger.warn('a candle is called closed before its end', about);
      this.#checks.doubt(track, frame.openTime);
    }
    if (outcome === 'closed' && frame.exchangeTime !== undefined && frame.exchangeTime < claimed().closeTime) {
      this.#checks.doubt(track, frame.openTime);
    }
    if (outcome === 'impossible') {
      counts.impossible += 1;
      logger.warn('a candle is impossible', { ...frame.feed, raw: frame.raw });
    }
  }

  /** Hands on what a track has ready; resolves when the sink keeps up. */
  async #give(track: CandleTrack): Promise<void> {
    if (this.#stopped) return;
    const { counts } = this.#parts;
    let fromHistory = 0;
    for (const given of track.release()) {
      counts.given += 1;
      if (given.fromHistory) fromHistory += 1;
      this.#waiting += 1;
      this.#queue.candle(track.feed, given.candle, given.raw);
      this.#checks.given(track, given);
    }
    counts.fromHistory += fromHistory;
    if (fromHistory > 0) this.#filled(track);
    this.#tellHoles(track);
    this.#moveWatermark();
    if (this.#waiting < MOST_WAITING) return;
    await this.#queue.idle();
    this.#waiting = 0;
  }

  /** The history had candles: perhaps a live stream should have brought the last of them, and its topic brings nothing. */
  #filled({ feed, completeUntil }: CandleTrack): void {
    const { connection, counts, exchangeClock } = this.#parts;
    const { isSparse, graceMs } = connection.traits;
    const topic: Topic = { kind: 'candles', feed };
    const line = this.lines.lineOf(topic);
    counts.gapsFilled += 1;
    this.board.asked(topic, completeUntil);
    if (line === null || isSparse) return;
    const silence = Math.min(this.board.silenceMs(topic), this.lines.liveForMs(line));
    // What closed before the last news of the topic, or before its line was alive, says nothing about it.
    const closedAgo = exchangeClock.now() - completeUntil;
    if (silence > graceMs && closedAgo < silence) this.board.missed(topic);
  }

  #tellHoles(track: CandleTrack): void {
    const { connection, counts, logger, sink } = this.#parts;
    for (const { from, to } of track.takeHoles()) {
      if (connection.traits.isSparse) continue;
      counts.missing += Math.round((to - from) / track.lengthMs);
      logger.warn('the history lacks candles', { ...track.feed, from, to });
      sink.notice?.({ kind: 'incomplete', feed: track.feed, from, to });
    }
  }

  #moveWatermark(): void {
    const complete = this.completeUntil;
    if (complete <= this.#watermark) return;
    this.#watermark = complete;
    this.#queue.watermark(complete);
  }

  #broken(topics: readonly Topic[]): void {
    this.board.broken(topics);
    for (const topic of topics) {
      if (topic.kind === 'candles') this.#trackOf(topic.feed)?.forgetForming();
      if (topic.kind === 'trades') this.#checks.tradesBroken(topic.symbol);
    }
  }

  #live(topics: readonly Topic[]): void {
    this.board.subscribed(topics);
    for (const topic of topics) {
      const track = topic.kind === 'candles' ? this.#trackOf(topic.feed) : undefined;
      if (track !== undefined) this.#history.lookNow(track);
    }
  }

  #trackOf(feed: Feed): CandleTrack | undefined {
    return this.tracks.get(feedName(feed));
  }

  /** Nothing more is asked or taken. */
  #cease(): void {
    this.#stopped = true;
    this.#cancelChecks();
    this.#history.stop();
    this.#checks.stop();
    this.lines.stop();
  }

  /** A time that is not believed makes us ask. */
  #observe(exchangeTime: EpochMs): boolean {
    const isBelieved = this.#parts.exchangeClock.observe(exchangeTime);
    if (!isBelieved) this.#askTime(ASK_AGAIN_AFTER_MS);
    return isBelieved;
  }

  #askTime(atLeastMs: number): void {
    const { clock, connection, logger, exchangeClock } = this.#parts;
    if (clock.monotonic() - this.#timeAskedAt < atLeastMs) return;
    this.#timeAskedAt = clock.monotonic();
    connection.time().then(
      (time) => exchangeClock.set(time),
      (thrown: unknown) => logger.warn('the exchange does not say what time it is', { error: messageOf(thrown) }),
    );
  }

  #startChecks(): CancelTimer {
    const { clock } = this.#parts;
    this.#timeAskedAt = clock.monotonic();
    return clock.every(CHECK_EVERY_MS, () => {
      this.lines.check();
      this.board.check();
      this.#prices?.check();
      for (const track of this.tracks.values()) this.#history.look(track);
      this.#askTime(ASK_TIME_EVERY_MS);
    });
  }
}
