import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/foundation/time.ts';
import {
  annualisationOf,
  cumulativeReturns,
  lastPerPeriod,
  medianSpacing,
  monthlyReturns,
  simpleReturns,
  totalReturn,
} from '../../../src/statistics/returns.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import { readBars } from './reference-data.ts';

const monday = Date.UTC(2024, 0, 1);
const every = (length: number, count: number, start = monday) =>
  Float64Array.from({ length: count }, (_, row) => start + row * length);

test('simple returns cumulate back to the prices', () => {
  const prices = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 2, maxLength: 50 });
  fc.assert(
    fc.property(prices, (values) => {
      const cumulated = cumulativeReturns(simpleReturns(values));
      const expected = values.at(-1)! / values[0]! - 1;
      assert.ok(Math.abs(cumulated.at(-1)! - expected) <= 1e-9 * (1 + Math.abs(expected)));
    }),
  );
  assert.ok(Number.isNaN(totalReturn([])));
});

test('the last value of each UTC day, days without bars left out', () => {
  const times = [0, 12 * HOUR_MS, DAY_MS - 1, DAY_MS, 4 * DAY_MS];
  const { periods, values } = lastPerPeriod(times, [1, 2, 3, 4, 5], 'day');
  assert.deepEqual([...periods], [0, 1, 4]);
  assert.deepEqual([...values], [3, 4, 5]);
});

test('weeks end on Sunday, months and years with the calendar', () => {
  const days = every(DAY_MS, 400);
  const numbers = days.map((_, row) => row);
  assert.deepEqual([...lastPerPeriod(days, numbers, 'week').values.slice(0, 3)], [6, 13, 20]);
  assert.deepEqual([...lastPerPeriod(days, numbers, 'month').values.slice(0, 3)], [30, 59, 90]);
  const years = lastPerPeriod(days, numbers, 'year');
  assert.deepEqual([...years.periods], [2024, 2025]);
  assert.deepEqual([...years.values], [365, 399]);
});

test('a row without a value does not end a day', () => {
  assert.deepEqual([...lastPerPeriod([0, 1, 2], [7, 8, Number.NaN], 'day').values], [8]);
});

test('months chain to the whole return', () => {
  const times = every(DAY_MS, 120);
  const equity = times.map((_, row) => 1000 + row * 10);
  const months = monthlyReturns(times, equity, 1000);
  assert.deepEqual(
    months.map(({ year, month }) => `${year}-${month}`),
    ['2024-1', '2024-2', '2024-3', '2024-4'],
  );
  assert.ok(Math.abs(months.reduce((wealth, month) => wealth * (1 + month.returnFraction), 1000) - 2190) < 1e-9);
});

test('how many periods make a year', () => {
  assert.deepEqual(annualisationOf(every(MINUTE_MS, 10_000)), { period: 'day', periodsPerYear: 365 });
  assert.deepEqual(annualisationOf(every(7 * DAY_MS, 60)), { period: 'week', periodsPerYear: 52 });
  assert.deepEqual(annualisationOf(every(31 * DAY_MS, 30)), { period: 'month', periodsPerYear: 12 });
  assert.deepEqual(annualisationOf(every(365 * DAY_MS, 5)), { period: 'year', periodsPerYear: 1 });
  const workdays = every(DAY_MS, 70).filter((time) => ![0, 6].includes(new Date(time).getUTCDay()));
  assert.deepEqual(annualisationOf(workdays), { period: 'day', periodsPerYear: 252 });
  assert.equal(annualisationOf([]).periodsPerYear, 252);
  assert.equal(medianSpacing(every(HOUR_MS, 500), 100), HOUR_MS);
});

const reliance = sharedData('nse-equity-1d/RELIANCE.NS-1d.csv.gz');
test('an Indian week that opens on Sunday evening UTC has no trading weekend', { skip: skipUnless(reliance) }, () => {
  assert.equal(annualisationOf(readBars(reliance!).openTime).periodsPerYear, 252);
});
