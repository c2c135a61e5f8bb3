import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedName } from '../../src/domain/candle.ts';
import { VirtualClock } from '../../src/foundation/clock.ts';
import { UserError } from '../../src/foundation/errors.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Random } from '../../src/foundation/random.ts';
import { epochMs, MINUTE_MS, SECOND_MS } from '../../src/foundation/time.ts';
import type { TopicStatus } from '../../src/market/market-data.ts';
import type { ExchangeTraits } from '../../src/providers/exchange/exchange-connection.ts';
import { ExchangeFeed } from '../../src/providers/exchange/exchange-feed.ts';
import type { ExchangeFeedOptions } from '../../src/providers/exchange/feed-options.ts';
import { MarketRecorder } from '../contracts/market-data-recorder.ts';
import { SCRIPT_START } from '../support/venues/scripted-market.ts';
import { CLOCK_SKEW_MS, type Faults, NO_FAULTS, SimulatedConnection } from '../support/venues/simulated-connection.ts';

const MINUTES = 60;
const PASSED_BEFORE = 10;
const A = { symbol: 'AAAUSD', timeframe: '1m' } as const;
const B = { symbol: 'BBBUSD', timeframe: '1m' } as const;

interface Setting {
  readonly faults?: Partial<Faults>;
  readonly traits?: Partial<ExchangeTraits>;
  readonly options?: Partial<ExchangeFeedOptions>;
  readonly prepare?: (connection: SimulatedConnection) => void;
}

/** A feed of two symbols that has begun, each on a line of its own, at the eleventh minute of an exchange's hour. */
async function begin({ faults = {}, traits = {}, options = {}, prepare = () => {} }: Setting = {}) {
  const clock = new VirtualClock(epochMs(SCRIPT_START + PASSED_BEFORE * MINUTE_MS + 1_700 - CLOCK_SKEW_MS));
  const connection = new SimulatedConnection(
    clock,
    new Random(1, 'network'),
    { ...NO_FAULTS, ...faults },
    MINUTES + 5,
    { symbolsPerSocket: 1, ...traits },
  );
  prepare(connection);
  const feed = new ExchangeFeed({ connection, clock, random: new Random(1, 'feed'), logger: silentLogger, ...options });
  const sink = new MarketRecorder();
  let hasStarted = false;
  const started = feed.start([A, B], new Map(), sink).finally(() => {
    hasStarted = true;
  });
  while (!hasStarted) await clock.advance(100);
  await started;
  return {
    ...{ clock, connection, feed, sink },
    topic: (kind: TopicStatus['kind'], symbol: string) =>
      feed.status().topics.find((one) => one.kind === kind && one.symbol === symbol)!,
    line: (line: number) => feed.status().connections[line]!,
    async end() {
      await clock.advance(SCRIPT_START + MINUTES * MINUTE_MS + 40 * SECOND_MS - connection.now);
      await feed.stop();
      for (const one of [A, B]) {
        const expected = connection.script
          .get(one.symbol)!
          .filter(
            ({ openTime, closeTime }) =>
              openTime >= SCRIPT_START + PASSED_BEFORE * MINUTE_MS && closeTime <= SCRIPT_START + MINUTES * MINUTE_MS,
          );
        assert.deepEqual(sink.of(one), expected, feedName(one));
      }
    },
  };
}

test('each line stands for itself: one that breaks disturbs no other', async () => {
  const run = await begin();
  await run.clock.advance(5 * MINUTE_MS);
  assert.deepEqual(
    run.feed.status().connections.map(({ symbols, connects }) => [symbols, connects]),
    [
      [['AAAUSD'], 1],
      [['BBBUSD'], 1],
    ],
  );
  const since = run.line(1).connectedSince;
  run.connection.cutLine(0);
  assert.deepEqual([run.line(0).state, run.line(1).state], ['down', 'live']);
  assert.equal(run.topic('candles', 'AAAUSD').state, 'stale');
  await run.clock.advance(3 * SECOND_MS);
  assert.deepEqual([run.line(0).state, run.line(0).connects], ['live', 2]);
  assert.deepEqual([run.line(1).connects, run.line(1).connectedSince], [1, since]);
  assert.equal(run.feed.status().counts.reconnects, 1);
  await run.end();
});

