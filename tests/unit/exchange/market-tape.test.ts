import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordedMarket } from '../../../src/exchange/market/market.ts';
import { type BarColumns, MarketTape } from '../../../src/exchange/market/market-tape.ts';
import { candleAt, candleStart, type KlineInterval } from '../../../src/exchange/market/tape-candles.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { fixed, fromNumber } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { bundledBars } from '../../support/bundled-bars.ts';

const MINUTE = 60_000;
const tick: bigint = fixed('0.1');

function columnsOf(bars: readonly (readonly number[])[]): BarColumns {
  const column = (index: number): number[] => bars.map((bar) => bar[index]!);
  return {
    length: bars.length,
    openTime: column(0),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  };
}

test('the prints of every recorded minute of a day make the recorded bar again, to the last digit', () => {
  const columns = bundledBars('BTCUSDT', 1_440);
  const tape = new MarketTape(columns, { tickSize: tick });
  for (let row = 0; row < columns.length; row++) {
    const minute = columns.openTime[row]!;
    const prints = tape.printsOf(minute);
    assert.equal(prints[0]!.price, fromNumber(columns.open[row]!));
    assert.equal(prints.at(-1)!.price, fromNumber(columns.close[row]!));
    const prices = prints.map(({ price }) => price).sort((a, b) => (a < b ? -1 : 1));
    assert.equal(prices[0], fromNumber(columns.low[row]!));
    assert.equal(prices.at(-1), fromNumber(columns.high[row]!));
    assert.equal(
      prints.reduce((sum, { size }) => sum + size, 0n),
      fromNumber(columns.volume[row]!),
    );
    assert.ok(prints.every(({ price, size, time }) => price % tick === 0n && size > 0n && time < minute + MINUTE));
  }
});

test('any sound bar is told by prints that make it again', () => {
  const bar = fc.record({
    low: fc.integer({ min: 1, max: 1_000 }),
    up: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 3, maxLength: 3 }),
    units: fc.integer({ min: 4, max: 500 }),
    prints: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(bar, ({ low, up, units, prints }) => {
      const range = Math.max(...up);
      const [open, close] = [low + up[0]!, low + up[1]!];
      const tape = new MarketTape(columnsOf([[0, open, low + range, low, close, units]]), {
        tickSize: fixed('1'),
        printsPerMinute: prints,
      });
      const candle = candleAt(tape, '1' as KlineInterval, 0, MINUTE - 1)!;
      assert.deepEqual(
        [candle.open, candle.high, candle.low, candle.close, candle.volume],
        [open, low + range, low, close, units].map((value) => fromNumber(value)),
      );
    }),
  );
});

test('a minute that is not recorded is flat, has no print, and the tape goes on after it', () => {
  const tape = new MarketTape(
    columnsOf([
      [0, 10, 12, 9, 11, 8],
      [2 * MINUTE, 20, 20, 20, 20, 1],
    ]),
    { tickSize: tick },
  );
  assert.deepEqual(tape.printsOf(MINUTE), []);
  assert.deepEqual(tape.bar(MINUTE), {
    open: fixed('11'),
    high: fixed('11'),
    low: fixed('11'),
    close: fixed('11'),
    volume: 0n,
    turnover: 0n,
  });
  assert.equal(tape.nextPrintAfter(MINUTE - 1)!.time, 2 * MINUTE);
  assert.equal(tape.nextPrintAfter(2 * MINUTE), undefined);
});

test('longer candles join what is recorded, and a running one holds what had traded by then', () => {
  const columns = bundledBars('ETHUSDT', 600);
  const tape = new MarketTape(columns, { tickSize: fixed('0.01') });
  const start = tape.start + 60 * MINUTE;
  const hour = candleAt(tape, '60' as KlineInterval, start, start + 60 * MINUTE)!;
  const rows = Array.from({ length: 60 }, (_, i) => 60 + i);
  assert.equal(hour.open, fromNumber(columns.open[60]!));
  assert.equal(hour.close, fromNumber(columns.close[119]!));
  assert.equal(hour.high, fromNumber(Math.max(...rows.map((row) => columns.high[row]!))));
  assert.equal(
    hour.volume,
    rows.reduce((sum, row) => sum + fromNumber<never>(columns.volume[row]!), 0n),
  );
  const running = candleAt(tape, '60' as KlineInterval, start, start + 90_000)!;
  assert.ok(running.volume < hour.volume);
  assert.equal(running.close, tape.lastPrintAt(start + 90_000)!.price);
  assert.equal(running.lastTradeTime, tape.lastPrintAt(start + 90_000)!.time);
});

test('weeks begin on Monday, months on their first day', () => {
  const thursday = Date.UTC(2025, 4, 15, 13, 7);
  assert.equal(candleStart('W' as KlineInterval, thursday), Date.UTC(2025, 4, 12));
  assert.equal(candleStart('M' as KlineInterval, thursday), Date.UTC(2025, 4, 1));
  assert.equal(candleStart('D' as KlineInterval, thursday), Date.UTC(2025, 4, 15));
});

test('the figures of the last day, carried on from minute to minute, are those of counting anew', async () => {
  const clock = new VirtualClock(epochMs(Date.UTC(2025, 4, 6, 12)));
  const columns = bundledBars('BTCUSDT', 2_880);
  const market = new RecordedMarket('BTCUSDT', new MarketTape(columns, { tickSize: tick }), [], clock);
  market.play({ onPrint: () => {}, onMinute: () => {} });
  for (let i = 0; i < 100; i++) {
    market.day();
    await clock.advance(61_000);
  }
  const fresh = new RecordedMarket('BTCUSDT', new MarketTape(columns, { tickSize: tick }), [], clock);
  assert.deepEqual(market.day(), fresh.day());
  market.stop();
});
