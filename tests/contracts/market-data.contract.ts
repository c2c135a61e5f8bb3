import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Candle, type Feed, feedName } from '../../src/domain/candle.ts';
import { UserError } from '../../src/foundation/errors.ts';
import type { EpochMs } from '../../src/foundation/time.ts';
import type { MarketDataFeed } from '../../src/market/market-data.ts';
import { MarketRecorder } from './market-data-recorder.ts';

/** A source of market data over a market whose candles are known. */
export interface MarketDataHarness {
  readonly provider: MarketDataFeed;
  /** Two feeds of one timeframe. */
  readonly feeds: readonly [Feed, Feed];
  /** Every candle that the market has or will have, by feed name; the first `already` have closed. */
  readonly script: ReadonlyMap<string, readonly Candle[]>;
  readonly already: number;
  /** The market goes on by so many candles. */
  pass(candles: number): Promise<void>;
  /** Lets time pass until something holds. */
  until(holds: () => boolean, what: string): Promise<void>;
  /** Lets time pass in which nothing of the market happens. */
  quiet(): Promise<void>;
  /** Loses the connection; what happens until `restore` is not told by the stream. */
  readonly cut?: () => void;
  readonly restore?: () => void;
  close(): Promise<void>;
}

export interface MarketDataAdapter {
  readonly name: string;
  readonly open: () => Promise<MarketDataHarness>;
  /** Whether there is a connection to lose. */
  readonly canLoseConnection: boolean;
  /** Whether it tells prices besides candles. */
  readonly hasPrices: boolean;
}

type Body = (harness: MarketDataHarness) => Promise<void>;

/** What every source of market data promises: src/market/market-data.ts. */
export function marketDataContract(adapter: MarketDataAdapter): void {
  // Most of the time of a real network is waiting.
  describe(adapter.name, { concurrency: 6 }, () => checks(adapter));
}

function checks(adapter: MarketDataAdapter): void {
  const { canLoseConnection, hasPrices } = adapter;
  const check = (what: string, body: Body, skip: string | false = false): void => {
    test(what, { skip }, () => withHarness(adapter, body));
  };
  check('gives each closed candle once, in order, with the values of the source', givesEachCandle);
  check('gives no candle before it has closed', givesOnlyClosed);
  check('begins after the resume points, one for each feed', resumes);
  check('gives what a lost connection missed before the next candle', fillsGap, !canLoseConnection && 'no connection');
  check('goes on after many lost connections', survivesCuts, !canLoseConnection && 'no connection');
  check('tells prices with bid, ask, time and source', tellsPrices, !hasPrices && 'it has no prices');
  check('says when a moment is complete, and then nothing before it comes any more', watermarks);
  check('waits for a slow sink', waits);
  check('calls nothing after stop', stops);
  check('can be stopped twice, and before it begins', stopsTwice);
  check('tells the sink once that the sink failed', tellsFailure);
  check('refuses a symbol that is not there, in a sentence', refusesUnknownSymbol);
}

async function withHarness(adapter: MarketDataAdapter, body: Body): Promise<void> {
  const harness = await adapter.open();
  try {
    await body(harness);
  } finally {
    await harness.provider.stop();
    await harness.close();
  }
}

/** So many candles of the script the sink has of every feed, counted to their end. */
function hasReached(harness: MarketDataHarness, sink: MarketRecorder, count: number): () => boolean {
  return () =>
    harness.feeds.every((feed) => sink.of(feed).at(-1)?.closeTime === scriptOf(harness, feed)[count - 1]?.closeTime);
}

function scriptOf(harness: MarketDataHarness, feed: Feed): readonly Candle[] {
  return harness.script.get(feedName(feed))!;
}

/** What came is a piece of the script without a hole, up to its `count`th candle. */
function assertScript(harness: MarketDataHarness, sink: MarketRecorder, count: number, from?: number): void {
  for (const feed of harness.feeds) {
    const came = sink.of(feed);
    const expected = scriptOf(harness, feed).slice(from ?? count - came.length, count);
    assert.deepEqual(came, expected, feedName(feed));
  }
}

/** After the last candle of `count` of the script. */
function resumeAfter(harness: MarketDataHarness, ...counts: readonly number[]): Map<string, EpochMs> {
  return new Map(
    harness.feeds.map((feed, index) => [feedName(feed), scriptOf(harness, feed)[counts[index]! - 1]!.closeTime]),
  );
}

/** From the beginning of the script. */
async function startAll(harness: MarketDataHarness, sink: MarketRecorder): Promise<void> {
  await harness.provider.start(harness.feeds, resumeAfter(harness, 1, 1), sink);
}

const givesEachCandle: Body = async (harness) => {
  const sink = new MarketRecorder();
  await startAll(harness, sink);
  await harness.pass(6);
  await harness.until(hasReached(harness, sink, harness.already + 6), 'six candles of each feed');
  assertScript(harness, sink, harness.already + 6, 1);
};

