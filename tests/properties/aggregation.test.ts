import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Candle, Trade } from '../../src/domain/candle.ts';
import { TIMEFRAMES, timeframeMs } from '../../src/domain/timeframe.ts';
import type { Json } from '../../src/foundation/json.ts';
import { type EpochMs, epochMs, SECOND_MS } from '../../src/foundation/time.ts';
import type { AggregatedCandle } from '../../src/market/bar-sequence.ts';
import { CandleAggregator, TradeAggregator } from '../../src/market/candle-aggregator.ts';
import { CandleColumns } from '../../src/market/candle-columns.ts';
import {
  aggregateCandles,
  aggregateTrades,
  candlesOfTrades,
  type TradeColumns,
} from '../../src/market/candle-history.ts';

const runs = { numRuns: 300 };
const start = Date.parse('2024-08-08T09:00:00Z');
const closed = fc.constantFrom('left', 'right');
const empty = fc.constantFrom('skip', 'flat');
const longer = fc.constantFrom('3m', '5m', '15m', '1h', '1d', '1w');

/** Steps that often fall on a boundary, on the same millisecond, and now and then over many empty minutes. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 20 * SECOND_MS }) },
  { weight: 3, arbitrary: fc.constantFrom(0, 15 * SECOND_MS, 30 * SECOND_MS, 60 * SECOND_MS) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 3_600 * SECOND_MS }) },
);

function tradesOf(quantity: fc.Arbitrary<number>): fc.Arbitrary<Trade[]> {
  const part = fc.record({ step, price: fc.integer({ min: 1, max: 500 }).map((ticks) => ticks / 10), quantity });
  return fc.array(part, { minLength: 1, maxLength: 120 }).map((parts) => {
    let time = start;
    return parts.map(({ step, price, quantity }) => {
      time += step;
      return { time: epochMs(time), price, quantity };
    });
  });
}

const dyadic = tradesOf(fc.integer({ min: 0, max: 1_000_000 }).map((units) => units / 1_024));
const decimal = tradesOf(fc.integer({ min: 1, max: 1_000_000 }).map((units) => units / 100_000));

const columnsOf = (trades: readonly Trade[]): TradeColumns => ({
  time: Float64Array.from(trades, (trade) => trade.time),
  price: Float64Array.from(trades, (trade) => trade.price),
  quantity: Float64Array.from(trades, (trade) => trade.quantity),
});
const candlesOf = (columns: CandleColumns): Candle[] =>
  Array.from({ length: columns.length }, (_, row) => columns.candle(row));
/** A moment at which every bar of every timeframe is over. */
const endOf = (trades: readonly Trade[]): EpochMs => epochMs(trades.at(-1)!.time + 2 * timeframeMs('1w'));

test('bars of bars are the bars of the trades: exact with volumes that are multiples of a power of two', () => {
  fc.assert(
    fc.property(dyadic, closed, longer, (trades, closed, timeframe) => {
      const until = endOf(trades);
      const minutes = aggregateTrades(columnsOf(trades), '1m', { closed, until });
      const twice = aggregateCandles(minutes.columns, timeframe, { until });
      const direct = aggregateTrades(columnsOf(trades), timeframe, { closed, until });
      assert.deepEqual(candlesOf(twice.columns), candlesOf(direct.columns));
    }),
    runs,
  );
});

test('with decimal volumes prices are still exact, and volumes within a relative 1e-12', () => {
  fc.assert(
    fc.property(decimal, closed, longer, (trades, closed, timeframe) => {
      const until = endOf(trades);
      const minutes = aggregateTrades(columnsOf(trades), '1m', { closed, until });
      const twice = candlesOf(aggregateCandles(minutes.columns, timeframe, { until }).columns);
      const direct = candlesOf(aggregateTrades(columnsOf(trades), timeframe, { closed, until }).columns);
      assert.equal(twice.length, direct.length);
      twice.forEach(({ volume, ...prices }, row) => {
        const { volume: expected, ...expectedPrices } = direct[row]!;
        assert.deepEqual(prices, expectedPrices);
        assert.ok(Math.abs(volume - expected) <= 1e-12 * expected, `${volume} for ${expected}`);
      });
    }),
    runs,
  );
});

