import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as indicators from '../../../src/indicators/index.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import { type Bars, compareColumns, DAY_MS, readBars, skenderColumn } from './reference-data.ts';

/** `column` one bar later. */
function delayed(column: Float64Array): Float64Array {
  const later = new Float64Array(column.length).fill(Number.NaN);
  later.set(column.subarray(0, -1), 1);
  return later;
}

/**
 * Ours against Skender's expected results on 502 daily bars, at relative 1e-9 from bar `from` on: 0 unless the seeds
 * differ, else the bar by which the older seed's share has faded below 1e-9.
 */
const COLUMNS: readonly {
  readonly file: string;
  readonly field: string;
  readonly definition: string;
  readonly from?: number;
  ours(bars: Bars): Float64Array;
}[] = [
  { file: 'sma', field: 'sma', definition: '20', ours: ({ close }) => indicators.smaColumn(close, 20) },
  { file: 'ema', field: 'ema', definition: '20, same seed', ours: ({ close }) => indicators.emaColumn(close, 20) },
  { file: 'wma', field: 'wma', definition: '14', ours: ({ close }) => indicators.wmaColumn(close, 14) },
  { file: 'rsi', field: 'rsi', definition: '14, same seed', ours: ({ close }) => indicators.rsiColumn(close, 14) },
  { file: 'roc', field: 'roc', definition: '14, percent', ours: ({ close }) => indicators.rocColumn(close, 14) },
  { file: 'tr', field: 'tr', definition: 'none for the first bar', ours: (bars) => indicators.trueRangeColumn(bars) },
  { file: 'atr', field: 'atr', definition: '14, same seed', ours: (bars) => indicators.atrColumn(bars, 14) },
  {
    file: 'stdev',
    field: 'stdDev',
    definition: '14, population (ddof 0)',
    ours: ({ close }) => indicators.standardDeviationColumn(close, 14),
  },
  { file: 'stdev', field: 'zScore', definition: '14, ddof 0', ours: ({ close }) => indicators.zScoreColumn(close, 14) },
  { file: 'bb', field: 'zScore', definition: '20, ddof 0', ours: ({ close }) => indicators.zScoreColumn(close, 20) },
  {
    file: 'bb',
    field: 'upperBand',
    definition: '20, 2 population standard deviations',
    ours: ({ close }) => indicators.bollingerColumns(close, 20, 2).upper,
  },
  {
    file: 'bb',
    field: 'lowerBand',
    definition: '20, 2 population standard deviations',
    ours: ({ close }) => indicators.bollingerColumns(close, 20, 2).lower,
  },
  { file: 'bb', field: 'sma', definition: '20', ours: ({ close }) => indicators.bollingerColumns(close, 20, 2).middle },
  {
    file: 'stoch',
    field: 'oscillator',
    definition: '14, 3, 3: the smoothed k',
    ours: (bars) => indicators.stochasticColumns(bars, 14, 3, 3).k,
  },
  {
    file: 'stoch',
    field: 'signal',
    definition: '14, 3, 3',
    ours: (bars) => indicators.stochasticColumns(bars, 14, 3, 3).d,
  },
  {
    file: 'vwap',
    field: 'vwap',
    definition: 'from the first bar, typical price',
    ours: (bars) => indicators.vwapColumn(bars),
  },
  {
    file: 'obv',
    field: 'obv',
    definition: 'starts at 0, ours at the first volume',
    ours: (bars) => indicators.obvColumn(bars).map((value) => value - bars.volume[0]!),
  },
  {
    file: 'donchian',
    field: 'upperBand',
    definition: '20 bars before this one: ours of the bar before',
    ours: (bars) => delayed(indicators.donchianColumns(bars, 20).upper),
  },
  {
    file: 'donchian',
    field: 'centerline',
    definition: '20 bars before this one: ours of the bar before',
    ours: (bars) => delayed(indicators.donchianColumns(bars, 20).middle),
  },
  {
    file: 'donchian',
    field: 'lowerBand',
    definition: '20 bars before this one: ours of the bar before',
    ours: (bars) => delayed(indicators.donchianColumns(bars, 20).lower),
  },
  {
    file: 'macd',
    field: 'macd',
    definition: '12, 26, 9; its fast average starts at bar 12',
    from: 250,
    ours: ({ close }) => indicators.macdColumns(close, 12, 26, 9).line,
  },
  {
    file: 'macd',
    field: 'signal',
    definition: '12, 26, 9; its fast average starts at bar 12',
    from: 250,
    ours: ({ close }) => indicators.macdColumns(close, 12, 26, 9).signal,
  },
  {
    file: 'adx',
    field: 'adx',
    definition: '14; its sums start with 14 bars, ours with 13',
    from: 402,
    ours: (bars) => indicators.adxColumns(bars, 14).adx,
  },
  {
    file: 'adx',
    field: 'pdi',
    definition: '14; its sums start with 14 bars, ours with 13',
    from: 402,
    ours: (bars) => indicators.adxColumns(bars, 14).plusDi,
  },
  {
    file: 'adx',
    field: 'mdi',
    definition: '14; its sums start with 14 bars, ours with 13',
    from: 402,
    ours: (bars) => indicators.adxColumns(bars, 14).minusDi,
  },
];

const barsPath = sharedData('reference/skender/default.csv');

for (const { file, field, definition, from = 0, ours } of COLUMNS) {
  const path = sharedData(`reference/skender/${file}.standard.json.gz`);
  test(`Skender ${file}.${field}: ${definition}`, { skip: skipUnless(barsPath, path) }, (context) => {
    const { compared, worst } = compareColumns(ours(readBars(barsPath!, DAY_MS)), skenderColumn(path!, field), from);
    context.diagnostic(`worst relative error ${worst.toExponential(1)} over ${compared} bars`);
    assert.ok(compared >= 100, `only ${compared} bars compared`);
    assert.ok(worst <= 1e-9, `worst relative error ${worst}`);
  });
}
