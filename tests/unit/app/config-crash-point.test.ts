import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { readCrashPoint } from '../../../src/app/config-crash-point.ts';
import { UserError } from '../../../src/foundation/errors.ts';

test('a crash point is a name, and at which pass', () => {
  assert.deepEqual(readCrashPoint('after-send:12'), { point: 'after-send', hit: 12 });
  assert.deepEqual(readCrashPoint('in-cancel'), { point: 'in-cancel', hit: 1 });
  for (const wrong of ['after-sent', 'after-send:0', 'after-send:', 'after-send:x', '']) {
    assert.throws(() => readCrashPoint(wrong), UserError, wrong);
  }
});

test('a process that passes the named point ends there as by kill -9, and says which', () => {
  const program = `
    import { armCrashPointOfEnvironment } from '${new URL('../../../src/app/config-crash-point.ts', import.meta.url)}';
    import { crashPoint } from '${new URL('../../../src/foundation/crash-point.ts', import.meta.url)}';
    armCrashPointOfEnvironment();
    for (const pass of [1, 2, 3]) { console.log('pass', pass); crashPoint('after-send'); }
    console.log('survived');`;
  const run = (environment: Readonly<Record<string, string>>) =>
    spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
      timeout: 20_000,
    });
  const crashed = run({ TRADEWIND_CRASH_AT: 'after-send:2' });
  assert.equal(crashed.signal, 'SIGKILL');
  assert.match(crashed.stderr, /^crash point after-send, pass 2$/m);
  assert.doesNotMatch(crashed.stdout, /survived|pass 3/);
  const whole = run({ TRADEWIND_CRASH_AT: '' });
  assert.equal(whole.signal, null);
  assert.match(whole.stdout, /survived/);
});
