import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { LOG_START } from '../../../src/bus/event-bus.ts';
import { logs, topics } from '../../../src/bus/topics.ts';
import type { CandleMessage } from '../../../src/domain/event.ts';
import { RingBuffer } from '../../../src/foundation/ring-buffer.ts';
import { PriceBoard } from '../../../src/live/price-board.ts';
import { CandleSubscription } from '../../../src/live/streams/candle-subscription.ts';
import { type DataAdapter, LiveDataAdapter, RecordedDataAdapter } from '../../../src/live/streams/data-adapter.ts';
import { FeatureHistory } from '../../../src/live/streams/feature-history.ts';
import { MultiTickerStream } from '../../../src/live/streams/multi-ticker-stream.ts';
import { RealTimeStream } from '../../../src/live/streams/real-time-stream.ts';
import { SharedLogBus } from '../../../src/live/streams/shared-log.ts';
import { type Minute, minutes } from '../engine/scripted-strategy.ts';
import { HandFeed, LiveBench, leaky, replacing } from './live-bench.ts';

const FROM = 1_750_003_200_000;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;

function path(length: number, around: number): Minute[] {
  return Array.from({ length }, (_, index) => {
    const close = around + 8 * Math.sin(index / 2.7);
    return [close, close + 1, close - 1, close];
  });
}

/** A collector at work on a market of two symbols, with a recorder behind it. */
async function market(context: TestContext, length: number, { recorder = true } = {}) {
  const bench = await LiveBench.open(context);
  const feed = new HandFeed(minutes({ BTCUSDT: path(length, 100), ETHUSDT: path(length, 50) }, FROM));
  if (recorder) await bench.recorder();
  await bench.collector(feed, SYMBOLS);
  const give = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await feed.give();
    await bench.settle();
  };
  return { bench, feed, give };
}

async function started(bench: LiveBench, stream: { start(): Promise<void>; stop(): Promise<void> }): Promise<void> {
  bench.onClose(() => stream.stop());
  let isDone = false;
  const done = stream.start().then(() => {
    isDone = true;
  });
  await bench.until(() => isDone, 'the start of a stream');
  await done;
}

const sequencesOf = (candles: readonly CandleMessage[]): number[] => candles.map(({ sequence }) => sequence);
const upTo = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('a stream has the candles before it, and tells each that comes, once and in order', async (context) => {
  const { bench, give } = await market(context, 60);
  await give(30);
  const stream = new RealTimeStream(bench.parts, { symbol: 'BTCUSDT', bufferSize: 20 });
  const early: CandleMessage[] = [];
  stream.onCandle((candle) => early.push(candle));
  assert.deepEqual([stream.status().state, stream.latestPrice(), stream.currentData().length], ['idle', undefined, 0]);
  await started(bench, stream);
  assert.equal(stream.status().state, 'running');
  assert.deepEqual([stream.currentData().length, stream.latestCandle()?.sequence, early.length], [20, 30, 0]);

  const iterated: CandleMessage[] = [];
  const subscription = stream.candles();
  const iteration = (async () => {
    for await (const candle of subscription) iterated.push(candle);
  })();
  await give(25);
  assert.deepEqual(sequencesOf(early), upTo(31, 55));
  assert.deepEqual(iterated, early);
  const data = stream.currentData();
  assert.deepEqual(
    [data.length, data.closeTime(19), data.close[19]],
    [20, early.at(-1)!.closeTime, early.at(-1)!.close],
  );
  assert.equal(stream.latestPrice(), early.at(-1)!.close);
  // Another thread reads the same memory.
  assert.equal(new RingBuffer(stream.sharedBuffer).latest(1)[0]![4], early.at(-1)!.close);
  const { candles, buffered, bufferBytes, latestCloseTime, subscribers } = stream.status();
  assert.deepEqual([candles, buffered, bufferBytes], [25, 20, 16 + 20 * 56]);
  assert.equal(latestCloseTime, early.at(-1)!.closeTime);
  assert.deepEqual(subscribers, [
    { kind: 'candles', waiting: 0, delivered: 25, overflowed: 0 },
    { kind: 'candles', waiting: 0, delivered: 25, overflowed: 0 },
  ]);
  subscription.end();
  await iteration;
  await stream.stop();
  assert.equal(stream.status().state, 'stopped');
  await give(2);
  assert.deepEqual([early.length, stream.currentData().length, stream.status().subscribers.length], [25, 20, 0]);
});

