import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/foundation/random.ts';
import * as indicators from '../../../src/indicators/index.ts';
import { generatedBars } from './generated-bars.ts';

// Rounding must not build up: after half a million bars a window still gives what its own values say.

const COUNT = 500_000;

/** A walk around 100,000 with steps of a cent or so: the spread of a window is ten million times smaller than it. */
function narrowWalk(): Float64Array {
  const random = new Random(3, 'narrow walk');
  let price = 100_000;
  return new Float64Array(COUNT).map(() => {
    price += (random.next() - 0.5) * 0.02;
    return price;
  });
}

function assertRelative(actual: number, expected: number, tolerance: number, where: string): void {
  const error = Math.abs(actual - expected) / Math.abs(expected);
  assert.ok(error <= tolerance, `${where}: ${actual} instead of ${expected}, relative error ${error}`);
}

/** Mean, weighted mean and population standard deviation in two passes, distances taken from the newest value. */
function measure(window: Float64Array): { mean: number; weighted: number; deviation: number } {
  const newest = window.at(-1)!;
  const offset = window.reduce((sum, value) => sum + (value - newest), 0) / window.length;
  const weighted = window.reduce((sum, value, index) => sum + (index + 1) * (value - newest), 0);
  const scatter = window.reduce((sum, value) => sum + (value - newest - offset) ** 2, 0);
  return {
    mean: newest + offset,
    weighted: newest + weighted / ((window.length * (window.length + 1)) / 2),
    deviation: Math.sqrt(scatter / window.length),
  };
}

for (const period of [20, 200, 5000]) {
  test(`windows of ${period} are exact to 1e-9 all along 500,000 bars, the spread of a narrow one too`, (context) => {
    const values = narrowWalk();
    const sma = indicators.smaColumn(values, period);
    const wma = indicators.wmaColumn(values, period);
    const bands = indicators.bollingerColumns(values, period, 2);
    const deviation = indicators.standardDeviationColumn(values, period);
    let worst = 0;
    for (let index = period - 1; index < COUNT; index += 4_999) {
      const expected = measure(values.subarray(index - period + 1, index + 1));
      assertRelative(sma[index]!, expected.mean, 1e-14, `SMA at ${index}`);
      assertRelative(wma[index]!, expected.weighted, 1e-14, `WMA at ${index}`);
      assertRelative(bands.upper[index]!, expected.mean + 2 * expected.deviation, 1e-14, `upper band at ${index}`);
      assertRelative(deviation[index]!, expected.deviation, 1e-9, `deviation at ${index}`);
      worst = Math.max(worst, Math.abs(deviation[index]! / expected.deviation - 1));
    }
    context.diagnostic(`worst relative error of the standard deviation ${worst.toExponential(1)}`);
  });
}

test('a wild value leaves no trace once it has left the window', () => {
  const bars = generatedBars(400);
  const wild = bars.close.slice();
  wild[150] = 1e15;
  const period = 20;
  for (const column of [
    indicators.smaColumn,
    indicators.wmaColumn,
    indicators.standardDeviationColumn,
    indicators.zScoreColumn,
    indicators.rollingMaxColumn,
  ]) {
    assert.deepEqual(column(wild, period).subarray(150 + period), column(bars.close, period).subarray(150 + period));
  }
});

test('cumulative sums are exact to 1e-9 after 500,000 bars', () => {
  const bars = generatedBars(COUNT, 5);
  let [turnover, traded, balance] = [0n, 0n, 0n];
  for (const [index, volume] of bars.volume.entries()) {
    const [high, low, close] = [bars.high[index]!, bars.low[index]!, bars.close[index]!];
    const exactVolume = BigInt(Math.round(volume * 100));
    turnover += BigInt(Math.round((high + low + close) * 100)) * exactVolume;
    traded += exactVolume;
    balance += exactVolume * BigInt(index === 0 ? 1 : Math.sign(close - bars.close[index - 1]!));
  }
  assertRelative(indicators.vwapColumn(bars).at(-1)!, Number(turnover) / Number(3n * traded) / 100, 1e-9, 'VWAP');
  assertRelative(indicators.obvColumn(bars).at(-1)!, Number(balance) / 100, 1e-9, 'OBV');
});
