import assert from 'node:assert/strict';
import test from 'node:test';
import { jsonDocument, jsonReport } from '../../../src/cli/report/json-report.ts';
import { FIGURE_KEYS } from '../../../src/statistics/figures.ts';
import { fillsOf } from '../statistics/reference-data.ts';
import { smallReport, trade } from './sample-report.ts';

interface Document {
  readonly figures: Readonly<Record<string, number | null>>;
  readonly trades: readonly Readonly<Record<string, string | number>>[];
  readonly fills: readonly Readonly<Record<string, string | number>>[];
  readonly equityCurve: { readonly closeTimeMs: readonly number[]; readonly equity: readonly number[] };
  readonly [key: string]: unknown;
}

const report = smallReport([1000, 1100, 1050], {
  trades: [trade(10)],
  fills: fillsOf(trade(10), 0.001),
  configuration: { seed: 7 },
});

test('the text is JSON and says what the document says', () => {
  assert.deepEqual(JSON.parse(jsonReport(report)), jsonDocument(report));
});

test('every figure has a key and a unit, and what is undefined is null', () => {
  const document = JSON.parse(jsonReport(smallReport([]))) as Document;
  assert.deepEqual(Object.keys(document.figures), FIGURE_KEYS);
  assert.deepEqual(Object.keys(document.units as object), FIGURE_KEYS);
  assert.equal(document.figures.sharpeRatio, null);
  assert.equal(document.figures.roundTrips, 0);
  assert.deepEqual(document.period, { start: null, startMs: null, end: null, endMs: null });
});

test('times are ISO text and milliseconds, exact amounts are text', () => {
  const document = JSON.parse(jsonReport(report)) as Document;
  assert.deepEqual(document.period, {
    start: '2024-01-01T00:00:00.000Z',
    startMs: 1_704_067_200_000,
    end: '2024-01-04T00:00:00.000Z',
    endMs: 1_704_326_400_000,
  });
  assert.equal(document.trades[0]!.entryTime, '2024-01-02T00:00:00.000Z');
  assert.equal(document.trades[0]!.entryTimeMs, 1_704_153_600_000);
  assert.equal(document.fills[0]!.price, '100');
  assert.equal(document.fills[0]!.fee, '0.1');
  assert.deepEqual(document.equityCurve.equity, [1000, 1100, 1050]);
  assert.deepEqual(document.configuration, { seed: 7 });
});

test('the keys of the document are stable', () => {
  assert.deepEqual(Object.keys(jsonDocument(report)), [
    'format',
    'version',
    'strategy',
    'symbols',
    'timeframe',
    'feeds',
    'currency',
    'period',
    'figures',
    'units',
    'feesByCurrency',
    'finalInventory',
    'signals',
    'openTradesAtEnd',
    'returnsPeriod',
    'riskFreeRate',
    'trades',
    'openPositions',
    'fills',
    'equityCurve',
    'configuration',
    'notes',
  ]);
  assert.ok(!('equityCurve' in jsonDocument(report, { equityCurve: false })));
});