test('prices come as they are made, in the stream of their symbol only', async (context) => {
  const { bench } = await market(context, 1);
  const stream = new RealTimeStream(bench.parts, { symbol: 'BTCUSDT' });
  await started(bench, stream);
  const heard: number[] = [];
  const cancel = stream.onPrice(({ price }) => heard.push(price));
  const tell = async (symbol: string, price: number): Promise<void> => {
    const now = bench.clock.now();
    const quote = { price, bid: price - 1, ask: price + 1, occurredAt: now, receivedAt: now, source: 'test' };
    await bench.bus.publish(topics.market(symbol), { kind: 'price', symbol, ...quote });
    await bench.settle();
  };
  for (const price of [101, 102, 103]) {
    await bench.clock.advance(10);
    await tell('BTCUSDT', price);
    await tell('ETHUSDT', 50);
  }
  assert.deepEqual(heard, [101, 102, 103]);
  assert.equal(stream.latestPrice(), 103);
  const { price, priceAgeMs, isStale } = stream.status();
  assert.deepEqual([price?.bid, price?.source, priceAgeMs, isStale], [102, 'test', 0, false]);
  cancel();
  await bench.clock.advance(61_000);
  assert.equal(stream.status().isStale, true);
  await tell('BTCUSDT', 104);
  assert.equal(heard.length, 3);
});

test('a handler that is stuck delays no other, and gets every candle when it is back', async (context) => {
  const { bench, give } = await market(context, 400);
  // The bus loses a third of what it is given, and doubles another.
  let message = 0;
  const bus = leaky(bench.bus, (channel) => (channel.startsWith('data:') ? message++ % 3 : 1));
  const streams = new MultiTickerStream({ ...bench.parts, bus }, { symbols: SYMBOLS, queueLimit: 8 });
  bench.onClose(() => streams.stopAll());
  await started(bench, { start: () => streams.startAll(), stop: () => streams.stopAll() });
  const [slow, fast, other, failing]: [CandleMessage[], CandleMessage[], CandleMessage[], number[]] = [[], [], [], []];
  let release = (): void => {};
  const stuck = new Promise<void>((resolve) => {
    release = resolve;
  });
  const bitcoin = streams.stream('BTCUSDT');
  bitcoin.onCandle((candle) => {
    slow.push(candle);
    return slow.length === 1 ? stuck : undefined;
  });
  bitcoin.onCandle((candle) => fast.push(candle));
  bitcoin.onCandle(({ sequence }) => {
    failing.push(sequence);
    throw new Error('not mine');
  });
  streams.stream('ETHUSDT').onCandle((candle) => other.push(candle));
  await give(1);
  await bench.until(() => other.length === 1 && fast.length === 1);
  // One after another, so that the queues of those that keep up never fill.
  for (let index = 2; index <= 300; index++) {
    await give(1);
    await bench.until(() => other.length === index && fast.length === index, `candle ${index}`);
  }
  assert.deepEqual([slow.length, failing.length], [1, 300]);
  const waiting = bitcoin.status().subscribers[0]!;
  assert.deepEqual([waiting.waiting, waiting.delivered], [299, 1]);
  release();
  await bench.until(() => slow.length === 300, 'what the slow one missed');
  assert.deepEqual(sequencesOf(slow), upTo(1, 300));
  assert.deepEqual(slow, fast);
  const [afterwards, quick] = bitcoin.status().subscribers;
  assert.deepEqual([afterwards!.overflowed, quick!.overflowed], [299 - 8, 0]);
  assert.equal(bitcoin.status().callbackErrors, 300);
  // And it is no longer behind.
  await give(3);
  await bench.until(() => slow.length === 303, 'the next candles');
});

