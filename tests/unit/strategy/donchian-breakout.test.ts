import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MINUTE_MS } from '../../../src/foundation/time.ts';
import donchianBreakout from '../../../src/strategy/donchian-breakout.ts';
import { barsOfCloses, bundledBars } from './bars.ts';
import { Replay } from './replay.ts';

const quiet = { trailingAtr: 0, entryPeriod: 3, exitPeriod: 2 };

test('enters beyond the channel of the bars before, leaves beyond the shorter one', () => {
  //              0   1   2   3   4   5   6   7   8  9  10
  const closes = [10, 11, 10, 11, 12, 14, 13, 11, 9, 8, 12];
  const { decided } = new Replay(donchianBreakout, quiet, { X: [barsOfCloses(closes)] }).run();
  const found = decided.map(({ time, signal }) => [time / MINUTE_MS - 1, signal]);
  assert.deepEqual(found, [
    [4, { kind: 'enter', symbol: 'X', side: 'long', reason: 'Close 12 broke above the high 11 of 3 bars' }],
    [7, { kind: 'exit', symbol: 'X', reason: 'Close 11 fell below the low 12 of 2 bars' }],
    [8, { kind: 'enter', symbol: 'X', side: 'short', reason: 'Close 9 broke below the low 11 of 3 bars' }],
    [10, { kind: 'exit', symbol: 'X', reason: 'Close 12 rose above the high 11 of 2 bars' }],
  ]);
});

test('long-only ignores breaks downwards', () => {
  const bars = { BTCUSDT: [bundledBars('BTCUSDT')] };
  const { decided } = new Replay(donchianBreakout, { direction: 'long-only' }, bars).run();
  assert.ok(decided.length > 300);
  assert.ok(
    decided.every(({ signal }) => signal.kind === 'exit' || (signal.kind === 'enter' && signal.side === 'long')),
  );
});

test('every entry on real bars is a break of the 20 bars before it, and no break is missed while flat', () => {
  const bars = bundledBars('BTCUSDT');
  const replay = new Replay(donchianBreakout, {}, { BTCUSDT: [bars] });
  let entries = 0;
  for (let row = 0; row < bars.length; row += 1) {
    const known = replay.decided.length;
    replay.step();
    const decided = replay.decided
      .slice(known)
      .map(({ signal }) => (signal.kind === 'enter' ? signal.side : signal.kind));
    if (row <= 20) {
      assert.deepEqual(decided, []);
      continue;
    }
    const close = bars.close[row]!;
    const isLong = close > Math.max(...bars.high.subarray(row - 20, row));
    const isShort = close < Math.min(...bars.low.subarray(row - 20, row));
    const position = replay.account.position('BTCUSDT');
    if (decided[0] === 'long') assert.ok(isLong && position <= 0);
    if (decided[0] === 'short') assert.ok(isShort && position >= 0);
    if (decided[0] !== 'exit' && position === 0) assert.equal(decided.length === 1, isLong || isShort);
    if (decided.length > 0) entries += 1;
  }
  assert.ok(entries > 1_000);
});

test('the stop trails by so many average true ranges', () => {
  const replay = new Replay(donchianBreakout, { trailingAtr: 2 }, { BTCUSDT: [bundledBars('BTCUSDT')] });
  let seen = 0;
  while (replay.step()) {
    const latest = replay.decided.at(-1);
    if (latest?.time !== replay.market.time || latest.signal.kind !== 'enter') continue;
    assert.equal(latest.signal.trailingDistance, 2 * replay.strategy.indicators().atr!);
    seen += 1;
  }
  assert.ok(seen > 500);
});
