/** Each fault of a market's feed, struck by the simulated exchange against ccxt as it is: what comes out stays right. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InProcessBus } from '../../src/bus/in-process-bus.ts';
import { topics } from '../../src/bus/topics.ts';
import type { CandleMessage } from '../../src/domain/event.ts';
import type { FaultRequest } from '../../src/exchange/faults/fault.ts';
import type { KlineInterval } from '../../src/exchange/market/tape-candles.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { DAY_MS, epochMs, MINUTE_MS, SECOND_MS } from '../../src/foundation/time.ts';
import { Collector } from '../../src/live/collector.ts';
import type { MarketDataStatus } from '../../src/market/market-data.ts';
import type { MarketStore } from '../../src/store/store.ts';
import { FollowedExchange, type FollowedOptions, INTERVALS } from '../support/followed-exchange.ts';

const ONE_MINUTE = '1' as KlineInterval;
const CONNECTS = 'WS public connect';

async function following(options: FollowedOptions, body: (followed: FollowedExchange) => Promise<void>): Promise<void> {
  const followed = await FollowedExchange.open(options);
  try {
    await body(followed);
  } finally {
    await followed.close();
  }
}

/** Six minutes with faults, two without; what came must be the recorded candles. */
function survives(faults: readonly FaultRequest[], options: FollowedOptions, check: (one: FollowedExchange) => void) {
  return following(options, async (one) => {
    await one.pass(20 * SECOND_MS);
    const ids = faults.map((fault) => one.exchange.faults.add(fault));
    await one.pass(6 * MINUTE_MS);
    for (const id of ids) one.exchange.faults.remove(id);
    await one.pass(2 * MINUTE_MS);
    one.assertCandles(7);
    check(one);
  });
}

