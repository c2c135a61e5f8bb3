import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MINUTE_MS } from '../../../src/foundation/time.ts';
import type { CandleColumns } from '../../../src/market/candle-columns.ts';
import bollingerReversion from '../../../src/strategy/bollinger-reversion.ts';
import { barsOfCloses, bundledBars } from './bars.ts';
import { type Decided, Replay } from './replay.ts';

/** The z-score of a close by its definition, in two passes. */
function score(bars: CandleColumns, row: number, period: number): number {
  const window = bars.close.subarray(row - period + 1, row + 1);
  const mean = window.reduce((sum, close) => sum + close, 0) / period;
  const variance = window.reduce((sum, close) => sum + (close - mean) ** 2, 0) / period;
  return (bars.close[row]! - mean) / Math.sqrt(variance);
}

function run(parameters: Readonly<Record<string, unknown>>, bars: CandleColumns): readonly Decided[] {
  return new Replay(bollingerReversion, parameters, { BTCUSDT: [bars] }).run().decided;
}

test('enters outside the bands with a strained RSI, leaves at the middle: figures of the first trades', () => {
  const [first, second, third] = run({}, bundledBars('BTCUSDT')).map(({ time, signal }) => [
    new Date(time).toISOString(),
    signal.kind,
    signal.reason,
  ]);
  assert.deepEqual(first, [
    '2025-05-05T00:28:00.000Z',
    'enter',
    'Close 94623.1 is 2.03 deviations above the middle 94443.18, RSI(14) 70.4; stop 94893.15',
  ]);
  assert.deepEqual(second, [
    '2025-05-05T00:43:00.000Z',
    'exit',
    'Close 94636.4 came back to 0.27 deviations below the middle 94655.93',
  ]);
  assert.deepEqual(third, [
    '2025-05-05T01:20:00.000Z',
    'enter',
    'Close 94223.8 is 2.13 deviations below the middle 94444.67, RSI(14) 28.3; stop 93967.12',
  ]);
});

test('each entry lies beyond the band and each exit on the far side of the middle, by the definition', () => {
  const bars = bundledBars('BTCUSDT');
  const replay = new Replay(bollingerReversion, { rsiLimit: 0, stopAtr: 0 }, { BTCUSDT: [bars] });
  let trades = 0;
  for (let row = 0; replay.step(); row += 1) {
    const latest = replay.decided.at(-1);
    if (latest?.time !== replay.market.time) continue;
    const z = score(bars, row, 20);
    const position = replay.account.position('BTCUSDT');
    if (latest.signal.kind === 'enter') {
      assert.equal(position, 0);
      assert.ok(latest.signal.side === 'long' ? z < -1.999999 : z > 1.999999);
      trades += 1;
    } else assert.ok(position > 0 ? z > -1e-6 : z < 1e-6);
  }
  assert.ok(trades > 500);
});

test('the RSI filter only takes entries away', () => {
  const bars = bundledBars('BTCUSDT');
  const entries = (rsiLimit: number) => run({ rsiLimit }, bars).filter(({ signal }) => signal.kind === 'enter').length;
  const [none, mild, strict] = [entries(0), entries(30), entries(15)];
  assert.ok(none > mild && mild > strict && strict > 0, `${none} ${mild} ${strict}`);
});

const falling = [10, 10.1, 10, 10.1, 10.05, 9, 8, 7, 6, 5, 4, 3.9, 3.9, 3.9, 3.9, 3.9, 3];
const plain = { period: 4, entryDeviations: 1, exitDeviations: 0, rsiLimit: 0, stopAtr: 0 };

test('does not buy the same fall twice: the price must come back inside the bands first', () => {
  const bars = barsOfCloses(falling);
  const replay = new Replay(bollingerReversion, { ...plain, maximumBars: 2 }, { X: [bars] }).run();
  const kinds = replay.decided.map(({ time, signal }) => [time / MINUTE_MS - 1, signal.kind]);
  // In at row 5, given up two bars after the fill. Rows 8 to 10 lie below the band as well, but it is the same fall; row
  // 11 is inside again, and row 16 is another fall.
  assert.deepEqual(kinds, [
    [5, 'enter'],
    [7, 'exit'],
    [16, 'enter'],
  ]);
  assert.equal(replay.decided[1]!.signal.reason, 'Gave up after 2 bars, still 1.33 deviations below the middle');
});

test('a flat market has no score and no signals', () => {
  assert.deepEqual(run({ rsiLimit: 0 }, barsOfCloses(new Array<number>(100).fill(42))), []);
});
