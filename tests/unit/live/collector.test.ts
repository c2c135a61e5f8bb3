import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logs, topics } from '../../../src/bus/topics.ts';
import { type Feed, feedName } from '../../../src/domain/candle.ts';
import type { CandleMessage, MarketLogEntry, SystemEvent } from '../../../src/domain/event.ts';
import { epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import { Collector } from '../../../src/live/collector.ts';
import type { ConnectionState, MarketDataStatus } from '../../../src/market/market-data.ts';
import { newFeedCounts } from '../../../src/providers/exchange/feed-counts.ts';
import { minutes } from '../engine/scripted-strategy.ts';
import type { Instant } from '../engine/session-bench.ts';
import { HandFeed, LiveBench, replacing } from './live-bench.ts';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT'];

/** A source with one connection. */
class ConnectedFeed extends HandFeed {
  state: ConnectionState = 'connecting';

  status(): MarketDataStatus {
    const [now, symbols] = [epochMs(FROM), SYMBOLS];
    const connection = { line: 0, state: this.state, connectedSince: null, lastMessageAt: null, connects: 1, symbols };
    return {
      ...{ source: 'hand', delayMs: 0, transport: 'stream', exchangeTime: now, completeUntil: null, topics: [] },
      connections: [{ ...connection, lastFailure: null }],
      counts: { ...newFeedCounts(), reconnects: 0 },
    };
  }
}
const FROM = 1_750_003_200_000; // a whole hour
const BTC: Feed = { symbol: 'BTCUSDT', timeframe: '1m' };

function market(length: number): Instant[] {
  const btc = Array.from({ length }, (_, index) => 100 + (index % 7));
  const eth = btc.map((price, index) => (index % 6 === 4 || (index > 30 && index < 38) ? undefined : price * 2));
  return minutes({ BTCUSDT: btc, ETHUSDT: eth }, FROM);
}

async function entries(bench: LiveBench): Promise<readonly MarketLogEntry[]> {
  return (await bench.bus.read(logs.market, '0', 100_000)).map(({ entry }) => entry);
}

/** The candles of a log, each as it stands there but for when it was received and how far the market was known. */
async function candles(bench: LiveBench): Promise<unknown[]> {
  return (await entries(bench)).flatMap((entry) => {
    if (entry.kind !== 'candle') return [];
    const { receivedAt: _, watermark: __, ...rest } = entry.candle;
    return [rest];
  });
}

describe('a collector', () => {
  test('gives every candle once, builds the bigger ones, and numbers all without a hole', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(market(61));
    await bench.collector(feed, SYMBOLS, ['5m', '1h']);
    await feed.giveAll();
    await feed.end();
    const all = await entries(bench);
    assert.deepEqual(
      all.map((entry) => entry.index),
      all.map((_, index) => index + 1),
    );
    assert.ok(all.at(-1)!.kind === 'watermark' && (all.at(-1) as { end: boolean }).end);
    const byFeed = Map.groupBy(
      all.flatMap((entry) => (entry.kind === 'candle' ? [entry.candle] : [])),
      feedName,
    );
    assert.deepEqual([...byFeed].map(([name, list]) => `${name} ${list.length}`).sort(), [
      'BTCUSDT:1h 1',
      'BTCUSDT:1m 61',
      'BTCUSDT:5m 12',
      'ETHUSDT:1h 1',
      'ETHUSDT:1m 45',
      'ETHUSDT:5m 12',
    ]);
    for (const list of byFeed.values()) {
      assert.deepEqual(
        list.map((one) => one.sequence),
        list.map((_, index) => index + 1),
      );
      for (let index = 1; index < list.length; index++) assert.ok(list[index]!.closeTime > list[index - 1]!.closeTime);
    }
    const [hour] = byFeed.get('BTCUSDT:1h')!;
    assert.deepEqual(
      [hour!.open, hour!.high, hour!.low, hour!.volume, hour!.source],
      [100, 106, 100, 60_000, 'aggregated:1m'],
    );
    assertWatermarksHold(all);
  });

  test('restarted anywhere, also in the middle of a bigger bar or of an instant, gives the same candles in all', async (context) => {
    const instants = market(64);
    const whole = await LiveBench.open(context);
    const feed = new HandFeed(instants);
    await whole.collector(feed, SYMBOLS, ['5m', '1h']);
    await feed.giveAll();
    const wanted = await candles(whole);
    for (let cut = 1; cut < instants.length; cut += 3) {
      for (const last of [{}, { watermark: false }, { watermark: false, feeds: 1 }]) {
        const bench = await LiveBench.open(context);
        const recorder = await bench.recorder();
        const first = new HandFeed(instants);
        const collector = await bench.collector(first, SYMBOLS, ['5m', '1h']);
        await first.giveAll(cut - 1);
        await first.give(last);
        await collector.stop();
        // What was recorded may have left the log meanwhile, or not.
        const isTrimmed = cut % 2 === 0;
        if (isTrimmed) {
          await bench.until(() => recorder.candles === collector.counts.candles, 'the recording');
          await bench.bus.trim(logs.market, cut % 4);
        }
        const second = new HandFeed(instants);
        await bench.collector(second, SYMBOLS, ['5m', '1h']);
        await second.giveAll();
        await bench.until(async () => (await bench.bus.backlog(logs.market, 'recorder')) === 0, 'the recording');
        if (!isTrimmed) assertSameFeeds(await candles(bench), wanted);
        assertSameFeeds(await stored(bench), wanted);
        assertWatermarksHold(await entries(bench));
        await bench.close();
      }
    }
  });

  test('refuses what is impossible, and tells', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed([]);
    const collector = await bench.collector(feed, SYMBOLS, ['5m']);
    const sound = market(1)[0]!.candles.get('BTCUSDT:1m')!;
    for (const wrong of [
      { ...sound, high: Number.NaN },
      { ...sound, high: 1 },
      { ...sound, low: 0 },
      { ...sound, volume: -1 },
      { ...sound, openTime: epochMs(Number.NaN) },
      { ...sound, closeTime: epochMs(sound.closeTime + MINUTE_MS) },
      { ...sound, closeTime: epochMs(sound.openTime) },
    ])
      await feed.candle(BTC, wrong);
    assert.deepEqual(await entries(bench), []);
    assert.equal(collector.counts.refused, 7);
    await feed.candle(BTC, sound);
    await feed.candle(BTC, sound);
    assert.deepEqual([collector.counts.candles, collector.counts.repeated], [1, 1]);
    assert.equal(bench.logger.of('info').filter((line) => line.message === 'candle.refused').length, 7);
  });

  test('keeps a revised candle beside the first, with the bigger bars it is in, and gives it to nobody again', async (context) => {
    const bench = await LiveBench.open(context);
    const recorder = await bench.recorder();
    const feed = new HandFeed(market(12));
    const collector = await bench.collector(feed, SYMBOLS, ['5m', '1h']);
    const told: string[] = [];
    await bench.bus.subscribe(topics.candle('BTCUSDT', '1m'), () => told.push('1m'));
    await bench.bus.subscribe(topics.candle('BTCUSDT', '5m'), () => told.push('5m'));
    const events: SystemEvent[] = [];
    await bench.bus.subscribe(topics.systemEvents, ({ payload }) => events.push(payload));
    await feed.giveAll();
    await bench.settle();
    const before = [...told];
    const given = feed.instants[9]!.candles.get('BTCUSDT:1m')!;
    const revision = { before: given, candle: { ...given, high: given.high + 50 }, version: 2 };
    await feed.revised(BTC, revision);
    await bench.until(async () => (await bench.bus.backlog(logs.market, 'recorder')) === 0, 'the recording');
    assert.deepEqual(told, before, 'no one is to decide again');
    assert.equal(collector.counts.revised, 2);
    assert.deepEqual(
      events.filter(({ type }) => type === 'candle.revised').map(({ details }) => (details as { feed: string }).feed),
      ['BTCUSDT:1m', 'BTCUSDT:5m'],
    );
    const versions = await bench.store.candleVersions(BTC, given.closeTime);
    assert.deepEqual(
      versions.map(({ high, sequence }) => [high, sequence]),
      [
        [given.high, 10],
        [given.high + 50, 10],
      ],
    );
    const bigger = await bench.store.candleVersions({ symbol: 'BTCUSDT', timeframe: '5m' }, given.closeTime);
    assert.deepEqual(
      bigger.map(({ high }) => high),
      [bigger[0]!.high, given.high + 50],
    );
    assert.ok(recorder.candles > 24);
    const all = await entries(bench);
    assert.deepEqual(
      all.map((entry) => entry.index),
      all.map((_, index) => index + 1),
    );
    await feed.revised(BTC, { ...revision, candle: { ...given, high: 1 } });
    assert.equal(collector.counts.refused, 1);
  });

  test('tells how its source is connected, at once when that changes and every few seconds', async (context) => {
    const bench = await LiveBench.open(context);
    const events: SystemEvent[] = [];
    await bench.bus.subscribe(topics.systemEvents, ({ payload }) => events.push(payload));
    const feed = new ConnectedFeed([]);
    const collector = await bench.collector(feed, SYMBOLS);
    const told = (): readonly string[] =>
      events.flatMap(({ type, details }) =>
        type === 'market.status' ? [(details as unknown as MarketDataStatus).connections[0]!.state] : [],
      );
    await bench.clock.advance(0);
    assert.deepEqual(told(), ['connecting']);
    await bench.clock.advance(4_000);
    assert.deepEqual(told(), ['connecting']);
    await bench.clock.advance(1_500);
    assert.deepEqual(told(), ['connecting', 'connecting']);
    feed.state = 'live';
    await bench.clock.advance(600);
    assert.deepEqual(told().slice(2), ['live']);
    const { timeframe } = BTC;
    feed.tell({ kind: 'incomplete', feed: BTC, from: epochMs(FROM), to: epochMs(FROM + MINUTE_MS) });
    await bench.settle();
    assert.deepEqual(events.at(-1)!.details, { feed: `BTCUSDT:${timeframe}`, from: FROM, to: FROM + MINUTE_MS });
    assert.equal(events.at(-1)!.type, 'market.incomplete');
    await collector.stop();
    const count = events.length;
    await bench.clock.advance(60_000);
    assert.equal(events.length, count);
  });

  test('whose source breaks does not end the market: what follows it goes on when it is back', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(market(3));
    const collector = await bench.collector(feed, SYMBOLS);
    await feed.giveAll();
    const failure = new Error('the exchange is gone');
    await feed.end(failure);
    assert.equal(await collector.finished, failure);
    assert.ok((await entries(bench)).every((entry) => entry.kind === 'candle' || !entry.end));
  });

  test('waits for the recorder, so that the log does not grow without bound', async (context) => {
    const bench = await LiveBench.open(context);
    let backlog = 30_000;
    const bus = replacing(bench.bus as never as LiveBench['parts']['bus'], { backlog: async () => backlog });
    const feed = new HandFeed(market(2_500));
    const collector = new Collector(
      { ...bench.parts, bus, provider: feed },
      { symbols: SYMBOLS, timeframe: '1m', derived: [] },
    );
    await collector.start();
    bench.onClose(() => collector.stop());
    let given = false;
    const giving = feed.giveAll().then(() => {
      given = true;
    });
    for (let second = 0; second < 5; second++) await bench.clock.advance(1_000);
    assert.equal(given, false);
    assert.ok(collector.counts.candles < 2_100, `${collector.counts.candles}`);
    backlog = 0;
    await bench.until(() => collector.counts.candles > 4_000, 'the rest');
    backlog = 30_000;
    await collector.stop();
    await giving;
  });
});

