import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantError } from '../../../src/foundation/errors.ts';
import { storedExact, storedFloat, storedJson, storedText, storedWhole } from '../../../src/store/stored-values.ts';

test('floats: finite ones only, and no negative zero', () => {
  for (const value of [0, 5e-324, -1.5, Number.MAX_VALUE]) assert.equal(storedFloat(value, 'x'), value);
  assert.ok(Object.is(storedFloat(-0, 'x'), 0));
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => storedFloat(value, 'the price'), /the price.*(NaN|Infinity)/);
  }
});

test('whole numbers: within 2^53', () => {
  assert.equal(storedWhole(Number.MAX_SAFE_INTEGER, 'x'), Number.MAX_SAFE_INTEGER);
  for (const value of [1.5, 2 ** 53, Number.NaN]) assert.throws(() => storedWhole(value, 'x'), InvariantError);
});

test('exact numbers: plain decimal text, up to 38 digits', () => {
  assert.equal(storedExact(1n, 'x'), '0.000000000001');
  assert.equal(storedExact(-(10n ** 38n) + 1n, 'x'), '-99999999999999999999999999.999999999999');
  assert.throws(() => storedExact(10n ** 38n, 'the fee'), /38 digits.*the fee/);
});

test('text: what a database can’t carry becomes U+FFFD', () => {
  assert.equal(storedText('ünïcödé 🚀'), 'ünïcödé 🚀');
  assert.equal(storedText('a\u0000b\ud83dc'), 'a\ufffdb\ufffdc');
});

test('JSON: nothing changes in silence', () => {
  assert.equal(storedJson({ b: [1, 'x', null], a: undefined }, 'x'), '{"b":[1,"x",null]}');
  for (const value of [{ deep: [{ size: Number.NaN }] }, [1n], { f: () => 0 }]) {
    assert.throws(() => storedJson(value, 'x'), InvariantError);
  }
});
