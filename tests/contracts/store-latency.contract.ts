import assert from 'node:assert/strict';
import { Histogram } from '../../src/foundation/histogram.ts';
import { epochMs } from '../../src/foundation/time.ts';
import type { LatencyWindow } from '../../src/store/latency-store.ts';
import type { StoreTest } from './store-bench.ts';
import { START } from './store-samples.ts';

function sampleWindow(process: string, stage: string, after: number, values: readonly number[]): LatencyWindow {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return { process, stage, windowStart: epochMs(START + after), histogram: histogram.toJson() };
}

export function latencyContract(storeTest: StoreTest): void {
  storeTest('windows come back as they were, oldest first, of all processes', async (store) => {
    const late = sampleWindow('bots@b', 'strategy-sent', 600_000, [1, 2, 1_000_000]);
    const early = sampleWindow('bots@a', 'strategy-sent', 0, [7]);
    await store.saveLatencies([late, early]);
    await store.saveLatencies([]);
    assert.deepEqual(await store.latencies(epochMs(0)), [early, late]);
    assert.deepEqual(await store.latencies(epochMs(START + 1)), [late]);
  });

  storeTest('a window that is written again is replaced, and no other', async (store) => {
    const other = sampleWindow('bots@a', 'sent-acknowledged', 0, [5]);
    await store.saveLatencies([sampleWindow('bots@a', 'strategy-sent', 0, [7]), other]);
    const grown = sampleWindow('bots@a', 'strategy-sent', 0, [7, 8]);
    await store.saveLatencies([grown]);
    assert.deepEqual(await store.latencies(epochMs(START)), [other, grown]);
  });

  storeTest('old windows are forgotten', async (store) => {
    const kept = sampleWindow('bots@a', 'strategy-sent', 10, [1]);
    await store.saveLatencies([sampleWindow('bots@a', 'strategy-sent', 9, [1]), kept]);
    await store.forgetLatencies(epochMs(START + 10));
    assert.deepEqual(await store.latencies(epochMs(0)), [kept]);
  });
}