/** Of each feed the same candles in the same order; feeds may be mixed otherwise, as a restart in an instant does. */
function assertSameFeeds(actual: readonly unknown[], wanted: readonly unknown[]): void {
  const byFeed = (list: readonly unknown[]) =>
    Object.fromEntries(Map.groupBy(list as readonly CandleMessage[], feedName));
  assert.deepEqual(byFeed(actual), byFeed(wanted));
}

async function stored(bench: LiveBench): Promise<unknown[]> {
  const feeds = SYMBOLS.flatMap((symbol) => (['1m', '5m', '1h'] as const).map((timeframe) => ({ symbol, timeframe })));
  const lists = await Promise.all(feeds.map((feed) => bench.store.candlesAfter(feed, 0, 10_000)));
  return lists.flat().map(({ receivedAt: _, watermark: __, ...rest }) => rest);
}

/** No candle comes at or before a time that was said to be complete. */
function assertWatermarksHold(all: readonly MarketLogEntry[]): void {
  let complete = Number.NEGATIVE_INFINITY;
  for (const entry of all) {
    const said = entry.kind === 'candle' ? entry.candle.watermark : entry.watermark;
    complete = Math.max(complete, said);
    if (entry.kind === 'candle') assert.ok(entry.candle.closeTime > complete, `${feedName(entry.candle)} came late`);
  }
}
