import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as indicators from '../../../src/indicators/index.ts';
import { flatBars, generatedBars } from './generated-bars.ts';
import { type Bars, compareColumns, DAY_MS } from './reference-data.ts';

// Each indicator against its published definition worked out anew for every bar, without any recurrence.

const bars = generatedBars(700);
const { high, low, close, volume } = bars;
const PERIODS = [1, 2, 3, 14, 20, 200];

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: ArrayLike<number>, ddof: number): number {
  const middle = mean(values);
  return Math.sqrt(Array.from(values).reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - ddof));
}

/** `measure` of the `period` values up to each bar, NaN before there are as many (counted from bar `first`). */
function rolling(
  values: Float64Array,
  period: number,
  measure: (window: Float64Array) => number,
  first = 0,
): Float64Array {
  return values.map((_value, index) =>
    index - first + 1 < period ? Number.NaN : measure(values.subarray(index - period + 1, index + 1)),
  );
}

function typicalPrices({ high, low, close }: Bars): Float64Array {
  return close.map((price, index) => (high[index]! + low[index]! + price) / 3);
}

/** The recurrence of an exponential average written out as the weighted sum it is. */
function exponentialAverage(values: Float64Array, period: number, smoothing: number, first = 0): Float64Array {
  const seedAt = first + period - 1;
  const seed = mean(values.subarray(first, seedAt + 1));
  return values.map((_value, index) => {
    if (index < seedAt) return Number.NaN;
    let sum = (1 - smoothing) ** (index - seedAt) * seed;
    for (let age = 0; age < index - seedAt; age += 1) sum += smoothing * (1 - smoothing) ** age * values[index - age]!;
    return sum;
  });
}

function trueRanges({ high, low, close }: Bars): Float64Array {
  return close.map((_price, index) => {
    if (index === 0) return Number.NaN;
    const previous = close[index - 1]!;
    return Math.max(high[index]! - low[index]!, Math.abs(high[index]! - previous), Math.abs(low[index]! - previous));
  });
}

function averageTrueRange(input: Bars, period: number): Float64Array {
  return exponentialAverage(trueRanges(input), period, 1 / period, 1);
}

/** `floor` forgives rounding next to zero: the absolute error that counts as 1e-9. */
function assertSame(actual: Float64Array, expected: Float64Array, floor = 0): void {
  assert.equal(actual.length, expected.length);
  for (const [index, wanted] of expected.entries()) {
    const got = actual[index]!;
    if (Number.isNaN(wanted)) assert.ok(Number.isNaN(got), `bar ${index}: ${got} during warm-up`);
    else {
      const error = Math.abs(got - wanted);
      assert.ok(error <= 1e-9 * Math.max(Math.abs(wanted), floor), `bar ${index}: ${got}, by definition ${wanted}`);
    }
  }
}

