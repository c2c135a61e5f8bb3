import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Candle, candleDefect, feedName } from '../../../src/domain/candle.ts';
import { epochMs } from '../../../src/foundation/time.ts';

const sound: Candle = {
  openTime: epochMs(60_000),
  closeTime: epochMs(120_000),
  open: 10,
  high: 12,
  low: 9,
  close: 11,
  volume: 5,
};

describe('a candle', () => {
  test('is sound when its prices are in order', () => {
    assert.equal(candleDefect(sound), undefined);
    assert.equal(candleDefect({ ...sound, open: 9, high: 9, low: 9, close: 9, volume: 0 }), undefined);
    assert.equal(feedName({ symbol: 'BTCUSDT', timeframe: '1m' }), 'BTCUSDT:1m');
  });

  for (const [field, value, defect] of [
    ['open', Number.NaN, /not a finite number/],
    ['high', Number.POSITIVE_INFINITY, /not a finite number/],
    ['low', Number.NEGATIVE_INFINITY, /not a finite number/],
    ['close', undefined, /not a finite number/],
    ['close', null, /outside low|not a finite/],
    ['volume', Number.NaN, /not a finite number/],
    ['volume', -1, /volume is negative/],
    ['low', 0, /not positive/],
    ['low', -0, /not positive/],
    ['low', -5, /not positive/],
    ['high', 8, /high 8 is below the low 9|outside/],
    ['open', 12.5, /open 12.5 is outside/],
    ['open', 8.5, /open 8.5 is outside/],
    ['close', 12.5, /close 12.5 is outside/],
    ['close', 8.5, /close 8.5 is outside/],
    ['openTime', Number.NaN, /not whole milliseconds/],
    ['closeTime', Number.NaN, /not whole milliseconds/],
    ['closeTime', 120_000.5, /not whole milliseconds/],
    ['closeTime', 60_000, /closes before it opens/],
    ['closeTime', 0, /closes before it opens/],
  ] as const) {
    test(`with ${field} ${Object.is(value, -0) ? '−0' : value} is impossible`, () => {
      assert.match(candleDefect({ ...sound, [field]: value } as Candle) ?? '', defect);
    });
  }
});
