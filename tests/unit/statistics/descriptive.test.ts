import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  covariance,
  largest,
  mean,
  median,
  quantile,
  smallest,
  standardDeviation,
  sum,
  variance,
} from '../../../src/statistics/descriptive.ts';

test('a sum keeps what plain addition loses', () => {
  assert.equal(sum([1, 1e100, 1, -1e100]), 2);
  assert.equal(sum(Float64Array.from({ length: 1_000_000 }, () => 0.1)), 100_000);
  assert.equal(sum([]), 0);
  assert.equal(sum([1, Number.POSITIVE_INFINITY]), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(sum([1, Number.NaN])));
});

test('sums of whole numbers are exact in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e12, max: 1e12 }), { maxLength: 200 }), (values) => {
      const exact = Number(values.reduce((total, value) => total + BigInt(value), 0n));
      assert.equal(sum(values), exact);
      assert.equal(sum([...values].reverse()), exact);
    }),
  );
});

test('variance of a sample and of a population', () => {
  const values = [2, 4, 4, 4, 5, 5, 7, 9];
  assert.equal(mean(values), 5);
  assert.equal(standardDeviation(values, 0), 2);
  assert.equal(variance(values, 1), 32 / 7);
  // Far from zero the one-pass formula would give nonsense.
  assert.equal(variance([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]), 30);
  assert.equal(variance([0.1, 0.1, 0.1]), 0, 'equal values have none, exactly');
  assert.ok(Number.isNaN(variance([1])));
  assert.ok(Number.isNaN(variance([], 0)));
});

test('covariance of a series with itself is its variance', () => {
  const values = [1, 3, 2, 8, 5];
  assert.equal(covariance(values, values), variance(values));
  assert.equal(covariance([1, 2, 3], [3, 2, 1]), -1);
  assert.ok(Number.isNaN(covariance([1, 2], [1])));
});

test('quantiles interpolate between order statistics', () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([1, 2], 0.3), 1.3);
  assert.equal(quantile([7], 0.05), 7);
  assert.equal(quantile([1, 2, 3], 1), 3);
  assert.equal(median([3, 1, 2]), 2);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test('a quantile lies between the extremes and rises with its share', () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(values, share, share, (sample, one, other) => {
      const low = quantile(sample, Math.min(one, other));
      const high = quantile(sample, Math.max(one, other));
      assert.ok(low >= smallest(sample) && high <= largest(sample) && low <= high + 1e-9);
    }),
  );
});

test('the extremes of half a million values do not overflow the stack', () => {
  const values = Float64Array.from({ length: 500_000 }, (_, index) => index % 1000);
  assert.equal(largest(values), 999);
  assert.equal(smallest(values), 0);
  assert.ok(Number.isNaN(largest([])));
});
