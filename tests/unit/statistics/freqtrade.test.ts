import assert from 'node:assert/strict';
import test from 'node:test';
import { DAY_MS } from '../../../src/foundation/time.ts';
import { compoundAnnualGrowthRate } from '../../../src/statistics/compounded-ratios.ts';
import {
  drawdownOfProfits,
  expectancyOf,
  sharpeOfProfits,
  sortinoOfProfits,
} from '../../../src/statistics/profit-statistics.ts';

// Values of freqtrade's own tests (tests/data/test_btanalysis.py), to the decimals they are given with.
const profits = [
  0.01158, 0.010048, 0.01134, 0.012161, 0.010416, 0.010009, 0.020024, -0.024662, -0.02235, 0.020496, -0.029859,
  -0.030511, 0.010041, 0.010872, -0.025782, 0.0104, 0.012374, 0.012467, 0.114741, 0.010303, 0.010088, -0.033961,
  0.01068, 0.010886, -0.029274, 0.011178, 0.010693, 0.010711,
];

test('expectancy', () => {
  const { expectancy, ratio } = expectancyOf([100, 200, 50, -150, 300, -100, 80, -30]);
  assert.equal(expectancy, 56.25);
  assert.equal(ratio.toFixed(8), '0.60267857');
});

test('expectancy without trades is undefined, and its ratio without a loss too', () => {
  assert.ok(Number.isNaN(expectancyOf([]).expectancy));
  assert.equal(expectancyOf([10, 20]).expectancy, 15);
  assert.ok(Number.isNaN(expectancyOf([10, 20]).ratio));
});

test('CAGR over years of 365 days', () => {
  assert.equal(compoundAnnualGrowthRate(64_900, 176_000, 1095 / 365).toFixed(4), '0.3945');
  assert.equal(compoundAnnualGrowthRate(64_900, 176_000, 365 / 365).toFixed(4), '1.7119');
  assert.equal(compoundAnnualGrowthRate(1000, 1000, 1), 0);
});

test('greatest drawdown of closed profits, in money and of the account', () => {
  const { absolute, relative } = drawdownOfProfits(profits, 0.2);
  assert.equal(absolute.toFixed(6), '0.091755');
  assert.ok(Math.abs(relative - 0.32129575) < 1e-8);
});

test('Sharpe and Sortino ratio of trades, by hand', () => {
  // Two trades of +20 and −10 on 1000 in ten days: mean 0.001 a day, population deviation 0.015.
  assert.ok(Math.abs(sharpeOfProfits([20, -10], 1000, 10 * DAY_MS) - (0.001 / 0.015) * Math.sqrt(365)) < 1e-12);
  assert.ok(Math.abs(sortinoOfProfits([20, -10, -20], 1000, 10 * DAY_MS) - (-0.001 / 0.005) * Math.sqrt(365)) < 1e-12);
  assert.ok(Number.isNaN(sharpeOfProfits([], 1000, DAY_MS)));
  assert.ok(Number.isNaN(sortinoOfProfits([5, 5], 1000, DAY_MS)));
});
