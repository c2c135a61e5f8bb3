import assert from 'node:assert/strict';
import { type Candle, type Feed, feedName } from '../../src/domain/candle.ts';
import type { Timeframe } from '../../src/domain/timeframe.ts';
import { AcceleratedClock } from '../../src/exchange/accelerated-clock.ts';
import { type ExchangeOptions, type RunningExchange, startExchange } from '../../src/exchange/simulated-exchange.ts';
import { type Clock, sleep, systemClock } from '../../src/foundation/clock.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Random } from '../../src/foundation/random.ts';
import { DAY_MS, type EpochMs, epochMs, MINUTE_MS } from '../../src/foundation/time.ts';
import type { TopicStatus } from '../../src/market/market-data.ts';
import { CcxtConnection } from '../../src/providers/ccxt/ccxt-connection.ts';
import { VENUES } from '../../src/providers/ccxt/venues.ts';
import { ExchangeFeed } from '../../src/providers/exchange/exchange-feed.ts';
import type { ExchangeFeedOptions } from '../../src/providers/exchange/feed-options.ts';
import { MarketRecorder } from '../contracts/market-data-recorder.ts';
import { bundledBars } from './bundled-bars.ts';
import { RECORD_START, TEST_KEY } from './exchange-under-test.ts';

const DAYS = 16;

export interface FollowedOptions {
  readonly symbols?: readonly string[];
  /** How much faster than the world the exchange and its follower live. */
  readonly speed?: number;
  readonly printsPerMinute?: number;
  readonly transport?: 'stream' | 'poll';
  readonly feed?: Partial<ExchangeFeedOptions>;
  readonly exchange?: Partial<ExchangeOptions>;
  /** Before the feed begins. */
  readonly prepare?: (exchange: RunningExchange) => void;
  readonly resumeAfter?: (now: EpochMs) => EpochMs;
  /** Whether the feed begins at once, into the recorder. Default: so it does. */
  readonly begins?: boolean;
}

/** The simulated exchange, and the feed that follows it through ccxt as it is, both on one clock. */
export class FollowedExchange {
  readonly clock: Clock;
  readonly exchange: RunningExchange;
  readonly feed: ExchangeFeed;
  readonly sink = new MarketRecorder();
  readonly feeds: readonly Feed[];
  readonly #bars: ReadonlyMap<number, Candle>;

  private constructor(clock: Clock, exchange: RunningExchange, shiftMs: number, options: FollowedOptions) {
    this.clock = clock;
    this.exchange = exchange;
    const { symbols = ['BTCUSDT', 'ETHUSDT'], transport = 'stream' } = options;
    this.feeds = symbols.map((symbol) => ({ symbol, timeframe: '1m' }));
    const surroundings = { clock, logger: silentLogger };
    const venue = VENUES.find(({ id }) => id === 'bybit')!;
    const connection = new CcxtConnection({
      ...{ venue, kind: 'perpetual', baseUrl: exchange.url, transport },
      ...surroundings,
    });
    this.feed = new ExchangeFeed({ connection, random: new Random(1), ...surroundings, ...options.feed });
    this.#bars = recorded(shiftMs);
  }

  static async open(options: FollowedOptions = {}): Promise<FollowedExchange> {
    const { speed = 60, printsPerMinute = 30, symbols = ['BTCUSDT', 'ETHUSDT'] } = options;
    const clock = new AcceleratedClock(systemClock, speed);
    const today = Math.floor(clock.now() / DAY_MS) * DAY_MS;
    const shiftMs = today - (RECORD_START + 8 * DAY_MS);
    const columns = bundledBars('BTCUSDT', DAYS * 1_440);
    const exchange = await startExchange({
      ...{ clock, wallClock: systemClock, shiftMs, printsPerMinute, keys: [TEST_KEY], funds: { USDT: fixed('1000') } },
      recordings: symbols.map((symbol) => ({ symbol, columns, priceDecimals: 1 })),
      ...options.exchange,
    });
    const followed = new FollowedExchange(clock, exchange, shiftMs, options);
    options.prepare?.(exchange);
    try {
      const after = options.resumeAfter?.(clock.now());
      const resume = new Map(after === undefined ? [] : followed.feeds.map((feed) => [feedName(feed), after]));
      if (options.begins !== false) await followed.feed.start(followed.feeds, resume, followed.sink);
      return followed;
    } catch (thrown) {
      await followed.close();
      throw thrown;
    }
  }

  /** Lets so much time of the market pass. */
  pass(ms: number): Promise<void> {
    return sleep(this.clock, ms);
  }

  /** Waits until something holds, for so long in the market's time at most. @returns how long it took, in its time */
  async until(holds: () => boolean, within: number, what: string): Promise<number> {
    const begun = this.clock.monotonic();
    while (!holds()) {
      const passed = this.clock.monotonic() - begun;
      assert.ok(passed <= within, `${what} within ${within} ms: ${JSON.stringify(this.feed.status())}`);
      await sleep(systemClock, 4);
    }
    return this.clock.monotonic() - begun;
  }

  topic(kind: TopicStatus['kind'], symbol: string): TopicStatus {
    return this.feed.status().topics.find((one) => one.kind === kind && one.symbol === symbol)!;
  }

  /** How often a call was made, such as `WS public connect`. */
  calls(name: string): number {
    return Number(Object.entries(this.exchange.counts.all).find(([call]) => call === name)?.[1] ?? 0);
  }

  /** Every candle that came is the recorded one, and none is missing. */
  assertCandles(least: number): void {
    for (const feed of this.feeds) {
      const came = this.sink.of(feed);
      assert.ok(came.length >= least, `${feedName(feed)}: ${came.length} of ${least} candles`);
      for (const [index, candle] of came.entries()) {
        assert.deepEqual(candle, this.#bars.get(candle.openTime), feedName(feed));
        if (index > 0) assert.equal(candle.openTime, came[index - 1]!.closeTime, `${feedName(feed)} has no hole`);
      }
    }
  }

  /** A candle as the exchange's REST interface tells it. */
  async asked(symbol: string, interval: string, from: number): Promise<readonly (readonly number[])[]> {
    const query = new URLSearchParams({ category: 'linear', symbol, interval, start: String(from), limit: '1000' });
    const answer = await fetch(`${this.exchange.url}/v5/market/kline?${query}`);
    const { result } = (await answer.json()) as { result: { list: string[][] } };
    return result.list.map((row) => row.map(Number)).reverse();
  }

  async close(): Promise<void> {
    await this.feed.stop();
    await this.exchange.close();
  }
}

/** Bybit's name of a timeframe. */
export const INTERVALS: Readonly<Partial<Record<Timeframe, string>>> = {
  '5m': '5',
  '15m': '15',
  '1h': '60',
  '4h': '240',
  '1d': 'D',
};

/** The bundled bars by open time, in the time of the exchange. */
function recorded(shiftMs: number): ReadonlyMap<number, Candle> {
  const columns = bundledBars('BTCUSDT', DAYS * 1_440);
  const bars = new Map<number, Candle>();
  for (let row = 0; row < columns.length; row++) {
    const openTime = epochMs(columns.openTime[row]! + shiftMs);
    const [open, high, low] = [columns.open[row]!, columns.high[row]!, columns.low[row]!];
    const [close, volume] = [columns.close[row]!, columns.volume[row]!];
    bars.set(openTime, { openTime, closeTime: epochMs(openTime + MINUTE_MS), open, high, low, close, volume });
  }
  return bars;
}
