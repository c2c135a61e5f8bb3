/** Programs on a live market: the simulated exchange plays the bundled bars, ccxt is its client, and time runs faster. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundledFile } from '../../src/app/config-defaults.ts';
import { exchangeClock } from '../../src/app/exchange-clock.ts';
import { type OpenedExchange, openExchange } from '../../src/app/exchange-run.ts';
import { joinLiveMarket, type LiveMarket, openLiveMarket } from '../../src/app/live-market.ts';
import type { Candle } from '../../src/domain/candle.ts';
import type { CandleMessage } from '../../src/domain/event.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { DAY_MS, epochMs } from '../../src/foundation/time.ts';
import type { BoardPrice } from '../../src/live/price-board.ts';
import { loadCandles } from '../../src/providers/files/load-candles.ts';
import { RoleSystem } from '../support/role-system.ts';
import { sharedPostgres, sharedRedis } from '../support/servers.ts';

const SPEED = 60;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;
const example = fileURLToPath(new URL('../../examples/03-live-market.ts', import.meta.url));

function openSimulated(): Promise<OpenedExchange> {
  return openExchange({
    ...{ data: [], symbols: SYMBOLS, cwd: '.', host: '127.0.0.1', port: 0, speed: SPEED, at: undefined },
    ...{ tradesPerMinute: 60, clientIds: 'always-unique', rateLimits: true, usdt: fixed('1000'), seed: 1, faults: [] },
  });
}

async function until(done: () => boolean, what: () => string): Promise<void> {
  const from = systemClock.monotonic();
  while (!done()) {
    if (systemClock.monotonic() - from > 30_000) throw new Error(what());
    await sleep(systemClock, 20);
  }
}

/** The recorded bars of a symbol by open time, in the time of the exchange. */
async function recorded(symbol: string, shiftMs: number): Promise<ReadonlyMap<number, Candle>> {
  const { columns } = await loadCandles({ path: bundledFile(symbol)!, symbol, timeframe: '1m' });
  const bars = new Map<number, Candle>();
  for (let row = 0; row < columns.length; row++) {
    const { openTime, closeTime, ...values } = columns.candle(row);
    const bar = { openTime: epochMs(openTime + shiftMs), closeTime: epochMs(closeTime + shiftMs), ...values };
    bars.set(bar.openTime, bar);
  }
  return bars;
}

test('streams on an exchange: recorded candles, prices with bid and ask, history, a trader, connections', async () => {
  const simulated = await openSimulated();
  const { exchange } = simulated;
  const clock = await exchangeClock(exchange.url, SPEED);
  // The recording is shifted by whole days: what passed since it began does not matter.
  const shiftMs = Math.round((clock.now() - simulated.at) / DAY_MS) * DAY_MS;
  let market: LiveMarket | undefined;
  try {
    const asked = { provider: 'bybit', kind: 'perpetual', symbols: SYMBOLS, url: exchange.url } as const;
    market = await openLiveMarket({ ...asked, history: 60, timeframes: ['5m'], staleAfterMs: 90_000, clock });
    const streams = market.streams({ bufferSize: 50 });
    const [candles, prices]: [CandleMessage[], BoardPrice[]] = [[], []];
    streams.onCandle((candle) => candles.push(candle));
    streams.stream('BTCUSDT').onPrice((price) => prices.push(price));
    // One that never comes back delays nobody.
    streams.onCandle(() => new Promise(() => {}));
    await streams.startAll();
    const trader = await market.trader({
      strategy: 'moving-average-cross',
      symbols: ['BTCUSDT'],
      parameters: { fast: 2, slow: 4 },
    });
    await trader.start();
    const adapter = await market.adapter({ symbol: 'ETHUSDT', timeframe: '5m', bufferSize: 10 });
    for (let count = 0; count < 2; count++) assert.equal(await adapter.waitForUpdate(15 * 60_000), true);
    const live = streams.status();
    await until(
      () => candles.length >= 16,
      () => JSON.stringify(live),
    );

    for (const symbol of SYMBOLS) {
      const bars = await recorded(symbol, shiftMs);
      const told = candles.filter((candle) => candle.symbol === symbol);
      for (const { openTime, closeTime, open, high, low, close, volume } of told) {
        assert.deepEqual({ openTime, closeTime, open, high, low, close, volume }, bars.get(openTime), symbol);
      }
      assert.deepEqual(
        told.map(({ sequence }) => sequence),
        told.map((_, index) => told[0]!.sequence + index),
      );
      const history = streams.data(symbol);
      assert.equal(history.length, 50);
      for (let row = 0; row < 50; row++) assert.deepEqual(history.candle(row), bars.get(history.openTime[row]!));
    }
    const last = market.prices.price('BTCUSDT')!;
    assert.deepEqual([last.kind, last.source], ['quote', 'bybit']);
    assert.ok(last.bid! < last.ask! && prices.length > 5, `${prices.length} prices`);
    const { ageMs, exchangeAgeMs, isStale } = market.prices.reading('BTCUSDT')!;
    assert.ok(!isStale && ageMs < 60_000 && exchangeAgeMs < 60_000, `${ageMs} ${exchangeAgeMs}`);
    assert.ok(market.prices.volatility('BTCUSDT', 20)! > 0);
    const status = trader.status()!;
    assert.equal(status.lifecycle, 'running');
    assert.ok(status.slices > 60 && status.signals > 0, JSON.stringify(status));
    const [connection] = market.prices.connections();
    assert.deepEqual([connection?.source, connection?.isConnected, connection?.staleTopics], ['bybit', true, []]);

    // A topic that stands still is told of; requests stand in for it. And an exchange that is away makes prices stale.
    exchange.faults.add({ kind: 'freeze', topic: 'tickers.ETHUSDT' });
    const frozen = (): boolean => market!.prices.connections()[0]!.staleTopics.includes('price ETHUSDT');
    await until(frozen, () => JSON.stringify(market!.prices.connections()));
    assert.equal(market.prices.isStale('ETHUSDT'), false);
    const stale: string[] = [];
    market.prices.onStale((change) => stale.push(`${change.symbol} ${change.isStale}`));
    await exchange.close();
    await until(
      () => stale.length === 2,
      () => stale.join(),
    );
    assert.deepEqual(stale.toSorted(), ['BTCUSDT true', 'ETHUSDT true']);
    assert.equal(market.prices.connections()[0]!.isConnected, false);
  } finally {
    await market?.close();
    await exchange.close();
  }
});