for (const period of PERIODS) {
  test(`moving averages and extremes of ${period}`, () => {
    assertSame(indicators.smaColumn(close, period), rolling(close, period, mean));
    assertSame(indicators.emaColumn(close, period), exponentialAverage(close, period, 2 / (period + 1)));
    const weighted = (window: Float64Array) =>
      window.reduce((sum, value, index) => sum + (index + 1) * value, 0) / ((period * (period + 1)) / 2);
    assertSame(indicators.wmaColumn(close, period), rolling(close, period, weighted));
    assert.deepEqual(
      indicators.rollingMaxColumn(close, period),
      rolling(close, period, (window) => Math.max(...window)),
    );
    assert.deepEqual(
      indicators.rollingMinColumn(close, period),
      rolling(close, period, (window) => Math.min(...window)),
    );
  });

  test(`Donchian channel of ${period}: extremes of the last bars, the newest included`, () => {
    const { upper, middle, lower } = indicators.donchianColumns(bars, period);
    assert.deepEqual(
      upper,
      rolling(high, period, (window) => Math.max(...window)),
    );
    assert.deepEqual(
      lower,
      rolling(low, period, (window) => Math.min(...window)),
    );
    assertSame(
      middle,
      upper.map((top, index) => (top + lower[index]!) / 2),
    );
  });

  test(`standard deviation, Bollinger bands and z-score of ${period}`, () => {
    const population = rolling(close, period, (window) => deviation(window, 0));
    const middle = rolling(close, period, mean);
    assertSame(indicators.standardDeviationColumn(close, period), population, 1e-3);
    const bands = indicators.bollingerColumns(close, period, 2.5);
    assertSame(bands.middle, middle);
    assertSame(
      bands.upper,
      middle.map((value, index) => value + 2.5 * population[index]!),
    );
    assertSame(
      bands.lower,
      middle.map((value, index) => value - 2.5 * population[index]!),
    );
    const score = rolling(close, period, (window) => {
      const flat = window.every((value) => value === window[0]);
      return flat ? 0 : (window.at(-1)! - mean(window)) / deviation(window, 0);
    });
    assertSame(indicators.zScoreColumn(close, period), score, 1e-3);
  });

  if (period > 1) {
    test(`rolling volatility of ${period}: sample standard deviation (ddof 1) of log returns`, () => {
      const returns = close.map((price, index) => (index === 0 ? Number.NaN : Math.log(price / close[index - 1]!)));
      const perBar = rolling(returns, period, (window) => deviation(window, 1), 1);
      assertSame(indicators.rollingVolatilityColumn(close, period), perBar, 1e-6);
      const annualised = perBar.map((value) => value * Math.sqrt(252));
      assertSame(indicators.rollingVolatilityColumn(close, period, 252), annualised, 1e-6);
      assertSame(
        indicators.standardDeviationColumn(close, period, 1),
        rolling(close, period, (w) => deviation(w, 1)),
        1e-3,
      );
    });
  }

  test(`ATR and Keltner channel of ${period}`, () => {
    const atr = averageTrueRange(bars, period);
    assertSame(indicators.atrColumn(bars, period), atr);
    const middle = exponentialAverage(close, 2 * period, 2 / (2 * period + 1));
    const bands = indicators.keltnerColumns(bars, 2 * period, period, 1.5);
    assertSame(bands.middle, middle);
    const added = (sign: number) => middle.map((value, index) => value + sign * 1.5 * atr[index]!);
    assertSame(bands.upper, added(1));
    assertSame(bands.lower, added(-1));
  });

  test(`stochastic oscillator of ${period}, 3, 4`, () => {
    const raw = close.map((price, index) => {
      if (index + 1 < period) return Number.NaN;
      const lowest = Math.min(...low.subarray(index - period + 1, index + 1));
      const highest = Math.max(...high.subarray(index - period + 1, index + 1));
      return highest === lowest ? 50 : (100 * (price - lowest)) / (highest - lowest);
    });
    const k = rolling(raw, 3, mean, period - 1);
    const columns = indicators.stochasticColumns(bars, period, 3, 4);
    assertSame(columns.k, k, 1);
    assertSame(columns.d, rolling(k, 4, mean, period + 1), 1);
  });

  test(`commodity channel and money flow index of ${period}`, () => {
    const typical = typicalPrices(bars);
    const cci = rolling(typical, period, (window) => {
      const spread = mean(window.map((value) => Math.abs(value - mean(window))));
      return window.every((value) => value === window[0]) ? 0 : (window.at(-1)! - mean(window)) / (0.015 * spread);
    });
    assertSame(indicators.cciColumn(bars, period), cci, 1);
    const flow = (sign: number) =>
      typical.map((price, index) =>
        index > 0 && Math.sign(price - typical[index - 1]!) === sign ? price * volume[index]! : 0,
      );
    const sum = (window: Float64Array) => window.reduce((total, value) => total + value, 0);
    const rises = rolling(flow(1), period, sum, 1);
    const falls = rolling(flow(-1), period, sum, 1);
    const mfi = rises.map((rise, index) => (rise + falls[index]! === 0 ? 50 : (100 * rise) / (rise + falls[index]!)));
    assertSame(indicators.mfiColumn(bars, period), mfi, 1);
  });
}

