import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { showNumber } from '../../../src/strategy/show-number.ts';

test('a number shows at most seven significant digits, as toPrecision rounds them', () => {
  const usual = fc.double({ min: -2e7, max: 2e7, noNaN: true });
  const prices = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom(1e-6, 1e-4, 0.005, 0.01, 0.5, 1, 7));
  const halves = fc
    .tuple(fc.integer({ min: 1_000_000, max: 9_999_999 }), fc.integer({ min: -3, max: 9 }))
    .map(([digits, decimals]) => (digits + 0.5) / 10 ** decimals);
  const any = fc.oneof(
    usual,
    prices.map(([count, step]) => count * step),
    halves,
    fc.double(),
  );
  fc.assert(
    fc.property(any, (value) => {
      assert.equal(showNumber(value), String(Number(value.toPrecision(7))));
    }),
    { numRuns: 50_000 },
  );
  for (const value of [0, -0, 9_999_999.5, 999_999.95, 0.001, 1e7, 30_123.456789, Number.NaN]) {
    assert.equal(showNumber(value), String(Number(value.toPrecision(7))));
  }
});