test('lines start one after the other, and no more are opened in a window than are allowed', async () => {
  const spacingMs = 2_000;
  const run = await begin({
    faults: { cut: 0.9 },
    traits: { connections: { most: 3, windowMs: 2 * MINUTE_MS, spacingMs } },
  });
  await run.clock.advance(30 * MINUTE_MS);
  const { openedAt } = run.connection;
  assert.ok(openedAt.length > 20, `${openedAt.length} connections`);
  for (const [index, at] of openedAt.entries()) {
    if (index > 0) assert.ok(at - openedAt[index - 1]! >= spacingMs, 'they are apart');
    if (index >= 3) assert.ok(at - openedAt[index - 3]! >= 2 * MINUTE_MS, 'no more than three in two minutes');
  }
  run.connection.faults = NO_FAULTS;
  await run.end();
});

test('a feed that is stopped leaves no timer behind, whatever it waited for', async () => {
  const run = await begin({
    faults: { cut: 0.9, wrong: 0.5 },
    traits: { connections: { most: 2, windowMs: 30 * MINUTE_MS, spacingMs: 5_000 } },
    options: { crossCheckShare: 1 },
    prepare: (connection) => connection.refused.add('candles AAAUSD:1m'),
  });
  await run.clock.advance(5 * MINUTE_MS + 1_500);
  await run.feed.stop();
  // What is on its way to or from the exchange arrives within seconds.
  await run.clock.advance(25 * SECOND_MS);
  assert.equal(run.clock.pendingTimers, 1, 'the simulation’s own tick alone');
});

test('a topic that is silent alone is found within its interval and 5 s; requests bring what it does not', async () => {
  const run = await begin();
  await run.clock.advance(3 * MINUTE_MS);
  run.connection.muted.add('candles AAAUSD:1m');
  const from = run.clock.now();
  while (run.topic('candles', 'AAAUSD').state !== 'stale') {
    await run.clock.advance(500);
    assert.ok(run.clock.now() - from <= 65 * SECOND_MS, 'found in time');
  }
  assert.equal(run.topic('candles', 'BBBUSD').state, 'live');
  const before = run.sink.of(A).length;
  await run.clock.advance(10 * MINUTE_MS);
  assert.ok(run.sink.of(A).length >= before + 9, 'candles go on by requests');
  const attempts = run.connection.resubscribed.filter((name) => name === 'candles AAAUSD:1m').length;
  assert.ok(attempts >= 2 && attempts <= 8, `${attempts} subscriptions, less and less often`);
  assert.ok(!run.connection.resubscribed.includes('candles BBBUSD:1m'));
  assert.equal(run.connection.connections, 2, 'no socket was touched');
  run.connection.muted.clear();
  await run.clock.advance(MINUTE_MS);
  assert.equal(run.topic('candles', 'AAAUSD').state, 'live');
  await run.end();
});

test('a price that is said again and again is stale by its own time; requests bring newer ones meanwhile', async () => {
  const run = await begin();
  await run.clock.advance(3 * MINUTE_MS);
  run.connection.repeating.add('price AAAUSD');
  await run.clock.advance(25 * SECOND_MS);
  assert.equal(run.topic('price', 'AAAUSD').state, 'stale');
  assert.equal(run.topic('price', 'BBBUSD').state, 'live');
  const mark = run.sink.prices.length;
  await run.clock.advance(MINUTE_MS);
  const times = run.sink.prices
    .slice(mark)
    .filter(({ symbol }) => symbol === 'AAAUSD')
    .map(({ occurredAt }) => occurredAt);
  assert.ok(times.length >= 15, `${times.length} prices in a minute`);
  for (const [index, time] of times.slice(1).entries()) assert.ok(time - times[index]! <= 5 * SECOND_MS);
  run.connection.repeating.clear();
  await run.clock.advance(30 * SECOND_MS);
  assert.equal(run.topic('price', 'AAAUSD').state, 'live');
  await run.end();
});

