import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { drawdownPeriods, drawdownSeries, summariseDrawdown } from '../../../src/statistics/drawdown.ts';

const times = (count: number) => Float64Array.from({ length: count }, (_, row) => row * 1000);
const positiveEquity = fc
  .array(fc.double({ min: 0.01, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 60 })
  .map((values) => Float64Array.from(values));

test('a drawdown lasts from the last row at a peak to the next row at a peak', () => {
  const drawdown = drawdownSeries([100, 120, 90, 60, 120, 130, 130, 117, 130, 104]);
  assert.deepEqual([...drawdown], [0, 0, 0.25, 0.5, 0, 0, 0, 1 - 117 / 130, 0, 1 - 104 / 130]);
  const periods = drawdownPeriods(times(10), drawdown);
  assert.deepEqual(
    periods.map(({ peakRow, valleyRow, endRow, recovered }) => [peakRow, valleyRow, endRow, recovered]),
    [
      [1, 3, 4, true],
      [6, 7, 8, true],
    ],
    'the one that begins on the last row has no length yet',
  );
  const summary = summariseDrawdown(times(10), drawdown);
  assert.equal(summary.maximum, 0.5);
  assert.equal(summary.peakTime, 1000);
  assert.equal(summary.valleyTime, 3000);
  assert.equal(summary.longestMs, 3000);
  assert.equal(summary.averageDurationMs, 2500);
  assert.ok(Math.abs(summary.average - 0.3) < 1e-12);
});

test('a drawdown that has not recovered ends with the series', () => {
  const periods = drawdownPeriods(times(4), drawdownSeries([10, 8, 6, 7]));
  assert.equal(periods.length, 1);
  assert.equal(periods[0]!.endRow, 3);
  assert.equal(periods[0]!.recovered, false);
  assert.equal(periods[0]!.depth, 0.4);
});

test('no equity, one row, and an account that never fell', () => {
  assert.ok(Number.isNaN(summariseDrawdown([], []).maximum));
  assert.equal(summariseDrawdown([0], drawdownSeries([5])).maximum, 0);
  const rising = summariseDrawdown(times(3), drawdownSeries([1, 2, 3]));
  assert.equal(rising.maximum, 0);
  assert.equal(rising.periods, 0);
  assert.ok(Number.isNaN(rising.average) && Number.isNaN(rising.longestMs) && Number.isNaN(rising.peakTime));
});

test('more than all lost is a drawdown beyond 1', () => {
  assert.deepEqual([...drawdownSeries([100, 0, -50])], [0, 1, 1.5]);
});

test('the drawdown of positive equity lies in 0 … 1 and is 0 exactly at running maxima', () => {
  fc.assert(
    fc.property(positiveEquity, (equity) => {
      const drawdown = drawdownSeries(equity);
      let peak = 0;
      for (let row = 0; row < equity.length; row++) {
        peak = Math.max(peak, equity[row]!);
        assert.ok(drawdown[row]! >= 0 && drawdown[row]! < 1);
        if (equity[row] === peak) assert.equal(drawdown[row], 0);
      }
    }),
  );
});

test('drawdowns do not depend on the unit of money', () => {
  fc.assert(
    fc.property(positiveEquity, fc.integer({ min: -20, max: 20 }), (equity, power) => {
      // Powers of two scale without rounding.
      assert.deepEqual(drawdownSeries(equity.map((value) => value * 2 ** power)), drawdownSeries(equity));
    }),
  );
});

test('periods do not overlap, and the deepest of them is the maximum', () => {
  fc.assert(
    fc.property(positiveEquity, (equity) => {
      const drawdown = drawdownSeries(equity);
      const periods = drawdownPeriods(times(equity.length), drawdown);
      for (let index = 1; index < periods.length; index++)
        assert.ok(periods[index]!.peakRow >= periods[index - 1]!.endRow);
      const deepest = Math.max(0, ...periods.map((period) => period.depth), drawdown.at(-1)!);
      assert.equal(deepest, summariseDrawdown(times(equity.length), drawdown).maximum);
    }),
  );
});
