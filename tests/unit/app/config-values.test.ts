import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Reading,
  readDuration,
  readFees,
  readLatency,
  readMoment,
  readSizing,
  readSlippage,
  readSpeed,
  readSpread,
  readSymbol,
  readTimeframe,
  writeSizing,
} from '../../../src/app/config-values.ts';
import { costPresets } from '../../../src/execution/cost-models.ts';

function accepted<Value>(reading: Reading<Value>): Value {
  assert.ok(reading.ok, reading.ok ? '' : reading.error);
  return reading.value;
}

function refuses(read: (text: string) => Reading<unknown>, texts: readonly string[]): void {
  for (const text of texts) assert.equal(read(text).ok, false, `${JSON.stringify(text)} must be refused`);
}

test('sizes', () => {
  assert.deepEqual(accepted(readSizing('percent:10')), { kind: 'percent-of-equity', fraction: 0.1 });
  assert.deepEqual(accepted(readSizing('fixed:0.5')), { kind: 'fixed', quantity: 0.5 });
  assert.deepEqual(accepted(readSizing('risk:1')), { kind: 'risk-based', riskFraction: 0.01 });
  assert.deepEqual(accepted(readSizing('volatility:20')), {
    kind: 'volatility-target',
    annualVolatility: 0.2,
    maximumFraction: 1,
  });
  assert.deepEqual(accepted(readSizing('volatility:20:50')), {
    kind: 'volatility-target',
    annualVolatility: 0.2,
    maximumFraction: 0.5,
  });
  assert.deepEqual(accepted(readSizing('all-in')), { kind: 'equity-fraction-at-fill', fraction: 1 });
  refuses(readSizing, ['', '10', 'percent', 'percent:', 'percent:0', 'percent:-1', 'percent:NaN', 'percent:1:2']);
  refuses(readSizing, ['risk:101', 'all', 'fixed:1e999', 'volatility:20:0', 'volatility:1:2:3', 'percent:10%']);
});

test('a size is written as it is read', () => {
  const percent = fc.integer({ min: 1, max: 10_000 }).map((hundredths) => hundredths / 100);
  const text = fc.oneof(
    percent.map((value) => `percent:${value}`),
    percent.map((value) => `risk:${value}`),
    percent.map((value) => `fixed:${value}`),
    fc.tuple(percent, percent).map(([target, most]) => `volatility:${target}:${most}`),
    fc.constant('all-in'),
  );
  fc.assert(fc.property(text, (written) => writeSizing(accepted(readSizing(written))) === written));
});

test('fees: names of venues and maker:taker in percent, basis points or as a fraction', () => {
  assert.deepEqual(accepted(readFees('bybit')), costPresets['bybit-linear'].fees);
  assert.deepEqual(accepted(readFees('binance')), costPresets['binance-usdm'].fees);
  assert.deepEqual(accepted(readFees('none')), costPresets.frictionless.fees);
  assert.deepEqual(accepted(readFees('okx-spot')), costPresets['okx-spot'].fees);
  const wanted = { kind: 'percent', makerRate: 0.0002, takerRate: 0.00055 };
  for (const text of ['0.02%:0.055%', '2bp:5.5bp', '0.0002:0.00055'])
    assert.deepEqual(accepted(readFees(text)), wanted);
  assert.deepEqual(accepted(readFees('-0.01%:0.05%')), { kind: 'percent', makerRate: -0.0001, takerRate: 0.0005 });
  refuses(readFees, ['', 'bybt', '0.1', '0.1:0.1', '0.1%:', ':', '1%:2%:3%', 'toString', '0,1%:0,1%']);
  const near = readFees('bybti');
  assert.match(near.ok ? '' : near.error, /did you mean bybit\?/);
});

test('spread and slippage', () => {
  assert.deepEqual(accepted(readSpread('none')), { kind: 'none' });
  assert.deepEqual(accepted(readSpread('1 tick')), { kind: 'ticks', ticks: 1 });
  assert.deepEqual(accepted(readSpread('2ticks')), { kind: 'ticks', ticks: 2 });
  assert.deepEqual(accepted(readSpread('1.5bp')), { kind: 'basis-points', basisPoints: 1.5 });
  assert.deepEqual(accepted(readSpread('0.01%')), { kind: 'basis-points', basisPoints: 1 });
  refuses(readSpread, ['', '1', '-1bp', 'ticks', '1.2.3bp', '1 bp bp']);
  assert.deepEqual(accepted(readSlippage('0.07%')), { kind: 'basis-points', basisPoints: 7 });
  assert.deepEqual(accepted(readSlippage('impact:10bp')), {
    kind: 'volume-impact',
    shape: 'square-root',
    basisPointsAtFullVolume: 10,
  });
  assert.deepEqual(accepted(readSlippage('linear:10bp')), {
    kind: 'volume-impact',
    shape: 'linear',
    basisPointsAtFullVolume: 10,
  });
  assert.deepEqual(accepted(readSlippage('random:0-2bp')), {
    kind: 'random',
    minimumBasisPoints: 0,
    maximumBasisPoints: 2,
  });
  refuses(readSlippage, ['', '1', 'impact', 'impact:1', 'random:2-1bp', 'random:1bp', 'other:1bp', 'impact:1bp:2']);
});

test('speed, durations and latency', () => {
  assert.equal(accepted(readSpeed('max')), null);
  assert.equal(accepted(readSpeed('600')), 600);
  assert.equal(accepted(readSpeed('0.5x')), 0.5);
  refuses(readSpeed, ['', '0', '-1', 'fast', 'Infinity', '0x10']);
  assert.equal(accepted(readDuration('30s')), 30_000);
  assert.equal(accepted(readDuration('1.5 h')), 5_400_000);
  assert.equal(accepted(readDuration('500ms')), 500);
  refuses(readDuration, ['', '30', '0s', '-1s', '25d', '1w', '0.1ms']);
  assert.equal(accepted(readLatency('0')), 0);
  assert.equal(accepted(readLatency('0ms')), 0);
  assert.equal(accepted(readLatency('50ms')), 50);
  refuses(readLatency, ['', '50', '-50ms']);
});

test('moments are UTC unless they say otherwise, and must be real days', () => {
  assert.equal(accepted(readMoment('2025-05-06')), Date.UTC(2025, 4, 6));
  assert.equal(accepted(readMoment('2025-05-06 12:30')), Date.UTC(2025, 4, 6, 12, 30));
  assert.equal(accepted(readMoment('2025-05-06T12:30:15.250Z')), Date.UTC(2025, 4, 6, 12, 30, 15, 250));
  assert.equal(accepted(readMoment('2025-05-06T12:30:00+02:00')), Date.UTC(2025, 4, 6, 10, 30));
  assert.equal(accepted(readMoment('2024-02-29')), Date.UTC(2024, 1, 29));
  refuses(readMoment, ['', '2025-02-29', '2025-13-01', '2025-5-6', '06.05.2025', '2025-05-06T25:00', 'yesterday']);
});

test('timeframes and symbols', () => {
  assert.equal(accepted(readTimeframe('15m')), '15m');
  refuses(readTimeframe, ['', '7m', '1M', '60']);
  for (const symbol of ['BTCUSDT', 'BRK-B', 'RELIANCE.NS', 'EURUSD=X', '^GSPC', 'BTC_USDT']) {
    assert.equal(accepted(readSymbol(symbol)), symbol);
  }
  refuses(readSymbol, ['', '../x', 'a/b', 'a:b', 'a*', 'a b', '-x', '.', 'x'.repeat(41), 'a\u0000', 'a\n']);
});
