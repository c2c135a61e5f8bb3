import assert from 'node:assert/strict';
import test from 'node:test';
import { annualVolatility } from '../../../src/statistics/arithmetic-ratios.ts';
import { beta } from '../../../src/statistics/benchmark.ts';
import { mean } from '../../../src/statistics/descriptive.ts';
import { drawdownSeries } from '../../../src/statistics/drawdown.ts';
import { simpleReturns } from '../../../src/statistics/returns.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import { readBars } from './reference-data.ts';

const path = sharedData('us-equity-1d/SPY-1d.csv.gz');

test("LEAN's BasicTemplateDailyAlgorithm: drawdown, Sharpe ratio and beta", { skip: skipUnless(path) }, () => {
  const bars = readBars(path!);
  const first = bars.openTime.indexOf(Date.UTC(2013, 9, 8));
  // 698 shares (3.49 USD at 0.005 each) bought at the open of 9 October. LEAN's prices are adjusted; the factor of its
  // data at the time is what its final equity of 104,486.22 implies.
  const factor = (4486.22 + 3.49) / (698 * (bars.close[first + 7]! - bars.open[first + 1]!));
  const cost = 698 * factor * bars.open[first + 1]! + 3.49;
  const equity = [100_000];
  for (let row = first + 1; row <= first + 7; row++) equity.push(100_000 - cost + 698 * factor * bars.close[row]!);
  assert.ok(Math.abs(equity.at(-1)! - 104_486.22) < 0.005);

  assert.equal(Math.max(...drawdownSeries(equity)).toFixed(3), '0.008');

  // LEAN's daily performance starts with the day before the first bar and the first bar's own day, both without return.
  const returns = [0, 0, ...simpleReturns(equity)];
  // Its Sharpe ratio: the arithmetic mean compounded over 252 days, less the Federal Reserve's 0.75 % of the time.
  const sharpe = ((1 + mean(returns)) ** 252 - 1 - 0.0075) / annualVolatility(returns, 252);
  assert.equal(sharpe.toFixed(3), '17.304');

  const market = [0, 0, ...simpleReturns(bars.close.subarray(first, first + 8))];
  assert.equal(beta(returns, market).toFixed(3), '1.015');
});