test('Supertrend: the bands of TradingView’s ta.supertrend over whole arrays', () => {
  for (const [period, multiplier] of [
    [10, 3],
    [5, 1],
    [1, 2],
  ] as const) {
    const atr = averageTrueRange(bars, period);
    const columns = indicators.supertrendColumns(bars, period, multiplier);
    let turns = 0;
    let [upper, lower, rising] = [Number.NaN, Number.NaN, false];
    for (let index = period; index < close.length; index += 1) {
      const middle = (high[index]! + low[index]!) / 2;
      const [basicUpper, basicLower] = [middle + multiplier * atr[index]!, middle - multiplier * atr[index]!];
      const before = close[index - 1]!;
      if (index === period) [upper, lower] = [basicUpper, basicLower];
      else {
        upper = before > upper ? basicUpper : Math.min(upper, basicUpper);
        lower = before < lower ? basicLower : Math.max(lower, basicLower);
      }
      const wasRising: boolean = rising;
      rising = rising ? !(close[index]! < lower) : close[index]! > upper;
      if (rising !== wasRising) turns += 1;
      assertSame(Float64Array.of(columns.upper[index]!, columns.lower[index]!), Float64Array.of(upper, lower));
      assert.equal(columns.direction[index], rising ? 1 : -1);
      assert.equal(columns.value[index], rising ? columns.lower[index] : columns.upper[index]);
    }
    assert.ok(turns > 5, `${turns} turns`);
    assert.ok(columns.value.subarray(0, period).every(Number.isNaN));
    assert.ok(columns.direction.subarray(0, period).every((direction) => direction === 0));
  }
});

test('RSI: gains and losses averaged as written by Wilder', () => {
  const period = 14;
  const change = close.map((price, index) => (index === 0 ? Number.NaN : price - close[index - 1]!));
  const rises = exponentialAverage(
    change.map((step) => Math.max(step, 0)),
    period,
    1 / period,
    1,
  );
  const falls = exponentialAverage(
    change.map((step) => Math.max(-step, 0)),
    period,
    1 / period,
    1,
  );
  const rsi = rises.map((rise, index) => 100 - 100 / (1 + rise / falls[index]!));
  assertSame(indicators.rsiColumn(close, period), rsi, 1);
});

test('daily VWAP starts anew with the UTC day, and a bar that closes at midnight ends the old one', () => {
  const typical = typicalPrices(bars);
  const day = bars.closeTime.map((time) => Math.floor((time - 1) / DAY_MS));
  const sessionStart = (index: number) => day.indexOf(day[index]!);
  const expected = close.map((_price, index) => {
    const from = sessionStart(index);
    const [prices, volumes] = [typical.subarray(from, index + 1), volume.subarray(from, index + 1)];
    const traded = volumes.reduce((sum, value) => sum + value, 0);
    return prices.reduce((sum, price, place) => sum + price * volumes[place]!, 0) / traded;
  });
  assert.ok(new Set(day).size > 4);
  assertSame(indicators.vwapColumn(bars, 'daily'), expected);

  const vwap = new indicators.Vwap('daily');
  assert.equal(vwap.updateBar(10, 10, 10, 5, DAY_MS - 1), 10);
  assert.equal(vwap.updateBar(20, 20, 20, 5, DAY_MS), 15);
  assert.ok(Number.isNaN(vwap.updateBar(30, 30, 30, 0, DAY_MS + 1)), 'a new day without volume has no VWAP');
  assert.equal(vwap.ready, false);
  assert.equal(vwap.updateBar(40, 40, 40, 5, DAY_MS + 2), 40);
});

