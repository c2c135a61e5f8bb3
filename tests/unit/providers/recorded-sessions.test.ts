import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { epochMs } from '../../../src/foundation/time.ts';
import { readBinance } from '../../../src/providers/ccxt/binance-messages.ts';
import { readBybit } from '../../../src/providers/ccxt/bybit-messages.ts';
import { readCoinbase } from '../../../src/providers/ccxt/coinbase-messages.ts';
import { readOkx } from '../../../src/providers/ccxt/okx-messages.ts';
import type { ReadMessage, VenueMessage } from '../../../src/providers/ccxt/venue-message.ts';
import { TradeComparison } from '../../../src/providers/exchange/trade-comparison.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';

/** The messages of a recorded session, and how often each pattern stands in its text: an independent count. */
interface Session {
  readonly messages: readonly unknown[];
  count(pattern: RegExp): number;
}

function session(path: string): Session {
  const text = gunzipSync(readFileSync(path)).toString();
  const messages = text.split('\n').flatMap((line): unknown[] => {
    const json = /^\d+(?:\.\d+)?:? (\{.*\})$/.exec(line)?.[1];
    return json === undefined ? [] : [JSON.parse(json)];
  });
  return { messages, count: (pattern) => text.match(new RegExp(pattern, 'g'))?.length ?? 0 };
}

function readAll(read: ReadMessage, { messages }: Session): readonly VenueMessage[] {
  return messages.flatMap((message) => read(message));
}

