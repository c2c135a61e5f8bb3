import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcceleratedClock } from '../../../src/exchange/accelerated-clock.ts';
import { FundingSchedule } from '../../../src/exchange/market/funding-schedule.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { epochMs, HOUR_MS, MINUTE_MS } from '../../../src/foundation/time.ts';

const START = Date.UTC(2025, 4, 5);

test('clocks with one anchor show the same time, whenever they were made', async () => {
  const base = new VirtualClock(epochMs(START));
  const first = new AcceleratedClock(base, 60);
  assert.equal(first.now(), START);
  await base.advance(1_500);
  const second = new AcceleratedClock(base, 60, first.anchor);
  assert.equal(first.now(), START + 90_000);
  assert.equal(second.now(), first.now());
  await base.advance(250);
  assert.equal(second.now(), first.now());
  assert.equal(second.monotonic(), 15_000);
});

test('timers run by its time', async () => {
  const base = new VirtualClock(epochMs(START));
  const clock = new AcceleratedClock(base, 60);
  const fired: number[] = [];
  clock.after(MINUTE_MS, () => fired.push(clock.now() - START));
  const cancel = clock.every(30_000, () => fired.push(clock.now() - START));
  await base.advance(1_100);
  cancel();
  await base.advance(5_000);
  assert.deepEqual(fired, [30_000, 60_000, 60_000]);
});

test('funding is due at the minutes of its record, and every eight hours where there is none', () => {
  const due = [START + 8 * HOUR_MS + 1, START + 16 * HOUR_MS];
  const schedule = new FundingSchedule(due.map((time, index) => ({ time, rate: BigInt(index + 1) })));
  assert.equal(schedule.rateAt(START + 8 * HOUR_MS), 1n);
  assert.equal(schedule.rateAt(START + 9 * HOUR_MS), undefined);
  assert.deepEqual(schedule.nextAfter(START + 8 * HOUR_MS), { time: START + 16 * HOUR_MS, rate: 2n });
  assert.deepEqual(schedule.nextAfter(START + 17 * HOUR_MS), { time: START + 24 * HOUR_MS, rate: 0n });
  assert.deepEqual(
    schedule.between(START, START + 24 * HOUR_MS).map(({ rate }) => rate),
    [2n, 1n],
  );
});
