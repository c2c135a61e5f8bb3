import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sleep, systemClock, VirtualClock } from '../../../src/foundation/clock.ts';
import { epochMs } from '../../../src/foundation/time.ts';

describe('the virtual clock', () => {
  test('stands still until it is told to move', async () => {
    const clock = new VirtualClock(epochMs(1_000));
    assert.deepEqual([clock.now(), clock.monotonic()], [1_000, 0]);
    await clock.advance(250);
    assert.deepEqual([clock.now(), clock.monotonic()], [1_250, 250]);
  });

  test('fires timers when they are due, those of one instant in the order in which they were set', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name} ${clock.now()}`);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.after(-5, note('at once'));
    clock.after(Number.POSITIVE_INFINITY, note('never'));
    await clock.advance(9);
    assert.deepEqual(fired, ['at once 0']);
    await clock.advance(21);
    assert.deepEqual(fired, ['at once 0', 'a 10', 'b 10', 'c 30']);
    assert.equal(clock.pendingTimers, 1);
  });

  test('repeats at every period, first after one, also by fractions', async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const cancel = clock.every(10 / 3, () => {
      times.push(clock.now());
      if (times.length === 4) cancel();
    });
    await clock.advance(100);
    assert.deepEqual(times, [3, 6, 10, 13], 'a wall clock in whole milliseconds');
    assert.equal(clock.pendingTimers, 0);
    cancel();
  });

  test('fires what is set meanwhile, when it is due in the same move', async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    clock.after(5, () => clock.after(5, () => times.push(clock.now())));
    clock.after(10, () => clock.after(0, () => times.push(-clock.now())));
    await clock.advance(10);
    assert.deepEqual(times, [10, -10]);
  });

  test('lets what waits on a timer go on before the next one', async () => {
    const clock = new VirtualClock();
    const said: string[] = [];
    const walk = async (): Promise<void> => {
      for (const step of [1, 2, 3]) {
        await sleep(clock, 10);
        said.push(`step ${step} at ${clock.now()}`);
      }
    };
    const done = walk();
    await clock.advance(30);
    await done;
    assert.deepEqual(said, ['step 1 at 10', 'step 2 at 20', 'step 3 at 30']);
  });

  test('a cancelled timer does not fire, also when it is cancelled by one of the same instant', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    const cancel = clock.after(10, () => fired.push('first'));
    cancel();
    clock.after(10, () => cancelLater());
    const cancelLater = clock.after(10, () => fired.push('later'));
    await clock.advance(20);
    assert.deepEqual(fired, []);
  });
});

for (const [name, clock] of [
  ['the virtual clock', new VirtualClock()],
  ['the clock of the machine', systemClock],
] as const) {
  test(`${name} refuses what is no time`, () => {
    const never = (): void => assert.fail();
    assert.throws(() => clock.after(Number.NaN, never), /delay/);
    for (const period of [0, -1, Number.NaN]) assert.throws(() => clock.every(period, never), /period/);
  });
}

describe('the clock of the machine', () => {
  test('a delay longer than a month does not fire at once', async () => {
    let fired = false;
    const cancel = systemClock.after(3_000_000_000, () => {
      fired = true;
    });
    await sleep(systemClock, 20);
    cancel();
    assert.equal(fired, false);
    assert.throws(() => systemClock.every(3_000_000_000, () => {}), /longer than the timers/);
  });

  test('measures and waits', async () => {
    const before = systemClock.monotonic();
    await sleep(systemClock, 5);
    assert.ok(systemClock.monotonic() - before >= 4);
    assert.ok(Number.isInteger(systemClock.now()));
    let ticks = 0;
    await new Promise<void>((resolve) => {
      const cancel = systemClock.every(1, () => {
        ticks += 1;
        if (ticks < 3) return;
        cancel();
        resolve();
      });
    });
    assert.equal(ticks, 3);
  });
});
