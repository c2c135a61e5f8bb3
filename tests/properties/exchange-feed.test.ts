import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedName } from '../../src/domain/candle.ts';
import { VirtualClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Random } from '../../src/foundation/random.ts';
import { epochMs, MINUTE_MS, SECOND_MS } from '../../src/foundation/time.ts';
import type { ExchangeTraits } from '../../src/providers/exchange/exchange-connection.ts';
import { ExchangeFeed } from '../../src/providers/exchange/exchange-feed.ts';
import { MarketRecorder } from '../contracts/market-data-recorder.ts';
import { SCRIPT_START } from '../support/venues/scripted-market.ts';
import { CLOCK_SKEW_MS, type Faults, NO_FAULTS, SimulatedConnection } from '../support/venues/simulated-connection.ts';

const MINUTES = 60;
const PASSED_BEFORE = 10;
const FEEDS = [
  { symbol: 'AAAUSD', timeframe: '1m' },
  { symbol: 'BBBUSD', timeframe: '1m' },
] as const;

interface Outcome {
  readonly sink: MarketRecorder;
  readonly connection: SimulatedConnection;
  readonly feed: ExchangeFeed;
}

/** An hour of an exchange with faults for its first 40 minutes; what came must be the script to the last candle. */
async function hour(seed: number, faults: Faults, traits: Partial<ExchangeTraits> = {}): Promise<Outcome> {
  const begin = SCRIPT_START + PASSED_BEFORE * MINUTE_MS + 1_700 - CLOCK_SKEW_MS;
  const clock = new VirtualClock(epochMs(begin));
  const connection = new SimulatedConnection(clock, new Random(seed, 'network'), NO_FAULTS, MINUTES + 5, traits);
  const feed = new ExchangeFeed({ connection, clock, random: new Random(seed, 'feed'), logger: silentLogger });
  const sink = new MarketRecorder();
  const resume = new Map(FEEDS.map((one) => [feedName(one), epochMs(SCRIPT_START + 2 * MINUTE_MS)]));
  let hasStarted = false;
  const started = feed.start(FEEDS, resume, sink).finally(() => {
    hasStarted = true;
  });
  while (!hasStarted) await clock.advance(100);
  await started;
  // Whether an exchange can be reached at the start is another matter: a person is told.
  connection.faults = faults;
  await clock.advance(40 * MINUTE_MS);
  connection.faults = NO_FAULTS;
  const end = SCRIPT_START + MINUTES * MINUTE_MS;
  await clock.advance(end + 40 * SECOND_MS - connection.now);
  await feed.stop();
  // Nothing keeps a stopped feed alive but the simulation's own tick and what is on its way.
  const { calls } = sink;
  await clock.advance(5 * MINUTE_MS);
  assert.equal(sink.calls, calls);
  for (const one of FEEDS) {
    const expected = connection.script
      .get(one.symbol)!
      .filter(({ openTime, closeTime }) => openTime >= SCRIPT_START + 2 * MINUTE_MS && closeTime <= end);
    assert.deepEqual(sink.of(one), expected, `seed ${seed}, ${one.symbol}: ${JSON.stringify(feed.status())}`);
  }
  assert.deepEqual(sink.ends, []);
  return { sink, connection, feed };
}

const EVERYTHING: Faults = {
  ...{ lost: 0.2, repeated: 0.1, late: 0.1, closedTooEarly: 0.2, impossible: 0.05, cut: 0.15, frozen: 0.05 },
  ...{ failed: 0.3, lagging: 0.3, wrong: 0 },
};

test('without faults every candle comes from the stream, over one connection', async () => {
  const { connection, feed } = await hour(1, NO_FAULTS);
  assert.equal(connection.connections, 1);
  assert.equal(feed.counts.fromHistory, (PASSED_BEFORE - 2) * FEEDS.length);
  assert.equal(feed.counts.closedTooEarly, 0);
});

test('under all faults at once the candles are the exchange’s, each once, in order, none forming', async () => {
  const seen = { closedTooEarly: 0, impossible: 0, repeated: 0, connections: 0 };
  for (let seed = 1; seed <= 25; seed++) {
    const { feed, connection } = await hour(seed, EVERYTHING);
    seen.closedTooEarly += feed.counts.closedTooEarly;
    seen.impossible += feed.counts.impossible;
    seen.repeated += feed.counts.repeated;
    seen.connections += connection.connections;
  }
  assert.ok(
    Object.values(seen).every((count) => count > 50),
    JSON.stringify(seen),
  );
});

test('so they are on an exchange that has no candle for a quiet minute, and never says that one has closed', async () => {
  const traits = { isSparse: true, settleMs: 2_000, quietMs: 90_000 };
  // Where a message that is 20 s late can't be told from one in time, and a lagging history not from a quiet minute,
  // there is nothing to go by.
  const faults = { ...EVERYTHING, late: 0, lagging: 0, lost: 0, frozen: 0 };
  for (let seed = 1; seed <= 25; seed++) await hour(seed, faults, traits);
});

test('so they are without any stream', async () => {
  const traits = { isSparse: true, streamsCandles: false, settleMs: 2_000 };
  for (let seed = 1; seed <= 10; seed++) await hour(seed, { ...NO_FAULTS, failed: 0.4 }, traits);
});

test('a frozen connection is found by its silence within 20 s, and prices go on from requests meanwhile', async () => {
  const { sink, connection } = await hour(3, { ...NO_FAULTS, frozen: 0.5 });
  assert.ok(connection.connections > 5, `${connection.connections} connections`);
  const times = sink.prices.filter(({ symbol }) => symbol === 'AAAUSD').map(({ occurredAt }) => occurredAt);
  const longest = Math.max(...times.slice(1).map((time, index) => time - times[index]!));
  assert.ok(longest < 40 * SECOND_MS, `${longest} ms without a price`);
});

test('a broken connection is opened anew no more often than the budget allows', async () => {
  const { connection } = await hour(
    5,
    { ...NO_FAULTS, cut: 0.97 },
    { connections: { most: 4, windowMs: 10 * MINUTE_MS, spacingMs: 0 } },
  );
  assert.ok(connection.connections <= 4 * 6, `${connection.connections} connections in an hour`);
});
