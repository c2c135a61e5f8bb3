import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Feed, feedName } from '../../src/domain/candle.ts';
import type { CandleMessage } from '../../src/domain/event.ts';
import { type Timeframe, timeframeMs } from '../../src/domain/timeframe.ts';
import { epochMs, MINUTE_MS } from '../../src/foundation/time.ts';
import { type Slice, SliceAssembler } from '../../src/live/slice-assembler.ts';

const BEGIN = 1_700_006_400_000; // a whole hour
const FEEDS: readonly Feed[] = [
  { symbol: 'A', timeframe: '1m' },
  { symbol: 'B', timeframe: '1m' },
  { symbol: 'A', timeframe: '5m' },
  { symbol: 'C', timeframe: '15m' },
];

function message(feed: Feed, bar: number, sequence: number): CandleMessage {
  const openTime = epochMs(BEGIN + bar * timeframeMs(feed.timeframe));
  const closeTime = epochMs(openTime + timeframeMs(feed.timeframe));
  const price = 100 + bar;
  return {
    ...feed,
    openTime,
    closeTime,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 1,
    sequence,
    watermark: epochMs(0),
    source: 'test',
    receivedAt: epochMs(0),
  };
}

/** The bars that a feed has of a market of `minutes`: some are missing, as in a halt. */
function history(minutes: number): fc.Arbitrary<CandleMessage[][]> {
  const barsOf = (timeframe: Timeframe): number => Math.floor((minutes * MINUTE_MS) / timeframeMs(timeframe));
  return fc.tuple(
    ...FEEDS.map((feed) =>
      fc
        .array(fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)), {
          minLength: barsOf(feed.timeframe),
          maxLength: barsOf(feed.timeframe),
        })
        .map((present) => {
          const bars = present.flatMap((is, bar) => (is ? [bar] : []));
          return bars.map((bar, index) => message(feed, bar, index + 1));
        }),
    ),
  );
}

/** What a backtest walks: instant by instant, all that closes then. */
function merged(candles: readonly (readonly CandleMessage[])[]): Slice[] {
  const times = [...new Set(candles.flat().map((one) => one.closeTime))].sort((a, b) => a - b);
  return times.map((time) => ({ time, candles: candles.map((feed) => feed.find((one) => one.closeTime === time)) }));
}

/** Takes from the queues in an order that `keys` decide; each queue keeps its own. */
function* interleaved(
  candles: readonly (readonly CandleMessage[])[],
  keys: readonly number[],
): Generator<CandleMessage> {
  const queues = candles.map((feed) => [...feed]);
  for (let step = 0; ; step++) {
    const waiting = queues.filter((queue) => queue.length > 0);
    if (waiting.length === 0) return;
    yield waiting[keys[step % keys.length]! % waiting.length]!.shift()!;
  }
}

function drain(assembler: SliceAssembler): Slice[] {
  const slices: Slice[] = [];
  for (let slice = assembler.next(); slice; slice = assembler.next()) slices.push(slice);
  return slices;
}

const keys = fc.array(fc.nat(), { minLength: 1, maxLength: 50 });