test('while a line is down its prices are asked for at once', async () => {
  const run = await begin({ traits: { connections: { most: 2, windowMs: 5 * MINUTE_MS, spacingMs: 0 } } });
  await run.clock.advance(30 * SECOND_MS);
  run.connection.cutLine(0);
  const mark = run.sink.prices.length;
  await run.clock.advance(2 * MINUTE_MS);
  assert.equal(run.line(0).state, 'down');
  const times = run.sink.prices
    .slice(mark)
    .filter(({ symbol }) => symbol === 'AAAUSD')
    .map(({ occurredAt }) => occurredAt);
  for (const [index, time] of times.slice(1).entries()) assert.ok(time - times[index]! <= 5 * SECOND_MS);
  assert.ok(times.length >= 30, `${times.length} prices`);
  await run.end();
});

test('a subscription that is refused, or forgotten without a word, is made up for within a minute', async () => {
  const run = await begin({
    prepare: (connection) => {
      connection.refused.add('candles AAAUSD:1m').add('price BBBUSD');
      connection.forgotten.add('candles BBBUSD:1m');
    },
  });
  await run.clock.advance(2 * SECOND_MS);
  assert.equal(run.topic('candles', 'AAAUSD').state, 'refused');
  assert.equal(run.feed.status().counts.refused, 2);
  await run.clock.advance(58 * SECOND_MS);
  for (const { kind, symbol, state } of run.feed.status().topics) assert.equal(state, 'live', `${kind} ${symbol}`);
  assert.equal(run.connection.connections, 2);
  await run.end();
});

test('a wrong close of the stream is found by asking the history, which has the authority', async () => {
  const run = await begin({ faults: { wrong: 0.3 }, options: { crossCheckShare: 1 } });
  await run.clock.advance(40 * MINUTE_MS);
  run.connection.faults = NO_FAULTS;
  await run.clock.advance(MINUTE_MS);
  const { counts } = run.feed.status();
  const script = run.connection.script;
  const wrong = [A, B].flatMap((one) =>
    run.sink.of(one).filter((candle) => {
      const right = script.get(one.symbol)!.find(({ openTime }) => openTime === candle.openTime)!;
      return candle.close !== right.close;
    }),
  );
  assert.ok(wrong.length > 10, `${wrong.length} were wrong`);
  assert.equal(counts.conflicts, wrong.length, 'every one was found');
  assert.equal(run.sink.revisions.length, wrong.length);
  for (const { feed, candle, version } of run.sink.revisions) {
    assert.ok(script.get(feed.symbol)!.some((one) => one.openTime === candle.openTime && one.close === candle.close));
    assert.equal(version, 2);
  }
  assert.ok(run.sink.notices.every((notice) => notice.kind === 'conflict' && notice.kept === 'history'));
  await run.feed.stop();
});

test('with the authority of the stream a conflict is recorded, and the candle stays', async () => {
  const run = await begin({ faults: { wrong: 0.3 }, options: { crossCheckShare: 1, authority: 'stream' } });
  await run.clock.advance(20 * MINUTE_MS);
  const { conflicts, revised } = run.feed.status().counts;
  assert.ok(conflicts > 5 && revised === 0, `${conflicts} conflicts, ${revised} revisions`);
  await run.feed.stop();
});

test('of sound candles about as many are compared as wished, and a doubtful one always', async () => {
  const sampled = await begin({ options: { crossCheckShare: 0.2 } });
  await sampled.clock.advance(45 * MINUTE_MS);
  const { crossChecks, given, conflicts } = sampled.feed.status().counts;
  assert.ok(crossChecks > given * 0.08 && crossChecks < given * 0.35, `${crossChecks} of ${given}`);
  assert.equal(conflicts, 0);
  await sampled.end();
  const doubtful = await begin({ faults: { closedTooEarly: 1 }, options: { crossCheckShare: 0 } });
  await doubtful.clock.advance(20 * MINUTE_MS);
  const counts = doubtful.feed.status().counts;
  assert.ok(counts.closedTooEarly > 100 && counts.crossChecks >= counts.given - counts.fromHistory - 4);
  doubtful.connection.faults = NO_FAULTS;
  await doubtful.end();
});

