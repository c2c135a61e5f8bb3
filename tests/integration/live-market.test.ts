import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bundledFile } from '../../src/app/config-defaults.ts';
import { type OpenedExchange, openExchange } from '../../src/app/exchange-run.ts';
import { type Candle, feedName } from '../../src/domain/candle.ts';
import { AcceleratedClock } from '../../src/exchange/accelerated-clock.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Random } from '../../src/foundation/random.ts';
import { epochMs } from '../../src/foundation/time.ts';
import { CcxtConnection } from '../../src/providers/ccxt/ccxt-connection.ts';
import { VENUES } from '../../src/providers/ccxt/venues.ts';
import { ExchangeFeed } from '../../src/providers/exchange/exchange-feed.ts';
import { loadCandles } from '../../src/providers/files/load-candles.ts';
import { MarketRecorder } from '../contracts/market-data-recorder.ts';
import { run } from './command-line.ts';

/* The simulated exchange plays the bundled bars; ccxt, unmodified, is its client. */

const SPEED = 60;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;
const folder = mkdtempSync(join(tmpdir(), 'tradewind-live-'));
after(() => rmSync(folder, { recursive: true }));

function openSimulated(): Promise<OpenedExchange> {
  return openExchange({
    ...{ data: [], symbols: SYMBOLS, cwd: folder, host: '127.0.0.1', port: 0, speed: SPEED, at: undefined },
    ...{ tradesPerMinute: 30, clientIds: 'always-unique', rateLimits: true, usdt: fixed('1000'), seed: 1, faults: [] },
  });
}

/** The recorded bars of a symbol by open time, in the time of the exchange. */
async function recorded(symbol: string, shiftMs: number): Promise<ReadonlyMap<number, Candle>> {
  const { columns } = await loadCandles({ path: bundledFile(symbol)!, symbol, timeframe: '1m' });
  const bars = new Map<number, Candle>();
  for (let row = 0; row < columns.length; row++) {
    const candle = columns.candle(row);
    const [openTime, closeTime] = [epochMs(candle.openTime + shiftMs), epochMs(candle.closeTime + shiftMs)];
    bars.set(openTime, { ...candle, openTime, closeTime });
  }
  return bars;
}

test('through lost, doubled, late and false messages and cut connections the candles are the recorded ones', async () => {
  const simulated = await openSimulated();
  const { exchange } = simulated;
  const clock = new AcceleratedClock(systemClock, SPEED);
  const shiftMs = Math.round((clock.now() - simulated.at) / 60_000) * 60_000;
  const [venue] = VENUES;
  assert.equal(venue?.id, 'bybit');
  const connection = new CcxtConnection({
    venue: venue!,
    kind: 'perpetual',
    baseUrl: exchange.url,
    clock,
    logger: silentLogger,
  });
  const feed = new ExchangeFeed({ connection, clock, random: new Random(1), logger: silentLogger, history: 20 });
  const feeds = SYMBOLS.map((symbol) => ({ symbol, timeframe: '1m' }) as const);
  const sink = new MarketRecorder();
  try {
    await feed.start(feeds, new Map(), sink);
    const [instrument] = connection.instruments();
    assert.ok(instrument!.tickSize > 0n && instrument!.stepSize > 0n && instrument!.minimumNotional > 0n);
    exchange.faults.add({ kind: 'drop', topic: 'kline.*', probability: 0.15 });
    exchange.faults.add({ kind: 'duplicate', topic: 'kline.*', probability: 0.1 });
    exchange.faults.add({ kind: 'truncate', topic: 'kline.*', probability: 0.05 });
    exchange.faults.add({ kind: 'forming-as-closed', symbol: '*', probability: 0.2 });
    for (let round = 0; round < 3; round++) {
      await sleep(systemClock, 3_000);
      exchange.disconnect('public');
    }
    await sleep(systemClock, 3_000);
  } finally {
    await feed.stop();
    await exchange.close();
  }
  for (const one of feeds) {
    const came = sink.of(one);
    const bars = await recorded(one.symbol, shiftMs);
    assert.ok(came.length >= 28, `${feedName(one)}: ${came.length} candles, ${JSON.stringify(feed.status())}`);
    for (const [index, candle] of came.entries()) {
      assert.deepEqual(candle, bars.get(candle.openTime), feedName(one));
      if (index > 0) assert.equal(candle.openTime, came[index - 1]!.closeTime, 'no candle is missing');
    }
  }
  assert.ok(feed.counts.closedTooEarly > 0 && feed.status().counts.reconnects >= 3, JSON.stringify(feed.status()));
  assert.ok(sink.prices.length > 20);
});

