import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { priceSource } from '../../src/app/market-watch.ts';
import { topics } from '../../src/bus/topics.ts';
import { VirtualClock } from '../../src/foundation/clock.ts';
import { UserError } from '../../src/foundation/errors.ts';
import { epochMs, HOUR_MS, MINUTE_MS } from '../../src/foundation/time.ts';
import { PriceBoard } from '../../src/live/price-board.ts';
import type { AuditHeadAnswer, PageAnswer, StatusAnswer } from '../../src/protocol/answers.ts';
import { startServer } from '../../src/server/start-server.ts';
import {
  START,
  sampleCandle,
  sampleEntry,
  sampleFill,
  sampleIntent,
  sampleOrderEvents,
  sampleSignal,
  sampleStatus,
} from '../contracts/store-samples.ts';
import { serverUnderTest } from './server-under-test.ts';

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function tradedServer(t: TestContext) {
  const under = await serverUnderTest(t);
  await under.store.recordMarket(indexes(5).map((index) => ({ candle: sampleCandle(index), raw: null })));
  await under.commit('alpha', {
    signals: indexes(3).map((index) => sampleSignal('alpha', index)),
    intents: indexes(3).map((index) => sampleIntent('alpha', index)),
    orderEvents: sampleOrderEvents('alpha', 1),
    fills: indexes(3).map((index) => sampleFill('alpha', index)),
    equity: indexes(3).map((index) => ({ time: epochMs(START + index), equity: 10_000 + index / 3 })),
  });
  await under.store.appendAudit(
    indexes(3).map((index) => sampleEntry(index)),
    epochMs(START),
  );
  return under;
}

test('every route answers what the store has, exact numbers as text', async (t) => {
  const { ask, store } = await tradedServer(t);
  const json = async (path: string) => {
    const answer = await ask(path);
    assert.equal(answer.status, 200, `${path} ${answer.text}`);
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    return answer.json();
  };
  assert.deepEqual(await json('/health'), { alive: true });
  assert.deepEqual(await json('/ready'), { ready: true, parts: { bus: 'ok', store: 'ok' } });

  const alpha = { botId: 'alpha', status: sampleStatus('alpha') };
  const beta = { botId: 'beta', status: null };
  assert.deepEqual(await json('/api/bots'), { bots: [alpha, beta] });
  assert.deepEqual(await json('/api/bots/alpha'), alpha);
  assert.deepEqual(await json('/api/bots/beta'), beta);

  const page = { offset: 0, limit: 100, nextOffset: null };
  const signals = indexes(3).map((index) => sampleSignal('alpha', index));
  assert.deepEqual(await json('/api/bots/alpha/signals'), { items: signals, ...page });
  const orders = indexes(3).map((index) => ({
    ...sampleIntent('alpha', index),
    quantity: { kind: 'units', quantity: '0.001' },
    execution: { type: 'limit', limitPrice: '64999.9', postOnly: true },
  }));
  assert.deepEqual(await json('/api/bots/alpha/orders'), { items: orders, ...page });
  const fill = (index: number) => ({
    ...sampleFill('alpha', index),
    price: '64999.9',
    quantity: '0.001',
    fee: '0.0649999',
  });
  assert.deepEqual(await json('/api/bots/alpha/fills'), { items: indexes(3).map(fill), ...page });
  const events = (await json('/api/bots/alpha/order-events')) as PageAnswer<{ kind: string }>;
  assert.deepEqual(
    events.items.map(({ kind }) => kind),
    ['submitted', 'accepted', 'triggered', 'filled', 'cancelled', 'expired', 'rejected', 'unknown'],
  );
  assert.deepEqual(events.items[2], { ...sampleOrderEvents('alpha', 1)[2], price: '65000.000000000001' });
  assert.deepEqual(events.items[3], { ...sampleOrderEvents('alpha', 1)[3], fill: fill(1) });
  const equity = indexes(3).map((index) => ({ time: START + index, equity: 10_000 + index / 3 }));
  assert.deepEqual(await json('/api/bots/alpha/equity'), { items: equity, ...page });
  assert.deepEqual(await json('/api/bots/beta/fills'), { items: [], ...page });

  const candles = [4, 5].map((index) => {
    const { openTime, closeTime, open, high, low, close, volume } = sampleCandle(index);
    return { openTime, closeTime, open, high, low, close, volume };
  });
  const market = { symbol: 'BTCUSDT', timeframe: '1m' };
  assert.deepEqual(await json('/api/market/BTCUSDT/candles?timeframe=1m&count=2'), { ...market, candles });
  assert.deepEqual(await json(`/api/market/BTCUSDT/candles?timeframe=1m&count=1&until=${START + 4 * MINUTE_MS}`), {
    ...market,
    candles: candles.slice(0, 1),
  });
  const last = (await store.auditRows(2, 1))[0]!;
  assert.deepEqual(await json('/api/audit/head'), { index: 3, hash: last.hash, recordedAt: START });
});

