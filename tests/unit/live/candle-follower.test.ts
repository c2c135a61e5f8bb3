import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventBus } from '../../../src/bus/event-bus.ts';
import { logs, topics } from '../../../src/bus/topics.ts';
import { type Feed, feedName } from '../../../src/domain/candle.ts';
import type { CandleMessage } from '../../../src/domain/event.ts';
import { Random } from '../../../src/foundation/random.ts';
import { CandleFollower } from '../../../src/live/candle-follower.ts';
import type { Slice } from '../../../src/live/slice-assembler.ts';
import { type Minute, minutes } from '../engine/scripted-strategy.ts';
import type { Instant } from '../engine/session-bench.ts';
import { HandFeed, LiveBench, leaky, replacing } from './live-bench.ts';

const BTC: Feed = { symbol: 'BTCUSDT', timeframe: '1m' };
const ETH: Feed = { symbol: 'ETHUSDT', timeframe: '1m' };
const FIVES: Feed = { symbol: 'BTCUSDT', timeframe: '5m' };
const HOUR: Feed = { symbol: 'BTCUSDT', timeframe: '1h' };
const FROM = 1_750_003_200_000; // a whole hour

/** A market of two symbols, of which the second halts now and then. */
function market(length: number): Instant[] {
  const btc: Minute[] = Array.from({ length }, (_, index) => 100 + (index % 7));
  const eth = btc.map((price, index) => (index % 5 === 2 || (index > 20 && index < 27) ? undefined : price));
  return minutes({ BTCUSDT: btc, ETHUSDT: eth }, FROM);
}

class Following {
  readonly slices: Slice[] = [];
  readonly follower: CandleFollower;
  ended: Promise<void> | undefined;

  constructor(
    bench: LiveBench,
    feeds: readonly Feed[],
    bus: EventBus = bench.bus,
    store = bench.store,
    sequences = new Map<string, number>(),
    through = Number.NEGATIVE_INFINITY,
  ) {
    this.follower = new CandleFollower({ ...bench.parts, bus, store }, { feeds, sequences, processedThrough: through });
    bench.onClose(() => this.follower.stop());
  }

  async start(): Promise<this> {
    await this.follower.start();
    this.follow();
    return this;
  }

  follow(): void {
    this.ended = this.#takeAll();
  }

  async #takeAll(): Promise<void> {
    for (;;) {
      const slices = await this.follower.take(7);
      if (slices.length === 0) return;
      this.slices.push(...slices);
    }
  }

  /** `time: BTCUSDT:1m#3 …` */
  get seen(): string[] {
    return describeSlices(this.slices);
  }
}

function describeSlices(
  slices: readonly { readonly time: number; readonly candles: readonly (CandleMessage | undefined)[] }[],
): string[] {
  return slices.map(({ time, candles }) => {
    const said = candles
      .filter((one) => one !== undefined)
      .map((one) => `${feedName(one)}#${one.sequence}=${one.close}`);
    return `${(time - FROM) / 60_000}: ${said.join(' ')}`;
  });
}

/** What a follower of `feeds` must see of a market, told from the log itself. */
async function expected(bench: LiveBench, feeds: readonly Feed[]): Promise<string[]> {
  const entries = (await bench.bus.read(logs.market, '0', 100_000)).map(({ entry }) => entry);
  const candles = entries.flatMap((entry) => (entry.kind === 'candle' ? [entry.candle] : []));
  const times = [
    ...new Set(
      candles.filter((one) => feeds.some((feed) => feedName(feed) === feedName(one))).map((one) => one.closeTime),
    ),
  ];
  const slices = times
    .sort((a, b) => a - b)
    .map((time) => ({
      time,
      candles: feeds.map((feed) => candles.find((one) => one.closeTime === time && feedName(one) === feedName(feed))),
    }));
  return describeSlices(slices);
}

