import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candle, Trade } from '../../../src/domain/candle.ts';
import { InvariantError } from '../../../src/foundation/errors.ts';
import { type EpochMs, epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import type { AggregatedCandle } from '../../../src/market/bar-sequence.ts';
import { CandleAggregator, TradeAggregator } from '../../../src/market/candle-aggregator.ts';

/** 2024-08-08 is a Thursday. */
const at = (clock: string): EpochMs => epochMs(Date.parse(`2024-08-08T${clock}Z`));
const trade = (clock: string, price: number, quantity = 1): Trade => ({ time: at(clock), price, quantity });
const minute = (clock: string, close: number, volume = 1): Candle => ({
  openTime: at(clock),
  closeTime: epochMs(at(clock) + MINUTE_MS),
  open: close - 1,
  high: close + 2,
  low: close - 2,
  close,
  volume,
});
/** `09:01 o h l c v`, with what is out of the ordinary behind it. */
const words = ({ candle, kind, revision, parts }: AggregatedCandle): string => {
  const close = new Date(candle.closeTime).toISOString().slice(11, 16);
  const bar = `${close} ${candle.open} ${candle.high} ${candle.low} ${candle.close} ${candle.volume}`;
  return `${bar} of ${parts}${kind === 'amended' ? ` amended ${revision}` : ''}`;
};
const pushAll = (aggregator: TradeAggregator, trades: readonly Trade[]): string[] =>
  trades.flatMap((each) => aggregator.push(each)).map(words);

test('a bar closes when a trade of a later one comes, and is labelled by its close time', () => {
  const aggregator = new TradeAggregator('1m');
  assert.deepEqual(
    pushAll(aggregator, [trade('09:00:01', 10, 2), trade('09:00:30', 12), trade('09:00:59.999', 9, 3)]),
    [],
  );
  assert.deepEqual(pushAll(aggregator, [trade('09:01:30', 11)]), ['09:01 10 12 9 9 6 of 3']);
  assert.equal(aggregator.running?.close, 11);
});

test('a trade exactly on the boundary opens the next bar, or ends the one before with closed right', () => {
  const trades = [trade('09:00:10', 10), trade('09:05:00', 20, 5), trade('09:05:00.001', 30)];
  const left = new TradeAggregator('5m');
  assert.deepEqual(pushAll(left, trades), ['09:05 10 10 10 10 1 of 1']);
  assert.equal(left.running?.volume, 6);
  const right = new TradeAggregator('5m', { closed: 'right' });
  assert.deepEqual(pushAll(right, trades), ['09:05 10 20 10 20 6 of 2']);
  assert.equal(right.running?.open, 30);
});

test('the right-closed five-minute bar of 09:05:00 holds 09:00:00.001 to 09:05:00', () => {
  const right = new TradeAggregator('5m', { closed: 'right' });
  const trades = [trade('09:00:00', 1), trade('09:00:00.001', 2), trade('09:05:00', 3), trade('09:05:00.001', 4)];
  assert.deepEqual(pushAll(right, trades), ['09:00 1 1 1 1 1 of 1', '09:05 2 3 2 3 2 of 2']);
});

test('closeUntil ends a bar without a later trade, and only when its time is over', () => {
  const aggregator = new TradeAggregator('1m');
  aggregator.push(trade('09:00:10', 10));
  assert.deepEqual(aggregator.closeUntil(at('09:00:59.999')), []);
  assert.deepEqual(aggregator.closeUntil(at('09:01:00')).map(words), ['09:01 10 10 10 10 1 of 1']);
  assert.deepEqual(aggregator.closeUntil(at('09:03:00')), []);
  assert.equal(aggregator.running, undefined);
});

test('empty intervals are skipped, or filled at the last close with volume 0', () => {
  const trades = [trade('09:00:10', 10), trade('09:03:10', 12)];
  assert.deepEqual(pushAll(new TradeAggregator('1m'), trades), ['09:01 10 10 10 10 1 of 1']);
  const flat = new TradeAggregator('1m', { empty: 'flat' });
  assert.deepEqual(pushAll(flat, trades), [
    '09:01 10 10 10 10 1 of 1',
    '09:02 10 10 10 10 0 of 0',
    '09:03 10 10 10 10 0 of 0',
  ]);
  assert.deepEqual(flat.closeUntil(at('09:05:30')).map(words), [
    '09:04 12 12 12 12 1 of 1',
    '09:05 12 12 12 12 0 of 0',
  ]);
});

test('no flat bar before the first real one', () => {
  const flat = new TradeAggregator('1m', { empty: 'flat' });
  assert.deepEqual(flat.closeUntil(at('09:00:00')), []);
  assert.deepEqual(pushAll(flat, [trade('09:10:00', 5)]), []);
});

test('a jump of centuries is refused instead of being filled', () => {
  const flat = new TradeAggregator('1m', { empty: 'flat' });
  flat.push(trade('09:00:00', 5));
  assert.throws(() => flat.push({ time: epochMs(at('09:00:00') * 1_000), price: 5, quantity: 1 }), InvariantError);
});

test('a late trade is dropped and counted', () => {
  const aggregator = new TradeAggregator('1m');
  pushAll(aggregator, [trade('09:00:10', 10), trade('09:01:10', 12)]);
  assert.deepEqual(pushAll(aggregator, [trade('09:00:50', 99), trade('08:00:00', 98)]), []);
  assert.equal(aggregator.droppedTrades, 2);
});

test('a late trade amends its bar: high, low, volume, and open or close when it was the first or the last', () => {
  const aggregator = new TradeAggregator('1m', { late: 'amend' });
  pushAll(aggregator, [trade('09:00:10', 10), trade('09:00:40', 11), trade('09:01:10', 12)]);
  assert.deepEqual(pushAll(aggregator, [trade('09:00:20', 15)]), ['09:01 10 15 10 11 3 of 3 amended 1']);
  assert.deepEqual(pushAll(aggregator, [trade('09:00:50', 8)]), ['09:01 10 15 8 8 4 of 4 amended 2']);
  assert.deepEqual(pushAll(aggregator, [trade('09:00:05', 9)]), ['09:01 9 15 8 8 5 of 5 amended 3']);
  assert.equal(aggregator.droppedTrades, 0);
});

test('a late trade in a skipped minute makes its bar; one that is older than what is remembered is dropped', () => {
  const aggregator = new TradeAggregator('1m', { late: 'amend', remember: 2 });
  pushAll(aggregator, [trade('09:00:10', 10), trade('09:03:10', 12)]);
  assert.deepEqual(pushAll(aggregator, [trade('09:02:05', 11)]), ['09:03 11 11 11 11 1 of 1 amended 1']);
  assert.deepEqual(pushAll(aggregator, [trade('09:01:05', 13)]), ['09:02 13 13 13 13 1 of 1 amended 1']);
  assert.deepEqual(pushAll(aggregator, [trade('09:00:05', 11)]), []);
  assert.equal(aggregator.droppedTrades, 1);
});

test('the flat bars after an amended one move to its new close, up to the next real one', () => {
  const aggregator = new TradeAggregator('1m', { late: 'amend', empty: 'flat', remember: 10 });
  pushAll(aggregator, [trade('09:00:10', 10), trade('09:03:10', 12), trade('09:05:10', 13)]);
  assert.deepEqual(pushAll(aggregator, [trade('09:00:50', 9)]), [
    '09:01 10 10 9 9 2 of 2 amended 1',
    '09:02 9 9 9 9 0 of 0 amended 1',
    '09:03 9 9 9 9 0 of 0 amended 1',
  ]);
  assert.deepEqual(pushAll(aggregator, [trade('09:01:50', 8)]), [
    '09:02 8 8 8 8 1 of 1 amended 2',
    '09:03 8 8 8 8 0 of 0 amended 2',
  ]);
});

test('flat bars to come stand at the close of the bar that was amended last', () => {
  const aggregator = new TradeAggregator('1m', { late: 'amend', empty: 'flat' });
  pushAll(aggregator, [trade('09:00:10', 10)]);
  aggregator.closeUntil(at('09:01:00'));
  pushAll(aggregator, [trade('09:00:50', 9)]);
  assert.deepEqual(aggregator.closeUntil(at('09:02:00')).map(words), ['09:02 9 9 9 9 0 of 0']);
});

test('with flat bars, a late trade before the first bar fills the way up to it', () => {
  const aggregator = new TradeAggregator('1m', { late: 'amend', empty: 'flat', remember: 10 });
  pushAll(aggregator, [trade('09:05:10', 10)]);
  assert.deepEqual(pushAll(aggregator, [trade('09:03:10', 9)]), [
    '09:04 9 9 9 9 1 of 1 amended 1',
    '09:05 9 9 9 9 0 of 0 amended 1',
  ]);
  assert.deepEqual(aggregator.closeUntil(at('09:06:00')).map(words), ['09:06 10 10 10 10 1 of 1']);
});

test('a trade out of order within the running bar takes its right place', () => {
  const aggregator = new TradeAggregator('1m');
  pushAll(aggregator, [trade('09:00:30', 10), trade('09:00:10', 9), trade('09:00:20', 11)]);
  assert.deepEqual(aggregator.closeUntil(at('09:01:00')).map(words), ['09:01 9 11 9 10 3 of 3']);
});

test('an impossible trade is refused', () => {
  const aggregator = new TradeAggregator('1m');
  for (const [price, quantity] of [
    [0, 1],
    [-1, 1],
    [Number.NaN, 1],
    [1, -1],
    [1, Number.NaN],
    [Number.POSITIVE_INFINITY, 1],
  ]) {
    assert.throws(() => aggregator.push({ time: at('09:00:00'), price: price!, quantity: quantity! }), InvariantError);
  }
});

test('a week runs from Monday to Monday, UTC', () => {
  const aggregator = new TradeAggregator('1w');
  aggregator.push(trade('09:00:00', 10));
  assert.equal(new Date(aggregator.running!.openTime).toISOString(), '2024-08-05T00:00:00.000Z');
  const sunday = epochMs(Date.parse('2024-08-11T23:59:59.999Z'));
  assert.deepEqual(aggregator.push({ time: sunday, price: 11, quantity: 1 }), []);
  const [week] = aggregator.push({ time: epochMs(sunday + 1), price: 12, quantity: 1 });
  assert.equal(new Date(week!.candle.closeTime).toISOString(), '2024-08-12T00:00:00.000Z');
  assert.equal(week!.candle.close, 11);
});

test('decimal quantities sum to the decimal figure, where a plain sum does not', () => {
  const aggregator = new TradeAggregator('1m');
  for (let i = 0; i < 1_000; i++) aggregator.push(trade('09:00:10', 1, 0.1));
  const plain = Array.from({ length: 1_000 }, () => 0.1).reduce((sum, value) => sum + value, 0);
  assert.notEqual(plain, 100);
  assert.equal(aggregator.running?.volume, 100);
});

test('a bigger bar closes with the smaller bar that ends with it', () => {
  const aggregator = new CandleAggregator('1m', '3m');
  assert.deepEqual(aggregator.push(minute('09:00:00', 10)), []);
  assert.deepEqual(aggregator.push(minute('09:01:00', 14, 2)), []);
  const [bar] = aggregator.push(minute('09:02:00', 12, 3));
  assert.equal(words(bar!), '09:03 9 16 8 12 6 of 3');
  assert.equal(bar!.wholeParts, 3);
});

test('a bigger bar that lacks small ones says so; without its last one it waits for a boundary', () => {
  const aggregator = new CandleAggregator('1m', '3m');
  aggregator.push(minute('09:00:00', 10));
  aggregator.push(minute('09:01:00', 10));
  const [bar] = aggregator.push(minute('09:04:00', 10));
  assert.deepEqual([bar!.parts, bar!.wholeParts], [2, 3]);
  assert.deepEqual(
    aggregator.closeUntil(at('09:06:00')).map((each) => each.parts),
    [1],
  );
});

test('a revised small bar of the running bigger bar recomputes it in silence', () => {
  const aggregator = new CandleAggregator('1m', '3m');
  aggregator.push(minute('09:00:00', 10));
  assert.deepEqual(aggregator.push(minute('09:00:00', 50, 7)), []);
  assert.equal(aggregator.running?.high, 52);
  assert.equal(aggregator.running?.volume, 7);
});

test('a revised small bar of a closed bigger bar amends it; the same one again does nothing', () => {
  const aggregator = new CandleAggregator('1m', '3m');
  for (const clock of ['09:00:00', '09:01:00', '09:02:00']) aggregator.push(minute(clock, 10));
  assert.deepEqual(aggregator.push(minute('09:02:00', 10)), []);
  assert.equal(aggregator.repeatedCandles, 1);
  assert.deepEqual(aggregator.push(minute('09:02:00', 30, 4)).map(words), ['09:03 9 32 8 30 6 of 3 amended 1']);
});

test('a small bar that comes late completes the bigger one', () => {
  const aggregator = new CandleAggregator('1m', '3m');
  for (const clock of ['09:00:00', '09:02:00', '09:03:00']) aggregator.push(minute(clock, 10));
  assert.deepEqual(aggregator.push(minute('09:01:00', 40)).map(words), ['09:03 9 42 8 10 3 of 3 amended 1']);
});

test('bars that do not fit are refused', () => {
  assert.throws(() => new CandleAggregator('3m', '5m'), InvariantError);
  const aggregator = new CandleAggregator('5m', '15m');
  assert.throws(() => aggregator.push(minute('09:00:00', 10)), /does not fit/);
  const across = { ...minute('09:14:00', 10), closeTime: at('09:19:00') };
  assert.throws(() => aggregator.push(across), /does not fit/);
  const impossible = { ...minute('09:00:00', 10), closeTime: at('09:05:00'), high: 1 };
  assert.throws(() => aggregator.push(impossible), /impossible/);
});

test('a saved state of another timeframe is refused', () => {
  const state = new TradeAggregator('1m').snapshot();
  assert.throws(() => new TradeAggregator('5m').restore(state), InvariantError);
});