test('whatever a subscriber’s pace, it gets each candle once and in order', async (context) => {
  const bench = await LiveBench.open(context);
  const feed = new HandFeed(minutes({ BTCUSDT: path(120, 100) }, FROM));
  await bench.collector(feed, ['BTCUSDT']);
  const all: CandleMessage[] = [];
  await bench.bus.subscribe(topics.candle('BTCUSDT', '1m'), ({ payload }) => void all.push(payload));
  await feed.giveAll();
  await bench.settle();
  const steps = fc.array(fc.record({ offered: fc.nat(12), taken: fc.nat(12) }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 6 }), fc.nat(20), async (script, limit, before) => {
      const begin = before === 0 ? undefined : all[before - 1]!;
      const subscription = new CandleSubscription(bench.parts, { symbol: 'BTCUSDT', timeframe: '1m' }, begin, {
        limit,
      });
      const got: number[] = [];
      let offered = before;
      const take = async (): Promise<void> => void got.push((await subscription.next()).value!.sequence);
      for (const step of script) {
        for (let count = 0; count < step.offered && offered < all.length; count++) subscription.offer(all[offered++]!);
        for (let count = 0; count < step.taken && got.length < offered - before; count++) await take();
      }
      while (got.length < offered - before) await take();
      assert.deepEqual(got, offered === before ? [] : upTo(before + 1, offered));
      subscription.complete();
      // What was read again may be newer than what was offered; nothing is left out then either.
      const rest: number[] = [];
      for await (const { sequence } of subscription) rest.push(sequence);
      assert.deepEqual(rest, rest.length === 0 ? [] : upTo(offered + 1, offered + rest.length));
    }),
    { numRuns: 60 },
  );
});

test('when the market ends the stream ends, and those who wait for more are told', async (context) => {
  const { bench, feed, give } = await market(context, 10);
  const stream = new RealTimeStream(bench.parts, { symbol: 'ETHUSDT' });
  await started(bench, stream);
  const heard: number[] = [];
  let isOver = false;
  void (async () => {
    for await (const { sequence } of stream.candles()) heard.push(sequence);
    isOver = true;
  })();
  await give(10);
  await feed.end();
  await bench.until(() => isOver, 'the end of the iteration');
  assert.deepEqual([heard, stream.status().state], [upTo(1, 10), 'ended']);
  for await (const candle of stream.candles()) assert.fail(`${candle.sequence} came after the end`);
});

test('several symbols begin one after the other, and can be asked together', async (context) => {
  const { bench, give } = await market(context, 20);
  await give(5);
  const began: number[] = [];
  const from = bench.clock.now();
  const bus = replacing(bench.bus, {
    subscribe: (topic, handler) => {
      if (topic.channel.startsWith('data:')) began.push(bench.clock.now() - from);
      return bench.bus.subscribe(topic, handler);
    },
  });
  const symbols = [...SYMBOLS, 'SOLUSDT'];
  const streams = new MultiTickerStream({ ...bench.parts, bus }, { symbols });
  await started(bench, { start: () => streams.startAll(), stop: () => streams.stopAll() });
  assert.deepEqual(began, [0, 100, 200]);
  await give(2);
  assert.deepEqual([...streams.latestPrices().keys()], [...SYMBOLS]);
  assert.equal(streams.latestPrices().get('ETHUSDT'), streams.data('ETHUSDT').close[6]);
  assert.deepEqual(
    streams.status().map(({ symbol, state, buffered, candles }) => [symbol, state, buffered, candles]),
    [
      ['BTCUSDT', 'running', 7, 2],
      ['ETHUSDT', 'running', 7, 2],
      ['SOLUSDT', 'running', 0, 0],
    ],
  );
  assert.throws(() => streams.data('XRPUSDT'), /XRPUSDT is not among the symbols/);
  await streams.stopAll();
  assert.ok(streams.status().every(({ state }) => state === 'stopped'));
});