describe('a follower', () => {
  for (const [name, times] of [
    ['everything arrives', () => () => 1],
    ['every message is lost', () => () => 0],
    ['every message comes twice', () => () => 2],
    [
      'messages are lost and doubled at random',
      () => {
        const random = new Random(7);
        return () => random.integer(0, 2);
      },
    ],
    ['one feed is silent', () => (channel: string) => (channel.includes('ETH') ? 0 : 1)],
  ] as const) {
    test(`sees every candle once, in the order of the market, when ${name}`, async (context) => {
      const bench = await LiveBench.open(context);
      const feeds = [BTC, ETH, FIVES];
      const following = await new Following(bench, feeds).start();
      const feed = new HandFeed(market(60));
      const collector = await collectorOver(bench, feed, leaky(bench.bus, times()));
      await feed.giveAll();
      await feed.end();
      await bench.until(() => following.follower.ended, 'the end of the market');
      await following.ended;
      assert.deepEqual(following.seen, await expected(bench, feeds));
      assert.equal(following.slices.length, 60);
      assert.ok(collector.counts.candles > 100);
    });
  }

  test('hears of a slice at once when every feed has its candle, and soon when a feed has none', async (context) => {
    const bench = await LiveBench.open(context);
    const following = await new Following(bench, [BTC, ETH]).start();
    const feed = new HandFeed(market(30));
    await collectorOver(bench, feed, bench.bus);
    for (let minute = 1; minute <= 30; minute++) {
      const { candles } = feed.instants[minute - 1]!;
      await feed.give();
      await bench.settle();
      // A hole is told by the log alone, which is looked at every half second.
      if (candles.size < 2) await bench.clock.advance(500);
      await bench.settle();
      assert.equal(following.slices.length, minute, `after minute ${minute}`);
    }
  });

  test('of a big and a small timeframe does not lag a small bar behind, neither at the start nor after a restart', async (context) => {
    const bench = await LiveBench.open(context);
    const feeds = [BTC, HOUR];
    const feed = new HandFeed(market(130));
    await collectorOver(bench, feed, bench.bus, ['1h']);
    let following = await new Following(bench, feeds).start();
    let processed = 0;
    for (let minute = 1; minute <= 130; minute++) {
      await feed.give();
      await bench.clock.advance(500);
      await bench.settle();
      assert.equal(processed + following.slices.length, minute, `after minute ${minute}`);
      if (minute % 17 !== 0) continue;
      await following.follower.stop();
      processed += following.slices.length;
      const last = following.slices.at(-1)!;
      const sequences = new Map([
        ['BTCUSDT:1m', minute],
        ['BTCUSDT:1h', Math.floor(minute / 60)],
      ]);
      following = await new Following(bench, feeds, bench.bus, bench.store, sequences, last.time).start();
    }
  });

  test('reads from the store what the log no longer holds', async (context) => {
    const bench = await LiveBench.open(context);
    const feeds = [BTC, ETH, FIVES];
    const recorder = await bench.recorder();
    const feed = new HandFeed(market(80));
    const collector = await collectorOver(bench, feed, bench.bus);
    // Nothing comes by the topics: only the log and the store are there for it.
    const deaf = replacing(bench.bus as EventBus, { subscribe: async () => async () => {} });
    const slow = new Following(bench, feeds, deaf);
    await slow.follower.start();
    await feed.giveAll(20);
    await bench.until(() => recorder.candles === collector.counts.candles, 'the recording');
    slow.slices.push(...(await slow.follower.take(5)));
    await feed.giveAll(80);
    await feed.end();
    await bench.until(() => recorder.candles === collector.counts.candles, 'the recording');
    const wanted = await expectedOfStore(bench, feeds);
    await bench.bus.trim(logs.market, 3);
    slow.follow();
    await bench.until(() => slow.follower.ended, 'the end of the market');
    assert.deepEqual(slow.seen, wanted);
    assert.ok(slow.follower.repairs >= 1);
  });

  test('takes a long past from the store page by page, whatever the feeds', async (context) => {
    const bench = await LiveBench.open(context);
    const feeds = [BTC, ETH, FIVES];
    const recorder = await bench.recorder();
    const feed = new HandFeed(market(3_300));
    const collector = await collectorOver(bench, feed, bench.bus);
    await feed.giveAll();
    await feed.end();
    await bench.until(() => recorder.candles === collector.counts.candles, 'the recording');
    const wanted = await expectedOfStore(bench, feeds);
    await bench.bus.trim(logs.market, 1);
    let largest = 0;
    const store = replacing(bench.store, {
      async candlesAfter(...given: Parameters<typeof bench.store.candlesAfter>) {
        const page = await bench.store.candlesAfter(...given);
        largest = Math.max(largest, page.length);
        return page;
      },
    });
    const following = await new Following(bench, feeds, bench.bus, store).start();
    await bench.until(() => following.follower.ended, 'the end of the market');
    await following.ended;
    assert.deepEqual(following.seen, wanted);
    assert.equal(largest, 1_000);
    assert.equal(following.follower.repairs, 1);
  });

  test('goes on when the log was lost and begun anew by a new collector', async (context) => {
    const bench = await LiveBench.open(context);
    const feeds = [BTC, ETH];
    const recorder = await bench.recorder();
    const instants = market(40);
    const first = new HandFeed(instants);
    const collector = await collectorOver(bench, first, bench.bus);
    // Nothing comes by the topics: this follower lives on the log alone.
    const following = await new Following(
      bench,
      feeds,
      replacing(bench.bus, { subscribe: async () => async () => {} }),
    ).start();
    await first.giveAll(20);
    await bench.until(() => recorder.candles === collector.counts.candles, 'the recording');
    await bench.until(() => following.slices.length === 20, 'the first half');
    await first.giveAll(25);
    await bench.until(() => recorder.candles === collector.counts.candles, 'the recording');
    await collector.stop();
    await bench.bus.trim(logs.market, 0);
    const second = new HandFeed(instants);
    await collectorOver(bench, second, bench.bus);
    await second.giveAll();
    await second.end();
    await bench.until(() => following.follower.ended, 'the end of the market');
    assert.deepEqual(
      following.slices.map(({ time }) => (time - FROM) / 60_000),
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
  });

  test('that misses a candle which is not in the log yet waits for it, and does not spin', async (context) => {
    const bench = await LiveBench.open(context);
    let reads = 0;
    const bus = replacing(
      bench.bus as EventBus,
      {
        async read(...given: Parameters<EventBus['read']>) {
          reads += 1;
          return bench.bus.read(...given);
        },
      } as Partial<EventBus>,
    );
    const feed = new HandFeed(market(3));
    await collectorOver(bench, feed, bench.bus);
    const following = await new Following(bench, [BTC], bus).start();
    await feed.give();
    await bench.settle();
    const [message] = following.slices[0]!.candles;
    reads = 0;
    await bench.bus.publish(topics.candle('BTCUSDT', '1m'), {
      ...message!,
      sequence: 3,
      closeTime: (message!.closeTime + 120_000) as never,
    });
    await bench.settle();
    assert.ok(reads <= 3, `${reads} reads`);
    assert.equal(following.slices.length, 1);
    await feed.give();
    await feed.give();
    await bench.until(() => following.slices.length === 3, 'the missing candle');
  });

  test('tries again when bus or store do not answer, and ends when it is stopped meanwhile', async (context) => {
    const bench = await LiveBench.open(context);
    let isAway = true;
    const bus = replacing(
      bench.bus as EventBus,
      {
        async read(...given: Parameters<EventBus['read']>) {
          if (isAway) throw new Error('the server is away');
          return bench.bus.read(...given);
        },
      } as Partial<EventBus>,
    );
    const feed = new HandFeed(market(5));
    await collectorOver(
      bench,
      feed,
      leaky(bench.bus, () => 0),
    );
    const following = await new Following(bench, [BTC], bus).start();
    await feed.giveAll(3);
    await bench.clock.advance(5_000);
    assert.deepEqual(following.slices, []);
    isAway = false;
    await bench.until(() => following.slices.length === 3, 'the candles');
    isAway = true;
    await bench.clock.advance(600);
    await following.follower.stop();
    await following.ended;
    assert.equal(bench.logger.of('warn').length > 0, true);
  });

  test('stops with nothing left behind, whenever it is stopped', async (context) => {
    const bench = await LiveBench.open(context);
    const before = bench.clock.pendingTimers;
    for (let turns = 0; turns < 6; turns++) {
      const following = await new Following(bench, [BTC]).start();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await following.follower.stop();
      await following.ended;
      assert.equal(bench.clock.pendingTimers, before);
    }
  });

  test('says so when candles are gone for good', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(market(10));
    await collectorOver(
      bench,
      feed,
      leaky(bench.bus, () => 0),
    );
    await feed.giveAll();
    // Trimmed by hand, though nobody has stored them.
    await bench.bus.trim(logs.market, 4);
    const following = new Following(bench, [BTC]);
    await following.follower.start();
    await assert.rejects(following.follower.take(5), /gone from the log and were never stored.*from=1/);
  });
});

async function collectorOver(
  bench: LiveBench,
  feed: HandFeed,
  bus: EventBus,
  derived: readonly Feed['timeframe'][] = ['5m'],
) {
  const { Collector } = await import('../../../src/live/collector.ts');
  const collector = new Collector(
    { ...bench.parts, bus, provider: feed },
    { symbols: ['BTCUSDT', 'ETHUSDT'], timeframe: '1m', derived },
  );
  await collector.start();
  bench.onClose(() => collector.stop());
  return collector;
}

/** As {@link expected}, from the store: the log is trimmed. */
async function expectedOfStore(bench: LiveBench, feeds: readonly Feed[]): Promise<string[]> {
  const series = await Promise.all(feeds.map((feed) => bench.store.candlesAfter(feed, 0, 100_000)));
  const times = [...new Set(series.flat().map((one) => one.closeTime))].sort((a, b) => a - b);
  return describeSlices(
    times.map((time) => ({ time, candles: series.map((list) => list.find((one) => one.closeTime === time)) })),
  );
}
