import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as indicators from '../../../src/indicators/index.ts';
import { flatBars } from './generated-bars.ts';
import type { Bars } from './reference-data.ts';

/** On a grid of cents, often close together, so that equal prices and narrow windows come up. */
const price = fc
  .oneof(fc.integer({ min: 1, max: 100_000_000 }), fc.integer({ min: 10_000, max: 10_010 }))
  .map((cents) => cents / 100);
const prices = fc.array(price, { minLength: 1, maxLength: 120, size: 'max' }).map((list) => Float64Array.from(list));
const period = fc.integer({ min: 1, max: 30 });

/** Sound bars: low ≤ close ≤ high, volume sometimes 0. */
const bars: fc.Arbitrary<Bars> = fc
  .array(fc.tuple(price, price, price, fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true }))), {
    minLength: 1,
    maxLength: 120,
    size: 'max',
  })
  .map((rows) => {
    const sorted = rows.map(([a, b, c]) => [a, b, c].toSorted((one, other) => one - other));
    return {
      ...flatBars(rows.length, 1),
      low: Float64Array.from(sorted, ([low]) => low!),
      close: Float64Array.from(sorted, ([, close]) => close!),
      high: Float64Array.from(sorted, ([, , high]) => high!),
      volume: Float64Array.from(rows, ([, , , volume]) => volume),
    };
  });

/** Runs `check` for every bar from the first with a value; the rest must have one too. */
function everyValue(column: Float64Array, first: number, check: (value: number, index: number) => void): void {
  for (const [index, value] of column.entries()) {
    assert.equal(Number.isNaN(value), index < first, `bar ${index}: ${value}`);
    if (index >= first) check(value, index);
  }
}

function assertWithin(value: number, lower: number, upper: number): void {
  const slack = 1e-12 * Math.max(Math.abs(lower), Math.abs(upper));
  assert.ok(value >= lower - slack && value <= upper + slack, `${value} is outside ${lower} … ${upper}`);
}

test('moving averages begin at bar `period` and lie between the extremes of their window', () => {
  fc.assert(
    fc.property(prices, period, (values, length) => {
      const lowest = indicators.rollingMinColumn(values, length);
      const highest = indicators.rollingMaxColumn(values, length);
      const inWindow = (value: number, index: number) => assertWithin(value, lowest[index]!, highest[index]!);
      everyValue(indicators.smaColumn(values, length), length - 1, inWindow);
      everyValue(indicators.wmaColumn(values, length), length - 1, inWindow);
      everyValue(indicators.emaColumn(values, length), length - 1, (value) =>
        assertWithin(value, Math.min(...values), Math.max(...values)),
      );
    }),
  );
});

test('bands enclose their middle, channels their bars', () => {
  fc.assert(
    fc.property(bars, period, (input, length) => {
      const bollinger = indicators.bollingerColumns(input.close, length, 2);
      everyValue(bollinger.middle, length - 1, (middle, index) =>
        assert.ok(bollinger.lower[index]! <= middle && middle <= bollinger.upper[index]!),
      );
      const donchian = indicators.donchianColumns(input, length);
      everyValue(donchian.upper, length - 1, (upper, index) => {
        assert.ok(upper >= input.high[index]! && donchian.lower[index]! <= input.low[index]!);
        assertWithin(donchian.middle[index]!, donchian.lower[index]!, upper);
      });
      const keltner = indicators.keltnerColumns(input, length, length, 2);
      everyValue(keltner.upper, length, (upper, index) => assert.ok(keltner.lower[index]! <= upper));
    }),
  );
});

test('oscillators stay within 0 and 100', () => {
  fc.assert(
    fc.property(bars, fc.integer({ min: 2, max: 30 }), (input, length) => {
      const inScale = (value: number) => assertWithin(value, 0, 100);
      everyValue(indicators.rsiColumn(input.close, length), length, inScale);
      everyValue(indicators.mfiColumn(input, length), length, inScale);
      const { k, d } = indicators.stochasticColumns(input, length, 3, 3);
      everyValue(k, length + 1, inScale);
      everyValue(d, length + 3, inScale);
      const { adx, plusDi, minusDi } = indicators.adxColumns(input, length);
      everyValue(adx, 2 * length - 1, inScale);
      everyValue(plusDi, length, inScale);
      everyValue(minusDi, length, inScale);
    }),
  );
});

test('a standard deviation is at most half the range of its window, and a z-score at most √(period − 1)', () => {
  fc.assert(
    fc.property(prices, period, (values, length) => {
      const lowest = indicators.rollingMinColumn(values, length);
      const highest = indicators.rollingMaxColumn(values, length);
      everyValue(indicators.standardDeviationColumn(values, length), length - 1, (value, index) =>
        assertWithin(value, 0, (highest[index]! - lowest[index]!) / 2),
      );
      const furthest = Math.sqrt(length - 1);
      everyValue(indicators.zScoreColumn(values, length), length - 1, (value) =>
        assert.ok(Math.abs(value) <= furthest * (1 + 1e-9)),
      );
    }),
  );
});

test('what is measured in bars of its own past knows nothing of the price level', () => {
  fc.assert(
    fc.property(prices, period, fc.integer({ min: -20, max: 20 }), (values, length, exponent) => {
      const scale = 2 ** exponent; // exact in binary, so that the results must be the same to the bit
      const scaled = values.map((value) => value * scale);
      assert.deepEqual(indicators.rsiColumn(scaled, length), indicators.rsiColumn(values, length));
      assert.deepEqual(indicators.rocColumn(scaled, length), indicators.rocColumn(values, length));
      assert.deepEqual(indicators.zScoreColumn(scaled, length), indicators.zScoreColumn(values, length));
      const sma = indicators.smaColumn(values, length);
      assert.deepEqual(
        indicators.smaColumn(scaled, length),
        sma.map((value) => value * scale),
      );
    }),
  );
});

test('Supertrend: the stop follows a trend and never gives way', () => {
  fc.assert(
    fc.property(bars, fc.integer({ min: 1, max: 10 }), (input, length) => {
      const { value, direction } = indicators.supertrendColumns(input, length, 2);
      everyValue(value, length, (stop, index) => {
        const sign = direction[index]!;
        const closes = input.close[index]!;
        assert.ok(sign === 1 ? closes >= stop : closes <= stop, `bar ${index}: close ${closes}, stop ${stop}`);
        if (index > length && direction[index - 1] === sign) {
          assert.ok(sign === 1 ? stop >= value[index - 1]! : stop <= value[index - 1]!, `bar ${index}`);
        }
      });
    }),
  );
});