test('pages: each row once, whatever the page size, and a bound on it', async (t) => {
  const { ask, commit } = await serverUnderTest(t);
  const count = 2_345;
  await commit('alpha', {
    equity: indexes(count).map((index) => ({ time: epochMs(START + index), equity: index })),
  });
  for (const limit of [1_000, 469, 335]) {
    const seen: number[] = [];
    for (let offset: number | null = 0; offset !== null; ) {
      const answer = await ask(`/api/bots/alpha/equity?offset=${offset}&limit=${limit}`);
      const page = answer.json() as PageAnswer<{ equity: number }>;
      assert.ok(page.items.length <= limit);
      seen.push(...page.items.map(({ equity }) => equity));
      offset = page.nextOffset;
    }
    assert.deepEqual(seen, indexes(count));
  }
  assert.deepEqual(((await ask('/api/bots/alpha/equity?offset=999999')).json() as PageAnswer<unknown>).items, []);
  for (const query of ['limit=1001', 'limit=0', 'limit=-1', 'limit=1e3', 'limit=', 'limit=10&limit=10', 'offset=1.5']) {
    const answer = await ask(`/api/bots/alpha/equity?${query}`);
    assert.equal(answer.status, 400, query);
    assert.match(answer.text, /"code":"BAD_PARAMETER","message":"(limit|offset) must be a whole number from/);
  }
  const unknown = await ask('/api/bots/alpha/equity?page=2');
  assert.deepEqual(unknown.json(), {
    error: { code: 'BAD_PARAMETER', message: 'Unknown parameter. Known here: offset, limit.' },
  });
  const timeframe = await ask('/api/market/BTCUSDT/candles?timeframe=7m');
  assert.equal(timeframe.status, 400);
  assert.match(timeframe.text, /timeframe must be one of 1m, 3m, 5m/);
  assert.equal((await ask('/api/market/BTCUSDT/candles?timeframe=1m&count=1001')).status, 400);
});

test('unknown addresses are 404, other methods 405, HEAD is GET without a body', async (t) => {
  const { ask } = await serverUnderTest(t);
  const addresses = [
    '/',
    '/api',
    '/api/',
    '/api/status/',
    '/API/status',
    '/api/bots/gamma',
    '/api/market/X/candles?timeframe=1m',
  ];
  for (const path of addresses) {
    const answer = await ask(path);
    assert.equal(answer.status, 404, path);
    assert.match(answer.text, /^\{"error":\{"code":"NOT_FOUND","message":"[^"]+"\}\}$/);
  }
  for (const path of ['/health', '/api/bots/alpha', '/api/bots/alpha/fills', '/ws/market/BTCUSDT']) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await ask(path, { method });
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.equal(answer.headers.allow, 'GET, HEAD');
    }
  }
  assert.equal((await ask('/nowhere', { method: 'POST', body: '{}' })).status, 404);
  const head = await ask('/api/bots', { method: 'HEAD' });
  assert.deepEqual([head.status, head.text], [200, '']);
  assert.equal(head.headers['content-length'], `${(await ask('/api/bots')).text.length}`);
  assert.equal((await ask('/ws/market/BTCUSDT')).status, 426);
});

test('status: the price of each symbol with its source, the exchange’s time, and its age', async (t) => {
  const clock = new VirtualClock(epochMs(START));
  const { ask, bus } = await serverUnderTest(t, { clock });
  const status = async () => (await ask('/api/status')).json() as StatusAnswer;
  const unknown = { connected: false, ageMs: null, exchangeAgeMs: null, stale: true, volatility: null, price: null };
  assert.deepEqual((await status()).prices, [
    { symbol: 'BTCUSDT', ...unknown },
    { symbol: 'ETHUSDT', ...unknown },
  ]);
  const tick = {
    kind: 'price' as const,
    symbol: 'BTCUSDT',
    price: 65_000.5,
    bid: 65_000,
    ask: 65_001,
    occurredAt: epochMs(START - 120),
    receivedAt: epochMs(START - 20),
    source: 'bybit',
  };
  await bus.publish(topics.market('BTCUSDT'), tick);
  // Older by the exchange's clock: it came by a slower way and changes nothing.
  await bus.publish(topics.market('BTCUSDT'), { ...tick, price: 1, occurredAt: epochMs(START - 500) });
  await clock.advance(1_500);
  const found = await status();
  assert.deepEqual(found.prices[0], {
    symbol: 'BTCUSDT',
    connected: true,
    ageMs: 1_520,
    // The least delay that was seen, 100 ms, stands for the difference of the clocks.
    exchangeAgeMs: 1_520,
    stale: false,
    volatility: null,
    price: {
      symbol: 'BTCUSDT',
      price: 65_000.5,
      bid: 65_000,
      ask: 65_001,
      source: 'bybit',
      exchangeTime: START - 120,
      receivedAt: START - 20,
    },
  });
  assert.equal(found.uptimeMs, 1_500);
  assert.equal(found.time, START + 1_500);
  assert.equal(found.protocolVersion, 1);
  assert.match(found.version, /^\d+\.\d+\.\d+/);
  await clock.advance(90_000);
  assert.equal((await status()).prices[0]?.connected, false);

  // A market that is told in hours is connected for longer.
  const hour = { timeframe: '1h' as const, openTime: epochMs(START), closeTime: epochMs(START + HOUR_MS) };
  const candle = sampleCandle(1, { symbol: 'ETHUSDT', ...hour, receivedAt: clock.now() });
  await bus.publish(topics.market('ETHUSDT'), { kind: 'candle', candle });
  await clock.advance(1.4 * HOUR_MS);
  assert.equal((await status()).prices[1]?.connected, true);
  assert.equal((await status()).prices[1]?.price?.exchangeTime, START + HOUR_MS);
  await clock.advance(0.2 * HOUR_MS);
  assert.equal((await status()).prices[1]?.connected, false);
});

test('status: how the providers are connected, as their collectors told last', async (t) => {
  const clock = new VirtualClock(epochMs(START));
  const { ask, bus } = await serverUnderTest(t, { clock });
  const connections = async () => ((await ask('/api/status')).json() as StatusAnswer).connections;
  assert.deepEqual(await connections(), []);
  const socket = { line: 0, state: 'live', connectedSince: START, lastMessageAt: START, connects: 2, symbols: [] };
  const topic = { kind: 'price', symbol: 'BTCUSDT', timeframe: null, line: 0, state: 'stale', resubscriptions: 0 };
  const details = {
    ...{ source: 'bybit', delayMs: 0, transport: 'stream', exchangeTime: START, completeUntil: null },
    connections: [{ ...socket, lastFailure: null }],
    topics: [{ ...topic, lastMessageAt: null, lastExchangeTime: null }],
    counts: { reconnects: 1 },
  };
  await bus.publish(topics.systemEvents, { type: 'market.status', source: 'collector', time: clock.now(), details });
  await clock.advance(2_000);
  const told = {
    ...{ source: 'bybit', transport: 'stream', isConnected: true, sockets: 1, liveSockets: 1, reconnects: 1 },
    ...{ staleTopics: ['price BTCUSDT'], delayMs: 0, toldAgeMs: 2_000 },
  };
  assert.deepEqual(await connections(), [told]);
  // A collector that says nothing more has gone, whatever it said last.
  await clock.advance(60_000);
  assert.deepEqual(await connections(), [{ ...told, isConnected: false, toldAgeMs: 62_000 }]);
});

test('a server that starts later takes the last prices from the store', async (t) => {
  const first = await tradedServer(t);
  const later = await serverUnderTest(t, { store: first.store });
  const { prices } = (await later.ask('/api/status')).json() as StatusAnswer;
  assert.equal(prices[0]?.price?.price, sampleCandle(5).close);
  assert.equal(prices[0]?.price?.source, 'replay');
});

test('readiness names the part that does not answer', async (t) => {
  const { ask, store, bus } = await serverUnderTest(t);
  await store.close();
  const withoutStore = await ask('/ready');
  assert.equal(withoutStore.status, 503);
  assert.deepEqual(withoutStore.json(), { ready: false, parts: { bus: 'ok', store: 'failed' } });
  await bus.close();
  assert.deepEqual((await ask('/ready')).json(), { ready: false, parts: { bus: 'failed', store: 'failed' } });
  assert.equal((await ask('/health')).status, 200);
});

test('a store that hangs: readiness and reads end in time, and questions do not pile up', async (t) => {
  const clock = new VirtualClock();
  const { store } = await serverUnderTest(t);
  let asked = 0;
  const hanging = new Proxy(store, {
    get(target, name) {
      if (name === 'newestCandles') return target.newestCandles.bind(target);
      return () => {
        asked += 1;
        return new Promise(() => {});
      };
    },
  });
  const { ask } = await serverUnderTest(t, { store: hanging, clock, limits: { maximumReads: 4 } });
  const probes = [ask('/ready'), ask('/ready'), ask('/ready')];
  const reads = [1, 2, 3, 4].map(() => ask('/api/bots/alpha/fills'));
  while (asked < 5) await ask('/health');
  const busy = await ask('/api/bots/alpha/fills');
  assert.deepEqual([busy.status, busy.headers['retry-after']], [503, '1']);
  assert.match(busy.text, /"code":"BUSY"/);
  await clock.advance(2_000);
  for (const answer of await Promise.all(probes)) {
    assert.deepEqual(answer.json(), { ready: false, parts: { bus: 'ok', store: 'no-answer' } });
  }
  await clock.advance(3_000);
  for (const answer of await Promise.all(reads)) {
    assert.equal(answer.status, 503);
    assert.match(answer.text, /"code":"STORE_UNAVAILABLE"/);
  }
  assert.equal(asked, 5);
});

test('what fails inside is told to the log, not to the caller', async (t) => {
  const { ask, store, logger } = await serverUnderTest(t);
  await store.close();
  const answer = await ask('/api/bots/alpha/fills');
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.json(), {
    error: { code: 'INTERNAL', message: 'Something failed here; the log says what.' },
  });
  const [line] = logger.of('error');
  assert.equal(line?.fields.route, '/api/bots/:botId/fills');
  assert.match(String(line?.fields.error), /not open/);
});

