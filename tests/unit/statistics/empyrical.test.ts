import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { DAY_MS, HOUR_MS } from '../../../src/foundation/time.ts';
import {
  annualReturn,
  annualVolatility,
  arithmeticCalmarRatio,
  arithmeticSharpeRatio,
  arithmeticSortinoRatio,
  downsideRisk,
} from '../../../src/statistics/arithmetic-ratios.ts';
import { annualisedAlpha, beta } from '../../../src/statistics/benchmark.ts';
import { maximumDrawdownOfReturns } from '../../../src/statistics/drawdown.ts';
import { cumulativeReturns, simpleReturns, totalReturn } from '../../../src/statistics/returns.ts';
import {
  conditionalValueAtRisk,
  omegaRatio,
  stability,
  tailRatio,
  valueAtRisk,
} from '../../../src/statistics/tail-risk.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import { bigger, readBars } from './reference-data.ts';

// The vectors of empyrical's own tests (tests/test_stats.py), to 8 decimals.
const mixed = [Number.NaN, 1, 10, -4, 2, 3, 2, 1, -10].map((percent) => percent / 100);
const negative = [0, -6, -7, -1, -9, -2, -6, -8, -5].map((percent) => percent / 100);
const positive = [1, 2, 1, 1, 1, 1, 1, 1, 1].map((percent) => percent / 100);

const vectors: readonly (readonly [string, number, number])[] = [
  ['maximum drawdown, mixed', maximumDrawdownOfReturns(mixed), -0.1],
  ['maximum drawdown, negative', maximumDrawdownOfReturns(negative), -0.3659073],
  ['annual return, mixed', annualReturn(mixed, 252), 1.9135925373194231],
  ['annual volatility, mixed', annualVolatility(mixed, 252), 0.9136465399704637],
  ['Sharpe ratio, mixed', arithmeticSharpeRatio(mixed, 252), 1.7238613961706866],
  ['Sharpe ratio, positive', arithmeticSharpeRatio(positive, 252), 52.915026221291804],
  ['Sharpe ratio, negative', arithmeticSharpeRatio(negative, 252), -24.406808633910085],
  ['value at risk at 0.3 of [1, 2]', valueAtRisk([1, 2], 0.3), 1.3],
];

test("empyrical's vectors to 8 decimals", async (context) => {
  for (const [name, actual, expected] of vectors) {
    await context.test(name, () => assert.ok(Math.abs(actual - expected) < 5e-9, `${actual}, not ${expected}`));
  }
  // These two are published (and tested there) to fewer decimals.
  await context.test('tail ratio, mixed, to 1 decimal', () =>
    assert.ok(Math.abs(tailRatio(mixed) - 0.9473684210526313) < 0.05),
  );
  await context.test('cumulative returns, mixed, to 4 decimals', () => {
    const expected = [0, 0.01, 0.111, 0.066559, 0.08789, 0.12052, 0.14293, 0.15436, 0.03893];
    const actual = cumulativeReturns(mixed);
    for (const [index, value] of expected.entries()) assert.ok(Math.abs(actual[index]! - value) < 5e-5);
  });
});

interface PublishedSeries {
  readonly input: string;
  readonly resample: string | null;
  readonly annualization: number;
  readonly metrics: Readonly<Record<string, number>>;
}

const publishedPath = sharedData('reference/empyrical/returns-metrics.json');
const published: Readonly<Record<string, PublishedSeries | { readonly alpha: number; readonly beta: number }>> =
  publishedPath === undefined ? {} : JSON.parse(readFileSync(publishedPath, 'utf8'));

test('the figures that empyrical gives on real closes', { skip: skipUnless(publishedPath) }, async (context) => {
  for (const [name, series] of Object.entries(published)) {
    if (!('metrics' in series)) continue;
    const path = sharedData(series.input.replace('open/', ''));
    await context.test(name, { skip: skipUnless(path) }, (inner) => {
      const returns = returnsOf(path!, series.resample);
      const figures = figuresOf(returns, series.annualization);
      let worst = 0;
      for (const [key, expected] of Object.entries(series.metrics)) {
        const actual = figures[key];
        assert.ok(actual !== undefined, `no figure for "${key}"`);
        const error = Math.abs(actual - expected) / Math.abs(expected);
        worst = Math.max(worst, error);
        assert.ok(error <= 1e-9, `${key}: ${actual}, empyrical has ${expected}`);
      }
      inner.diagnostic(`worst relative error ${worst.toExponential(1)}`);
    });
  }
});

const reliance = sharedData('nse-equity-1d/RELIANCE.NS-1d.csv.gz');
const infy = sharedData('nse-equity-1d/INFY.NS-1d.csv.gz');
test('alpha and beta of RELIANCE against INFY', { skip: skipUnless(publishedPath, reliance, infy) }, () => {
  const expected = published['RELIANCE vs INFY'] as { readonly alpha: number; readonly beta: number };
  const returns = returnsOf(reliance!, null);
  const market = returnsOf(infy!, null);
  assert.ok(Math.abs(beta(returns, market) / expected.beta - 1) <= 1e-9);
  assert.ok(Math.abs(annualisedAlpha(returns, market, 252) / expected.alpha - 1) <= 1e-9);
});

function returnsOf(path: string, resample: string | null): Float64Array {
  const bars = readBars(path);
  const length = resample === '1D' ? DAY_MS : HOUR_MS;
  return simpleReturns((resample === null ? bars : bigger(bars, length)).close);
}

function figuresOf(returns: Float64Array, periodsPerYear: number): Record<string, number> {
  return {
    n: returns.length,
    cum_return: totalReturn(returns),
    annual_return: annualReturn(returns, periodsPerYear),
    annual_volatility: annualVolatility(returns, periodsPerYear),
    sharpe: arithmeticSharpeRatio(returns, periodsPerYear),
    sortino: arithmeticSortinoRatio(returns, periodsPerYear),
    calmar: arithmeticCalmarRatio(returns, periodsPerYear),
    max_drawdown: maximumDrawdownOfReturns(returns),
    downside_risk: downsideRisk(returns, periodsPerYear),
    omega: omegaRatio(returns),
    tail_ratio: tailRatio(returns),
    stability: stability(returns),
    value_at_risk_5pct: valueAtRisk(returns),
    cvar_5pct: conditionalValueAtRisk(returns),
  };
}