test('start --provider bybit runs paper bots on it, and goes on after a restart', async () => {
  const simulated = await openSimulated();
  try {
    const configuration = [
      `market: { url: "${simulated.exchange.url}", history: 60 }`,
      'server: { port: 0 }',
      'bots:',
      '  - { id: trend, strategy: moving-average-cross, symbols: [BTCUSDT], timeframe: 1m, parameters: { fast: 3, slow: 8 } }',
      '  - { id: breakout, strategy: donchian-breakout, symbols: [ETHUSDT], timeframe: 1m, parameters: { entryPeriod: 5, exitPeriod: 3 } }',
    ];
    writeFileSync(join(folder, 'tradewind.yaml'), configuration.join('\n'));
    const live = ['start', '--provider', 'bybit', '--symbols', SYMBOLS.join(','), '--for', '5s', '--json'];
    const first = await run(live, folder);
    assert.equal(first.code, 0, first.err);
    const second = await run(live, folder);
    assert.equal(second.code, 0, second.err);
    const { bots } = JSON.parse(second.out) as { bots: readonly { id: string; fills: number }[] };
    assert.deepEqual(bots.map(({ id }) => id).toSorted(), ['breakout', 'trend']);
    assert.ok(
      bots.some(({ fills }) => fills > 0),
      second.out,
    );
    for (const symbol of SYMBOLS) {
      const [, ...lines] = readFileSync(join(folder, '.tradewind/candles', `${symbol}-1m.csv`), 'utf8')
        .trim()
        .split('\n');
      const openTimes = lines.map((line) => Number(line.split(',')[0]));
      assert.ok(openTimes.length > 65, `${openTimes.length} candles`);
      // Also those of the time between the two runs.
      for (const [index, time] of openTimes.slice(1).entries()) assert.equal(time - openTimes[index]!, 60_000);
    }
  } finally {
    await simulated.exchange.close();
  }
});

test('an exchange that can not be reached is told in a sentence within 10 s', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  try {
    writeFileSync(join(folder, 'tradewind.yaml'), `market: { url: "http://127.0.0.1:${port}" }`);
    const begun = systemClock.monotonic();
    const { code, err } = await run(['start', '--provider', 'bybit', '--symbols', 'BTCUSDT'], folder);
    const seconds = (systemClock.monotonic() - begun) / 1_000;
    assert.equal(code, 2, err);
    assert.match(err, /^bybit can't be reached: .* timed out .*\. Check the network and market\.url\.\s*$/);
    // Two attempts of 3 s and a start of the program, which a busy machine may draw out.
    assert.ok(seconds > 5 && seconds < 20, `${seconds} s`);
  } finally {
    silent.close();
  }
});

test('what does not fit a live market is refused before anything runs', async () => {
  const refused = async (...options: readonly string[]): Promise<string> => {
    const { code, err } = await run(['start', ...options], folder);
    assert.equal(code, 2, err);
    return err;
  };
  writeFileSync(join(folder, 'tradewind.yaml'), '');
  assert.match(await refused('--provider', 'bybitt'), /Did you mean bybit\?/);
  assert.match(await refused('--provider', 'bybit', '--speed', '5'), /--speed is for a replay/);
  assert.match(await refused('--provider', 'bybit', '--until-end'), /--until-end is for a replay/);
  assert.match(await refused('--provider', './none.ts'), /There is no provider file/);
});