const givesOnlyClosed: Body = async (harness) => {
  const sink = new MarketRecorder();
  await startAll(harness, sink);
  await harness.pass(1);
  await harness.until(hasReached(harness, sink, harness.already + 1), 'one candle of each feed');
  await harness.quiet();
  assertScript(harness, sink, harness.already + 1, 1);
};

const resumes: Body = async (harness) => {
  const sink = new MarketRecorder();
  await harness.provider.start(harness.feeds, resumeAfter(harness, 1, 3), sink);
  await harness.pass(2);
  await harness.until(hasReached(harness, sink, harness.already + 2), 'two candles of each feed');
  const [first, second] = harness.feeds;
  assert.deepEqual(sink.of(first), scriptOf(harness, first).slice(1, harness.already + 2));
  assert.deepEqual(sink.of(second), scriptOf(harness, second).slice(3, harness.already + 2));
};

const fillsGap: Body = async (harness) => {
  const sink = new MarketRecorder();
  await startAll(harness, sink);
  await harness.pass(2);
  await harness.until(hasReached(harness, sink, harness.already + 2), 'candles before the cut');
  harness.cut!();
  await harness.pass(4);
  harness.restore!();
  await harness.quiet();
  await harness.pass(2);
  await harness.until(hasReached(harness, sink, harness.already + 8), 'candles after the cut');
  assertScript(harness, sink, harness.already + 8, 1);
};

const survivesCuts: Body = async (harness) => {
  const sink = new MarketRecorder();
  await startAll(harness, sink);
  for (let round = 0; round < 4; round++) {
    harness.cut!();
    await harness.pass(1);
    harness.restore!();
    await harness.pass(1);
  }
  await harness.pass(1);
  await harness.until(hasReached(harness, sink, harness.already + 9), 'all candles');
  assertScript(harness, sink, harness.already + 9, 1);
};

const tellsPrices: Body = async (harness) => {
  const sink = new MarketRecorder();
  await startAll(harness, sink);
  await harness.pass(2);
  const [feed] = harness.feeds;
  const { close, closeTime } = scriptOf(harness, feed)[harness.already + 1]!;
  const find = () =>
    sink.prices.find(
      ({ symbol, price, occurredAt }) => symbol === feed.symbol && price === close && occurredAt >= closeTime,
    );
  await harness.until(() => find() !== undefined, 'the price at the end of the second minute');
  const { bid, ask, source } = find()!;
  assert.ok(bid !== null && ask !== null && bid < close && close < ask);
  assert.equal(source, harness.provider.name);
  for (const { symbol } of harness.feeds) {
    const times = sink.prices.filter((price) => price.symbol === symbol).map(({ occurredAt }) => occurredAt);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  }
};

const watermarks: Body = async (harness) => {
  const sink = new MarketRecorder();
  await startAll(harness, sink);
  await harness.pass(4);
  const end = scriptOf(harness, harness.feeds[0])[harness.already + 3]!.closeTime;
  // The recorder checks with each candle that it lies beyond the last watermark.
  await harness.until(() => sink.watermarks.at(-1) === end, 'the watermark of the fourth minute');
  assertScript(harness, sink, harness.already + 4, 1);
};

const waits: Body = async (harness) => {
  const sink = new MarketRecorder();
  let release = (): void => {};
  sink.pause = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  await startAll(harness, sink);
  await harness.pass(3);
  await harness.until(() => sink.calls === 1, 'the first call');
  await harness.quiet();
  assert.equal(sink.calls, 1, 'nothing comes while a call is under way');
  sink.pause = async () => {};
  release();
  await harness.until(hasReached(harness, sink, harness.already + 3), 'the rest');
  assertScript(harness, sink, harness.already + 3, 1);
};

const stops: Body = async (harness) => {
  const sink = new MarketRecorder();
  await startAll(harness, sink);
  await harness.pass(2);
  await harness.until(hasReached(harness, sink, harness.already + 2), 'two candles');
  await harness.provider.stop();
  const { calls } = sink;
  const prices = sink.prices.length;
  await harness.pass(3);
  await harness.quiet();
  assert.equal(sink.calls, calls);
  assert.equal(sink.prices.length, prices);
  assert.deepEqual(sink.ends, [], 'a stop is no end');
};

const stopsTwice: Body = async (harness) => {
  await harness.provider.stop();
  await harness.provider.stop();
};

const tellsFailure: Body = async (harness) => {
  const sink = new MarketRecorder();
  sink.failAt = 3;
  await startAll(harness, sink);
  await harness.pass(5);
  await harness.until(() => sink.ends.length > 0, 'the end');
  await harness.quiet();
  assert.deepEqual(
    sink.ends.map((failure) => failure?.message),
    ['this sink is full'],
  );
  assert.equal(sink.calls, 3);
};

const refusesUnknownSymbol: Body = async (harness) => {
  const { timeframe } = harness.feeds[0];
  await assert.rejects(
    harness.provider.start([{ symbol: 'NOSUCHCOIN', timeframe }], new Map(), new MarketRecorder()),
    (error: unknown) => error instanceof UserError && error.message.includes('NOSUCHCOIN'),
  );
};
