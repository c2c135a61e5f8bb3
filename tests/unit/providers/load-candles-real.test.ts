/** Real files: every number against the plain way of reading it, and the quality that is known of them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Timeframe } from '../../../src/domain/timeframe.ts';
import { type LoadedCandles, loadCandles } from '../../../src/providers/files/load-candles.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';

const textOf = (path: string): string => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

/** Compares every value with `Number` and `Date.parse` of the field; `order` is where the six stand in a row. */
function assertSameNumbers({ columns }: LoadedCandles, text: string, order: readonly number[], header: number): void {
  const lines = text.trimEnd().split('\n').slice(header);
  assert.equal(columns.length, lines.length);
  const { openTime, open, high, low, close, volume } = columns;
  lines.forEach((line, row) => {
    const fields = line.split(',');
    const time = fields[order[0]!]!;
    const epoch = /^\d+$/.test(time)
      ? Number(time)
      : Date.parse(/[+Z]/.test(time) ? time : `${time.replace(' ', 'T')}Z`);
    assert.equal(openTime[row], epoch);
    [open, high, low, close, volume].forEach((column, index) => {
      assert.equal(column[row], Number(fields[order[index + 1]!]));
    });
  });
}

const plain = [0, 1, 2, 3, 4, 5];
const files: readonly (readonly [
  path: string,
  format: string,
  timeframe: Timeframe,
  order: readonly number[],
  header: number,
])[] = [
  ['binance-usdm-1m/BTCUSDT-PERP-1m.csv.gz', 'CSV', '1m', plain, 1],
  ['binance-vision-csv/NEARUSDT-1m-2025-02.csv.gz', 'Binance klines', '1m', plain, 1],
  ['bybit-linear-5m/ETHUSDT-5m.csv.gz', 'CSV', '5m', plain, 1],
  ['bybit-linear-1m/original/DOGEUSDT_1m.csv.gz', 'CSV', '1m', plain, 1],
  ['us-equity-1d/AAPL-1d.csv.gz', 'CSV', '1d', plain, 1],
  ['us-etf-1m/FXY-1m.csv.gz', 'CSV', '1m', plain, 1],
  ['nse-equity-1d/RELIANCE.NS-1d.csv.gz', 'CSV', '1d', plain, 1],
  ['nse-equity-5m-yahoo/original/INFY_5min.csv.gz', 'yfinance CSV', '5m', [0, 4, 2, 3, 1, 5], 3],
  ['backtesting-py/GOOG.csv', 'pandas CSV', '1d', plain, 1],
  ['backtesting-py/EURUSD.csv', 'pandas CSV', '1h', plain, 1],
  ['ticks/binance-XRPETH-1m-20191011-20191013.csv.gz', 'CSV', '1m', plain, 1],
];
for (const [file, format, timeframe, order, header] of files) {
  const path = sharedData(file);
  test(`${file}: every number as it is written`, { skip: skipUnless(path) }, async () => {
    const loaded = await loadCandles({ path: path! });
    assert.deepEqual([loaded.format, loaded.timeframe], [format, timeframe]);
    assertSameNumbers(loaded, textOf(path!), order, header);
  });
}

const halt = sharedData('binance-spot-1m/BTCUSDT-1m-20230301-20230331-halt.csv.gz');
test('the trading halt of March 2023 shows: 80 bars missing in one gap, 72 without volume', {
  skip: skipUnless(halt),
}, async () => {
  const { quality } = await loadCandles({ path: halt! });
  assert.deepEqual([quality.gaps, quality.missingBars, quality.zeroVolumeBars], [1, 80, 72]);
  assert.equal(new Date(quality.largestGap!.after).toISOString().slice(0, 10), '2023-03-24');
});

const yahoo = sharedData('nse-equity-5m-yahoo/original/RELIANCE_5min.csv.gz');
const converted = sharedData('nse-equity-5m-yahoo/RELIANCE.NS-5m.csv.gz');
test("yfinance's form gives what the same file gives in ours; its float32 prices show two decimals at most", {
  skip: skipUnless(yahoo, converted),
}, async () => {
  const [one, other] = [await loadCandles({ path: yahoo! }), await loadCandles({ path: converted! })];
  assert.equal(one.symbol, 'RELIANCE.NS');
  assert.equal(one.columns.length, 1_650);
  assert.deepEqual(Buffer.from(one.columns.buffer), Buffer.from(other.columns.buffer));
  assert.ok(one.decimals.price >= 1 && one.decimals.price <= 2, String(one.decimals.price));
});

const lean = sharedData('binance-spot-1m/original-lean-zip/btcusdt/20250624_trade.zip');
const spot = sharedData('binance-spot-1m/BTCUSDT-1m-20240701-20250630.csv.gz');
test("LEAN's zip of a day gives the bars of that day", { skip: skipUnless(lean, spot) }, async () => {
  const [day, year] = [await loadCandles({ path: lean! }), await loadCandles({ path: spot! })];
  assert.deepEqual([day.format, day.symbol, day.columns.length], ['LEAN crypto bars', 'BTCUSDT', 1_440]);
  const first = year.columns.openTime.indexOf(day.columns.openTime[0]!);
  assert.deepEqual(day.columns.close, year.columns.slice(first, first + 1_440).close);
  assert.deepEqual(year.decimals, { price: 2, quantity: 6 });
  assert.deepEqual([year.quality.rows, year.quality.gaps], [525_600, 0]);
});

const minutes = sharedData('bybit-linear-1m/SOLUSDT-1m.csv.gz');
const fives = sharedData('bybit-linear-5m/SOLUSDT-5m.csv.gz');
test("a file of minutes loaded as five minutes is the exchange's own file of five minutes", {
  skip: skipUnless(minutes, fives),
}, async () => {
  const made = await loadCandles({ path: minutes!, timeframe: '5m' });
  const own = await loadCandles({ path: fives!, timeframe: '5m' });
  assert.equal(made.symbol, 'SOLUSDT');
  assert.equal(made.quality.aggregatedFrom, '1m');
  const shift = own.columns.openTime.indexOf(made.columns.openTime[1]!) - 1;
  for (let row = 1; row < made.columns.length; row++) {
    assert.equal(made.columns.close[row], own.columns.close[row + shift]);
    assert.equal(made.columns.high[row], own.columns.high[row + shift]);
  }
});
