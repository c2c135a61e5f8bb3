import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { latencyReport } from '../../../src/app/status.ts';
import { statusText } from '../../../src/cli/status.ts';
import { Histogram } from '../../../src/foundation/histogram.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { LATENCY_WINDOW_MS, type LatencyStage } from '../../../src/live/latency-board.ts';
import type { LatencyStore, LatencyWindow } from '../../../src/store/latency-store.ts';
import { botStatus } from '../cli/live-views.ts';

const NOW = epochMs(2_900_000 * LATENCY_WINDOW_MS + 1);
const HOUR_MS = 3_600_000;
const FEEDS = [{ feed: 'BTCUSDT:1m', source: 'bybit', close: 94_250, closeTime: epochMs(NOW - 12_000), ageMs: 12_000 }];

/** What `process` measured so many milliseconds ago, in microseconds. */
function windowOf(process: string, stage: LatencyStage, ago: number, values: readonly number[]): LatencyWindow {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  const start = NOW - ago;
  const windowStart = epochMs(start - (start % LATENCY_WINDOW_MS));
  return { process, stage, windowStart, histogram: histogram.toJson() };
}

function storeOf(windows: readonly LatencyWindow[]): LatencyStore {
  return { saveLatencies: async () => {}, forgetLatencies: async () => {}, latencies: async () => windows };
}

describe('the latencies of a status', () => {
  const store = storeOf([
    windowOf('bots@a', 'strategy-sent', 3 * HOUR_MS, [9_000_000]),
    windowOf('bots@a', 'strategy-sent', HOUR_MS, [100]),
    windowOf('bots@a', 'strategy-sent', 0, [100, 100]),
    windowOf('bots@b', 'strategy-sent', 0, [4_000]),
    windowOf('collector@a', 'exchange-received', 3 * HOUR_MS, [150_000]),
  ]);

  test('are those of all processes together, in the order of the way', async () => {
    const { lastHour, all } = await latencyReport(store, NOW);
    assert.deepEqual(lastHour, [{ stage: 'strategy-sent', count: 4, p50: 0.1, p99: 4, p999: 4, maximum: 4 }]);
    assert.deepEqual(
      all.map(({ stage, count, maximum }) => [stage, count, maximum]),
      [
        ['exchange-received', 1, 150],
        ['strategy-sent', 5, 9_000],
      ],
    );
  });

  test('are shown as a table', async () => {
    const text = statusText(
      { time: NOW, bots: [botStatus()], feeds: FEEDS, latencies: await latencyReport(store, NOW) },
      100,
    );
    assert.match(
      text,
      /last hour:\nstage +count +p50 +p99 +p99\.9 +max\nstrategy → sent +4 +0\.1 ms +4 ms +4 ms +4 ms/,
    );
    assert.match(text, /Bots:\nbot +strategy .*\ntrend +moving-average-cross +running +10,040\.00 +40\.00 +5 +3/);
    assert.match(text, /BTCUSDT:1m +bybit +94,250 .* 12 s/);
    assert.match(text, /30 days\):\n.*\nexchange → received +1 +150 ms .*\nstrategy → sent +5 .* 9,000 ms/);
  });

  test('are missed where there are none', async () => {
    const text = statusText({ time: NOW, bots: [], feeds: [], latencies: await latencyReport(storeOf([]), NOW) }, 100);
    assert.match(text, /No latencies yet/);
  });
});
