import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadCandles, loadCandlesWithSource } from '../../../src/providers/files/load-candles.ts';
import { temporaryFile } from './temporary-file.ts';
import { zipOf } from './zip-archive.ts';

const start = Date.parse('2025-06-24T10:30:00Z');
const MINUTE = 60_000;
const bars = [
  [100, 102.5, 99, 101, 5],
  [101, 103, 100.25, 100.5, 0.125],
  [100.5, 101, 98, 99, 7],
] as const;
const HEADER = 'timestamp,open,high,low,close,volume';

/** The three bars as text, times written by `time`, with `extra` fields behind. */
const rows = (time: (ms: number) => string | number, extra = ''): string =>
  bars.map((bar, row) => `${time(start + row * MINUTE)},${bar.join(',')}${extra}`).join('\n');
const iso = (ms: number): string => new Date(ms).toISOString();

async function expectBars(path: string, format: string, options: { symbol?: string } = {}): Promise<void> {
  const loaded = await loadCandles({ path, ...options });
  assert.equal(loaded.format, format);
  assert.equal(loaded.timeframe, '1m');
  const read = Array.from({ length: loaded.columns.length }, (_, row) => Object.values(loaded.columns.candle(row)));
  assert.deepEqual(
    read,
    bars.map((bar, row) => [start + row * MINUTE, start + (row + 1) * MINUTE, ...bar]),
  );
}

test('every form of CSV is recognised by itself', async () => {
  const binance = ',1750761059999,0,0,0,0,0';
  const headers =
    'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';
  const forms: readonly (readonly [name: string, content: string, format: string])[] = [
    ['ms.csv', `${HEADER}\n${rows((ms) => ms)}\n`, 'CSV'],
    ['seconds.csv', `${HEADER}\n${rows((ms) => ms / 1_000)}\n`, 'CSV'],
    ['microseconds.csv', `${HEADER}\n${rows((ms) => ms * 1_000)}\n`, 'CSV'],
    ['iso.csv', `date,open,high,low,close,volume\n${rows(iso)}\n`, 'CSV'],
    ['windows.csv', `\ufeff${HEADER}\r\n${rows((ms) => ms).replaceAll('\n', '\r\n')}\r\n`, 'CSV'],
    ['no-newline-at-end.csv', `${HEADER}\n\n${rows((ms) => ms)}`, 'CSV'],
    ['semicolons.csv', `${HEADER}\n${rows(iso)}\n`.replaceAll(',', ';'), 'CSV'],
    ['tabs.tsv', `${HEADER}\n${rows(iso)}\n`.replaceAll(',', '\t'), 'CSV'],
    ['quoted.csv', `"${HEADER.replaceAll(',', '","')}"\n${rows(iso).replaceAll(/[^,\n]+/g, '"$&"')}\n`, 'CSV'],
    ['plain.csv', rows((ms) => ms), 'CSV without header'],
    ['vision.csv', `${headers}\n${rows((ms) => ms, binance)}\n`, 'Binance klines'],
    ['vision-bare.csv', `${rows((ms) => ms * 1_000, binance)}\n`, 'Binance klines without header'],
    [
      'bybit.csv',
      `startTime,openPrice,highPrice,lowPrice,closePrice,volume,turnover\n${rows((ms) => ms, ',1')}\n`,
      'Bybit klines',
    ],
    ['bybit-bare.csv', `${rows((ms) => ms, ',1')}\n`, 'Bybit kline list'],
    [
      'backtesting.csv',
      `,Open,High,Low,Close,Volume\n${rows((ms) => iso(ms).slice(0, 19).replace('T', ' '))}\n`,
      'pandas CSV',
    ],
  ];
  for (const [name, content, format] of forms) {
    await expectBars(temporaryFile(name, content), format);
    await expectBars(temporaryFile(`${name}.bin`, gzipSync(content)), format);
    await expectBars(temporaryFile(`${name}.download`, zipOf({ [name]: content })), format);
  }
});

test('Yahoo: the close of the download form is the close as traded, not the adjusted one', async () => {
  const lines = bars.map(
    ([open, high, low, close, volume], day) =>
      `2025-06-${10 + day},${open},${high},${low},${close},${close / 2},${volume}`,
  );
  const path = temporaryFile('AAPL.csv', `Date,Open,High,Low,Close,Adj Close,Volume\n${lines.join('\n')}\n`);
  const loaded = await loadCandles({ path });
  assert.deepEqual([loaded.format, loaded.timeframe, loaded.symbol], ['Yahoo CSV', '1d', 'AAPL']);
  assert.deepEqual([...loaded.columns.close], [101, 100.5, 99]);
  assert.deepEqual([...loaded.columns.volume], [5, 0.125, 7]);
});

