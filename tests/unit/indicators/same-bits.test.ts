import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantError } from '../../../src/foundation/errors.ts';
import type { Json } from '../../../src/foundation/json.ts';
import * as indicators from '../../../src/indicators/index.ts';
import { EVERY_INDICATOR, type Subject } from './every-indicator.ts';
import { generatedBars } from './generated-bars.ts';
import type { Bars } from './reference-data.ts';

const bars = generatedBars(400);

function throughText(state: Json): Json {
  return JSON.parse(JSON.stringify(state)) as Json;
}

function feedAll(subject: Subject, from: number, to: number): void {
  for (let index = from; index < to; index += 1) subject.feed(bars, index);
}

/** `bars` with one bar where `column` holds `input`. */
function withInput(column: keyof Bars, index: number, input: number): Bars {
  const changed = { ...bars, [column]: bars[column].slice() };
  changed[column][index] = input;
  return changed;
}

test('every indicator class of the index has a case here', () => {
  const classes = Object.values(indicators).filter(
    (exported) => typeof exported === 'function' && exported.prototype instanceof indicators.Indicator,
  );
  const covered = new Set(EVERY_INDICATOR.map((entry) => entry.make().indicator.constructor));
  assert.deepEqual(
    classes.filter((exported) => !covered.has(exported)),
    [],
  );
  assert.equal(classes.length, covered.size);
});

for (const entry of EVERY_INDICATOR) {
  test(`${entry.name}: bar by bar and as a column are the same bits, and ready when every output is a number`, () => {
    const columns = entry.columns(bars);
    const subject = entry.make();
    assert.equal(subject.indicator.ready, false);
    for (let index = 0; index < bars.close.length; index += 1) {
      subject.feed(bars, index);
      const outputs = subject.outputs();
      assert.equal(outputs.length, columns.length);
      for (const [place, output] of outputs.entries()) {
        assert.ok(Object.is(output, columns[place]![index]), `output ${place} of bar ${index}`);
      }
      assert.equal(subject.indicator.ready, !outputs.some(Number.isNaN), `ready at bar ${index}`);
    }
    assert.equal(subject.indicator.ready, true);
  });

  test(`${entry.name}: saved as text at any bar and taken up by a new one, it goes on with the same bits`, () => {
    const uninterrupted = entry.columns(bars);
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 60 }), (stop, more) => {
        const before = entry.make();
        feedAll(before, 0, stop);
        const after = entry.make();
        feedAll(after, 100, 100 + more); // what it held before must not matter
        after.indicator.restore(throughText(before.indicator.snapshot()));
        assert.deepEqual(after.indicator.snapshot(), before.indicator.snapshot());
        for (let index = stop; index < stop + more; index += 1) {
          after.feed(bars, index);
          for (const [place, output] of after.outputs().entries()) {
            assert.ok(Object.is(output, uninterrupted[place]![index]), `output ${place} of bar ${index}`);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test(`${entry.name}: refuses an input that is not a finite number, and is unharmed by it`, () => {
    const unharmed = entry.make();
    feedAll(unharmed, 0, 50);
    const state = unharmed.indicator.snapshot();
    const reads = (column: keyof Bars) => {
      const [seen, changed] = [entry.columns(bars), entry.columns(withShift(column))];
      return changed.some((values, place) => values.some((value, index) => !Object.is(value, seen[place]![index])));
    };
    const columns = (['high', 'low', 'close', 'volume'] as const).filter(reads);
    assert.ok(columns.length > 0);
    for (const column of columns) {
      for (const input of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const subject = entry.make();
        feedAll(subject, 0, 50);
        assert.throws(() => subject.feed(withInput(column, 50, input), 50), InvariantError, `${column} ${input}`);
        assert.deepEqual(subject.indicator.snapshot(), state, `${column} ${input}`);
      }
    }
  });
}

/** `bars` with one column changed, so that whatever reads it gives something else. */
function withShift(column: keyof Bars): Bars {
  return { ...bars, [column]: bars[column].map((value, index) => value + (index % 5) + 1) };
}

test('a state is only taken up by the same indicator with the same parameters', () => {
  const state = new indicators.Sma(5).snapshot();
  assert.throws(() => new indicators.Sma(6).restore(state), InvariantError);
  assert.throws(() => new indicators.Wma(5).restore(state), InvariantError);
  assert.throws(() => new indicators.Vwap('daily').restore(new indicators.Vwap().snapshot()), InvariantError);
  assert.throws(() => new indicators.Macd(3, 5, 2).restore(new indicators.Macd(3, 5, 4).snapshot()), InvariantError);
  new indicators.Sma(5).restore(state);
});

test('periods that are not whole numbers of bars are refused', () => {
  const makers: readonly ((period: number) => indicators.Indicator)[] = [
    (period) => new indicators.Sma(period),
    (period) => new indicators.Ema(period),
    (period) => new indicators.Wma(period),
    (period) => new indicators.Rsi(period),
    (period) => new indicators.Roc(period),
    (period) => new indicators.StandardDeviation(period),
    (period) => new indicators.Bollinger(period, 2),
    (period) => new indicators.ZScore(period),
    (period) => new indicators.RollingVolatility(period),
    (period) => new indicators.RollingMax(period),
    (period) => new indicators.RollingMin(period),
    (period) => new indicators.Donchian(period),
    (period) => new indicators.Stochastic(period, 3, 3),
    (period) => new indicators.Stochastic(14, period, 3),
    (period) => new indicators.Stochastic(14, 3, period),
    (period) => new indicators.Atr(period),
    (period) => new indicators.Adx(period),
    (period) => new indicators.Cci(period),
    (period) => new indicators.Mfi(period),
    (period) => new indicators.Macd(period, 26, 9),
    (period) => new indicators.Macd(12, period, 9),
    (period) => new indicators.Macd(12, 26, period),
    (period) => new indicators.Keltner(period, 10, 2),
    (period) => new indicators.Keltner(20, period, 2),
    (period) => new indicators.Supertrend(period, 3),
  ];
  for (const make of makers) {
    for (const period of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => make(period), InvariantError, `${make} ${period}`);
    }
  }
  assert.throws(() => new indicators.Adx(1), InvariantError);
  assert.throws(() => new indicators.StandardDeviation(1, 1), InvariantError);
  assert.throws(() => new indicators.RollingVolatility(1), InvariantError);
  assert.throws(() => new indicators.RollingVolatility(20, 0), InvariantError);
  assert.throws(() => new indicators.Bollinger(20, Number.NaN), InvariantError);
  assert.throws(() => new indicators.Supertrend(10, Number.POSITIVE_INFINITY), InvariantError);
  assert.throws(() => new indicators.Macd(26, 26, 9), InvariantError);
});

test('negative volume and prices without a logarithm are refused', () => {
  assert.throws(() => new indicators.Obv().update(10, -1), InvariantError);
  assert.throws(() => new indicators.Vwap().updateBar(10, 9, 9.5, -1, 1), InvariantError);
  assert.throws(() => new indicators.Mfi(3).updateBar(10, 9, 9.5, -1), InvariantError);
  assert.throws(() => new indicators.RollingVolatility(3).update(0), InvariantError);
  assert.throws(() => new indicators.RollingVolatility(3).update(-1), InvariantError);
});