test('when one of several can’t begin, none goes on', async (context) => {
  const { bench } = await market(context, 1);
  const bus = replacing(bench.bus, {
    subscribe: (topic, handler) =>
      topic.channel === 'data:ETHUSDT:1m' ? Promise.reject(new Error('away')) : bench.bus.subscribe(topic, handler),
  });
  const streams = new MultiTickerStream({ ...bench.parts, bus }, { symbols: SYMBOLS, staggerMs: 0 });
  const start = streams.startAll();
  start.catch(() => {});
  await bench.until(() => streams.status().every(({ state }) => state === 'stopped'), 'the end of both');
  await assert.rejects(start, /away/);
});

test('an adapter waits for the next candle, in time or not', async (context) => {
  const { bench, feed, give } = await market(context, 30);
  await give(12);
  const stream = new RealTimeStream(bench.parts, { symbol: 'BTCUSDT', bufferSize: 16 });
  await started(bench, stream);
  const adapter = new LiveDataAdapter(stream, bench.clock);
  assert.deepEqual(
    [adapter.data().length, adapter.latestState()?.length, adapter.latestState(13)],
    [12, 10, undefined],
  );
  assert.throws(() => adapter.latestState(17), /more than the 16 that are kept/);

  const inTime = adapter.waitForUpdate(5_000);
  await give(1);
  assert.equal(await inTime, true);
  assert.equal(adapter.data().close.at(-1), stream.latestCandle()?.close);

  // Two that came while nobody waited are one reason to go on.
  await give(2);
  assert.equal(await adapter.waitForUpdate(), true);
  const tooLate = adapter.waitForUpdate(120_000);
  await bench.clock.advance(119_000);
  let isOver = false;
  void tooLate.then(() => {
    isOver = true;
  });
  await bench.settle();
  assert.equal(isOver, false);
  await bench.clock.advance(1_000);
  assert.equal(await tooLate, false);

  const byDefault = adapter.waitForUpdate();
  await bench.clock.advance(299_000);
  await give(1);
  assert.equal(await byDefault, true);
  const atTheEnd = adapter.waitForUpdate();
  await feed.end();
  await bench.until(() => stream.status().state === 'ended', 'the end');
  assert.equal(await atTheEnd, false);
  assert.equal(await adapter.waitForUpdate(), false);
  await adapter.close();
});

test('a program that reads an adapter decides on a live market as on history', async (context) => {
  const { bench, feed, give } = await market(context, 80);
  await give(20);
  /** Counts the closes above the mean of the last ten, bar by bar. */
  const decide = async (adapter: DataAdapter): Promise<string> => {
    let decisions = '';
    while (await adapter.waitForUpdate()) {
      const state = adapter.latestState(10)!;
      const mean = state.close.reduce((sum, close) => sum + close, 0) / 10;
      decisions += state.close[9]! > mean ? 'b' : 's';
    }
    await adapter.close();
    return decisions;
  };
  const stream = new RealTimeStream(bench.parts, { symbol: 'BTCUSDT' });
  await started(bench, stream);
  const live = decide(new LiveDataAdapter(stream, bench.clock));
  for (let index = 0; index < 60; index++) await give(1);
  await feed.end();
  const kept = stream.currentData();
  await bench.until(() => stream.status().state !== 'running', 'the end');
  const history = await decide(new RecordedDataAdapter(kept, 20));
  assert.equal(history.length, 60);
  assert.equal(await live, history);
  assert.ok(history.includes('b') && history.includes('s'));
});