describe('a market that is followed', { concurrency: 3 }, () => {
  for (const [symbolsPerSocket, sockets] of [
    [undefined, 1],
    [5, 3],
    [1, 12],
  ] as const) {
    test(`has ${sockets} sockets for 12 symbols, ${symbolsPerSocket ?? 'as many as wished'} on each`, async () => {
      const symbols = Array.from({ length: 12 }, (_, index) => `COIN${index}USDT`);
      const feed = symbolsPerSocket === undefined ? {} : { symbolsPerSocket };
      // Slowly: a machine that is busy elsewhere must not look like a silent exchange.
      await following({ symbols, feed, printsPerMinute: 60, speed: 2 }, async (one) => {
        const isWhole = (): boolean => {
          const { connections, topics } = one.feed.status();
          return [...connections, ...topics].every(({ state }) => state === 'live');
        };
        await one.until(isWhole, MINUTE_MS, 'all lines and topics live');
        const { connections, topics, counts } = one.feed.status();
        assert.deepEqual([connections.length, topics.length], [sockets, 24]);
        assert.equal(one.exchange.openConnections, sockets);
        assert.equal(one.calls(CONNECTS), sockets + counts.reconnects);
        assert.deepEqual(
          connections.flatMap((connection) => connection.symbols),
          symbols,
        );
      });
    });
  }

  test('F13: goes on through connections that are cut all the time', async () => {
    await survives([{ kind: 'disconnect-storm', sockets: 'public', everyMs: 20_000 }], {}, (one) => {
      const { reconnects } = one.feed.status().counts;
      assert.ok(reconnects >= 5 && reconnects <= 25, `${reconnects} reconnections`);
    });
  });

  test('F14: finds a half-open socket within 25 s, and connects anew', async () => {
    await following({ speed: 15 }, async (one) => {
      await one.pass(MINUTE_MS);
      one.exchange.faults.add({ kind: 'half-open', sockets: 'public', count: 1 });
      const took = await one.until(() => one.feed.status().counts.reconnects === 1, 25 * SECOND_MS, 'found');
      assert.ok(took > 10 * SECOND_MS, `${took} ms`);
      await one.pass(2 * MINUTE_MS);
      assert.equal(one.feed.status().connections[0]!.state, 'live');
      one.assertCandles(2);
    });
  });

  test('F15: finds one silent topic within its interval and 5 s, and disturbs no other', async () => {
    await following({ speed: 6 }, async (one) => {
      await one.pass(5 * SECOND_MS);
      const id = one.exchange.faults.add({ kind: 'freeze', topic: 'kline.1.BTCUSDT' });
      const isStale = (): boolean => one.topic('candles', 'BTCUSDT').state === 'stale';
      await one.until(isStale, 65 * SECOND_MS, 'found');
      assert.equal(one.topic('candles', 'ETHUSDT').state, 'live');
      assert.equal(one.topic('price', 'BTCUSDT').state, 'live');
      one.exchange.faults.remove(id);
      await one.until(() => one.topic('candles', 'BTCUSDT').state === 'live', MINUTE_MS, 'mended');
      assert.equal(one.calls(CONNECTS), 1);
      one.assertCandles(1);
    });
  });

  test('F16: takes no subscription for granted: refused and forgotten ones are made again within a minute', async () => {
    const prepare: FollowedOptions['prepare'] = ({ faults }) => {
      faults.add({ kind: 'refuse-subscription', topic: 'kline.1.BTCUSDT', count: 1 });
      faults.add({ kind: 'refuse-subscription', topic: 'kline.1.ETHUSDT', silently: true, count: 1 });
    };
    await following({ prepare, speed: 15 }, async (one) => {
      const areLive = (): boolean => one.feed.status().topics.every(({ state }) => state === 'live');
      await one.until(areLive, MINUTE_MS, 'all topics live');
      const { refused, stale } = one.feed.status().counts;
      assert.ok(refused + stale > 0, `${refused} refused, ${stale} stale`);
      await one.pass(MINUTE_MS);
      one.assertCandles(1);
    });
  });

  test('F18: misses no candle where every fifth message is lost', async () => {
    await survives([{ kind: 'drop', probability: 0.2 }], {}, (one) => {
      assert.ok(one.feed.status().counts.gapsFilled > 0);
    });
  });

  test('F19: a price that repeats itself is stale, and requests bring newer ones', async () => {
    await following({ speed: 5 }, async (one) => {
      await one.pass(5 * SECOND_MS);
      one.exchange.faults.add({ kind: 'repeat', topic: 'tickers.BTCUSDT' });
      await one.until(() => one.topic('price', 'BTCUSDT').state === 'stale', 25 * SECOND_MS, 'found');
      const mark = one.sink.prices.length;
      await one.pass(30 * SECOND_MS);
      const fresh = one.sink.prices.slice(mark).filter(({ symbol }) => symbol === 'BTCUSDT');
      assert.ok(fresh.length >= 3, `${fresh.length} prices in 30 s`);
      assert.equal(one.topic('price', 'ETHUSDT').state, 'live');
    });
  });

  test('F20: doubled, reordered and late messages neither double nor misplace a candle', async () => {
    const faults: FaultRequest[] = [
      { kind: 'duplicate', topic: 'kline.*', probability: 0.3 },
      { kind: 'reorder', topic: 'kline.*', ms: 60_000, probability: 0.5 },
    ];
    await survives(faults, {}, (one) => {
      const { repeated, revised } = one.feed.status().counts;
      assert.ok(repeated > 0);
      assert.equal(revised, 0);
    });
  });

  test('F21: counts frames that are cut off, and keeps the connection', async () => {
    await survives([{ kind: 'truncate', probability: 0.3 }], {}, (one) => {
      const { malformed, refused } = one.feed.status().counts;
      assert.ok(malformed > 20, `${malformed} malformed`);
      // ccxt gives up on all that is subscribed when it meets such a text: it does not get to see it.
      assert.equal(refused, 0);
    });
  });

  test('F22: believes no candle that is called closed while it runs, and asks about those of which it was said', async () => {
    await survives([{ kind: 'forming-as-closed', probability: 1 }], {}, (one) => {
      const { closedTooEarly, crossChecks, conflicts } = one.feed.status().counts;
      assert.ok(closedTooEarly > 50 && crossChecks >= 6, `${closedTooEarly} lies, ${crossChecks} checks`);
      assert.equal(conflicts, 0);
    });
  });

  test('F23: a candle that the exchange revises is told as its second version, once', async () => {
    await following({ feed: { crossCheckShare: 0 } }, async (one) => {
      await one.pass(10 * SECOND_MS);
      one.exchange.faults.add({ kind: 'revised-candle', symbol: 'BTCUSDT', ms: 10_000, ticks: 3, count: 1 });
      await one.until(() => one.sink.revisions.length === 1, 2 * MINUTE_MS, 'the revision');
      await one.pass(2 * MINUTE_MS);
      const [{ before, candle, version }] = one.sink.revisions as [(typeof one.sink.revisions)[number]];
      assert.deepEqual([one.sink.revisions.length, version, candle.openTime], [1, 2, before.openTime]);
      assert.ok(Math.abs(candle.close - before.close) > 0.29);
      one.assertCandles(2);
    });
  });

  test('F24: an outage of five minutes leaves no hole', async () => {
    await following({}, async (one) => {
      await one.pass(90 * SECOND_MS);
      const id = one.exchange.faults.add({ kind: 'outage' });
      await one.pass(5 * MINUTE_MS);
      const [before] = [Math.max(...one.feeds.map((feed) => one.sink.of(feed).length))];
      one.exchange.faults.remove(id);
      await one.until(
        () => one.feeds.every((feed) => one.sink.of(feed).length >= before + 4),
        3 * MINUTE_MS,
        'the gap',
      );
      await one.pass(MINUTE_MS);
      one.assertCandles(before + 4);
      assert.ok(one.feed.status().counts.reconnects > 0);
    });
  });

  test('F24: a gap of seven days is filled before the next candle, over answers that fail', async () => {
    const prepare: FollowedOptions['prepare'] = ({ faults }) => {
      faults.add({ kind: 'answer', path: '/v5/market/kline', with: 503, when: 'before', probability: 0.3 });
    };
    const resumeAfter: FollowedOptions['resumeAfter'] = (now) =>
      epochMs(Math.floor((now - 7 * DAY_MS) / MINUTE_MS) * MINUTE_MS);
    await following({ prepare, resumeAfter, speed: 10 }, async (one) => {
      const count = (): number => Math.min(...one.feeds.map((feed) => one.sink.of(feed).length));
      await one.until(() => count() >= 7 * 1_440, 10 * MINUTE_MS, 'seven days');
      await one.pass(2 * MINUTE_MS);
      one.assertCandles(7 * 1_440 + 1);
    });
  });

  for (const how of [
    'high-below-low',
    'close-outside',
    'negative-volume',
    'wrong-end',
    'off-the-grid',
    'seconds',
  ] as const) {
    test(`F26, F27: takes no candle with ${how}, and asks for the right one`, async () => {
      const fault = { kind: 'impossible-candle', how, topic: 'kline.*', closed: true } as const;
      await survives([fault], {}, (one) => {
        const { impossible, malformed, gapsFilled } = one.feed.status().counts;
        assert.ok(impossible + malformed >= 5 && gapsFilled >= 3, JSON.stringify(one.feed.status().counts));
      });
    });
  }

  test('F26: takes no price that is none', async () => {
    const values = [0, -1, null, '', '1e400', '0x10', 'NaN'] as const;
    const faults = values.map((value): FaultRequest => {
      return { kind: 'false-value', field: 'lastPrice', value, topic: 'tickers.*', probability: 0.3 };
    });
    await survives(faults, {}, (one) => {
      assert.ok(one.sink.prices.length > 20);
      assert.ok(one.sink.prices.every(({ price }) => price > 1_000 && price < 1_000_000));
    });
  });

  test('F30: stream and history that differ are a conflict, and the history holds', async () => {
    await following({ feed: { crossCheckShare: 1 }, speed: 20 }, async (one) => {
      const [market] = one.exchange.parts.markets;
      const [feed] = one.feeds;
      // A candle that came by a request, or was compared before it was changed, shows nothing.
      for (let attempt = 0; attempt < 6 && one.sink.notices.length === 0; attempt++) {
        const count = one.sink.of(feed!).length;
        await one.until(() => one.sink.of(feed!).length > count, 2 * MINUTE_MS, 'a candle');
        one.exchange.parts.candles.revise(market!, ONE_MINUTE, one.sink.of(feed!).at(-1)!.openTime, 4n);
        await one.pass(15 * SECOND_MS);
      }
      const [notice] = one.sink.notices;
      assert.ok(notice?.kind === 'conflict' && notice.kept === 'history', JSON.stringify(notice));
      await one.until(() => one.sink.revisions.length > 0, 10 * SECOND_MS, 'the revision');
      assert.deepEqual(one.sink.revisions[0]!.candle, notice.history);
      assert.ok(one.feed.status().counts.conflicts >= 1);
    });
  });

  test('candles built from the trades are the ones that were given; where trades are lost, differences are counted', async () => {
    await following({ feed: { compareTrades: true }, speed: 15 }, async (one) => {
      await one.pass(4 * MINUTE_MS);
      const { rebuilt, rebuiltDifferent } = one.feed.status().counts;
      assert.ok(rebuilt >= 3, `${rebuilt} compared`);
      assert.equal(rebuiltDifferent, 0);
      one.exchange.faults.add({ kind: 'drop', topic: 'publicTrade.*', probability: 0.5 });
      await one.pass(3 * MINUTE_MS);
      assert.ok(one.feed.status().counts.rebuiltDifferent >= 2);
      assert.ok(one.sink.notices.every(({ kind }) => kind === 'rebuilt-differs'));
    });
  });

  test('bars of 5m to 1d that the collector builds are the exchange’s own', async () => {
    const timeframes = ['5m', '15m', '1h', '4h', '1d'] as const;
    const feed = { history: 2 * 1_440, alignTo: timeframes };
    await following({ symbols: ['BTCUSDT'], speed: 40, feed, begins: false }, async (one) => {
      const bars: CandleMessage[] = [];
      const bus = new InProcessBus({ clock: one.clock, logger: silentLogger });
      for (const timeframe of timeframes) {
        await bus.subscribe(topics.candle('BTCUSDT', timeframe), ({ payload }) => bars.push(payload));
      }
      const statuses: MarketDataStatus[] = [];
      await bus.subscribe(topics.systemEvents, ({ payload }) => {
        if (payload.type === 'market.status') statuses.push(payload.details as unknown as MarketDataStatus);
      });
      const store = { newestCandles: async () => [] } as unknown as MarketStore;
      const collector = new Collector(
        { provider: one.feed, bus, store, clock: one.clock, logger: silentLogger },
        { symbols: ['BTCUSDT'], timeframe: '1m', derived: timeframes },
      );
      await collector.start();
      try {
        const last = (): number => bars.findLast(({ timeframe }) => timeframe === '5m')?.closeTime ?? 0;
        await one.until(() => last() >= one.clock.now() - 10 * MINUTE_MS, 10 * MINUTE_MS, 'the history');
        await one.pass(7 * MINUTE_MS);
      } finally {
        await collector.stop();
        await bus.close();
      }
      for (const timeframe of timeframes) {
        const built = bars.filter((bar) => bar.timeframe === timeframe);
        assert.ok(built.length >= 2, `${built.length} of ${timeframe}`);
        const theirs = await one.asked('BTCUSDT', INTERVALS[timeframe]!, built[0]!.openTime);
        for (const [index, { openTime, open, high, low, close, volume }] of built.entries()) {
          const [start, ...values] = theirs[index]!;
          assert.deepEqual([openTime, open, high, low, close], [start, ...values.slice(0, 4)], timeframe);
          assert.ok(Math.abs(volume - values[4]!) <= 1e-9 * volume, `${timeframe}: ${volume}, not ${values[4]}`);
        }
      }
      assert.ok(statuses.some(({ connections }) => connections[0]!.state === 'live'));
      assert.ok(statuses.at(-1)!.counts.fromHistory > 2_800);
    });
  });

  test('polling alone needs no socket, and misses nothing', async () => {
    await following({ transport: 'poll' }, async (one) => {
      await one.pass(5 * MINUTE_MS);
      one.assertCandles(4);
      const { transport, connections } = one.feed.status();
      assert.deepEqual([one.calls(CONNECTS), transport, connections.length], [0, 'poll', 0]);
      assert.ok(one.sink.prices.length > 10, `${one.sink.prices.length} prices`);
    });
  });
});