test("yfinance's own form: columns in its order, the ticker is the symbol, of several the wanted one", async () => {
  const time = (row: number): string =>
    iso(start + row * MINUTE)
      .slice(0, 19)
      .replace('T', ' ');
  const one = bars.map(([o, h, l, c, v], row) => `${time(row)}+00:00,${c},${h},${l},${o},${v}`);
  const single = `Price,Close,High,Low,Open,Volume\nTicker${',INFY.NS'.repeat(5)}\nDatetime,,,,,\n${one.join('\n')}\n`;
  const path = temporaryFile('single.csv', single);
  await expectBars(path, 'yfinance CSV');
  assert.equal((await loadCandles({ path })).symbol, 'INFY.NS');
  assert.equal((await loadCandles({ path, symbol: 'INFY' })).symbol, 'INFY');
  const two = bars.map(([o, h, l, c, v], row) => `${time(row)},${[c, 1, h, 1, l, 1, o, 1, v, 1].join(',')}`);
  const names = ['Close', 'High', 'Low', 'Open', 'Volume'].flatMap((name) => [name, name]).join(',');
  const double = temporaryFile(
    'two.csv',
    `Price,${names}\nTicker${',AAPL,MSFT'.repeat(5)}\nDate${','.repeat(10)}\n${two.join('\n')}\n`,
  );
  await assert.rejects(loadCandles({ path: double }), /holds AAPL, MSFT; say by its symbol which one to load/);
  await expectBars(double, 'yfinance CSV', { symbol: 'AAPL' });
});

test("LEAN's zipped minutes count from midnight of the day in the name; its stocks are not taken", async () => {
  const midnight = Date.parse('2025-06-24T00:00:00Z');
  const content = `${rows((ms) => ms - midnight)}\n`;
  await expectBars(
    temporaryFile('day.zip', zipOf({ '20250624_btcusdt_minute_trade.csv': content })),
    'LEAN crypto bars',
  );
  const stock = temporaryFile('stock.zip', zipOf({ '20250624_spy_minute_trade.csv': content }));
  await assert.rejects(loadCandles({ path: stock }), /is not a table of bars/);
});

test('the symbol is the one that is given, or of the file, or of its name', async () => {
  const content = `${HEADER}\n${rows((ms) => ms)}\n`;
  const symbolOf = async (name: string): Promise<string | undefined> =>
    (await loadCandles({ path: temporaryFile(name, content) })).symbol;
  assert.equal(await symbolOf('BTCUSDT-1m.csv'), 'BTCUSDT');
  assert.equal(await symbolOf('ETHUSDT-PERP-1m.csv.gz'), 'ETHUSDT');
  assert.equal(await symbolOf('BTC-USD_5min.csv'), 'BTC-USD');
  assert.equal(await symbolOf('RELIANCE.NS-1d.csv.gz'), 'RELIANCE.NS');
  assert.equal(await symbolOf('BTCUSDT-1m-2024-01.csv'), 'BTCUSDT');
  assert.equal(await symbolOf('GOOG.csv'), 'GOOG');
  assert.equal(await symbolOf('my history.csv'), undefined);
  const column = temporaryFile('x.csv', `symbol,${HEADER}\n${rows((ms) => `SOLUSDT,${ms}`)}\n`);
  assert.equal((await loadCandles({ path: column })).symbol, 'SOLUSDT');
  assert.equal((await loadCandles({ path: column, symbol: 'SOL' })).symbol, 'SOL');
});

test('times that mean the close are taken back by one bar', async () => {
  const shifted = temporaryFile('close.csv', `${HEADER}\n${rows((ms) => ms + MINUTE)}\n`);
  const { columns } = await loadCandles({ path: shifted, timestampMeans: 'close' });
  assert.equal(columns.openTime[0], start);
  assert.equal(columns.closeTime(2), start + 3 * MINUTE);
  const exchange = temporaryFile(
    'close-time.csv',
    `close_time,open,high,low,close,volume\n${rows((ms) => ms + MINUTE - 1)}\n`,
  );
  assert.equal((await loadCandles({ path: exchange, timestampMeans: 'close' })).columns.openTime[0], start);
  await assert.rejects(loadCandles({ path: exchange }), /named after close times.*give timestampMeans: close/);
  const opens = temporaryFile('open-time.csv', `open_time,open,high,low,close,volume\n${rows((ms) => ms)}\n`);
  await assert.rejects(loadCandles({ path: opens, timestampMeans: 'close' }), /named after open times/);
});

