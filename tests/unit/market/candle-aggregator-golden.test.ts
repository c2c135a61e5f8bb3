/** Bars that we build, against the bars that exchanges published for the same moments. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Trade } from '../../../src/domain/candle.ts';
import { epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import type { AggregatedCandle } from '../../../src/market/bar-sequence.ts';
import { CandleAggregator, TradeAggregator } from '../../../src/market/candle-aggregator.ts';
import { CandleColumns } from '../../../src/market/candle-columns.ts';
import { aggregateCandles, aggregateTrades } from '../../../src/market/candle-history.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';

const lines = (path: string): string[] => gunzipSync(readFileSync(path)).toString('latin1').trimEnd().split('\n');
const rows = (path: string): number[][] =>
  lines(path)
    .slice(1)
    .map((line) => line.split(',').map(Number));

/** `timestamp,open,high,low,close,volume`, read the plain way: not with the code under test. */
function readColumns(path: string, intervalMs: number): CandleColumns {
  const table = rows(path);
  const columns = new CandleColumns(table.length, intervalMs);
  table.forEach(([openTime, open, high, low, close, volume], row) => {
    columns.set(row, {
      openTime: epochMs(openTime!),
      closeTime: epochMs(openTime! + intervalMs),
      open: open!,
      high: high!,
      low: low!,
      close: close!,
      volume: volume!,
    });
  });
  return columns;
}

interface GoldenCandle {
  readonly open_time: number;
  readonly trades: number;
  readonly complete: boolean;
  readonly exchange_kline: Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume', string>>;
}

const golden = sharedData('binance-ws-raw/golden-1m-candles-from-trades-20240808.json');
for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
  const recording = sharedData(`binance-ws-raw/spot-${symbol.toLowerCase()}_20240808.gz`);
  test(`Binance ${symbol}: recorded trades make the exchange's own five whole minutes`, {
    skip: skipUnless(golden, recording),
  }, () => {
    const aggregator = new TradeAggregator('1m');
    const made: AggregatedCandle[] = [];
    for (const line of lines(recording!)) {
      if (!line.includes('@trade"')) continue;
      const { data } = JSON.parse(line.slice(line.indexOf(' ') + 1)) as { data: { T: number; p: string; q: string } };
      const trade: Trade = { time: epochMs(data.T), price: Number(data.p), quantity: Number(data.q) };
      made.push(...aggregator.push(trade));
    }
    const expected = (JSON.parse(readFileSync(golden!, 'utf8')) as Record<string, GoldenCandle[]>)[symbol]!;
    made.push(...aggregator.closeUntil(epochMs(expected.at(-1)!.open_time + MINUTE_MS)));
    const whole = expected.filter((candle) => candle.complete);
    assert.equal(whole.length, 5);
    for (const { open_time, trades, exchange_kline: kline } of whole) {
      const bar = made.find(({ candle }) => candle.openTime === open_time)!;
      assert.deepEqual(
        { ...bar.candle, parts: bar.parts },
        {
          openTime: open_time,
          closeTime: open_time + MINUTE_MS,
          open: Number(kline.open),
          high: Number(kline.high),
          low: Number(kline.low),
          close: Number(kline.close),
          volume: Number(kline.volume),
          parts: trades,
        },
      );
    }
  });
}

const ticks = sharedData('ticks/binance-XRPETH-aggTrades-20191011-20191013.csv.gz');
const tickBars = sharedData('ticks/binance-XRPETH-1m-20191011-20191013.csv.gz');
test('Binance XRP/ETH: 12,477 trades make 2,469 of 2,469 bars, in all fields', {
  skip: skipUnless(ticks, tickBars),
}, () => {
  const trades = rows(ticks!).map((row): Trade => ({ time: epochMs(row[0]!), price: row[3]!, quantity: row[4]! }));
  const expected = readColumns(tickBars!, MINUTE_MS);
  assert.equal(trades.length, 12_477);
  assert.equal(expected.length, 2_469);
  const until = expected.closeTime(expected.length - 1);
  const aggregator = new TradeAggregator('1m');
  const streamed = trades.flatMap((trade) => aggregator.push(trade)).concat(aggregator.closeUntil(until));
  assert.deepEqual(
    streamed.map(({ candle }) => candle),
    Array.from({ length: expected.length }, (_, row) => expected.candle(row)),
  );
  const columns = {
    time: Float64Array.from(trades, (trade) => trade.time),
    price: Float64Array.from(trades, (trade) => trade.price),
    quantity: Float64Array.from(trades, (trade) => trade.quantity),
  };
  const history = aggregateTrades(columns, '1m', { until });
  assert.deepEqual(Buffer.from(history.columns.buffer), Buffer.from(expected.buffer));
});

for (const [symbol, bars] of [
  ['BTCUSDT', 8_922],
  ['ETHUSDT', 8_921],
  ['SOLUSDT', 8_922],
] as const) {
  const small = sharedData(`bybit-linear-1m/${symbol}-1m.csv.gz`);
  const big = sharedData(`bybit-linear-5m/${symbol}-5m.csv.gz`);
  test(`Bybit ${symbol}: one-minute bars make all ${bars} whole five-minute bars`, {
    skip: skipUnless(small, big),
  }, () => {
    const minutes = readColumns(small!, MINUTE_MS);
    const expected = readColumns(big!, 5 * MINUTE_MS);
    const rowOf = new Map(Array.from(expected.openTime, (openTime, row) => [openTime, row]));
    const { columns, parts, wholeParts } = aggregateCandles(minutes, '5m');
    let compared = 0;
    for (let row = 0; row < columns.length; row++) {
      const other = rowOf.get(columns.openTime[row]!);
      if (other === undefined || parts[row] !== wholeParts) continue;
      const { volume, ...prices } = columns.candle(row);
      const { volume: expectedVolume, ...expectedPrices } = expected.candle(other);
      assert.deepEqual(prices, expectedPrices);
      assert.ok(Math.abs(volume - expectedVolume) < 1e-3, `volume ${volume} for ${expectedVolume}`);
      compared++;
    }
    assert.equal(compared, bars);
    const aggregator = new CandleAggregator('1m', '5m');
    const streamed = Array.from({ length: minutes.length }, (_, row) => minutes.candle(row)).flatMap((candle) =>
      aggregator.push(candle),
    );
    const again = CandleColumns.from(
      streamed.map(({ candle }) => candle),
      5 * MINUTE_MS,
    );
    assert.deepEqual(Buffer.from(again.buffer), Buffer.from(columns.buffer));
  });
}
