import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { armCrashPoint, crashPoint, disarmCrashPoint } from '../../../src/foundation/crash-point.ts';
import { InvariantError } from '../../../src/foundation/errors.ts';

afterEach(disarmCrashPoint);

test('a point that is not armed does nothing', () => {
  crashPoint('after-send');
});

test('an armed point crashes at the wanted pass, once, and no other point does', () => {
  const crashes: number[] = [];
  let pass = 0;
  armCrashPoint('after-send', 3, () => crashes.push(pass));
  for (pass = 1; pass <= 5; pass++) {
    crashPoint('after-reply');
    crashPoint('after-send');
  }
  assert.deepEqual(crashes, [3]);
});

test('the last point that was armed counts', () => {
  const crashes: string[] = [];
  armCrashPoint('in-cancel', 1, () => crashes.push('in-cancel'));
  armCrashPoint('in-snapshot', 1, () => crashes.push('in-snapshot'));
  crashPoint('in-cancel');
  crashPoint('in-snapshot');
  assert.deepEqual(crashes, ['in-snapshot']);
});

test('a crash before the first pass is a mistake', () => {
  for (const hit of [0, -1, 1.5, Number.NaN])
    assert.throws(() => armCrashPoint('in-cancel', hit, () => {}), InvariantError);
});