test('a longer timeframe is made of the bars, and says what it lacks', async () => {
  const minute = (row: number): string => `${start + row * MINUTE},10,${11 + row},9,10,1`;
  const numbers = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11];
  const path = temporaryFile('small.csv', `${HEADER}\n${numbers.map(minute).join('\n')}\n`);
  const loaded = await loadCandles({ path, timeframe: '5m' });
  assert.equal(loaded.timeframe, '5m');
  assert.deepEqual([...loaded.columns.high], [15, 20]);
  assert.deepEqual([...loaded.columns.volume], [5, 4]);
  assert.equal(loaded.quality.aggregatedFrom, '1m');
  assert.equal(loaded.quality.lackingBars, 1);
  assert.deepEqual([loaded.quality.gaps, loaded.quality.missingBars], [1, 1]);
  await assert.rejects(loadCandles({ path, timeframe: '1h' }), /do not make one whole bar of 1h/);
});

test('a shorter or an odd timeframe than the file has is refused', async () => {
  const day = (row: number): string => `2025-06-${10 + row},10,11,9,10,1`;
  const daily = temporaryFile('daily.csv', `${HEADER}\n${[0, 1, 2, 5].map(day).join('\n')}\n`);
  assert.equal((await loadCandles({ path: daily })).timeframe, '1d');
  await assert.rejects(
    loadCandles({ path: daily, timeframe: '1h' }),
    /bars are 1 day apart; bars of 1h can't be made of them/,
  );
  const odd = temporaryFile('odd.csv', `${HEADER}\n${rows((ms) => start + (ms - start) * 7)}\n`);
  await assert.rejects(loadCandles({ path: odd }), /7 minutes apart, which is not a known timeframe/);
  const three = temporaryFile('three.csv', `${HEADER}\n${rows((ms) => start + (ms - start) * 3)}\n`);
  await assert.rejects(loadCandles({ path: three, timeframe: '5m' }), /Give a timeframe that is a multiple of 3m/);
});

test('one row does not tell a timeframe, but takes one', async () => {
  const path = temporaryFile('one.csv', `${HEADER}\n${start},10,11,9,10,1\n`);
  await assert.rejects(loadCandles({ path }), /has one row, which does not tell its timeframe/);
  assert.equal((await loadCandles({ path, timeframe: '5m' })).columns.closeTime(0), start + 5 * MINUTE);
});

test('daily bars of a city with summer time are 23 hours apart once a year, and are fine', async () => {
  const days = [
    '2025-03-07 00:00:00-05:00',
    '2025-03-08 00:00:00-05:00',
    '2025-03-09 00:00:00-05:00',
    '2025-03-10 00:00:00-04:00',
  ];
  const path = temporaryFile('newyork.csv', `${HEADER}\n${days.map((day) => `${day},10,11,9,10,1`).join('\n')}\n`);
  const { columns, timeframe } = await loadCandles({ path });
  assert.deepEqual([timeframe, columns.length], ['1d', 4]);
});

test('bars off the UTC grid load, but are not made into bigger ones', async () => {
  const days = ['2025-03-06', '2025-03-07', '2025-03-08'].map((day) => `${day} 18:30:00,10,11,9,10,1`);
  const path = temporaryFile('mumbai.csv', `${HEADER}\n${days.join('\n')}\n`);
  assert.equal((await loadCandles({ path })).columns.length, 3);
  await assert.rejects(loadCandles({ path, timeframe: '1w' }), /begin off the 1d grid of UTC/);
});

test('gaps and bars without volume are counted, not filled', async () => {
  const minute = (row: number): string => `${start + row * MINUTE},10,11,9,10,${row === 2 ? 0 : 1}`;
  const path = temporaryFile('gaps.csv', `${HEADER}\n${[0, 1, 2, 5, 6, 7, 20].map(minute).join('\n')}\n`);
  const { quality, columns } = await loadCandles({ path });
  assert.equal(columns.length, 7);
  assert.deepEqual(quality, {
    rows: 7,
    first: start,
    last: start + 21 * MINUTE,
    gaps: 2,
    missingBars: 14,
    largestGap: { after: start + 8 * MINUTE, missingBars: 12 },
    zeroVolumeBars: 1,
    droppedRows: 0,
    defects: [],
    aggregatedFrom: undefined,
    lackingBars: 0,
  });
});

test("each bar's own line goes along", async () => {
  const content = `${HEADER}\r\n${rows((ms) => ms).replaceAll('\n', '\r\n')}`;
  const path = temporaryFile('raw.csv', content);
  const { rawLine } = await loadCandlesWithSource({ path });
  assert.deepEqual([0, 1, 2].map(rawLine), content.split('\r\n').slice(1));
});

test('progress is told, and ends at the end', async () => {
  const many = Array.from({ length: 200_000 }, (_, row) => `${start + row * MINUTE},1,1,1,1,1`).join('\n');
  const path = temporaryFile('many.csv', `${HEADER}\n${many}\n`);
  const told: number[] = [];
  const { columns } = await loadCandles({ path, onProgress: ({ done, total }) => told.push(done / total) });
  assert.equal(columns.length, 200_000);
  assert.ok(told.length >= 2 && told.every((part, index) => part > (told[index - 1] ?? 0)));
  assert.equal(told.at(-1), 1);
});
