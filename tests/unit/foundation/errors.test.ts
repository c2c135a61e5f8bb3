import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantError, invariant, messageOf } from '../../../src/foundation/errors.ts';

test('a broken invariant says its numbers, whatever they are', () => {
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const error = new InvariantError('Wrong', {
    big: 5n,
    none: Number.NaN,
    text: 'x',
    list: [1, 2],
    nested: { big: 5n },
    circular,
    missing: undefined,
  });
  assert.equal(
    error.message,
    'Wrong big=5n none=NaN text="x" list=[1,2] nested=[object Object] circular=[object Object] missing=undefined',
  );
  assert.throws(
    () => invariant(false, 'Plain'),
    (thrown) => thrown instanceof InvariantError && thrown.message === 'Plain',
  );
  invariant(true, 'never');
});

test('anything that is thrown has a message', () => {
  assert.equal(messageOf(new Error('said')), 'said');
  assert.equal(messageOf('text'), 'text');
  assert.equal(messageOf(undefined), 'undefined');
});
