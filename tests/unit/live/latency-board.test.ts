import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { Histogram } from '../../../src/foundation/histogram.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { FineTime } from '../../../src/live/fine-time.ts';
import { LATENCY_WINDOW_MS, LatencyBoard } from '../../../src/live/latency-board.ts';
import type { LatencyStore, LatencyWindow } from '../../../src/store/latency-store.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

/** A whole number of windows since the epoch. */
const START = 2_900_000 * LATENCY_WINDOW_MS;

class MemoryStore implements LatencyStore {
  readonly rows = new Map<string, LatencyWindow>();
  forgottenBefore: number | undefined;
  isAway = false;
  writes = 0;

  async saveLatencies(windows: readonly LatencyWindow[]): Promise<void> {
    if (this.isAway) throw new Error('away');
    this.writes += windows.length;
    for (const window of windows) this.rows.set(`${window.process} ${window.stage} ${window.windowStart}`, window);
  }

  async latencies(): Promise<readonly LatencyWindow[]> {
    return [...this.rows.values()];
  }

  async forgetLatencies(before: number): Promise<void> {
    this.forgottenBefore = before;
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.rows].map(([name, row]) => [name, Histogram.fromJson(row.histogram).count]));
  }
}

function bench() {
  const clock = new VirtualClock(epochMs(START));
  const store = new MemoryStore();
  const board = new LatencyBoard({ store, clock, logger: new RecordingLogger(), processName: 'bots@here/1' });
  board.start();
  return { clock, store, board };
}

describe('the latency board', () => {
  test('writes what has grown every few seconds, in microseconds, and only that', async () => {
    const { clock, store, board } = bench();
    board.record('strategy-sent', 1.5);
    board.record('strategy-sent', 3);
    board.record('sent-acknowledged', 250);
    assert.equal(store.rows.size, 0);
    await clock.advance(5_000);
    assert.deepEqual(store.counts(), {
      [`bots@here/1 strategy-sent ${START}`]: 2,
      [`bots@here/1 sent-acknowledged ${START}`]: 1,
    });
    const sent = store.rows.get(`bots@here/1 strategy-sent ${START}`)!.histogram;
    assert.deepEqual([sent.minimum, sent.maximum], [1_500, 3_000]);
    await clock.advance(20_000);
    assert.equal(store.writes, 2);
    board.record('sent-acknowledged', 1);
    await board.stop();
    assert.equal(store.writes, 3);
    assert.equal(store.counts()[`bots@here/1 sent-acknowledged ${START}`], 2);
  });

  test('begins a new window every ten minutes, and writes the end of the old one', async () => {
    const { clock, store, board } = bench();
    await clock.advance(LATENCY_WINDOW_MS - 1);
    board.record('strategy-sent', 1);
    await clock.advance(1);
    board.record('strategy-sent', 1);
    board.record('strategy-sent', 1);
    await board.stop();
    assert.deepEqual(store.counts(), {
      [`bots@here/1 strategy-sent ${START}`]: 1,
      [`bots@here/1 strategy-sent ${START + LATENCY_WINDOW_MS}`]: 2,
    });
  });

  test('loses nothing to a store that is away', async () => {
    const { clock, store, board } = bench();
    store.isAway = true;
    board.record('strategy-sent', 1);
    await clock.advance(LATENCY_WINDOW_MS + 10_000);
    board.record('strategy-sent', 1);
    await clock.advance(10_000);
    assert.equal(store.rows.size, 0);
    store.isAway = false;
    await clock.advance(5_000);
    assert.deepEqual(Object.values(store.counts()), [1, 1]);
    assert.equal(store.forgottenBefore, clock.now() - 30 * 24 * 3_600_000);
  });

  test('takes an answer before its question for 0, and history for no latency', async () => {
    const { clock, store, board } = bench();
    board.recordSince('exchange-received', START + 40);
    board.recordSince('exchange-received', START - 60_001);
    await clock.advance(100);
    board.recordSince('exchange-received', START + 40);
    await board.stop();
    const [row] = store.rows.values();
    assert.deepEqual([row!.histogram.minimum, row!.histogram.maximum], [0, 60_000]);
    assert.deepEqual(Object.values(store.counts()), [2]);
  });
});

describe('fine time', () => {
  test('has the fractions that the wall clock has not', async () => {
    const clock = new VirtualClock(epochMs(START));
    const time = new FineTime(clock);
    await clock.advance(0.25);
    assert.equal(time.now(), START + 0.25);
    await clock.advance(1_000.5);
    assert.equal(time.now(), START + 1_000.75);
  });

  test('stays within the millisecond of a wall clock that steps', () => {
    let [wall, monotonic] = [START, 7.3];
    const clock = new VirtualClock();
    clock.now = () => epochMs(Math.floor(wall));
    clock.monotonic = () => monotonic as ReturnType<VirtualClock['monotonic']>;
    const time = new FineTime(clock);
    for (const step of [0, 5_000, -8_000, 0, 0.4]) {
      for (let turn = 0; turn < 40; turn++) {
        monotonic += 0.37;
        wall += 0.37 + (turn === 0 ? step : 0);
        const fine = time.now();
        assert.ok(fine >= Math.floor(wall) && fine < Math.floor(wall) + 1 + 1e-3, `${fine} in ${wall}`);
      }
      // Many looks have told the offset well.
      assert.ok(Math.abs(time.now() - wall) < 0.1, `${time.now()} for ${wall}`);
    }
  });
});
