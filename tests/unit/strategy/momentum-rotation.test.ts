import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MINUTE_MS } from '../../../src/foundation/time.ts';
import type { CandleColumns } from '../../../src/market/candle-columns.ts';
import momentumRotation from '../../../src/strategy/momentum-rotation.ts';
import { barsOfCloses, bundledBars } from './bars.ts';
import { type Decided, Replay } from './replay.ts';

const bundled = {
  BTCUSDT: [bundledBars('BTCUSDT')],
  ETHUSDT: [bundledBars('ETHUSDT')],
  SOLUSDT: [bundledBars('SOLUSDT')],
};

const plain = { lookback: 2, rebalanceBars: 2, volatilityAdjusted: false, exposure: 1, tolerance: 0 };

function summary(decided: readonly Decided[]): readonly (readonly [number, string, string])[] {
  return decided.map(({ time, signal }) => [
    time / MINUTE_MS - 1,
    `${signal.kind} ${signal.symbol}`,
    signal.reason.split(':')[0]!,
  ]);
}

test('holds the best, moves to the new best every so many bars, exits first', () => {
  const bars = {
    A: [barsOfCloses([100, 100, 110, 110, 110, 110, 110])],
    B: [barsOfCloses([100, 100, 105, 110, 120, 125, 126])],
    C: [barsOfCloses([100, 100, 90, 90, 90, 90, 150])],
  };
  const { decided } = new Replay(momentumRotation, { ...plain, holdings: 1 }, bars).run();
  assert.deepEqual(summary(decided), [
    // Rows 0 to 1 are too few. Row 2: A 10 %, B 5 %, C −10 %.
    [2, 'target A', 'Ranks 1 of 3 with 10.00% in 2 bars'],
    // Row 4: A 0 %, B 120 / 105, C 0 %.
    [4, 'exit A', 'Ranks 2 of 3 with 0.00% in 2 bars'],
    [4, 'target B', 'Ranks 1 of 3 with 14.29% in 2 bars'],
    // Row 6: C 150 / 90, B 126 / 120.
    [6, 'exit B', 'Ranks 2 of 3 with 5.00% in 2 bars'],
    [6, 'target C', 'Ranks 1 of 3 with 66.67% in 2 bars'],
  ]);
});

test('equal returns rank in the order of the symbols', () => {
  const same = [barsOfCloses([100, 100, 110, 110])];
  const first = (bars: Record<string, readonly CandleColumns[]>) =>
    new Replay(momentumRotation, { ...plain, holdings: 2 }, bars).run().decided.map(({ signal }) => signal.symbol);
  assert.deepEqual(first({ A: same, B: same, C: same }), ['A', 'B']);
  assert.deepEqual(first({ C: same, B: same, A: same }), ['C', 'B']);
});

test('keeps cash in place of symbols that have not risen, unless told otherwise', () => {
  const bars = { A: [barsOfCloses([100, 100, 110])], B: [barsOfCloses([100, 100, 90])] };
  const weights = (onlyRising: boolean) =>
    new Replay(momentumRotation, { ...plain, holdings: 2, onlyRising }, bars)
      .run()
      .decided.map(({ signal }) => [signal.symbol, signal.kind === 'target' ? signal.weight : undefined]);
  assert.deepEqual(weights(true), [['A', 0.5]]);
  assert.deepEqual(weights(false), [
    ['A', 0.5],
    ['B', 0.5],
  ]);
});

test('volatility adjustment prefers the steady rise to the wild one', () => {
  const bars = {
    WILD: [barsOfCloses([100, 130, 95, 125, 110])],
    CALM: [barsOfCloses([100, 102, 105, 107, 109])],
  };
  const best = (volatilityAdjusted: boolean) =>
    new Replay(momentumRotation, { ...plain, lookback: 4, holdings: 1, volatilityAdjusted }, bars).run().decided[0]!
      .signal.symbol;
  assert.equal(best(false), 'WILD');
  assert.equal(best(true), 'CALM');
});

test('a holding within the tolerance is left alone', () => {
  const count = (tolerance: number) =>
    new Replay(momentumRotation, { lookback: 600, rebalanceBars: 30, holdings: 2, tolerance }, bundled).run().decided
      .length;
  const [exact, loose] = [count(0), count(0.05)];
  assert.ok(exact > 2 * loose && loose > 10, `${exact} ${loose}`);
});

test('each choice on real bars is the best by the definition, at rebalancing bars only', () => {
  const parameters = { lookback: 240, rebalanceBars: 120, holdings: 1, volatilityAdjusted: false, onlyRising: false };
  const replay = new Replay(momentumRotation, { ...parameters, tolerance: 0 }, bundled).run();
  const start = bundled.BTCUSDT[0]!.closeTime(240);
  assert.ok(replay.decided.length > 100);
  for (const { time, signal } of replay.decided) {
    assert.equal((time - start) % (120 * MINUTE_MS), 0);
    if (signal.kind !== 'target') continue;
    const row = bundled.BTCUSDT[0]!.openTime.indexOf(time - MINUTE_MS);
    const gains = Object.entries(bundled).map(([symbol, [bars]]) => ({
      symbol,
      gain: bars!.close[row]! / bars!.close[row - 240]! - 1,
    }));
    assert.equal(signal.symbol, gains.sort((a, b) => b.gain - a.gain)[0]!.symbol);
    assert.equal(signal.weight, 0.95);
  }
});
