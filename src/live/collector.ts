import type { EventBus } from '../bus/event-bus.ts';
import { LOG_START } from '../bus/event-bus.ts';
import { logs, topics } from '../bus/topics.ts';
import { type Candle, candleDefect, type Feed, feedName } from '../domain/candle.ts';
import type { CandleMessage, MarketLogEntry, SystemEvent } from '../domain/event.ts';
import { barOpenTime, divides, type Timeframe, timeframeMs } from '../domain/timeframe.ts';
import { type Clock, sleep } from '../foundation/clock.ts';
import { messageOf, UserError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import { CandleAggregator } from '../market/candle-aggregator.ts';
import type {
  CandleRevision,
  LatestPrice,
  MarketDataFeed,
  MarketDataSink,
  MarketNotice,
} from '../market/market-data.ts';
import type { MarketStore } from '../store/store.ts';
import type { LatencyBoard } from './latency-board.ts';
import { MarketStatusTeller } from './market-status-teller.ts';
import { PricePublisher } from './price-publisher.ts';

export interface CollectorParts {
  readonly provider: MarketDataFeed;
  readonly bus: EventBus;
  readonly store: MarketStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of a live market: where latencies are noted. */
  readonly latency?: LatencyBoard | undefined;
}

export interface CollectorOptions {
  readonly symbols: readonly string[];
  /** The timeframe that the provider gives; every other is built from it. */
  readonly timeframe: Timeframe;
  /** The bigger timeframes to build, for every symbol. */
  readonly derived: readonly Timeframe[];
}

export interface CollectorCounts {
  /** Confirmed candles published, of all timeframes. */
  candles: number;
  /** Came again and were passed over. */
  repeated: number;
  /** Impossible ones that were refused. */
  refused: number;
  /** Published ones that were given another version, of all timeframes. */
  revised: number;
}

/** More entries than this that the recorder has not stored, and the provider waits. */
const BACKLOG_LIMIT = 20_000;
const CHECK_BACKLOG_EVERY = 2_000;
/** So many messages of a feed are remembered, for their revisions. */
const REMEMBERED = 12;
/** Appends under way at once; their order is the bus's. */
const APPENDS_UNDER_WAY = 16;

/** The events by which notices of a provider are told. */
const NOTICES: Readonly<Record<MarketNotice['kind'], string>> = {
  conflict: 'market.conflict',
  incomplete: 'market.incomplete',
  'rebuilt-differs': 'candle.rebuilt-differs',
};

interface FeedState {
  readonly feed: Feed;
  sequence: number;
  closeTime: number;
  readonly recent: CandleMessage[];
}

/**
 * Takes candles from a provider, builds the bigger ones, numbers them, and gives them to the bus: to the durable log and
 * to the topics. Confirmed candles only, each once, in order. It stores nothing: the recorder does.
 *
 * After a restart it goes on where the log and the store end: the provider is asked for everything since the oldest
 * bigger bar that was still open, and what was published before is passed over.
 */
export class Collector implements MarketDataSink {
  readonly counts: CollectorCounts = { candles: 0, repeated: 0, refused: 0, revised: 0 };
  readonly #parts: CollectorParts;
  readonly #options: CollectorOptions;
  readonly #states = new Map<string, FeedState>();
  readonly #aggregators = new Map<string, CandleAggregator[]>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #prices: PricePublisher;
  #watermark = epochMs(0);
  #logIndex = 0;
  #sinceBacklogCheck = 0;
  #stopped = false;
  readonly #status: MarketStatusTeller;
  #finish!: (failure: Error | undefined) => void;
  /** Resolves when the provider has ended (with its failure, if it failed), or when this was stopped. */
  readonly finished = new Promise<Error | undefined>((resolve) => {
    this.#finish = resolve;
  });

  constructor(parts: CollectorParts, options: CollectorOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#status = new MarketStatusTeller(parts);
    this.#prices = new PricePublisher(parts);
    for (const timeframe of options.derived) {
      if (!divides(options.timeframe, timeframe)) {
        throw new UserError(
          `Bars of ${timeframe} can't be built from bars of ${options.timeframe}; choose a multiple of it.`,
        );
      }
    }
  }

  async start(): Promise<void> {
    const { symbols, timeframe, derived } = this.#options;
    for (const symbol of symbols) {
      for (const one of [timeframe, ...derived]) this.#addState({ symbol, timeframe: one });
      this.#aggregators.set(
        symbol,
        derived.map((bigger) => new CandleAggregator(timeframe, bigger)),
      );
    }
    await this.#findEnd();
    const feeds = symbols.map((symbol) => ({ symbol, timeframe }));
    this.#parts.logger.info('collector started', { provider: this.#parts.provider.name, symbols, timeframe, derived });
    await this.#parts.provider.start(feeds, this.#resumePoints(), this);
    if (!this.#stopped) this.#status.start();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#status.stop();
    this.#prices.stop();
    await this.#parts.provider.stop();
    await Promise.allSettled(this.#underWay);
    this.#finish(undefined);
  }

  async candle(feed: Feed, candle: Candle, raw: string | null): Promise<void> {
    const defect = candleDefect(candle) ?? lengthDefect(feed, candle);
    if (defect !== undefined) {
      this.counts.refused += 1;
      this.#tell('candle.refused', { feed: feedName(feed), closeTime: candle.closeTime, defect });
      return;
    }
    const entries: MarketLogEntry[] = [];
    // A bigger bar that ended earlier comes out when the next small one comes in, and before it.
    const bigger = (this.#aggregators.get(feed.symbol) ?? []).flatMap((aggregator) =>
      aggregator.push(candle).map((made) => ({ timeframe: aggregator.timeframe, made })),
    );
    const derived = (one: (typeof bigger)[number]): void => {
      if (one.made.kind === 'closed')
        this.#publish({ symbol: feed.symbol, timeframe: one.timeframe }, one.made.candle, null, entries);
    };
    bigger.filter((one) => one.made.candle.closeTime < candle.closeTime).forEach(derived);
    this.#publish(feed, candle, raw, entries);
    bigger.filter((one) => one.made.candle.closeTime >= candle.closeTime).forEach(derived);
    await this.#send(entries);
  }

  price({ symbol, price, bid, ask, occurredAt, source }: LatestPrice): void {
    const receivedAt = this.#parts.clock.now();
    this.#prices.publish({ kind: 'price', symbol, price, bid, ask, occurredAt, receivedAt, source });
  }

  /**
   * The version goes to the log under the number of its candle, for the recorder; those who followed the candle have its
   * number already and pass it over, so that nothing is decided twice. They are told by an event.
   */
  async revised(feed: Feed, { candle, before, version }: CandleRevision, raw: string | null): Promise<void> {
    const defect = candleDefect(candle) ?? lengthDefect(feed, candle);
    if (defect !== undefined) {
      this.counts.refused += 1;
      this.#tell('candle.refused', { feed: feedName(feed), closeTime: candle.closeTime, defect });
      return;
    }
    const entries: MarketLogEntry[] = [];
    this.#publishRevision(feed, candle, { before, version, raw }, entries);
    for (const aggregator of this.#aggregators.get(feed.symbol) ?? []) {
      for (const made of aggregator.push(candle)) {
        const bigger = { symbol: feed.symbol, timeframe: aggregator.timeframe };
        this.#publishRevision(bigger, made.candle, { version: made.revision + 1, raw: null }, entries);
      }
    }
    if (entries.length > 0) this.#track(this.#parts.bus.append(logs.market, entries));
  }

  notice(notice: MarketNotice): void {
    const { kind, feed, ...details } = notice;
    this.#tell(NOTICES[kind], { feed: feedName(feed), ...details } as unknown as SystemEvent['details']);
  }

  async watermark(closeTime: EpochMs): Promise<void> {
    const entries: MarketLogEntry[] = [];
    for (const [symbol, aggregators] of this.#aggregators) {
      for (const aggregator of aggregators) {
        for (const made of aggregator.closeUntil(closeTime)) {
          this.#publish({ symbol, timeframe: aggregator.timeframe }, made.candle, null, entries);
        }
      }
    }
    const moved = closeTime > this.#watermark;
    this.#watermark = epochMs(Math.max(this.#watermark, closeTime));
    // Where a feed has no candle at this instant, its followers can't know but by being told.
    if (moved && this.#lacksCandles(closeTime)) entries.push(this.#watermarkEntry(false));
    await this.#send(entries);
  }

  async end(failure?: Error): Promise<void> {
    // A broken source is not the end of the market: what follows it waits, and goes on when it is back.
    if (!failure) await this.#send([this.#watermarkEntry(true)]);
    await Promise.all(this.#underWay);
    this.#tell('market.end', { watermark: this.#watermark, failure: failure ? messageOf(failure) : null });
    this.#finish(failure);
  }

  #addState(feed: Feed): void {
    this.#states.set(feedName(feed), { feed, sequence: 0, closeTime: Number.NEGATIVE_INFINITY, recent: [] });
  }

  /** Where the store and the log end, feed by feed. */
  async #findEnd(): Promise<void> {
    const { store, bus } = this.#parts;
    const stored = await store.newestCandles();
    for (const candle of stored) this.#moveOn(candle);
    let position = LOG_START;
    for (;;) {
      const entries = await bus.read(logs.market, position, 1_000);
      for (const { entry } of entries) {
        this.#logIndex = Math.max(this.#logIndex, entry.index);
        if (entry.kind === 'candle') this.#moveOn(entry.candle);
      }
      const last = entries.at(-1);
      if (!last) break;
      position = last.position;
    }
    // A new log over an old store does not begin at 1: followers see that there is a past, and read it from the store.
    if (this.#logIndex === 0 && stored.length > 0) this.#logIndex = 1;
    const times = [...this.#states.values()].map((state) => state.closeTime).filter((time) => Number.isFinite(time));
    if (times.length > 0) this.#watermark = epochMs(Math.min(...times) - 1);
  }

  #moveOn(candle: CandleMessage): void {
    const state = this.#states.get(feedName(candle));
    if (!state || candle.sequence <= state.sequence) return;
    state.sequence = candle.sequence;
    state.closeTime = candle.closeTime;
  }

  /** The provider's feeds resume after the last bar, or after the last bigger bar where that is older. */
  #resumePoints(): Map<string, EpochMs> {
    const { symbols, timeframe, derived } = this.#options;
    const points = new Map<string, EpochMs>();
    for (const symbol of symbols) {
      const times = [timeframe, ...derived].map(
        (one) => this.#states.get(feedName({ symbol, timeframe: one }))!.closeTime,
      );
      const oldest = Math.min(...times);
      if (Number.isFinite(oldest)) points.set(feedName({ symbol, timeframe }), epochMs(oldest));
    }
    return points;
  }

  #publish(feed: Feed, candle: Candle, raw: string | null, entries: MarketLogEntry[]): void {
    const state = this.#states.get(feedName(feed));
    if (!state) return;
    if (candle.closeTime <= state.closeTime) {
      this.counts.repeated += 1;
      return;
    }
    state.closeTime = candle.closeTime;
    state.sequence += 1;
    const derivedFrom = feed.timeframe === this.#options.timeframe ? undefined : this.#options.timeframe;
    const { clock, latency } = this.#parts;
    if (derivedFrom === undefined) latency?.recordSince('exchange-received', candle.closeTime);
    const message: CandleMessage = {
      symbol: feed.symbol,
      timeframe: feed.timeframe,
      ...candle,
      sequence: state.sequence,
      watermark: this.#watermark,
      source: derivedFrom === undefined ? this.#parts.provider.name : `aggregated:${derivedFrom}`,
      receivedAt: clock.now(),
      ...(latency && { publishedAt: latency.now() }),
    };
    this.#logIndex += 1;
    entries.push({ kind: 'candle', index: this.#logIndex, candle: message, raw });
    state.recent.push(message);
    if (state.recent.length > REMEMBERED) state.recent.shift();
    this.counts.candles += 1;
  }

  #publishRevision(
    feed: Feed,
    candle: Candle,
    { before, version, raw }: { readonly before?: Candle; readonly version: number; readonly raw: string | null },
    entries: MarketLogEntry[],
  ): void {
    const recent = this.#states.get(feedName(feed))?.recent ?? [];
    const place = recent.findIndex(({ closeTime }) => closeTime === candle.closeTime);
    const published = recent[place];
    this.counts.revised += 1;
    this.#tell('candle.revised', {
      feed: feedName(feed),
      closeTime: candle.closeTime,
      version,
      before: valuesOf(before ?? published),
      after: valuesOf(candle),
    });
    // Published in an earlier life: its number is not known any more.
    if (published === undefined) return;
    const message: CandleMessage = { ...published, ...candle, receivedAt: this.#parts.clock.now() };
    recent[place] = message;
    this.#logIndex += 1;
    entries.push({ kind: 'candle', index: this.#logIndex, candle: message, raw });
  }

  #watermarkEntry(end: boolean): MarketLogEntry {
    this.#logIndex += 1;
    return { kind: 'watermark', index: this.#logIndex, watermark: this.#watermark, end };
  }

  /** Whether a feed has no candle that closes at `time` though it might have one, or has had none at all. */
  #lacksCandles(time: EpochMs): boolean {
    for (const { feed, closeTime } of this.#states.values()) {
      if (closeTime === Number.NEGATIVE_INFINITY) return true;
      if (closeTime < time && barOpenTime(time, feed.timeframe) === time) return true;
    }
    return false;
  }

  /** To the log first, then to the topics: what listeners hear is durable already, or about to be by the same connection. */
  async #send(entries: readonly MarketLogEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const { bus, latency } = this.#parts;
    const received = latency?.now();
    const appended = bus.append(logs.market, entries);
    this.#track(
      received === undefined ? appended : appended.then(() => latency!.recordSince('received-published', received)),
    );
    for (const entry of entries) {
      if (entry.kind !== 'candle') continue;
      const { candle } = entry;
      this.#track(bus.publish(topics.candle(candle.symbol, candle.timeframe), candle));
      this.#track(bus.publish(topics.market(candle.symbol), { kind: 'candle', candle }));
    }
    while (this.#underWay.size > APPENDS_UNDER_WAY) await Promise.race(this.#underWay);
    this.#sinceBacklogCheck += entries.length;
    if (this.#sinceBacklogCheck < CHECK_BACKLOG_EVERY) return;
    this.#sinceBacklogCheck = 0;
    while (!this.#stopped && (await this.#recorderLags())) await sleep(this.#parts.clock, 20);
  }

  /** A bus that is away can't say; as it takes nothing either, there is time to ask again. */
  async #recorderLags(): Promise<boolean> {
    try {
      return (await this.#parts.bus.backlog(logs.market, 'recorder')) > BACKLOG_LIMIT;
    } catch (thrown) {
      this.#parts.logger.warn('the bus does not say how far the recorder is; asking again', {
        error: messageOf(thrown),
      });
      return true;
    }
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work
      .catch((thrown: unknown) => {
        this.#parts.logger.error('the bus did not take market data', { error: messageOf(thrown) });
        this.#finish(thrown instanceof Error ? thrown : new Error(String(thrown)));
      })
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #tell(type: string, details: SystemEvent['details']): void {
    this.#parts.logger.info(type, details as Record<string, unknown>);
    this.#track(
      this.#parts.bus.publish(topics.systemEvents, {
        type,
        source: 'collector',
        time: this.#parts.clock.now(),
        details,
      }),
    );
  }
}

function lengthDefect(feed: Feed, candle: Candle): string | undefined {
  const length = candle.closeTime - candle.openTime;
  return length === timeframeMs(feed.timeframe) ? undefined : `it is ${length} ms long, not ${feed.timeframe}`;
}

/** A candle in an event: open, high, low, close, volume. */
function valuesOf(candle: Candle | undefined): number[] | null {
  if (candle === undefined) return null;
  const { open, high, low, close, volume } = candle;
  return [open, high, low, close, volume];
}
