import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import { inspectBars } from '../../../src/market/bar-inspection.ts';
import { CandleColumns } from '../../../src/market/candle-columns.ts';

const start = Date.parse('2026-01-05T00:00:00Z');

/** Minutes that move a little up and down; `change` may spoil one, `null` leaves it out. */
function minutes(
  count: number,
  change: (row: number) => { close?: number; volume?: number; flat?: true } | null = () => ({}),
): CandleColumns {
  const rows: { time: number; close: number; volume: number; flat: boolean }[] = [];
  let last = 100;
  for (let row = 0; row < count; row++) {
    const changed = change(row);
    if (changed === null) continue;
    const usual = 100 + (row % 3) * 0.1;
    const close = changed.flat ? last : (changed.close ?? usual);
    rows.push({ time: start + row * MINUTE_MS, close, volume: changed.volume ?? 1, flat: changed.flat ?? false });
    last = close;
  }
  const columns = new CandleColumns(rows.length, MINUTE_MS);
  rows.forEach(({ time, close, volume, flat }, row) => {
    const openTime = epochMs(time);
    const closeTime = epochMs(time + MINUTE_MS);
    columns.set(row, {
      openTime,
      closeTime,
      open: close,
      high: flat ? close : close + 1,
      low: flat ? close : close - 1,
      close,
      volume,
    });
  });
  return columns;
}

test('a whole series has nothing to tell', () => {
  const found = inspectBars(minutes(3 * 1_440));
  assert.deepEqual(
    [found.gapsWithinDays, found.gapsOverDays, found.zeroVolumeBars, found.flatRuns, found.spikes, found.shortDays],
    [0, 0, 0, 0, 0, 0],
  );
  assert.deepEqual([found.days, found.usualBarsPerDay], [3, 1_440]);
});

test('gaps are told within days and over midnight, the longest first', () => {
  const gone = (row: number): boolean => (row >= 100 && row < 110) || row === 500 || (row >= 1_430 && row < 1_460);
  const found = inspectBars(minutes(3 * 1_440, (row) => (gone(row) ? null : {})));
  assert.deepEqual([found.gapsWithinDays, found.missingWithinDays], [2, 11]);
  assert.deepEqual([found.gapsOverDays, found.missingOverDays], [1, 30]);
  assert.deepEqual(found.longestGaps, [
    { from: start + 1_430 * MINUTE_MS, bars: 30 },
    { from: start + 100 * MINUTE_MS, bars: 10 },
    { from: start + 500 * MINUTE_MS, bars: 1 },
  ]);
});

test('bars without volume and flat bars are counted in runs', () => {
  const found = inspectBars(
    minutes(1_000, (row) => {
      if (row >= 200 && row < 240) return { flat: true, volume: 0 };
      if (row >= 300 && row < 310) return { flat: true };
      return row === 700 ? { volume: 0 } : {};
    }),
  );
  assert.equal(found.zeroVolumeBars, 41);
  assert.deepEqual(found.longestZeroVolume, { from: start + 200 * MINUTE_MS, bars: 40 });
  assert.equal(found.flatRuns, 1);
  assert.deepEqual(found.longestFlat, { from: start + 200 * MINUTE_MS, bars: 40 });
});

test('a wrong price is a spike that is taken back, a jump is one that is not, and one behind a gap is none', () => {
  const wrong = inspectBars(minutes(1_000, (row) => (row === 500 ? { close: 150 } : {})));
  assert.deepEqual([wrong.spikes, wrong.spikesReverted], [2, 1]);
  const spoilt = wrong.largestSpikes.find(({ reverted }) => reverted)!;
  assert.equal(spoilt.time, start + 501 * MINUTE_MS);
  assert.ok(Math.abs(spoilt.change - (150 / 100.1 - 1)) < 1e-12);
  const jump = inspectBars(minutes(1_000, (row) => (row >= 500 ? { close: 150 + (row % 3) * 0.1 } : {})));
  assert.deepEqual([jump.spikes, jump.spikesReverted], [1, 0]);
  const overGap = inspectBars(
    minutes(1_000, (row) => (row === 499 ? null : row >= 500 ? { close: 150 + (row % 3) * 0.1 } : {})),
  );
  assert.equal(overGap.spikes, 0);
});

test('a short day is told, unless that day of the week is always short', () => {
  const sundays = (row: number): boolean => Math.floor(row / 1_440) % 7 === 6 && row % 1_440 >= 60;
  const week = inspectBars(minutes(6 * 7 * 1_440, (row) => (sundays(row) ? null : {})));
  assert.equal(week.shortDays, 0);
  const broken = inspectBars(minutes(5 * 1_440, (row) => (row >= 1_440 && row < 2_160 ? null : {})));
  assert.equal(broken.shortDays, 1);
  assert.deepEqual(broken.worstDays, [{ day: start + DAY_MS, missingShare: 0.5 }]);
});

test('too few bars for any of it are no trouble', () => {
  for (const count of [0, 1, 2]) assert.equal(inspectBars(minutes(count)).spikes, 0);
});
