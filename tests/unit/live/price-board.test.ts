import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topics } from '../../../src/bus/topics.ts';
import type { CandleMessage } from '../../../src/domain/event.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { PriceBoard } from '../../../src/live/price-board.ts';
import { LiveBench } from './live-bench.ts';

test('the board knows the latest price of each symbol, where it came from, and its age', async (context) => {
  const bench = await LiveBench.open(context);
  const board = new PriceBoard(bench.bus, bench.clock);
  await board.start(['X', 'Y']);
  bench.onClose(() => board.stop());
  assert.deepEqual([board.price('X'), board.priceAgeMs('X'), board.all()], [undefined, undefined, []]);
  const candle = (closeTime: number, close: number, receivedAt: number): CandleMessage => ({
    symbol: 'X',
    timeframe: '1m',
    openTime: epochMs(closeTime - 60_000),
    closeTime: epochMs(closeTime),
    open: close,
    high: close,
    low: close,
    close,
    volume: 1,
    sequence: 1,
    watermark: epochMs(0),
    source: 'replay',
    receivedAt: epochMs(receivedAt),
  });
  const now = bench.clock.now();
  const tell = async (message: Parameters<typeof bench.bus.publish>[1]): Promise<void> => {
    await bench.bus.publish(topics.market('X'), message as never);
    await bench.settle();
  };
  await tell({ kind: 'candle', candle: candle(120_000, 10, now) });
  await tell({ kind: 'candle', candle: candle(180_000, 12, now) });
  // One that was held up on its way does not turn time back.
  await tell({ kind: 'candle', candle: candle(60_000, 99, now) });
  await bench.clock.advance(2_500);
  assert.equal(board.priceAgeMs('X'), 2_500);
  const { price, source, occurredAt, firstPrice, candles } = board.price('X')!;
  assert.deepEqual([price, source, occurredAt, firstPrice, candles], [12, 'replay', 180_000, 10, 2]);
  await tell({
    kind: 'price',
    symbol: 'X',
    price: 13,
    bid: null,
    ask: null,
    occurredAt: 180_500,
    receivedAt: now + 2_500,
    source: 'bybit',
  });
  assert.deepEqual(
    [board.price('X')!.price, board.price('X')!.source, board.price('X')!.candles, board.priceAgeMs('X')],
    [13, 'bybit', 2, 0],
  );
  assert.equal(board.price('Y'), undefined);
  await board.stop();
  await tell({ kind: 'candle', candle: candle(240_000, 20, now) });
  assert.equal(board.price('X')!.price, 13);
});