test('the example runs on recorded bars, and on an exchange', async () => {
  const simulated = await openSimulated();
  try {
    const run = (...given: string[]) => promisify(execFile)(process.execPath, [example, ...given], { timeout: 50_000 });
    const [replay, exchange] = await Promise.all([run(), run('bybit', simulated.exchange.url, '4')]);
    assert.match(replay.stdout, /BTCUSDT [\d.]+ from replay, \d+ ms old, RSI [\d.]+, volatility [\d.]+ % a bar/);
    assert.match(replay.stdout, /momentum says buy at [\d.]+ \(candle:BTCUSDT:1m\): executed/);
    assert.match(exchange.stdout, /BTCUSDT [\d.]+ from bybit, \d+ ms old/);
    assert.match(exchange.stdout, /bybit: connected, 0 reconnects/);
    for (const { stdout, stderr } of [replay, exchange]) {
      assert.equal(stderr, '');
      assert.match(stdout, /ETHUSDT closed at/);
      assert.match(stdout, /\d+ fills, \d+ round trips, win rate .*, profit -?[\d.]+, worth [\d.]+\n$/);
    }
  } finally {
    await simulated.exchange.close();
  }
});

test('a program joins a running system over Redis, and misses no candle while its collector is killed', async () => {
  const [redis, postgres] = await Promise.all([sharedRedis(), sharedPostgres()]);
  const bots = [{ id: 'trend', strategy: 'moving-average-cross', symbols: ['BTCUSDT'], timeframe: '5m' }];
  const system = new RoleSystem({ redisUrl: redis.url, postgresUrl: postgres.url, speed: 1_200, bots });
  let market: LiveMarket | undefined;
  try {
    system.start('recorder');
    system.start('collector');
    market = await joinLiveMarket(system.configurationFile);
    const streams = market.streams({ symbols: SYMBOLS });
    const told = new Map<string, number[]>(SYMBOLS.map((symbol) => [symbol, []]));
    streams.onCandle(({ symbol, sequence }) => told.get(symbol)!.push(sequence));
    await streams.startAll();
    const isAt = (count: number) => () => [...told.values()].every((sequences) => sequences.length >= count);
    await until(isAt(30), () => JSON.stringify(streams.status()));
    assert.equal(await system.killAndRestart('collector'), true);
    const before = Math.max(...[...told.values()].map((sequences) => sequences.length));
    await until(isAt(before + 60), () => JSON.stringify(streams.status()));
    for (const sequences of told.values()) {
      assert.deepEqual(
        sequences,
        sequences.map((_, index) => sequences[0]! + index),
      );
    }
    assert.equal(market.prices.price('ETHUSDT')?.source, 'replay');
  } finally {
    await market?.close();
    await system.stop();
    await redis.stop();
    await postgres.stop();
  }
});

test('a system whose bus is in its own memory can’t be joined', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-join-'));
  writeFileSync(join(folder, 'tradewind.yaml'), 'market: { symbols: [BTCUSDT] }\n');
  await assert.rejects(joinLiveMarket(join(folder, 'tradewind.yaml')), /has its bus in its own memory: set bus.url/);
  rmSync(folder, { recursive: true });
});
