import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { InvariantError } from '../../src/foundation/errors.ts';
import { Histogram } from '../../src/foundation/histogram.ts';

/** Of every size, from microseconds to days. */
const value = fc
  .tuple(fc.integer({ min: 0, max: 38 }), fc.double({ min: 1, max: 2, noNaN: true, maxExcluded: true }))
  .map(([power, mantissa]) => Math.floor(mantissa * 2 ** power * 0.999));
const share = fc.double({ min: 0, max: 1, noNaN: true });

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const one of values) histogram.record(one);
  return histogram;
}

function exactQuantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(1, Math.ceil(at * sorted.length)) - 1]!;
}

describe('a histogram', () => {
  test('gives every quantile to 1 part in 128, extremes and mean exactly', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), share, (values, at) => {
        const histogram = histogramOf(values);
        const exact = exactQuantile(values, at);
        assert.ok(Math.abs(histogram.quantile(at) - exact) <= exact / 128, `${histogram.quantile(at)} for ${exact}`);
        assert.equal(histogram.count, values.length);
        assert.equal(histogram.minimum, Math.min(...values));
        assert.equal(histogram.maximum, Math.max(...values));
        const sum = values.reduce((total, one) => total + one, 0);
        assert.ok(Math.abs(histogram.mean - sum / values.length) <= 1e-9 * sum);
      }),
      { numRuns: 400 },
    );
  });

  test('powers of two and their neighbours fall into buckets that hold them', () => {
    for (let power = 0; power < 40; power++) {
      for (const near of [-1, 0, 1]) {
        const one = Math.max(0, 2 ** power + near);
        const histogram = histogramOf([0, one, 2 ** 39]);
        assert.ok(Math.abs(histogram.quantile(0.5) - one) <= one / 128, `${one}`);
      }
    }
  });

  test('is the same added up from parts, and after its JSON', () => {
    fc.assert(
      fc.property(fc.array(value), fc.array(value), (left, right) => {
        const whole = histogramOf([...left, ...right]);
        const sum = Histogram.fromJson(JSON.parse(JSON.stringify(histogramOf(left).toJson())));
        sum.add(histogramOf(right));
        assert.deepEqual(sum.toJson(), whole.toJson());
      }),
    );
  });

  test('stays small, whatever it is given', () => {
    const histogram = new Histogram();
    for (let count = 0; count < 100_000; count++) histogram.record((count * 7_919) ** 2 % 1e12);
    histogram.record(1e15);
    assert.equal(histogram.maximum, 1e15);
    assert.ok(JSON.stringify(histogram.toJson()).length < 40_000);
  });

  test('of nothing has no quantiles', () => {
    const histogram = new Histogram();
    assert.deepEqual(
      [histogram.quantile(0.5), histogram.minimum, histogram.mean],
      [Number.NaN, Number.NaN, Number.NaN],
    );
    assert.deepEqual(Histogram.fromJson(histogram.toJson()).toJson(), histogram.toJson());
  });

  test('refuses what is no size', () => {
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => new Histogram().record(bad), InvariantError);
    }
    const json = { sum: 1, minimum: 1, maximum: 1 };
    for (const counts of [[-1, 1], [1_000_000, 1], [1, 0], [1, 0.5], [1]]) {
      assert.throws(() => Histogram.fromJson({ ...json, counts }), InvariantError);
    }
  });
});
