import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candle } from '../../../src/domain/candle.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { CandleTrack } from '../../../src/providers/exchange/candle-track.ts';
import type { CandleFrame, CandleRow } from '../../../src/providers/exchange/exchange-connection.ts';
import { SCRIPT_START, scriptedCandles } from '../../support/venues/scripted-market.ts';

const feed = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const candles = scriptedCandles(10, 100);

function track(from = 0): CandleTrack {
  return new CandleTrack(feed, candles[from]!.openTime);
}

function row(index: number, changes: Partial<CandleRow> = {}): CandleRow {
  const { closeTime: _, ...rest } = candles[index]!;
  return { ...rest, isClosed: undefined, raw: null, ...changes };
}

/** As the stream says it, just after its end. */
function frame(index: number, isClosed: boolean | undefined, changes: Partial<CandleFrame> = {}): CandleFrame {
  return { ...row(index), feed, isClosed, exchangeTime: epochMs(candles[index]!.closeTime + 5), ...changes };
}

function take(one: CandleTrack, said: CandleFrame): string {
  return one.take(said, said.exchangeTime ?? SCRIPT_START);
}

const released = (one: CandleTrack): readonly Candle[] => [...one.release()].map(({ candle }) => candle);
const script = (...indexes: readonly number[]): readonly Candle[] => indexes.map((index) => candles[index]!);

test('a candle comes out when the exchange says that it has closed, and its clock agrees', () => {
  const one = track();
  assert.equal(take(one, frame(0, false)), 'forming');
  assert.deepEqual(released(one), []);
  const early = epochMs(candles[0]!.closeTime - 2);
  assert.equal(take(one, frame(0, true, { exchangeTime: early })), 'closed-too-early');
  assert.deepEqual(released(one), []);
  assert.equal(take(one, frame(0, true, { exchangeTime: epochMs(candles[0]!.closeTime - 1) })), 'closed');
  assert.deepEqual(released(one), script(0));
});

test('without a time in the message our idea of the clock decides, with a second of tolerance', () => {
  const { closeTime } = candles[0]!;
  const said = frame(0, true, { exchangeTime: undefined });
  assert.equal(track().take(said, epochMs(closeTime - 1_002)), 'closed-too-early');
  assert.equal(track().take(said, epochMs(closeTime - 900)), 'closed');
});

test('a later candle waits for what lies between', () => {
  const one = track();
  take(one, frame(0, true));
  take(one, frame(3, true));
  assert.deepEqual(released(one), script(0));
  assert.equal(one.waitingFrom, candles[3]!.openTime);
  one.fill([row(1), row(2), row(3), row(4)], candles[2]!.closeTime, candles[4]!.openTime);
  assert.deepEqual(released(one), script(1, 2, 3));
  assert.equal(one.completeUntil, candles[4]!.openTime);
});

test('what the history does not have between two rows is left out', () => {
  const one = track();
  one.fill([row(0), row(4)], candles[4]!.closeTime, candles[4]!.openTime);
  assert.deepEqual(released(one), script(0, 4));
});

test('a row that may still change does not come out, and does not count as absent', () => {
  const one = track();
  one.fill([row(0), row(1), row(2)], candles[0]!.closeTime, candles[2]!.openTime);
  assert.deepEqual(released(one), script(0));
  one.fill([row(1), row(2)], candles[1]!.closeTime, candles[2]!.openTime);
  assert.deepEqual(released(one), script(1));
});

test('a repeat is passed over, a revision is told, and neither comes out again', () => {
  const one = track();
  take(one, frame(0, true));
  released(one);
  assert.equal(take(one, frame(0, true)), 'repeated');
  assert.equal(take(one, frame(0, true, { volume: 99 })), 'revised');
  assert.deepEqual(released(one), []);
});

test('an impossible candle never comes out, whoever says it', () => {
  for (const wrong of [{ high: 1 }, { low: 0 }, { volume: -1 }, { close: Number.NaN }]) {
    const one = track();
    assert.equal(take(one, frame(0, true, wrong)), 'impossible');
    assert.equal(one.fill([row(0, wrong)], candles[0]!.closeTime, candles[0]!.openTime).length, 1);
    assert.deepEqual(released(one), []);
  }
});

test('a candle off the grid of its feed, or from a message of the far future, never comes out', () => {
  const one = track();
  assert.equal(take(one, frame(0, true, { openTime: epochMs(candles[0]!.openTime + 3) })), 'impossible');
  const { closeTime } = candles[0]!;
  assert.equal(one.take(frame(0, true, { exchangeTime: epochMs(closeTime + 86_400_000) }), closeTime), 'impossible');
  assert.equal(one.waitingFrom, undefined);
  assert.deepEqual(released(one), []);
});

test('an impossible row of the history is looked for again: nothing after it comes out meanwhile', () => {
  const one = track();
  const rows = [row(0), row(1, { high: 1 }), row(2)];
  assert.equal(one.fill(rows, candles[2]!.closeTime, candles[2]!.openTime).length, 1);
  assert.deepEqual(released(one), script(0));
  one.fill([row(1), row(2)], candles[2]!.closeTime, candles[2]!.openTime);
  assert.deepEqual(released(one), script(1, 2));
  assert.deepEqual(one.takeHoles(), []);
});

test('a revision has a version, and holes are told once, as stretches', () => {
  const one = track();
  one.fill([row(0), row(4)], candles[4]!.closeTime, candles[4]!.openTime);
  released(one);
  assert.deepEqual(one.takeHoles(), [{ from: candles[1]!.openTime, to: candles[4]!.openTime }]);
  assert.deepEqual(one.takeHoles(), []);
  const [first] = script(0);
  assert.equal(one.revise(first!), undefined);
  assert.equal(one.revise({ ...first!, volume: 99 })?.version, 2);
  assert.deepEqual(one.revise(first!), { before: { ...first!, volume: 99 }, candle: first!, version: 3 });
  assert.equal(one.revise(candles[2]!), undefined);
});

test('where nothing is said, the next candle closes the one before, with its last values', () => {
  const one = track();
  assert.equal(take(one, frame(0, undefined, { close: candles[0]!.open, volume: 1 })), 'forming');
  assert.equal(take(one, frame(0, undefined)), 'forming');
  assert.deepEqual(released(one), []);
  assert.equal(take(one, frame(1, undefined)), 'closed');
  assert.deepEqual(released(one), script(0));
});

test('where nothing is said, a broken connection leaves the candle to the history', () => {
  const one = track();
  take(one, frame(0, undefined, { volume: 1 }));
  one.forgetForming();
  assert.equal(take(one, frame(1, undefined)), 'forming');
  assert.equal(take(one, frame(2, undefined)), 'closed');
  assert.deepEqual(released(one), [], 'the second waits for the first');
  one.fill([row(0), row(1)], candles[0]!.closeTime, candles[1]!.openTime);
  assert.deepEqual(released(one), script(0, 1));
});
