import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { UserError } from '../../../src/foundation/errors.ts';
import { loadCandles, loadCandlesWithSource } from '../../../src/providers/files/load-candles.ts';
import { temporaryPath } from './temporary-file.ts';

const start = Date.parse('2025-06-24T10:30:00Z');
const bundled = fileURLToPath(new URL('../../../data/BTCUSDT-1m.csv.gz', import.meta.url));

/** Writes what a SELECT gives as a Parquet file and returns its path. */
async function parquet(name: string, select: string): Promise<string> {
  const path = temporaryPath(name);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return path;
}
/** Three bars, `time` being an SQL expression of `i`, 0 to 2. */
const bars = (time: string, more = ''): string =>
  `SELECT ${time}, 10.5 + i AS Open, 12.25 + i AS High, 8 + i AS Low, 11 + i AS Close, 0.125 * i AS Volume${more} FROM range(3) t(i) ORDER BY i`;

test('every type of time column is understood', async () => {
  const minute = `(TIMESTAMP '2025-06-24 10:30:00' + INTERVAL (i) MINUTE)`;
  const times = [
    `${minute} AS date`,
    `CAST(${minute} AS TIMESTAMP_NS) AS "timestamp"`,
    `CAST(${minute} AS TIMESTAMP_S) AS "Datetime"`,
    `timezone('UTC', ${minute}) AS "Date"`,
    `(${start} + i * 60000)::BIGINT AS open_time`,
    `(${start / 1_000} + i * 60)::INTEGER AS time`,
    `(${start} + i * 60000)::DOUBLE AS ts`,
    `strftime(${minute}, '%Y-%m-%d %H:%M:%S') AS "timestamp"`,
    `${minute} AS "__index_level_0__"`,
  ];
  for (const [index, time] of times.entries()) {
    const path = await parquet(`times-${index}.parquet`, bars(time));
    const { loaded, rawLine } = await loadCandlesWithSource({ path });
    assert.deepEqual([loaded.format, loaded.timeframe, loaded.columns.length], ['Parquet', '1m', 3], time);
    assert.deepEqual(
      Object.values(loaded.columns.candle(1)),
      [start + 60_000, start + 120_000, 11.5, 13.25, 9, 12, 0.125],
      time,
    );
    assert.deepEqual(loaded.decimals, { price: 2, quantity: 3 });
    assert.equal(rawLine(0), null);
  }
  const daily = await parquet('daily.parquet', bars("DATE '2025-06-24' + i::INTEGER AS date"));
  const { columns, timeframe } = await loadCandles({ path: daily });
  assert.deepEqual([timeframe, columns.openTime[2]], ['1d', Date.parse('2025-06-26T00:00:00Z')]);
});

test('prices may be integers or decimals, and the name of the file says nothing about its form', async () => {
  const select = `SELECT ${start} + i * 60000 AS time, 10::INTEGER AS open, 12.125::DECIMAL(18,4) AS high, 8::FLOAT AS low, 11::BIGINT AS close, 5 AS volume, 'BTCUSDT' AS symbol FROM range(3) t(i)`;
  const path = await parquet("it's [odd] *.csv", select);
  const loaded = await loadCandles({ path });
  assert.deepEqual(Object.values(loaded.columns.candle(0)).slice(2), [10, 12.125, 8, 11, 5]);
  assert.equal(loaded.symbol, 'BTCUSDT');
});

test('the bundled bars come out of Parquet bit for bit as out of CSV', async () => {
  const path = await parquet('bundled.parquet', `SELECT * FROM read_csv('${bundled}', compression='gzip')`);
  const [one, other] = [await loadCandles({ path }), await loadCandles({ path: bundled })];
  assert.equal(one.columns.length, 23_040);
  assert.deepEqual(Buffer.from(one.columns.buffer), Buffer.from(other.columns.buffer));
  assert.deepEqual(one.decimals, other.decimals);
  assert.deepEqual(one.quality, other.quality);
});

test('defects are told by row, missing columns by name', async () => {
  const path = await parquet(
    'nulls.parquet',
    bars(`${start} + i * 60000 AS time`).replace('8 + i', 'CASE WHEN i = 1 THEN NULL ELSE 8 END'),
  );
  await assert.rejects(loadCandles({ path }), (error: unknown) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /1 of 3 rows is not sound\.\n {2}row 2: low missing or not a number/);
    return true;
  });
  const missing = await parquet('missing.parquet', 'SELECT 1 AS time, 2 AS open, 3 AS price');
  await assert.rejects(
    loadCandles({ path: missing }),
    /has no columns high, low, close, volume.*seen are time, open, price/,
  );
  const empty = await parquet('empty.parquet', `${bars(`${start} + i AS time`)} LIMIT 0`);
  await assert.rejects(loadCandles({ path: empty }), /has a header but no rows/);
});