function tally(words: readonly VenueMessage[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { candle: 0, price: 0, trade: 0, malformed: 0 };
  for (const { kind } of words) counts[kind]! += 1;
  return counts;
}

const binanceSession = sharedData('cryptofeed-raw/BINANCE.ws.1.0.gz');
const okxSession = sharedData('cryptofeed-raw/OKX.ws.1.0.gz');
const coinbaseSession = sharedData('cryptofeed-raw/COINBASE.ws.28.0.gz');

test('Binance, a session of books, tickers and candles', { skip: skipUnless(binanceSession) }, () => {
  const recorded = session(binanceSession!);
  const words = readAll(readBinance, recorded);
  assert.deepEqual(tally(words), {
    candle: recorded.count(/"e":"kline"/),
    price: recorded.count(/@bookTicker","data":\{"u"/),
    trade: recorded.count(/"e":"trade"/),
    malformed: 0,
  });
  assert.deepEqual(
    words.find(({ kind }) => kind === 'candle'),
    {
      ...{ kind: 'candle', market: 'NKNUSDT', interval: '1m', openTime: 1_633_998_480_000, endTime: 1_633_998_539_999 },
      ...{ open: 0.3527, high: 0.3528, low: 0.3522, close: 0.3528, volume: 25_877 },
      ...{ isClosed: false, exchangeTime: 1_633_998_523_963 },
    },
  );
});

for (const [name, file] of [
  ['spot BTCUSDT', 'spot-btcusdt_20240808.gz'],
  ['spot ETHUSDT', 'spot-ethusdt_20240808.gz'],
  ['USDⓈ-M BTCUSDT', 'usdm-btcusdt_20240808.gz'],
] as const) {
  const path = sharedData(`binance-ws-raw/${file}`);
  test(`Binance, six minutes of ${name}: every best bid and ask`, { skip: skipUnless(path) }, () => {
    const recorded = session(path!);
    const words = readAll(readBinance, recorded);
    const prices = recorded.count(/@bookTicker","data"/);
    assert.ok(prices > 1_000);
    assert.deepEqual(tally(words), { candle: 0, price: prices, trade: recorded.count(/"e":"trade"/), malformed: 0 });
    const [first] = recorded.messages.filter((message) => readBinance(message).length > 0) as [
      { data: { b: string; a: string; s: string } },
    ];
    const { market, bid, ask } = words[0] as Extract<VenueMessage, { kind: 'price' }>;
    assert.deepEqual([market, bid, ask], [first.data.s, Number(first.data.b), Number(first.data.a)]);
    for (const word of words) if (word.kind === 'price') assert.ok(word.bid! < word.ask!);
  });
}

test('OKX, a session of books, trades and tickers', { skip: skipUnless(okxSession) }, () => {
  const recorded = session(okxSession!);
  const words = readAll(readOkx, recorded);
  const tickers = recorded.count(/\{"arg":\{"channel":"tickers","instId":"[^"]*"\},"data"/);
  assert.ok(tickers > 0);
  assert.deepEqual(tally(words), { candle: 0, price: tickers, trade: 0, malformed: 0 });
  for (const word of words) {
    assert.ok(
      word.kind === 'price' && word.bid! <= word.ask! && word.last! > 0 && word.exchangeTime! > 1_652_459_000_000,
    );
  }
});

test('Coinbase, a session of the Exchange feed', { skip: skipUnless(coinbaseSession) }, () => {
  const recorded = session(coinbaseSession!);
  const words = readAll(readCoinbase, recorded);
  assert.deepEqual(tally(words), { candle: 0, price: recorded.count(/: \{"type":"ticker"/), trade: 0, malformed: 0 });
  assert.deepEqual(words[0], {
    ...{ kind: 'price', market: 'BAND-GBP', last: 14.7775, bid: 14.755, ask: 14.806 },
    exchangeTime: Date.UTC(2021, 3, 17, 16, 43, 30, 244),
  });
});

interface GoldenCandle {
  readonly open_time: number;
  readonly complete: boolean;
  readonly exchange_kline: Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume', string>>;
}

const golden = sharedData('binance-ws-raw/golden-1m-candles-from-trades-20240808.json');
for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
  const path = sharedData(`binance-ws-raw/spot-${symbol.toLowerCase()}_20240808.gz`);
  test(`Binance ${symbol}: candles rebuilt from the recorded trades are the exchange’s`, {
    skip: skipUnless(path, golden),
  }, () => {
    const comparison = new TradeComparison({ symbol, timeframe: '1m' });
    const expected = (JSON.parse(readFileSync(golden!, 'utf8')) as Record<string, GoldenCandle[]>)[symbol]!;
    const whole = expected.filter(({ complete }) => complete);
    const words = readAll(readBinance, session(path!)).filter((word) => word.kind === 'trade');
    assert.ok(words.length > 1_000);
    const pairs = words.flatMap(({ time, price, quantity }) => comparison.trade({ time, price, quantity }));
    for (const { open_time, exchange_kline: kline } of whole) {
      const values = (['open', 'high', 'low', 'close', 'volume'] as const).map((name) => Number(kline[name]));
      const [open, high, low, close, volume] = values as [number, number, number, number, number];
      const times = { openTime: epochMs(open_time), closeTime: epochMs(open_time + 60_000) };
      pairs.push(...comparison.candle({ ...times, open, high, low, close, volume }));
    }
    // The last whole minute has no later trade's word that it is over, where the session ends with it.
    assert.ok(pairs.length >= whole.length - 1 && pairs.length > 2, `${pairs.length} of ${whole.length}`);
    assert.deepEqual(
      pairs.filter(({ isSame }) => !isSame),
      [],
    );
  });
}

const bybitFixtures = sharedData('bybit-v5-fixtures');
const bybit = (name: string): readonly VenueMessage[] =>
  readBybit(JSON.parse(readFileSync(`${bybitFixtures}/${name}.json`, 'utf8')));

test('Bybit, the documented messages', { skip: skipUnless(bybitFixtures) }, () => {
  assert.deepEqual(bybit('ws_kline'), [
    {
      ...{ kind: 'candle', market: 'BTCUSDT', interval: '5', openTime: 1_672_324_800_000, endTime: 1_672_325_099_999 },
      ...{ open: 16_649.5, high: 16_677, low: 16_608, close: 16_677, volume: 2.081 },
      ...{ isClosed: false, exchangeTime: 1_672_324_988_882 },
    },
  ]);
  assert.deepEqual(bybit('ws_ticker_linear'), [
    { kind: 'price', market: 'BTCUSDT', last: 17_216, bid: 17_215.5, ask: 17_216, exchangeTime: 1_673_272_861_686 },
  ]);
  // As it comes over the socket: the fixture's topic is the one of the exchange's older protocol.
  const trades = JSON.parse(readFileSync(`${bybitFixtures}/ws_public_trade.json`, 'utf8')) as { topic: string };
  assert.deepEqual(readBybit(trades), []);
  assert.deepEqual(readBybit({ ...trades, topic: 'publicTrade.BTCUSDT' }), [
    { kind: 'trade', market: 'BTCUSDT', time: 1_709_891_679_000, price: 27_451, quantity: 0.01 },
  ]);
  for (const other of ['ws_subscription_ack', 'ws_subscription_failure', 'ws_account_order']) {
    assert.deepEqual(bybit(other), [], other);
  }
});
