import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  barOpenTime,
  divides,
  isTimeframe,
  TIMEFRAMES,
  timeframeMs,
  timeframeOfLength,
} from '../../../src/domain/timeframe.ts';
import { DAY_MS, epochMs, HOUR_MS, MINUTE_MS } from '../../../src/foundation/time.ts';

const at = (text: string) => epochMs(Date.parse(text));

describe('timeframes', () => {
  test('a time on a boundary belongs to the bar that opens there', () => {
    assert.equal(barOpenTime(at('2025-06-24T09:05:00Z'), '5m'), at('2025-06-24T09:05:00Z'));
    assert.equal(barOpenTime(epochMs(at('2025-06-24T09:05:00Z') - 1), '5m'), at('2025-06-24T09:00:00Z'));
  });

  test('bars lie on the grid of UTC, before 1970 too', () => {
    assert.equal(barOpenTime(at('2025-06-24T23:59:59Z'), '4h'), at('2025-06-24T20:00:00Z'));
    assert.equal(barOpenTime(at('1969-12-31T23:59:59Z'), '1d'), at('1969-12-31T00:00:00Z'));
    assert.equal(barOpenTime(epochMs(-1), '1m'), -MINUTE_MS);
  });

  test('weeks begin on Monday', () => {
    for (const day of ['2025-06-23', '2025-06-24', '2025-06-27', '2025-06-29'])
      assert.equal(barOpenTime(at(`${day}T12:00:00Z`), '1w'), at('2025-06-23T00:00:00Z'), day);
    assert.equal(barOpenTime(at('2025-06-30T00:00:00Z'), '1w'), at('2025-06-30T00:00:00Z'));
    assert.equal(barOpenTime(at('1970-01-01T00:00:00Z'), '1w'), at('1969-12-29T00:00:00Z'));
    assert.equal(new Date(barOpenTime(at('2000-02-29T05:00:00Z'), '1w')).getUTCDay(), 1);
  });

  test('every bar holds just its own times', () => {
    for (const timeframe of TIMEFRAMES) {
      const length = timeframeMs(timeframe);
      for (
        let time = at('2024-12-30T00:00:00Z') as number;
        time < at('2025-01-20T00:00:00Z');
        time += 7 * HOUR_MS + 1
      ) {
        const open = barOpenTime(epochMs(time), timeframe);
        assert.ok(open <= time && time < open + length, timeframe);
        assert.equal(barOpenTime(open, timeframe), open);
        assert.equal(barOpenTime(epochMs(open + length), timeframe), open + length);
      }
    }
  });

  test('know which are made of which', () => {
    assert.ok(divides('1m', '1w') && divides('5m', '1h') && divides('1d', '1w') && divides('3m', '3m'));
    assert.ok(!divides('3m', '5m') && !divides('1h', '5m') && !divides('4h', '6h') && !divides('1w', '1d'));
    assert.equal(timeframeOfLength(DAY_MS), '1d');
    assert.equal(timeframeOfLength(DAY_MS + 1), undefined);
    assert.ok(isTimeframe('15m'));
    for (const text of ['', '1M', '7m', '60m', 'toString', '1m ']) assert.equal(isTimeframe(text), false, text);
  });
});
