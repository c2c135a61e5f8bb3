import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { loadFunding, loadTrades } from '../../../src/exchange/market/record-file.ts';
import type { Print } from '../../../src/exchange/market/tape.ts';
import { candleAt, type KlineInterval } from '../../../src/exchange/market/tape-candles.ts';
import { TradeTape } from '../../../src/exchange/market/trade-tape.ts';
import { fixed, formatFixed } from '../../../src/foundation/fixed-point.ts';
import { MINUTE_MS } from '../../../src/foundation/time.ts';
import { virtualExchange } from '../../support/exchange-under-test.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';

const START = Date.UTC(2025, 4, 5);
const folder = mkdtempSync(join(tmpdir(), 'tradewind-trades-'));
after(() => rmSync(folder, { recursive: true }));

interface Trade {
  readonly after: number;
  readonly ticks: number;
  readonly units: number;
  readonly bought: boolean;
}

function tapeOf(trades: readonly Trade[], shiftMs = 0): TradeTape {
  let time = START;
  const columns = {
    length: trades.length,
    time: trades.map(({ after: later }) => {
      time += later;
      return time;
    }),
    price: trades.map(({ ticks }) => ticks / 10),
    size: trades.map(({ units }) => units / 1_000),
    takerBought: trades.map(({ bought }) => (bought ? 1 : 0)),
  };
  return new TradeTape(columns, { tickSize: fixed('0.1'), volumeStep: fixed('0.001'), shiftMs });
}

const tradesOf = fc.array(
  fc.record({
    after: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200_000 })),
    ticks: fc.integer({ min: 1, max: 2_000 }),
    units: fc.integer({ min: 1, max: 5_000 }),
    bought: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);

test('the prints are the trades, one after the other, also those of one millisecond', () => {
  fc.assert(
    fc.property(tradesOf, (trades) => {
      const tape = tapeOf(trades, MINUTE_MS);
      const prints: Print[] = [];
      for (let print = tape.nextPrintAfter(0); print !== undefined; print = tape.following(print)) prints.push(print);
      assert.deepEqual(
        prints.map(({ price, size, side }) => [formatFixed(price), formatFixed(size), side]),
        trades.map(({ ticks, units, bought }) => [String(ticks / 10), String(units / 1_000), bought ? 'Buy' : 'Sell']),
      );
      for (const [index, print] of prints.entries()) {
        if (index > 0) assert.ok(print.sequence > prints[index - 1]!.sequence && print.time >= prints[index - 1]!.time);
      }
      assert.deepEqual(tape.recentPrints(Number.MAX_SAFE_INTEGER, 3), prints.slice(-3).reverse());
      assert.deepEqual(tape.lastPrintAt(tape.end), prints.at(-1));
    }),
    { numRuns: 100 },
  );
});

test('a minute is what its trades come to; one without a trade is flat', () => {
  fc.assert(
    fc.property(tradesOf, (trades) => {
      const tape = tapeOf(trades);
      let close: bigint | undefined;
      for (let minute = tape.start; minute < tape.end; minute += MINUTE_MS) {
        const prints = tape.printsOf(minute);
        const bar = tape.bar(minute)!;
        const prices = prints.map(({ price }) => price).sort((a, b) => (a < b ? -1 : 1));
        if (prints.length === 0) {
          assert.deepEqual([bar.open, bar.high, bar.low, bar.close, bar.volume], [close, close, close, close, 0n]);
          continue;
        }
        assert.deepEqual(
          [bar.open, bar.high, bar.low, bar.close],
          [prints[0]!.price, prices.at(-1), prices[0], prints.at(-1)!.price],
        );
        assert.equal(
          bar.volume,
          prints.reduce((sum, { size }) => sum + size, 0n),
        );
        assert.deepEqual(candleAt(tape, '1' as KlineInterval, minute, minute + MINUTE_MS - 1), {
          ...bar,
          start: minute,
          end: minute + MINUTE_MS,
          lastTradeTime: prints.at(-1)!.time,
        });
        close = bar.close;
      }
    }),
    { numRuns: 100 },
  );
});

test('an exchange plays every trade once, and its candles are those of the trades', async () => {
  const trades = Array.from({ length: 500 }, (_, index): Trade => {
    return {
      after: index % 3 === 0 ? 0 : (index * 7_919) % 9_000,
      ticks: 940_000 + ((index * 31) % 77),
      units: 10,
      bought: index % 2 === 0,
    };
  });
  const tape = tapeOf(trades);
  const columns = {
    length: trades.length,
    time: tape
      .recentPrints(tape.end, 500)
      .map(({ time }) => time + 36 * 60 * MINUTE_MS)
      .reverse(),
    price: trades.map(({ ticks }) => ticks / 10),
    size: trades.map(({ units }) => units / 1_000),
    takerBought: trades.map(({ bought }) => Number(bought)),
  };
  const recordings = [{ symbol: 'BTCUSDT', trades: columns, priceDecimals: 1, sizeDecimals: 3 }];
  const { parts, clock } = virtualExchange({ recordings });
  const heard: number[] = [];
  parts.listeners.add({ onPrint: (_market, { sequence }) => heard.push(sequence) });
  await clock.advance(tape.end - tape.start + 2 * MINUTE_MS);
  assert.equal(new Set(heard).size, heard.length);
  const first = columns.time.filter((time) => time <= START + 36 * 60 * MINUTE_MS).length;
  assert.equal(heard.length, 500 - first);
});