describe('slices', () => {
  test('are those of the merged history, however the feeds are mixed, when the market has ended', () => {
    fc.assert(
      fc.property(history(60), keys, (candles, order) => {
        const assembler = new SliceAssembler(FEEDS, new Map());
        const slices: Slice[] = [];
        for (const candle of interleaved(candles, order)) {
          assert.equal(assembler.push(candle), 'taken');
          slices.push(...drain(assembler));
        }
        assembler.finish();
        slices.push(...drain(assembler));
        assert.deepEqual(slices, merged(candles));
        assert.equal(assembler.pending, 0);
      }),
      { numRuns: 300 },
    );
  });

  test('never come before all is known: a slice that is given never changes by what comes later', () => {
    fc.assert(
      fc.property(history(45), keys, fc.nat(100), (candles, order, stop) => {
        const expected = merged(candles);
        const assembler = new SliceAssembler(FEEDS, new Map());
        const slices: Slice[] = [];
        let taken = 0;
        for (const candle of interleaved(candles, order)) {
          if (taken++ > stop) break;
          assembler.push(candle);
          slices.push(...drain(assembler));
        }
        assert.deepEqual(slices, expected.slice(0, slices.length));
      }),
      { numRuns: 300 },
    );
  });

  test('come as soon as a watermark says that an instant is complete', () => {
    fc.assert(
      fc.property(history(45), keys, (candles, order) => {
        const assembler = new SliceAssembler(FEEDS, new Map());
        const expected = merged(candles);
        const inTime = expected.flatMap((slice) => slice.candles.filter((one) => one !== undefined));
        // Each minute's candles in any order among the feeds, then its watermark.
        const slices: Slice[] = [];
        for (let minute = 1; minute <= 45; minute++) {
          const time = BEGIN + minute * MINUTE_MS;
          const now = inTime.filter((one) => one.closeTime === time);
          for (const candle of interleaved(
            FEEDS.map((feed) => now.filter((one) => feedName(one) === feedName(feed))),
            order,
          ))
            assembler.push(candle);
          assembler.advanceWatermark(time);
          slices.push(...drain(assembler));
          assert.equal(slices.length, expected.filter((slice) => slice.time <= time).length);
        }
        assert.deepEqual(slices, expected);
      }),
      { numRuns: 200 },
    );
  });

  test('go on after a restart between any two, without waiting for a watermark of the time before', () => {
    fc.assert(
      fc.property(history(45), fc.nat(200), (candles, at) => {
        const expected = merged(candles);
        const cut = expected.length === 0 ? 0 : at % (expected.length + 1);
        const before = expected.slice(0, cut);
        const sequences = new Map<string, number>();
        for (const slice of before)
          for (const candle of slice.candles) if (candle) sequences.set(feedName(candle), candle.sequence);
        const assembler = new SliceAssembler(FEEDS, sequences, before.at(-1)?.time);
        const slices: Slice[] = [];
        // All of the past is delivered again, as from a log that is read from its beginning.
        for (const slice of expected) {
          for (const candle of slice.candles) if (candle) assembler.push(candle);
          slices.push(...drain(assembler));
        }
        assembler.finish();
        slices.push(...drain(assembler));
        assert.deepEqual(slices, expected.slice(cut));
      }),
      { numRuns: 300 },
    );
  });

  test('repeated messages are known, holes are told, foreign feeds are left out, disorder throws', () => {
    const feed = FEEDS[0]!;
    const assembler = new SliceAssembler([feed], new Map());
    assert.equal(assembler.push(message(feed, 0, 1)), 'taken');
    assert.equal(assembler.push(message(feed, 0, 1)), 'known');
    assert.equal(assembler.push(message(feed, 2, 3)), 'gap');
    assert.equal(assembler.sequence('A:1m'), 1);
    assert.equal(assembler.push(message(FEEDS[1]!, 0, 1)), 'foreign');
    assert.throws(() => assembler.push(message(feed, 0, 2)), /out of order/);
  });

  test('after a restart the first instant needs no second one: a bigger bar that is not due is known to be missing', () => {
    const [minutes, , fives] = FEEDS;
    const processed = BEGIN + 7 * MINUTE_MS;
    const assembler = new SliceAssembler(
      [minutes!, fives!],
      new Map([
        ['A:1m', 7],
        ['A:5m', 1],
      ]),
      processed,
    );
    assembler.push(message(minutes!, 7, 8));
    assert.equal(assembler.next()?.time, processed + MINUTE_MS);
    assembler.push(message(minutes!, 8, 9));
    assert.equal(assembler.next()?.time, processed + 2 * MINUTE_MS);
    assembler.push(message(minutes!, 9, 10));
    assert.equal(assembler.next(), undefined, 'the five-minute bar is due');
    assembler.push(message(fives!, 1, 2));
    assert.equal(assembler.next()?.candles.length, 2);
  });
});
