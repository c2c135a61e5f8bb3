import { type Feed, feedName } from '../../domain/candle.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { invariant } from '../../foundation/errors.ts';
import type { EpochMs } from '../../foundation/time.ts';
import type { MarketDataFeed, MarketDataSink, MarketDataStatus } from '../../market/market-data.ts';
import { CandleTrack } from './candle-track.ts';
import { ExchangeClock } from './exchange-clock.ts';
import type { ExchangeListener } from './exchange-connection.ts';
import { firstOpenTime } from './feed-beginning.ts';
import { newFeedCounts } from './feed-counts.ts';
import { openExchange } from './feed-opening.ts';
import type { ExchangeFeedOptions } from './feed-options.ts';
import { FeedRun } from './feed-run.ts';
import { Pauses } from './pauses.ts';

/**
 * The candles and prices of an exchange as they happen: closed candles only, in order, each once. It subscribes first
 * and reads the history then; what a broken, silent or late stream did not bring is read from the history before the
 * next candle is given; each line of the stream is connected anew by itself. While there is no stream the history and
 * requests for prices alone go on.
 */
export class ExchangeFeed implements MarketDataFeed {
  readonly name: string;
  readonly delayMs: number;
  readonly counts = newFeedCounts();
  readonly #options: ExchangeFeedOptions;
  readonly #exchangeClock: ExchangeClock;
  readonly #pauses: Pauses;
  #run: FeedRun | undefined;
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

  status(): MarketDataStatus {
    const { streamsCandles, streamsPrices } = this.#options.connection.traits;
    return {
      source: this.name,
      delayMs: this.delayMs,
      transport: streamsCandles || streamsPrices ? 'stream' : 'poll',
      exchangeTime: this.#exchangeClock.now(),
      completeUntil: this.#run?.completeUntil ?? null,
      connections: this.#run?.lines.statuses() ?? [],
      topics: this.#run?.board.statuses() ?? [],
      counts: { ...this.counts, reconnects: this.#run?.lines.reconnects ?? 0 },
    };
  }

  /** Every candle of a feed that opens before this has been given. */
  completeUntil(feed: Feed): EpochMs | undefined {
    return this.#run?.tracks.get(feedName(feed))?.completeUntil;
  }

  async start(feeds: readonly Feed[], resumeAfter: ReadonlyMap<string, EpochMs>, sink: MarketDataSink): Promise<void> {
    invariant(this.#run === undefined && !this.#stopped, 'A feed of an exchange that has begun can not begin again');
    await this.#open(feeds);
    if (this.#stopped) return;
    const { history = 0, alignTo = [] } = this.#options;
    const tracks = new Map(
      feeds.map((feed) => {
        const after = resumeAfter.get(feedName(feed));
        const first = firstOpenTime(feed, after, this.#exchangeClock.now(), { history, alignTo });
        return [feedName(feed), new CandleTrack(feed, first)] as const;
      }),
    );
    this.#run = new FeedRun(
      { ...this.#options, exchangeClock: this.#exchangeClock, counts: this.counts, sink },
      tracks,
    );
    this.#run.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pauses.end();
    await this.#run?.stop();
    await this.#options.connection.close();
  }

  async #open(feeds: readonly Feed[]): Promise<void> {
    const isStopped = (): boolean => this.#stopped;
    const time = await openExchange({ ...this.#options, pauses: this.#pauses, isStopped }, feeds, this.#listener());
    if (time !== undefined) this.#exchangeClock.set(time);
  }

  /** What a connection says before the start, or after the stop, is nobody's. */
  #listener(): ExchangeListener {
    const run = (): FeedRun | undefined => (this.#stopped ? undefined : this.#run);
    return {
      heard: (line) => run()?.lines.heard(line),
      candle: (frame) => run()?.takeCandle(frame),
      price: (price) => run()?.takePrice(price),
      trade: (symbol, trade) => run()?.takeTrade(symbol, trade),
      malformed: (reason) => {
        this.counts.malformed += 1;
        if (this.counts.malformed <= 10) {
          this.#options.logger.warn('a message of the exchange is passed over', { reason });
        }
      },
      subscriptionFailed: (line, topics, failure) => run()?.subscriptionFailed(line, topics, failure),
      down: (line, failure) => run()?.lines.down(line, failure),
    };
  }
}
