import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenForStop } from '../../../src/cli/stop-signals.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';

test('the first signal stops gracefully, its echoes are the same wish, a later one ends at once', async (t) => {
  const exit = t.mock.method(process, 'exit', () => undefined as never);
  const clock = new VirtualClock();
  const before = process.listenerCount('SIGINT');
  let told = 0;
  const stop = listenForStop(clock, () => {
    told += 1;
  });
  assert.equal(stop.signal.aborted, false);
  process.emit('SIGINT');
  assert.equal(stop.signal.aborted, true);
  process.emit('SIGINT');
  await clock.advance(300);
  process.emit('SIGTERM');
  assert.equal(told, 1);
  assert.equal(exit.mock.callCount(), 0);
  await clock.advance(200);
  process.emit('SIGINT');
  assert.deepEqual(
    exit.mock.calls.map((call) => call.arguments),
    [[130]],
  );
  stop.release();
  assert.equal(process.listenerCount('SIGINT'), before);
});