test('a revised candle is told once, with its version; one that the history does not know is a conflict', async () => {
  const run = await begin({ options: { crossCheckShare: 0 } });
  await run.clock.advance(5 * MINUTE_MS);
  const given = run.sink.of(A).at(-1)!;
  const source = run.connection.script.get('AAAUSD')!.find(({ openTime }) => openTime === given.openTime)!;
  for (let time = 0; time < 3; time++) run.connection.revise(A, source, source.low);
  await run.clock.advance(20 * SECOND_MS);
  assert.deepEqual(run.sink.revisions, [
    { feed: A, before: given, candle: { ...given, close: source.low }, version: 2 },
  ]);
  assert.equal(run.feed.status().counts.conflicts, 0);
  run.connection.revise(A, source, source.high, false);
  await run.clock.advance(20 * SECOND_MS);
  assert.equal(run.sink.revisions.length, 1);
  assert.equal(run.feed.status().counts.conflicts, 1);
  await run.end();
});

test('polling alone brings all candles and prices, and is told as such', async () => {
  const run = await begin({ traits: { streamsCandles: false, streamsPrices: false } });
  await run.clock.advance(10 * MINUTE_MS);
  const { transport, connections, topics } = run.feed.status();
  assert.deepEqual([transport, connections.length, run.connection.connections], ['poll', 0, 0]);
  assert.ok(topics.every(({ state, lastMessageAt }) => state === 'polled' && lastMessageAt !== null));
  assert.ok(run.sink.prices.length > 300, `${run.sink.prices.length} prices`);
  run.connection.faults = { ...NO_FAULTS, failed: 1 };
  await run.clock.advance(2 * MINUTE_MS);
  assert.ok(run.feed.status().topics.every(({ state }) => state === 'stale'));
  run.connection.faults = NO_FAULTS;
  await run.end();
});

test('what the history will never have is told as incomplete', async () => {
  const run = await begin({
    options: { history: 8 },
    prepare: ({ script }) => {
      const all = script.get('AAAUSD')!;
      script.set('AAAUSD', [...all.slice(0, 4), ...all.slice(6)]);
    },
  });
  await run.clock.advance(MINUTE_MS);
  assert.deepEqual(run.sink.notices, [
    {
      kind: 'incomplete',
      feed: A,
      from: SCRIPT_START + 4 * MINUTE_MS,
      to: SCRIPT_START + 6 * MINUTE_MS,
    },
  ]);
  assert.equal(run.feed.status().counts.missing, 2);
  await run.feed.stop();
});

test('a history begins with whole bigger bars', async () => {
  const run = await begin({ options: { history: 3, alignTo: ['5m'] } });
  await run.clock.advance(10 * SECOND_MS);
  assert.equal(run.sink.of(A)[0]!.openTime, SCRIPT_START + 5 * MINUTE_MS);
  await run.feed.stop();
});

test('an exchange that fails is told to the person within 10 s', async () => {
  const clock = new VirtualClock(epochMs(SCRIPT_START));
  const connection = new SimulatedConnection(clock, new Random(1), { ...NO_FAULTS, failed: 1 }, 5);
  const feed = new ExchangeFeed({ connection, clock, random: new Random(1), logger: silentLogger });
  let failure: unknown;
  feed.start([A], new Map(), new MarketRecorder()).catch((thrown: unknown) => {
    failure = thrown;
  });
  while (failure === undefined) {
    await clock.advance(100);
    assert.ok(clock.now() - SCRIPT_START < 10 * SECOND_MS);
  }
  assert.ok(failure instanceof UserError && /^simulated can't be reached: /.test(failure.message), String(failure));
  await feed.stop();
  assert.equal(clock.pendingTimers, 1, 'the simulation’s own tick alone');
});
