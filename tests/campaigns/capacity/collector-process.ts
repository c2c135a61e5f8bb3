/**
 * The collector of the capacity campaign: the product's own, over a made-up source. `node collector-process.ts <redis url>
 * <symbols>`. Answers `{"perSecond":…,"seconds":…}` when it has given all messages of that load.
 */
import { createInterface } from 'node:readline';
import { connectRedisBus } from '../../../src/bus/redis-bus.ts';
import type { Feed } from '../../../src/domain/candle.ts';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { type EpochMs, epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import { Collector } from '../../../src/live/collector.ts';
import { LatencyBoard } from '../../../src/live/latency-board.ts';
import type { MarketDataFeed, MarketDataSink } from '../../../src/market/market-data.ts';
import { openEmbeddedStore } from '../../../src/store/embedded-store.ts';
import { temporaryFolder } from '../../support/child-server.ts';

/** A symbol's candle closes so often: six times as often as on a market of one-minute bars. */
const CANDLE_EVERY_S = 10;
const TICK_MS = 5;
const FIRST_OPEN_TIME = Date.UTC(2026, 0, 1);

/** Prices and closed candles of all symbols, evenly over time, whatever becomes of them. */
class SteadySource implements MarketDataFeed {
  readonly name = 'steady';
  readonly delayMs = 0;
  #feeds: readonly Feed[] = [];
  #sink!: MarketDataSink;
  #candles = 0;
  #prices = 0;

  async start(feeds: readonly Feed[], _: ReadonlyMap<string, EpochMs>, sink: MarketDataSink): Promise<void> {
    this.#feeds = feeds;
    this.#sink = sink;
  }

  async stop(): Promise<void> {}

  /** @returns how late the last tick was, at most, in milliseconds: a source that can't keep up shows by it */
  async run(perSecond: number, seconds: number): Promise<{ candles: number; prices: number; latestMs: number }> {
    const began = systemClock.monotonic();
    const candlesPerSecond = this.#feeds.length / CANDLE_EVERY_S;
    const [candles, prices] = [this.#candles, this.#prices];
    let latestMs = 0;
    for (let tick = 1; tick * TICK_MS <= seconds * 1_000; tick++) {
      const due = began + tick * TICK_MS;
      const wait = due - systemClock.monotonic();
      if (wait > 0) await sleep(systemClock, wait);
      else latestMs = Math.max(latestMs, -wait);
      const elapsed = (tick * TICK_MS) / 1_000;
      while (this.#candles - candles < Math.floor(elapsed * candlesPerSecond)) await this.#candle();
      while (this.#prices - prices < Math.floor(elapsed * (perSecond - candlesPerSecond))) this.#price();
    }
    return { candles: this.#candles - candles, prices: this.#prices - prices, latestMs };
  }

  async #candle(): Promise<void> {
    const number = this.#candles++;
    const feed = this.#feeds[number % this.#feeds.length]!;
    const openTime = FIRST_OPEN_TIME + Math.floor(number / this.#feeds.length) * MINUTE_MS;
    const price = 60_000 + (number % 10_000) / 100;
    const bar = { open: price, high: price + 1.25, low: price - 1.25, close: price + 0.5, volume: 12.345 };
    const candle = { openTime: epochMs(openTime), closeTime: epochMs(openTime + MINUTE_MS), ...bar };
    await this.#sink.candle(feed, candle, JSON.stringify({ topic: `kline.1.${feed.symbol}`, data: [candle] }));
  }

  #price(): void {
    const number = this.#prices++;
    const { symbol } = this.#feeds[number % this.#feeds.length]!;
    const price = 60_000 + (number % 10_000) / 100;
    const occurredAt = systemClock.now();
    this.#sink.price?.({ symbol, price, bid: price - 0.1, ask: price + 0.1, occurredAt, source: 'steady' });
  }
}

const [url, symbolCount] = process.argv.slice(2) as [string, string];
const symbols = Array.from({ length: Number(symbolCount) }, (_, number) => `S${String(number).padStart(3, '0')}USDT`);
const surroundings = { clock: systemClock, logger: silentLogger };
const bus = await connectRedisBus({ url, ...surroundings });
const store = await openEmbeddedStore({
  path: `${temporaryFolder('capacity')}/capacity.db`,
  synchronous: 'NORMAL',
  clock: systemClock,
});
await store.migrate();
const source = new SteadySource();
const latency = new LatencyBoard({ store, ...surroundings, processName: 'collector' });
const collector = new Collector(
  { provider: source, bus, store, ...surroundings, latency },
  { symbols, timeframe: '1m', derived: ['5m'] },
);
await collector.start();
process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { perSecond, seconds } = JSON.parse(line) as { perSecond: number; seconds: number };
  const given = await source.run(perSecond, seconds);
  const memoryBytes = process.resourceUsage().maxRSS * 1_024;
  process.stdout.write(`${JSON.stringify({ ...given, published: collector.counts.candles, memoryBytes })}\n`);
}
await collector.stop();
await bus.close();
await store.close();