test('the head of the audit log, whatever its length', async (t) => {
  const { ask, store } = await serverUnderTest(t);
  for (let length = 0; length <= 40; length++) {
    if (length > 0) await store.appendAudit([sampleEntry(length)], epochMs(START + length));
    // Every third only, so that the log also grows by more than one between two questions.
    if (length % 3 !== 0) continue;
    const head = (await ask('/api/audit/head')).json() as AuditHeadAnswer;
    assert.equal(head.index, length);
    assert.equal(head.hash, (await store.auditRows(length - 1, 1))[0]?.hash ?? '0'.repeat(64));
  }
  await store.appendAudit(
    indexes(500).map((index) => sampleEntry(index)),
    epochMs(START),
  );
  assert.equal(((await ask('/api/audit/head')).json() as AuditHeadAnswer).index, 500);
});

test('what must not start does not, and says how to mend it', async (t) => {
  const { server, bus, store, logger } = await serverUnderTest(t);
  const clock = new VirtualClock();
  const prices = priceSource(new PriceBoard(bus, clock), () => clock.now());
  const parts = {
    host: '127.0.0.1',
    port: 0,
    bus,
    store,
    prices,
    symbols: ['BTCUSDT'],
    botIds: ['alpha'],
    logger,
    clock,
  };
  const refused = (changes: Partial<Parameters<typeof startServer>[0]>, message: RegExp) =>
    assert.rejects(startServer({ ...parts, ...changes }), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      return true;
    });
  await refused(
    { port: server.port },
    new RegExp(`^Port ${server.port} of 127.0.0.1 is in use .*Set server.port to another`),
  );
  assert.equal(clock.pendingTimers, 0);
  await refused({ host: '0.0.0.0' }, /listen on 0\.0\.0\.0, where other machines can reach it, without a token/);
  await refused({ host: '::' }, /without a token/);
  await refused({ host: 'trading.example' }, /without a token/);
  await refused({ token: '' }, /too weak/);
  await refused({ token: 'short' }, /too weak/);
  await refused({ token: 'with a blank '.repeat(4) }, /unusual characters/);
  await refused({ host: '192.0.2.1', token: 'x'.repeat(32) }, /this machine has no such address/);
  await refused({ host: 'a b' }, /is not an address/);
  await refused({ port: 65_536 }, /whole number from 0 to 65535/);
  for (const origin of [
    'null',
    '*',
    'dashboard.example',
    'https://dashboard.example/',
    'HTTPS://A.example',
    'file://',
  ]) {
    await refused({ allowedOrigins: [origin] }, /Write scheme, host and port only/);
  }
});

test('localhost is one address, with WebSockets', async (t) => {
  const { server, open } = await serverUnderTest(t, { host: 'localhost' });
  assert.equal(server.url, `http://localhost:${server.port}`);
  assert.equal((await fetch(`${server.url}/health`)).status, 200);
  const reader = open('/ws/market/BTCUSDT');
  assert.equal((await reader.next()).type, 'snapshot');
  await reader.leave();
});
