import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topics } from '../../../src/bus/topics.ts';
import type { CandleMessage, MarketMessage, SystemEvent } from '../../../src/domain/event.ts';
import { type EpochMs, epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import {
  type BoardPrice,
  PriceBoard,
  type PriceBoardOptions,
  type StaleChange,
} from '../../../src/live/price-board.ts';
import type { MarketDataStatus } from '../../../src/market/market-data.ts';
import { LiveBench } from './live-bench.ts';

type Quote = Extract<MarketMessage, { kind: 'price' }>;

/** The candle number `sequence` of X; the first closes at `START` + 1 min. */
const START = 1_750_000_020_000;

function candle(sequence: number, close: number, changes: Partial<CandleMessage> = {}): CandleMessage {
  return {
    ...{ symbol: 'X', timeframe: '1m', open: close, high: close, low: close, close, volume: 1, sequence },
    ...{ watermark: epochMs(0), source: 'replay' },
    openTime: epochMs(START + (sequence - 1) * MINUTE_MS),
    closeTime: epochMs(START + sequence * MINUTE_MS),
    receivedAt: epochMs(START + sequence * MINUTE_MS),
    ...changes,
  };
}

async function boardOf(context: Parameters<typeof LiveBench.open>[0], options: PriceBoardOptions = {}) {
  const bench = await LiveBench.open(context);
  const board = new PriceBoard(bench.bus, bench.clock, { logger: bench.logger, ...options });
  await board.start(['X', 'Y']);
  bench.onClose(() => board.stop());
  return {
    bench,
    board,
    async tell(message: MarketMessage): Promise<void> {
      const symbol = message.kind === 'candle' ? message.candle.symbol : message.symbol;
      await bench.bus.publish(topics.market(symbol), message);
      await bench.settle();
    },
    async event(event: SystemEvent): Promise<void> {
      await bench.bus.publish(topics.systemEvents, event);
      await bench.settle();
    },
    quote: (price: number, changes: Partial<Quote> = {}): Quote => ({
      ...{ kind: 'price', symbol: 'X', price, bid: price - 1, ask: price + 1, source: 'bybit' },
      occurredAt: bench.clock.now(),
      receivedAt: bench.clock.now(),
      ...changes,
    }),
  };
}

function status(exchangeTime: EpochMs, changes: Partial<MarketDataStatus> = {}): MarketDataStatus {
  const topic = { kind: 'price', line: 0, timeframe: null, lastMessageAt: null, lastExchangeTime: null } as const;
  const socket = { line: 0, connectedSince: null, lastMessageAt: null, connects: 3, symbols: ['X', 'Y'] } as const;
  return {
    ...{ source: 'bybit', delayMs: 0, transport: 'stream', exchangeTime, completeUntil: null },
    connections: [{ ...socket, state: 'live', lastFailure: 'nothing came for 15000 ms' }],
    topics: [
      { ...topic, symbol: 'X', state: 'live', resubscriptions: 0 },
      { ...topic, symbol: 'Y', state: 'stale', resubscriptions: 1 },
    ],
    counts: { reconnects: 2 } as MarketDataStatus['counts'],
    ...changes,
  };
}

test('the latest price of each symbol, where it came from, and its age', async (context) => {
  const { bench, board, tell, quote } = await boardOf(context);
  assert.deepEqual([board.price('X'), board.priceAgeMs('X'), board.all()], [undefined, undefined, []]);
  assert.equal(board.isStale('X'), true);
  const receivedAt = bench.clock.now();
  await tell({ kind: 'candle', candle: candle(2, 10, { receivedAt }) });
  await tell({ kind: 'candle', candle: candle(3, 12, { receivedAt }) });
  // One that was held up on its way does not turn time back, nor is it counted.
  await tell({ kind: 'candle', candle: candle(1, 99, { receivedAt }) });
  // Built here of candles whose closes are known already.
  const built = { timeframe: '3m', source: 'aggregated:1m', receivedAt } as const;
  await tell({ kind: 'candle', candle: candle(3, 12, built) });
  await bench.clock.advance(2_500);
  assert.equal(board.priceAgeMs('X'), 2_500);
  const close = board.price('X')!;
  assert.deepEqual([close.price, close.kind, close.source, close.bid], [12, 'close', 'replay', null]);
  assert.deepEqual([close.occurredAt, close.firstPrice, close.candles], [START + 3 * MINUTE_MS, 10, 3]);
  await tell(quote(13, { occurredAt: epochMs(START + 3 * MINUTE_MS + 500) }));
  const { price, bid, ask, kind, source, candles } = board.price('X')!;
  assert.deepEqual([price, bid, ask, kind, source, candles], [13, 12, 14, 'quote', 'bybit', 3]);
  assert.equal(board.priceAgeMs('X'), 0);
  assert.equal(board.price('Y'), undefined);
  await board.stop();
  await tell(quote(20));
  assert.equal(board.price('X')!.price, 13);
});

test('a price that is repeated again and again does not look fresh', async (context) => {
  const { bench, board, tell, quote } = await boardOf(context, { staleAfterMs: 10_000 });
  const frozen = bench.clock.now();
  for (let second = 0; second < 30; second++) {
    // Y goes on: the connection is alive, and its messages come at once.
    await tell(quote(50 + second, { symbol: 'Y' }));
    await tell(quote(13, { occurredAt: frozen }));
    await bench.clock.advance(1_000);
  }
  assert.deepEqual(board.reading('X'), { ageMs: 30_000, exchangeAgeMs: 30_000, isStale: true, isConnected: true });
  assert.equal(board.isStale('Y'), false);
});

test('prices that come steadily and lag behind are stale by the exchange’s own time', async (context) => {
  const { bench, board, tell, quote } = await boardOf(context, { staleAfterMs: 10_000 });
  const first = bench.clock.now();
  // A second of prices takes two to come: what is held up on its way adds up.
  for (let second = 0; second < 60; second++) {
    await tell(quote(100 + second, { occurredAt: epochMs(first + second * 500) }));
    await bench.clock.advance(1_000);
  }
  const { ageMs, exchangeAgeMs, isStale } = board.reading('X')!;
  assert.deepEqual([ageMs, exchangeAgeMs, isStale], [1_000, 60_000 - 59 * 500, true]);
});

test('ages are by the clock that the provider told of, whatever the two clocks differ by', async (context) => {
  const { bench, board, tell, event, quote } = await boardOf(context, { staleAfterMs: 10_000 });
  const behind = (ms: number): EpochMs => epochMs(bench.clock.now() - 3_600_000 - ms);
  const told = (changes: Partial<MarketDataStatus> = {}): Promise<void> =>
    event({
      type: 'market.status',
      source: 'collector',
      time: bench.clock.now(),
      details: json(status(behind(0), changes)),
    });
  await told();
  // The first price that comes is old already: nothing but the provider's clock shows it.
  await tell(quote(13, { occurredAt: behind(12_000) }));
  assert.equal(board.reading('X')!.exchangeAgeMs, 12_000);
  assert.equal(board.isStale('X'), true);
  await tell(quote(14, { occurredAt: behind(40) }));
  assert.deepEqual(board.reading('X'), { ageMs: 0, exchangeAgeMs: 40, isStale: false, isConnected: true });
  // What is late by nature is told, and not called stale for that.
  await told({ delayMs: 900_000 });
  await tell(quote(15, { occurredAt: behind(30), symbol: 'Y' }));
  await bench.clock.advance(9_000);
  await tell(quote(16, { occurredAt: behind(20), symbol: 'Y' }));
  assert.equal(board.isStale('Y'), false);
});

test('closes stand in for quotes only where there are none that can be used', async (context) => {
  const { bench, board, tell, quote } = await boardOf(context, { staleAfterMs: 10_000 });
  const closing = (sequence: number, close: number): MarketMessage => {
    const closeTime = bench.clock.now();
    return { kind: 'candle', candle: candle(sequence, close, { closeTime, receivedAt: closeTime, source: 'bybit' }) };
  };
  await tell(quote(100));
  await bench.clock.advance(5_000);
  await tell(closing(1, 90));
  assert.deepEqual([board.price('X')!.price, board.price('X')!.kind, board.price('X')!.candles], [100, 'quote', 1]);
  await bench.clock.advance(15_000);
  assert.equal(board.isStale('X'), true);
  await tell(closing(2, 91));
  assert.deepEqual([board.price('X')!.price, board.price('X')!.kind, board.isStale('X')], [91, 'close', false]);
  // A close is as new as can be until the next one is due, and half as long again.
  await bench.clock.advance(80_000);
  assert.equal(board.isStale('X'), false);
  await bench.clock.advance(11_000);
  assert.equal(board.isStale('X'), true);
  await tell(quote(101));
  assert.deepEqual([board.price('X')!.price, board.price('X')!.kind, board.isStale('X')], [101, 'quote', false]);
});

test('volatility is the sample deviation of log returns of closed candles', async (context) => {
  const { board, tell } = await boardOf(context);
  const closes = Array.from({ length: 30 }, (_, index) => 100 + Math.sin(index) * 3 + index / 7);
  assert.equal(board.volatility('X'), undefined);
  for (const [index, close] of closes.entries()) {
    await tell({ kind: 'candle', candle: candle(index + 1, close) });
    assert.equal(board.volatility('X') === undefined, index < 20);
  }
  const returns = closes.slice(-21).map((close, index, all) => (index === 0 ? 0 : Math.log(close / all[index - 1]!)));
  const last = returns.slice(1);
  const mean = last.reduce((sum, one) => sum + one, 0) / 20;
  const deviation = Math.sqrt(last.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 19);
  assert.ok(Math.abs(board.volatility('X', 20)! - deviation) < 1e-12 * deviation + 1e-15);
  assert.notEqual(board.volatility('X', 5), board.volatility('X', 20));
  assert.equal(board.volatility('X', 20, '5m'), undefined);
  assert.equal(board.volatility('X', 30), undefined);
  assert.throws(() => board.volatility('X', 1), /2 to 500/);
  // A forming price is not a closed candle.
  const before = board.volatility('X');
  await tell({ kind: 'price', symbol: 'X', price: 900, bid: 1, ask: 2, source: 'y', ...times(99) });
  assert.equal(board.volatility('X'), before);
});

test('a lost candle makes no false volatility: it is read from the store', async (context) => {
  const bench = await LiveBench.open(context);
  const [alone, stored] = [{}, { store: bench.store }].map(
    (options) => new PriceBoard(bench.bus, bench.clock, options),
  );
  for (const board of [alone!, stored!]) {
    await board.start(['X']);
    bench.onClose(() => board.stop());
  }
  const candles = Array.from({ length: 60 }, (_, index) => candle(index + 1, 100 + (index % 7)));
  await bench.store.recordMarket(candles.slice(0, 58).map((one) => ({ candle: one, raw: null })));
  for (const one of candles) {
    if (one.sequence <= 20 || one.sequence === 50) continue;
    await bench.bus.publish(topics.market('X'), { kind: 'candle', candle: one });
    await bench.settle();
  }
  assert.equal(alone!.volatility('X', 20), undefined);
  assert.ok(alone!.volatility('X', 9)! > 0);
  await bench.until(() => stored!.volatility('X', 59) !== undefined, 'the past closes');
});

test('a listener that is stuck delays no other, and gets the latest price when it is back', async (context) => {
  const { bench, board, tell, quote } = await boardOf(context);
  const heard: number[] = [];
  const slow: number[] = [];
  let release = (): void => {};
  const stuck = new Promise<void>((resolve) => {
    release = resolve;
  });
  board.onPrice('X', ({ price }) => {
    slow.push(price);
    return slow.length === 1 ? stuck : undefined;
  });
  board.onPrice('X', () => {
    throw new Error('not mine');
  });
  const cancel = board.onPrice('X', ({ price }) => heard.push(price));
  const iterated: BoardPrice[] = [];
  const prices = board.prices(['X', 'Y']);
  const iteration = (async () => {
    for await (const one of prices) iterated.push(one);
  })();
  for (let price = 1; price <= 50; price++) {
    await tell(quote(price));
    await bench.clock.advance(10);
  }
  assert.deepEqual([slow, heard.length, iterated.length], [[1], 50, 50]);
  release();
  await bench.settle();
  assert.deepEqual(slow, [1, 50]);
  cancel();
  prices.end();
  await iteration;
  await tell(quote(51));
  assert.deepEqual([heard.length, iterated.length, slow], [50, 50, [1, 50, 51]]);
  assert.equal(bench.logger.lines.filter(({ message }) => message.includes('listener')).length, 51);
});

test('who asks is told once when a price grows stale, and once when it is fresh', async (context) => {
  const { bench, board, tell, quote } = await boardOf(context, { staleAfterMs: 10_000 });
  const changes: StaleChange[] = [];
  board.onStale((change) => changes.push(change));
  await tell(quote(1));
  await tell(quote(1, { symbol: 'Y' }));
  await bench.clock.advance(30_000);
  assert.deepEqual(
    changes.map(({ symbol, isStale }) => `${symbol} ${isStale}`),
    ['X true', 'Y true'],
  );
  assert.ok(changes[0]!.ageMs > 10_000 && changes[0]!.ageMs <= 11_000);
  await tell(quote(2, { symbol: 'Y' }));
  assert.deepEqual([changes.length, changes[2]!.symbol, changes[2]!.isStale], [3, 'Y', false]);
});

test('how the providers are connected is what they told last', async (context) => {
  const { bench, board, event } = await boardOf(context);
  assert.deepEqual(board.connections(), []);
  const time = bench.clock.now();
  const about = { type: 'market.status', source: 'collector', time };
  await event({ ...about, details: json(status(time)) });
  // Told earlier, come later; another event; and one that says nothing of the kind.
  const down = [{ ...status(time).connections[0]!, state: 'down' as const }];
  await event({ ...about, time: epochMs(time - 1), details: json(status(time, { connections: down })) });
  await event({ ...about, type: 'market.end', details: json(status(time, { source: 'other' })) });
  await event({ ...about, details: { source: 'odd' } });
  assert.deepEqual(board.connections(), [
    {
      ...{ source: 'bybit', delayMs: 0, transport: 'stream', isConnected: true, sockets: 1, liveSockets: 1 },
      ...{ reconnects: 2, staleTopics: ['price Y'], lastFailure: 'nothing came for 15000 ms' },
      ...{ exchangeTime: time, toldAt: time },
    },
  ]);
  await event({ ...about, time: epochMs(time + 1), details: json(status(time, { connections: down })) });
  assert.deepEqual([board.connections()[0]!.isConnected, board.connections()[0]!.liveSockets], [false, 0]);
});

function times(minute: number): { readonly occurredAt: EpochMs; readonly receivedAt: EpochMs } {
  const time = epochMs(START + minute * MINUTE_MS);
  return { occurredAt: time, receivedAt: time };
}

function json(value: MarketDataStatus): SystemEvent['details'] {
  return JSON.parse(JSON.stringify(value)) as SystemEvent['details'];
}