test('every bar is sound, on the grid, in order, and all volume is in one', () => {
  fc.assert(
    fc.property(dyadic, closed, empty, fc.constantFrom(...TIMEFRAMES), (trades, closed, empty, timeframe) => {
      fc.pre(empty === 'skip' || timeframeMs(timeframe) >= timeframeMs('1h'));
      const until = endOf(trades);
      const bars = candlesOf(aggregateTrades(columnsOf(trades), timeframe, { closed, empty, until }).columns);
      const monday = Date.parse('2024-08-05T00:00:00Z');
      bars.forEach((bar, row) => {
        assert.equal((bar.openTime - monday) % timeframeMs(timeframe), 0);
        assert.equal(bar.closeTime - bar.openTime, timeframeMs(timeframe));
        assert.ok(bar.low <= Math.min(bar.open, bar.close) && bar.high >= Math.max(bar.open, bar.close));
        if (row > 0) assert.ok(bar.openTime >= bars[row - 1]!.closeTime);
        if (row > 0 && empty === 'flat') assert.equal(bar.openTime, bars[row - 1]!.closeTime);
      });
      const total = (volumes: number[]): number => volumes.reduce((sum, volume) => sum + volume, 0);
      assert.equal(total(bars.map((bar) => bar.volume)), total(trades.map((trade) => trade.quantity)));
    }),
    runs,
  );
});

test('the stream gives what history gives, bit for bit: from trades', () => {
  fc.assert(
    fc.property(decimal, closed, empty, fc.constantFrom('1m', '5m', '1h'), (trades, closed, empty, timeframe) => {
      const until = epochMs(trades.at(-1)!.time + timeframeMs('2h'));
      const streamed = [...candlesOfTrades(trades, timeframe, { closed, empty, until })];
      const history = aggregateTrades(columnsOf(trades), timeframe, { closed, empty, until });
      assert.deepEqual(
        streamed.map(({ candle }) => candle),
        candlesOf(history.columns),
      );
      assert.deepEqual(
        streamed.map(({ parts }) => parts),
        Array.from(history.parts),
      );
    }),
    runs,
  );
});

test('the stream gives what history gives, bit for bit: from bars', () => {
  fc.assert(
    fc.property(decimal, empty, fc.constantFrom('5m', '1h'), (trades, empty, timeframe) => {
      const { columns } = aggregateTrades(columnsOf(trades), '1m', { until: endOf(trades) });
      const until = epochMs(columns.closeTime(columns.length - 1) + timeframeMs('2h'));
      const aggregator = new CandleAggregator('1m', timeframe, { empty });
      const streamed = candlesOf(columns).flatMap((candle) => aggregator.push(candle));
      streamed.push(...aggregator.closeUntil(until));
      const history = aggregateCandles(columns, timeframe, { empty, until });
      assert.deepEqual(
        streamed.map(({ candle, parts }) => ({ ...candle, parts })),
        candlesOf(history.columns).map((candle, row) => ({ ...candle, parts: history.parts[row] })),
      );
    }),
    runs,
  );
});

