import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Candle } from '../../src/domain/candle.ts';
import type { CandleMessage } from '../../src/domain/event.ts';
import { InvariantError } from '../../src/foundation/errors.ts';
import { epochMs } from '../../src/foundation/time.ts';
import type { StoreTest } from './store-bench.ts';
import { START, sampleCandle } from './store-samples.ts';

const feed = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const ALL = 1_000_000;

function record(candle: CandleMessage, raw: string | null = null) {
  return { candle, raw };
}

function bare({ openTime, closeTime, open, high, low, close, volume }: Candle): Candle {
  return { openTime, closeTime, open, high, low, close, volume };
}

export function marketContract(storeTest: StoreTest): void {
  storeTest('candles come back to the last bit', async (store) => {
    const float = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 0.1, 1e-7, 123_456_789.123_456_78, 2 ** 53 + 2),
    );
    const values = fc.record({ open: float, high: float, low: float, close: float, volume: float });
    let sequence = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 1, maxLength: 20 }), async (list) => {
        const from = sequence;
        const candles = list.map((one) => sampleCandle(++sequence, one));
        await store.recordMarket(candles.map((one) => record(one)));
        const stored = await store.candlesAfter(feed, from, ALL);
        assert.deepEqual(
          stored,
          candles.map((candle) => ({ ...candle, ...positiveZeros(candle) })),
        );
      }),
      { numRuns: 30 },
    );
  });

  storeTest('a number that is not finite is refused, with its whole batch', async (store) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const batch = [record(sampleCandle(1), 'raw'), record(sampleCandle(2, { close: value }), 'raw')];
      await assert.rejects(store.recordMarket(batch), InvariantError);
    }
    await assert.rejects(store.recordMarket([record(sampleCandle(1, { sequence: 1.5 }))]), InvariantError);
    assert.equal(await store.countRows('candles'), 0);
    assert.equal(await store.countRows('raw_messages'), 0);
  });

  storeTest('recording again doubles nothing', async (store) => {
    const batch = Array.from({ length: 1_200 }, (_, index) => record(sampleCandle(index + 1), `raw ${index}`));
    await store.recordMarket(batch.slice(0, 700));
    await store.recordMarket(batch.slice(300));
    await store.recordMarket(batch);
    await store.recordMarket([batch[5]!, batch[5]!]);
    assert.equal(await store.countRows('candles'), 1_200);
    assert.equal(await store.countRows('raw_messages'), 1_200);
  });

  storeTest('raw messages are kept as they came, apart, and only where there was one', async (store, bench) => {
    const raw = '{"topic":"kline.1.BTCUSDT","note":"quotes \\" \' and ünïcödé 🚀 {},\\\\"}';
    await store.recordMarket([record(sampleCandle(1), raw), record(sampleCandle(2), null)]);
    await store.recordMarket([record(sampleCandle(3), 'a\u0000b\ud800c')]);
    const rows = await bench.query('select raw, close_time, revision from raw_messages order by close_time');
    assert.deepEqual(
      rows.map((row) => row.raw),
      [raw, 'a\ufffdb\ufffdc'],
    );
    assert.equal(Number(rows[0]!.close_time), sampleCandle(1).closeTime);
  });

  storeTest('a candle with other values is the next revision beside the first', async (store, bench) => {
    const first = sampleCandle(2);
    const revised = sampleCandle(2, { close: first.close + 0.1, sequence: 4, source: 'backfill' });
    const again = sampleCandle(2, { close: first.close + 0.2, sequence: 5 });
    await store.recordMarket([record(sampleCandle(1)), record(first, 'one'), record(sampleCandle(3))]);
    await store.recordMarket([record(revised, 'two'), record(again, 'three')]);
    const rows = await bench.query(
      `select close, revision from candles where close_time = ${first.closeTime} order by revision`,
    );
    assert.deepEqual(
      rows.map((row) => [row.close, Number(row.revision)]),
      [
        [first.close, 1],
        [revised.close, 2],
        [again.close, 3],
      ],
    );
    const raws = await bench.query('select raw from raw_messages order by revision');
    assert.deepEqual(
      raws.map((row) => row.raw),
      ['one', 'two', 'three'],
    );
    assert.deepEqual(await store.candlesAfter(feed, 0, ALL), [sampleCandle(1), sampleCandle(3), again]);
    assert.deepEqual(await store.candleVersions(feed, first.closeTime), [first, revised, again]);
    assert.deepEqual(await store.candleVersions(feed, epochMs(first.closeTime + 1)), []);
    assert.deepEqual(await store.lastCandles(feed, epochMs(START * 2), 2), [bare(again), bare(sampleCandle(3))]);
  });

  storeTest('an old revision that is delivered again stays old', async (store) => {
    const first = record(sampleCandle(1), 'one');
    const revised = record(sampleCandle(1, { close: 100.25, sequence: 2 }), 'two');
    for (let delivery = 0; delivery < 3; delivery++) await store.recordMarket([first, revised]);
    await store.recordMarket([first]);
    assert.equal(await store.countRows('candles'), 2);
    assert.equal(await store.countRows('raw_messages'), 2);
    assert.deepEqual(await store.candlesAfter(feed, 0, ALL), [revised.candle]);
  });

  storeTest('a candle that goes back to its first values is a revision of its own', async (store) => {
    await store.recordMarket([record(sampleCandle(1))]);
    await store.recordMarket([record(sampleCandle(1, { close: 100.25, sequence: 2 }))]);
    // A revision has the number of its candle; what tells it from the first is when it came.
    const back = sampleCandle(1, { receivedAt: epochMs(sampleCandle(1).receivedAt + 5) });
    await store.recordMarket([record(back)]);
    assert.equal(await store.countRows('candles'), 3);
    assert.deepEqual(await store.candlesAfter(feed, 0, ALL), [back]);
    const again = sampleCandle(1, { sequence: 3 });
    await store.recordMarket([record(sampleCandle(1, { close: 100.5, sequence: 2 })), record(again)]);
    assert.equal(await store.countRows('candles'), 5);
  });

  storeTest('writers that revise the same candle at once keep every revision', async (store, bench) => {
    await store.recordMarket([record(sampleCandle(1))]);
    const writers = await Promise.all(Array.from({ length: 6 }, () => bench.open()));
    await Promise.all(
      writers.map((writer, index) =>
        writer.recordMarket([record(sampleCandle(1, { close: 100 + index / 10, sequence: 10 + index }))]),
      ),
    );
    const rows = await bench.query('select revision, close from candles order by revision');
    assert.deepEqual(
      rows.map((row) => Number(row.revision)),
      [1, 2, 3, 4, 5, 6, 7],
    );
    assert.equal(new Set(rows.map((row) => row.close)).size, 7);
  });

  storeTest('candles are read by feed, by sequence, in pages', async (store) => {
    const other = { timeframe: '5m' } as const;
    const batch = Array.from({ length: 30 }, (_, index) => sampleCandle(30 - index));
    await store.recordMarket(batch.map((one) => record(one)));
    await store.recordMarket(batch.map((one) => record({ ...one, ...other })));
    await store.recordMarket(batch.map((one) => record({ ...one, symbol: 'ETHUSDT' })));
    const sequences = async (after: number, limit: number) =>
      (await store.candlesAfter(feed, after, limit)).map((one) => one.sequence);
    assert.deepEqual(await sequences(0, 3), [1, 2, 3]);
    assert.deepEqual(await sequences(27, 10), [28, 29, 30]);
    assert.deepEqual(await sequences(30, 10), []);
    assert.deepEqual(await store.candlesAfter({ symbol: 'NONE', timeframe: '1m' }, 0, 10), []);
  });

  storeTest('the last candles are those that close at or before a time, oldest first', async (store) => {
    await store.recordMarket(Array.from({ length: 20 }, (_, index) => record(sampleCandle(index + 1))));
    const at = sampleCandle(10).closeTime;
    const closes = async (until: number, count: number) =>
      (await store.lastCandles(feed, epochMs(until), count)).map((one) => one.closeTime);
    const expected = [8, 9, 10].map((index) => sampleCandle(index).closeTime as number);
    assert.deepEqual(await closes(at, 3), expected);
    assert.deepEqual(await closes(at + 59_999, 3), expected);
    assert.deepEqual(await closes(at - 1, 1), [sampleCandle(9).closeTime]);
    assert.deepEqual(await closes(START, 5), []);
    assert.equal((await closes(at, 500)).length, 10);
  });

  storeTest('the newest candle of each feed', async (store) => {
    const last = [
      sampleCandle(9, { symbol: 'BTCUSDT', close: 100.9 }),
      sampleCandle(3, { symbol: 'BTCUSDT', timeframe: '5m' }),
      sampleCandle(1, { symbol: 'ETH/USDT:USDT', timeframe: '1h' }),
      sampleCandle(4, { symbol: 'ethusdt' }),
    ];
    for (const newest of last) {
      const { symbol, timeframe, sequence } = newest;
      const older = Array.from({ length: sequence - 1 }, (_, index) => sampleCandle(index + 1, { symbol, timeframe }));
      await store.recordMarket([...older, newest].map((one) => record(one)));
    }
    const revised = { ...last[0]!, close: 101.1, sequence: 10 };
    await store.recordMarket([record(revised)]);
    assert.deepEqual(await store.newestCandles(), [revised, ...last.slice(1)]);
  });
}

/** SQLite keeps no sign of zero, so no store does. */
function positiveZeros(candle: Candle): Partial<Candle> {
  const { open, high, low, close, volume } = candle;
  return { open: open + 0, high: high + 0, low: low + 0, close: close + 0, volume: volume + 0 };
}