const CSV =
  'trade_id,timestamp,Price,amount,taker_side\n1,1746403200123,94230.25,0.5,buy\n2,1746403200123,94230.5,1,sell\n3,1746403261000,94229.75,0.125,buy\n';
const EXPECTED = {
  time: [1746403200123, 1746403200123, 1746403261000],
  price: [94230.25, 94230.5, 94229.75],
  size: [0.5, 1, 0.125],
};

async function loaded(name: string, content: string | Buffer): Promise<Awaited<ReturnType<typeof loadTrades>>> {
  const path = join(folder, name);
  writeFileSync(path, content);
  return loadTrades(path);
}

test('trades are read from CSV, compressed CSV and Parquet, by the names of their columns', async () => {
  await loaded('trades.csv', CSV);
  const parquet = join(folder, 'trades.parquet');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(
    `COPY (SELECT * FROM read_csv('${join(folder, 'trades.csv')}')) TO '${parquet}' (FORMAT parquet)`,
  );
  connection.closeSync();
  for (const file of [
    await loadTrades(join(folder, 'trades.csv')),
    await loaded('t.csv.gz', gzipSync(CSV)),
    await loadTrades(parquet),
  ]) {
    const { time, price, size, takerBought } = file.trades;
    assert.deepEqual({ time: [...Array.from(time)], price: Array.from(price), size: Array.from(size) }, EXPECTED);
    assert.deepEqual(Array.from(takerBought), [1, 0, 1]);
    assert.deepEqual([file.priceDecimals, file.sizeDecimals], [2, 3]);
  }
});

test('times in seconds and microseconds, rows out of order, a maker flag, and nobody who says who took', async () => {
  const seconds = await loaded(
    'seconds.csv',
    'time,price,qty,isBuyerMaker\n1746403201,2,1,true\n1746403200,1,1,false\n',
  );
  assert.deepEqual(Array.from(seconds.trades.time), [1746403200000, 1746403201000]);
  assert.deepEqual(Array.from(seconds.trades.takerBought), [1, 0]);
  const silent = await loaded(
    'silent.csv',
    'ts,p,q\n1746403200000000,5,1\n1746403200000999,4,1\n1746403201000000,4,1\n1746403202000000,6,1\n',
  );
  assert.deepEqual(Array.from(silent.trades.time), [1746403200000, 1746403200000, 1746403201000, 1746403202000]);
  assert.deepEqual(Array.from(silent.trades.takerBought), [1, 0, 0, 1]);
});

test('what is no file of trades is told in a sentence', async () => {
  await assert.rejects(
    loaded('bars.csv', 'timestamp,open,close\n1,2,3\n'),
    /no column for the price; its columns are timestamp, open, close/,
  );
  await assert.rejects(
    loaded('zero.csv', 'time,price,qty\n1746403200000,0,1\n1746403200000,5,1\n'),
    /1 of 2 rows are no trades/,
  );
  await assert.rejects(loadTrades(join(folder, 'none.csv')), /none\.csv: can't be read as a table/);
});

test('funding rates are read, also as freqtrade keeps them', async () => {
  const path = join(folder, 'funding.csv');
  writeFileSync(path, 'timestamp,open,high\n1741334400001,-1.539e-05,0\n1741305600000,0.0001,0\n');
  assert.deepEqual(await loadFunding(path), [
    { time: 1741305600000, rate: fixed('0.0001') },
    { time: 1741334400001, rate: fixed('-0.00001539') },
  ]);
});

const recordedTrades = sharedData('ticks/binance-XRPETH-aggTrades-20191011-20191013.csv.gz');
const recordedBars = sharedData('ticks/binance-XRPETH-1m-20191011-20191013.csv.gz');

test('12,477 recorded trades make the recorded bars', { skip: skipUnless(recordedTrades, recordedBars) }, async () => {
  const { trades, priceDecimals, sizeDecimals } = await loadTrades(recordedTrades!);
  assert.equal(trades.length, 12_477);
  const volumeStep = 10n ** BigInt(12 - sizeDecimals);
  const tape = new TradeTape(trades, { tickSize: 10n ** BigInt(12 - priceDecimals), volumeStep });
  const lines = gunzipSync(readFileSync(recordedBars!)).toString('utf8').trim().split('\n').slice(1);
  assert.ok(lines.length > 2_000);
  for (const line of lines) {
    const [time, ...values] = line.split(',');
    const { open, high, low, close, volume } = tape.bar(Number(time))!;
    assert.deepEqual([open, high, low, close, volume].map(formatFixed).map(Number), values.map(Number), line);
  }
});