test('saved, sent as text and taken up again at any point, the stream goes on with the same bits', () => {
  const late = fc.constantFrom('drop', 'amend');
  const shuffled = decimal.chain((trades) =>
    fc
      .array(fc.integer({ min: 0, max: 200 * SECOND_MS }), { minLength: trades.length, maxLength: trades.length })
      .map((delays) =>
        trades
          .map((trade, index) => ({ trade, arrival: trade.time + delays[index]! }))
          .sort((one, other) => one.arrival - other.arrival)
          .map(({ trade }) => trade),
      ),
  );
  fc.assert(
    fc.property(shuffled, closed, empty, late, fc.nat(), (trades, closed, empty, late, cut) => {
      const policy = { closed, empty, late, remember: 3 };
      const until = endOf(trades.toSorted((one, other) => one.time - other.time));
      const whole = new TradeAggregator('1h', policy);
      const expected = trades.flatMap((trade) => whole.push(trade)).concat(whole.closeUntil(until));
      const split = cut % (trades.length + 1);
      const first = new TradeAggregator('1h', policy);
      const events: AggregatedCandle[] = trades.slice(0, split).flatMap((trade) => first.push(trade));
      const second = new TradeAggregator('1h', policy);
      second.restore(JSON.parse(JSON.stringify(first.snapshot())) as Json);
      events.push(...trades.slice(split).flatMap((trade) => second.push(trade)), ...second.closeUntil(until));
      assert.deepEqual(events, expected);
      assert.equal(second.droppedTrades, whole.droppedTrades);
    }),
    runs,
  );
});

test('late trades that are amended in the end give the bars of the trades in order', () => {
  const delayed = dyadic.chain((trades) =>
    fc
      .array(fc.nat(90 * SECOND_MS), { minLength: trades.length, maxLength: trades.length })
      .map((delays) => ({ trades, delays })),
  );
  fc.assert(
    fc.property(delayed, empty, ({ trades, delays }, empty) => {
      // Among trades of one millisecond the order of arrival counts, so each gets its own here.
      const spread = trades.map((trade, index) => ({ ...trade, time: epochMs(trade.time + index) }));
      const arrivals = spread
        .map((trade, index) => ({ trade, arrival: trade.time + delays[index]! }))
        .sort((one, other) => one.arrival - other.arrival);
      const until = epochMs(spread.at(-1)!.time + timeframeMs('2h'));
      const last = new Map<number, Candle>();
      const policy = { late: 'amend', remember: 5, empty } as const;
      const inOrderOfArrival = arrivals.map(({ trade }) => trade);
      for (const { candle } of candlesOfTrades(inOrderOfArrival, '1m', { ...policy, until }))
        last.set(candle.openTime, candle);
      const expected = aggregateTrades(columnsOf(spread), '1m', { empty, until });
      assert.deepEqual(
        [...last.values()].sort((one, other) => one.openTime - other.openTime),
        candlesOf(expected.columns),
      );
    }),
    runs,
  );
});

test('revised small bars give the bigger bar of the revised ones, closed or running', () => {
  const minutes = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(minutes, fc.nat(), fc.integer({ min: 1, max: 1_000 }), (closes, which, revised) => {
      const candle = (row: number, close: number): Candle => ({
        openTime: epochMs(start + row * timeframeMs('1m')),
        closeTime: epochMs(start + (row + 1) * timeframeMs('1m')),
        open: close,
        high: close + 1,
        low: close - 0.5,
        close,
        volume: close / 8,
      });
      const row = which % closes.length;
      const aggregator = new CandleAggregator('1m', '5m', { remember: 10 });
      const latest = new Map<number, Candle>();
      const take = (events: readonly AggregatedCandle[]): void => {
        for (const { candle } of events) latest.set(candle.openTime, candle);
      };
      for (const [index, close] of closes.entries()) take(aggregator.push(candle(index, close)));
      take(aggregator.push(candle(row, revised)));
      take(aggregator.closeUntil(epochMs(start + timeframeMs('1h'))));
      const changed = closes.with(row, revised).map((close, index) => candle(index, close));
      const expected = aggregateCandles(CandleColumns.from(changed, timeframeMs('1m')), '5m', {
        until: epochMs(start + timeframeMs('1h')),
      });
      assert.deepEqual([...latest.values()], candlesOf(expected.columns));
    }),
    runs,
  );
});