test('a market that does not move gives exactly the price, no spread and neither of two sides', () => {
  for (const price of [0.1, 1 / 3, 105_072.33]) {
    const flat = flatBars(300, price);
    const last = (column: Float64Array) => column.at(-1);
    for (const period of [3, 7, 20]) {
      assert.ok(
        indicators
          .smaColumn(flat.close, period)
          .subarray(period - 1)
          .every((value) => value === price),
      );
      assert.ok(
        indicators
          .wmaColumn(flat.close, period)
          .subarray(period - 1)
          .every((value) => value === price),
      );
      assert.ok(
        indicators
          .emaColumn(flat.close, period)
          .subarray(period - 1)
          .every((value) => value === price),
      );
      const bands = indicators.bollingerColumns(flat.close, period, 2);
      assert.deepEqual([last(bands.upper), last(bands.middle), last(bands.lower)], [price, price, price]);
      assert.equal(last(indicators.standardDeviationColumn(flat.close, period)), 0);
      assert.equal(last(indicators.zScoreColumn(flat.close, period)), 0);
      assert.equal(last(indicators.rollingVolatilityColumn(flat.close, period)), 0);
      assert.equal(last(indicators.rsiColumn(flat.close, period)), 50);
      assert.equal(last(indicators.mfiColumn(flat, period)), 50);
      assert.equal(last(indicators.stochasticColumns(flat, period, 3, 3).d), 50);
      assert.equal(last(indicators.cciColumn(flat, period)), 0);
      assert.equal(last(indicators.rocColumn(flat.close, period)), 0);
      assert.equal(last(indicators.atrColumn(flat, period)), 0);
      const { adx, plusDi, minusDi } = indicators.adxColumns(flat, period);
      assert.deepEqual([last(adx), last(plusDi), last(minusDi)], [0, 0, 0]);
    }
    assert.deepEqual(indicators.macdColumns(flat.close, 12, 26, 9).histogram.at(-1), 0);
    assert.ok(Number.isNaN(indicators.vwapColumn(flat).at(-1)));
    assert.equal(indicators.obvColumn(flat).at(-1), 0);
  }
});

test('a market that stops for good leaves ADX where it was and RSI at 50', () => {
  const stopped = Float64Array.from({ length: 30_000 }, (_value, index) => close[Math.min(index, 300)]!);
  const { adx, plusDi, minusDi } = indicators.adxColumns({ high: stopped, low: stopped, close: stopped }, 14);
  assert.ok(adx[20_000]! > 1 && adx[20_000]! < 100, `ADX ${adx[20_000]}`);
  assert.deepEqual([adx.at(-1), plusDi.at(-1), minusDi.at(-1)], [adx[20_000], 0, 0]);
  const rsi = indicators.rsiColumn(stopped, 14);
  assert.deepEqual([rsi[9_600], rsi.at(-1)], [50, 50]);
});

test('a rate of change from 0 is 0', () => {
  assert.deepEqual(indicators.rocColumn(Float64Array.of(0, 0, 2, 3), 1), Float64Array.of(Number.NaN, 0, 0, 50));
});

test('a market that only rises or only falls reads 100 or 0', () => {
  const rising = Float64Array.from({ length: 60 }, (_value, index) => 100 + index);
  const falling = rising.toReversed();
  assert.equal(indicators.rsiColumn(rising, 14).at(-1), 100);
  assert.equal(indicators.rsiColumn(falling, 14).at(-1), 0);
  const barsOf = (column: Float64Array): Bars => ({ ...flatBars(60, 1), high: column, low: column, close: column });
  const up = indicators.adxColumns(barsOf(rising), 14);
  assert.ok(
    compareColumns(
      up.adx,
      up.adx.map((value) => (Number.isNaN(value) ? value : 100)),
    ).worst < 1e-12,
  );
  assert.equal(up.minusDi.at(-1), 0);
  assert.equal(indicators.adxColumns(barsOf(falling), 14).plusDi.at(-1), 0);
  assert.equal(indicators.stochasticColumns(barsOf(rising), 14, 3, 3).k.at(-1), 100);
  assert.equal(indicators.stochasticColumns(barsOf(falling), 14, 3, 3).k.at(-1), 0);
});