test('history for features rolls forward with each candle, and tells what it lacks', async (context) => {
  const { bench, feed, give } = await market(context, 40);
  await give(18);
  const streams = new MultiTickerStream(bench.parts, { symbols: SYMBOLS, bufferSize: 20, staggerMs: 0 });
  await started(bench, { start: () => streams.startAll(), stop: () => streams.stopAll() });
  const history = new FeatureHistory(streams);
  assert.equal(history.historyForFeatures('BTCUSDT', 20), undefined);
  assert.deepEqual(
    [history.hasSufficientHistory('BTCUSDT', 18), history.hasSufficientHistory('BTCUSDT', 19)],
    [true, false],
  );
  assert.throws(() => history.historyForFeatures('BTCUSDT'), /Features want 500 candles of BTCUSDT, and 20 are kept/);
  assert.equal(history.bufferStatus().get('BTCUSDT')?.status, 'filling');
  await give(4);
  const features = history.historyForFeatures('BTCUSDT', 20)!;
  assert.equal(features.closeTime(19), FROM + 22 * 60_000);
  assert.deepEqual(history.bufferStatus().get('BTCUSDT'), {
    bufferSize: 20,
    status: 'complete',
    missingBars: 0,
    latestCloseTime: FROM + 22 * 60_000,
  });
  // A halt: the market has no bar for a while.
  const { candles } = minutes({ ETHUSDT: path(1, 50) }, FROM + 25 * 60_000)[0]!;
  await feed.candle({ symbol: 'ETHUSDT', timeframe: '1m' }, candles.get('ETHUSDT:1m')!);
  await bench.settle();
  const { status, missingBars } = history.bufferStatus().get('ETHUSDT')!;
  assert.deepEqual([status, missingBars], ['holes', 3]);
  assert.equal(history.hasSufficientHistory('ETHUSDT', 10), false);
  assert.equal(history.hasSufficientHistory('BTCUSDT', 20), true);
});

test('streams share the board of their system and leave it to it', async (context) => {
  const { bench, give } = await market(context, 3);
  const prices = new PriceBoard(bench.bus, bench.clock);
  bench.onClose(() => prices.stop());
  const stream = new RealTimeStream({ ...bench.parts, prices }, { symbol: 'BTCUSDT' });
  await started(bench, stream);
  await stream.stop();
  await give(1);
  assert.ok(prices.price('BTCUSDT') !== undefined);
  await prices.stop();
});

test('many streams read a page of the log once, and never an old end of it', async (context) => {
  const { bench, give } = await market(context, 30);
  await give(10);
  const asked: string[] = [];
  let isAway = false;
  const counted = replacing(bench.bus, {
    read: (log, after, count) => {
      asked.push(after);
      return isAway ? Promise.reject(new Error('away')) : bench.bus.read(log, after, count);
    },
  });
  const shared = new SharedLogBus(counted, bench.clock);
  const first = await shared.read(logs.market, LOG_START, 4);
  assert.equal(await shared.read(logs.market, LOG_START, 4), first);
  assert.deepEqual([first.length, asked.length], [4, 1]);
  // The end of the log may be a moment old, and no more.
  const { position } = (await bench.bus.read(logs.market, LOG_START, 1_000)).at(-1)!;
  assert.deepEqual(await shared.read(logs.market, position, 100), []);
  await give(1);
  assert.deepEqual(await shared.read(logs.market, position, 100), []);
  await bench.clock.advance(200);
  assert.equal((await shared.read(logs.market, position, 100)).length, 2);
  // What was refused is asked for again.
  isAway = true;
  await assert.rejects(shared.read(logs.market, first[0]!.position, 4), /away/);
  isAway = false;
  assert.equal((await shared.read(logs.market, first[0]!.position, 4)).length, 4);
  // And what nobody needs is forgotten.
  asked.length = 0;
  await bench.clock.advance(10_000);
  await shared.read(logs.market, position, 100);
  await shared.read(logs.market, LOG_START, 4);
  assert.deepEqual(asked, [position, LOG_START]);
});
