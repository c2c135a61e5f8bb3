import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { EventBus } from '../../../src/bus/event-bus.ts';
import { logs } from '../../../src/bus/topics.ts';
import type { SessionSpec } from '../../../src/engine/open-session.ts';
import { Bot } from '../../../src/live/bot.ts';
import { BotSuperseded } from '../../../src/live/bot-commits.ts';
import type { BotCommit, Lease, Store } from '../../../src/store/store.ts';
import movingAverageCross from '../../../src/strategy/moving-average-cross.ts';
import type { AnyStrategyDefinition } from '../../../src/strategy/strategy.ts';
import { type Minute, minutes, type Script, scripted } from '../engine/scripted-strategy.ts';
import { type Instant, SessionBench, specOf, venueOf } from '../engine/session-bench.ts';
import { auditEntries, HandFeed, LiveBench, lease, replacing, storedTrace } from './live-bench.ts';

const FROM = 1_750_003_200_000;
const CROSS = movingAverageCross as unknown as AnyStrategyDefinition;

/** Up and down, so that averages cross often; the price path is not flat within a bar. */
function waves(length: number): Instant[] {
  const path: Minute[] = Array.from({ length }, (_, index) => {
    const close = 100 + 8 * Math.sin(index / 2.7) + (index % 3);
    const open = 100 + 8 * Math.sin((index - 0.5) / 2.7);
    return [open, Math.max(open, close) + 1, Math.min(open, close) - 1, close];
  });
  return minutes({ BTCUSDT: path }, FROM);
}

function crossing(): SessionSpec {
  return specOf({
    definition: CROSS,
    parameters: { fast: 2, slow: 4, stopAtr: 1, atrPeriod: 3 },
    limits: { dailyLossLimit: 150 },
  });
}

class Killed extends Error {}

/** A store whose process is killed at the n-th commit: just before it, or after it and before its answer came. */
function dyingStore(store: Store, at: number, when: 'before' | 'after'): Store {
  let commits = 0;
  return replacing(store, {
    async commitBot(commit: BotCommit) {
      commits += 1;
      if (commits !== at) return store.commitBot(commit);
      if (when === 'after') await store.commitBot(commit);
      throw new Killed();
    },
  });
}

interface Life {
  readonly store?: Store;
  readonly bus?: EventBus;
  readonly owner?: string;
}

/** One life of a bot over everything that the log holds, until it ends or dies. Gives what it died of. */
async function live(
  bench: LiveBench,
  spec: SessionSpec,
  { store = bench.store, bus = bench.bus, owner = 'test' }: Life = {},
) {
  const bot = new Bot(spec, { ...bench.parts, bus, store, venue: venueOf() });
  const held = await lease(spec, bench, owner);
  assert.ok(held);
  await bot.start(held);
  let died: unknown;
  let isOver = false;
  void bot.run().then(
    () => {
      isOver = true;
    },
    (thrown: unknown) => {
      died = thrown;
      isOver = true;
    },
  );
  await bench.until(() => isOver, 'the end of the bot');
  return { bot, died };
}

async function marketIn(bench: LiveBench, instants: readonly Instant[]): Promise<void> {
  const feed = new HandFeed(instants);
  await bench.collector(feed, [
    ...new Set(instants.flatMap((one) => [...one.candles.keys()].map((name) => name.split(':')[0]!))),
  ]);
  await feed.giveAll();
  await feed.end();
}

async function journalOf(bench: LiveBench): Promise<string[]> {
  const entries = await bench.bus.read(logs.journal, '0', 100_000);
  return entries.map(({ entry }) => entry.eventId);
}

describe('a bot', () => {
  test('does live what a session does over the same bars, to the bit', async (context) => {
    const bench = await LiveBench.open(context);
    const instants = waves(90);
    await marketIn(bench, instants);
    const spec = crossing();
    const { bot } = await live(bench, spec);
    assert.equal(bot.lifecycle, 'finished');
    const { record, equity } = new SessionBench(spec, venueOf()).run(instants);
    const trace = await storedTrace(bench.store, spec.botId);
    assert.deepEqual(trace, {
      signals: record.signals,
      intents: record.intents,
      orderEvents: record.orderEvents,
      fills: record.fills,
      equity: equity.map((value, index) => ({ time: instants[index]!.time, equity: value })),
    });
    assert.ok(record.fills.length > 15 && record.roundTrips.length > 7, `${record.fills.length} fills`);
    const [status] = await bench.store.botStatuses();
    const won = record.roundTrips.filter((trip) => trip.profit > 0n).length;
    assert.deepEqual(
      [status!.slices, status!.signals, status!.fills, status!.roundTrips, status!.winningRoundTrips, status!.equity],
      [90, record.signals.length, record.fills.length, record.roundTrips.length, won, equity.at(-1)],
    );
  });

  for (const when of ['before', 'after'] as const) {
    test(`killed ${when} any commit, goes on as if nothing had been, nothing lost and nothing doubled`, async (context) => {
      const instants = waves(40);
      const spec = crossing();
      const whole = await commitByCommit(context, instants, spec);
      assert.ok(whole.commits > 40, `${whole.commits} commits`);
      for (let at = 1; at <= whole.commits; at++) {
        const bench = await LiveBench.open(context);
        const feed = new HandFeed(instants);
        await bench.collector(feed, ['BTCUSDT']);
        const recorder = await bench.recorder();
        const store = dyingStore(bench.store, at, when);
        let isDead = false;
        await instantByInstant(bench, feed, spec, store, (died) => {
          assert.ok(died instanceof Killed || died === undefined, String(died));
          isDead = died !== undefined;
        });
        assert.ok(isDead, `commit ${at} was reached`);
        // The log has it all now; the second life reads it from the beginning.
        await bench.clock.advance(5_001);
        const { died } = await live(bench, spec, { owner: 'another process' });
        assert.equal(died, undefined);
        assert.deepEqual(await storedTrace(bench.store, spec.botId), whole.trace);
        await bench.until(async () => (await recorder.backlog()) === 0, 'the recording');
        const audit = (await auditEntries(bench.store))
          .map(({ eventId }) => eventId)
          .filter((id) => !id.startsWith('state/'));
        assert.deepEqual([...audit].sort(), [...whole.journal].sort(), 'each entry once');
        await bench.close();
      }
    });
  }

  test('killed between a commit and its journal: what was left over is published, once', async (context) => {
    const bench = await LiveBench.open(context);
    const recorder = await bench.recorder();
    await marketIn(bench, waves(40));
    const spec = crossing();
    const mute = replacing(bench.bus as EventBus, {
      append: async () => {
        throw new Killed();
      },
    });
    const first = await live(bench, spec, { bus: mute });
    assert.ok(first.died instanceof Killed);
    const left = (await bench.store.outbox(spec.botId)).map((entry) => entry.eventId);
    assert.ok(left.length > 40, `${left.length} entries`);
    assert.deepEqual(await journalOf(bench), []);
    // It dies once more, after a page was appended and before its answer came.
    const forgetful = replacing(bench.bus as EventBus, {
      append: async (log, entries) => {
        await bench.bus.append(log, entries);
        throw new Killed();
      },
    });
    await assert.rejects(live(bench, spec, { bus: forgetful }), Killed);
    assert.deepEqual(await journalOf(bench), left);
    assert.equal((await live(bench, spec)).died, undefined);
    await bench.until(async () => (await recorder.backlog()) === 0, 'the recording');
    const audit = (await auditEntries(bench.store)).map(({ eventId }) => eventId);
    assert.deepEqual(audit.slice(0, left.length), left);
    assert.equal(new Set(audit).size, audit.length);
    assert.deepEqual(await bench.store.outbox(spec.botId), []);
  });

  test('that has lost its lease stops at its next commit and has written nothing', async (context) => {
    const bench = await LiveBench.open(context);
    const instants = waves(30);
    const feed = new HandFeed(instants);
    await bench.collector(feed, ['BTCUSDT']);
    const spec = crossing();
    let commits = 0;
    const store = replacing(bench.store, {
      async commitBot(commit: BotCommit) {
        commits += 1;
        if (commits === 4) await takeOver(bench, commit.lease);
        return bench.store.commitBot(commit);
      },
    });
    let died: unknown;
    await instantByInstant(bench, feed, spec, store, (thrown) => {
      died = thrown;
    });
    assert.ok(died instanceof BotSuperseded, String(died));
    assert.match((died as Error).message, /no longer held by test/);
    assert.equal(commits, 4);
    assert.equal((await bench.store.checkpoint(spec.botId))!.revision, 3);
    assert.equal((await bench.store.equity(spec.botId)).length, 3);
    const { bot } = await live(bench, spec, { owner: 'thief' });
    assert.equal(bot.lifecycle, 'finished');
    const whole = new SessionBench(spec, venueOf()).run(instants);
    assert.deepEqual((await storedTrace(bench.store, spec.botId)).signals, whole.record.signals);
  });

  test('with other settings than it was recorded with does not start', async (context) => {
    const bench = await LiveBench.open(context);
    await marketIn(bench, waves(10));
    await live(bench, crossing());
    const other = { ...crossing(), limits: { ...crossing().limits, leverage: 2 } };
    await assert.rejects(live(bench, other), /recorded with another strategy, parameters/);
  });

  test('sees after a restart as many bars as before', async (context) => {
    const bench = await LiveBench.open(context);
    const seen: string[] = [];
    const script: Script = (_, market) => {
      const window = market.window();
      seen.push(`${window.length} ${window.seen} ${window.close(window.length - 1)}`);
      return undefined;
    };
    const spec = specOf({ definition: scripted(script, { lookback: 5 }) });
    const feed = new HandFeed(minutes({ BTCUSDT: Array.from({ length: 12 }, (_, index) => index + 1) }, FROM));
    await bench.collector(feed, ['BTCUSDT']);
    for (const until of [3, 8, 12]) {
      await feed.giveAll(until);
      const bot = new Bot(spec, { ...bench.parts, venue: venueOf() });
      await bot.start((await lease(spec, bench))!);
      const running = bot.run();
      await bench.until(() => seen.length === until, 'the bars');
      await bot.stop();
      await running;
    }
    assert.deepEqual(
      seen,
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => `${Math.min(n, 5)} ${n} ${Math.max(1, n - 4)}`),
    );
  });
});

describe('a bot whose strategy fails', () => {
  const entering: Script = (step) =>
    step === 2 ? { kind: 'enter', side: 'long', symbol: 'BTCUSDT', limitPrice: 95, reason: 'in' } : undefined;

  test('has its orders taken back, says why, and stays down after a restart', async (context) => {
    const bench = await LiveBench.open(context);
    await marketIn(bench, waves(10));
    const script: Script = (step, market) => {
      if (step === 4) throw new Error('out of ideas');
      return entering(step, market);
    };
    const spec = specOf({ definition: scripted(script) });
    for (const life of [1, 2]) {
      const { bot, died } = await live(bench, spec);
      assert.equal(died, undefined, `life ${life}`);
      assert.equal(bot.lifecycle, 'failed');
      const [status] = await bench.store.botStatuses();
      assert.equal(status!.lifecycle, 'failed');
      assert.match(status!.reason!, /threw at 2025-06-15T.*: out of ideas/);
      assert.equal((await bench.store.orderEvents(spec.botId)).at(-1)!.kind, 'cancelled');
      assert.equal((await bench.store.equity(spec.botId)).length, 4);
    }
  });

  test('because it can not be made: it fails alone, and begins once it is mended', async (context) => {
    const bench = await LiveBench.open(context);
    await marketIn(bench, waves(10));
    const broken: AnyStrategyDefinition = {
      ...scripted(() => undefined),
      create: () => {
        throw new TypeError('not today');
      },
    };
    const { bot, died } = await live(bench, specOf({ definition: broken }));
    assert.deepEqual([bot.lifecycle, died], ['failed', undefined]);
    const [status] = await bench.store.botStatuses();
    assert.deepEqual(
      [status!.lifecycle, status!.reason, status!.equity],
      ['failed', 'the strategy could not be created: not today', 10_000],
    );
    const mended = await live(bench, specOf({ definition: scripted(entering) }));
    assert.equal(mended.bot.lifecycle, 'finished');
    assert.equal((await bench.store.equity('bot')).length, 10);
  });

  test('because it can not take up its state: its state is kept for when it is mended', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(waves(20));
    await bench.collector(feed, ['BTCUSDT']);
    const spec = specOf({ definition: scripted(entering) });
    await feed.giveAll(10);
    const first = new Bot(spec, { ...bench.parts, venue: venueOf() });
    await first.start((await lease(spec, bench))!);
    const running = first.run();
    await bench.until(() => first.status().slices === 10, 'half of it');
    await first.stop();
    await running;
    await feed.giveAll();
    await feed.end();
    const amnesiac: AnyStrategyDefinition = {
      ...scripted(entering),
      create: (values, market) => {
        const strategy = scripted(entering).create(values, market);
        strategy.restore = () => {
          throw new Error('who am I?');
        };
        return strategy;
      },
    };
    const second = await live(bench, specOf({ definition: amnesiac }));
    assert.deepEqual([second.bot.lifecycle, second.died], ['failed', undefined]);
    const [status] = await bench.store.botStatuses();
    assert.deepEqual([status!.lifecycle, status!.slices], ['failed', 10]);
    assert.match(status!.reason!, /could not take up its saved state: who am I/);
    const third = await live(bench, spec);
    assert.equal(third.bot.lifecycle, 'finished');
    const whole = new SessionBench(spec, venueOf()).run(waves(20));
    assert.deepEqual((await storedTrace(bench.store, 'bot')).orderEvents, whole.record.orderEvents);
  });

  test('because it can not be saved: fails, and takes nothing else with it', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(waves(10));
    await bench.collector(feed, ['BTCUSDT']);
    const holder: { keeps?: unknown } = {};
    const definition: AnyStrategyDefinition = {
      ...scripted(entering),
      create: (values, market) => {
        const strategy = scripted(entering).create(values, market);
        Object.defineProperty(strategy, 'keeps', { enumerable: true, get: () => holder.keeps });
        return strategy;
      },
    };
    const spec = specOf({ definition });
    let died: unknown;
    await instantByInstant(
      bench,
      feed,
      spec,
      bench.store,
      (thrown) => {
        died = thrown;
      },
      (index) => {
        if (index === 5) holder.keeps = new Date(0);
      },
    );
    assert.equal(died, undefined);
    const [status] = await bench.store.botStatuses();
    assert.equal(status!.lifecycle, 'failed');
    assert.match(status!.reason!, /could not be saved: State holds an object of a class.*Date/);
    assert.equal((await bench.store.orderEvents('bot')).at(-1)!.kind, 'cancelled', 'its orders are withdrawn');
  });
});

async function takeOver(bench: LiveBench, { name }: Lease): Promise<void> {
  await bench.clock.advance(5_001);
  assert.ok(await bench.store.acquireLease(name, 'thief', 5_000, bench.clock.now()));
}

/** A bot that commits after every instant, because it gets them one by one. Ends when the bot does or the market has. */
async function instantByInstant(
  bench: LiveBench,
  feed: HandFeed,
  spec: SessionSpec,
  store: Store,
  over: (died: unknown) => void,
  before: (index: number) => void = () => {},
): Promise<void> {
  const bot = new Bot(spec, { ...bench.parts, store, venue: venueOf() });
  await bot.start((await lease(spec, bench))!);
  let isOver = false;
  void bot.run().then(
    () => {
      isOver = true;
      over(undefined);
    },
    (thrown: unknown) => {
      isOver = true;
      over(thrown);
    },
  );
  for (let index = 0; !feed.isExhausted; index++) {
    before(index);
    await feed.give();
    if (!isOver) await bench.settle();
  }
  await feed.end();
  await bench.until(() => isOver, 'the end of the bot');
}

/** The uninterrupted run: its trace, its journal, its number of commits. */
async function commitByCommit(context: TestContext, instants: readonly Instant[], spec: SessionSpec) {
  const bench = await LiveBench.open(context);
  const feed = new HandFeed(instants);
  await bench.collector(feed, ['BTCUSDT']);
  await instantByInstant(bench, feed, spec, bench.store, (died) => assert.equal(died, undefined));
  const journal = (await journalOf(bench)).filter((id) => !id.startsWith('state/'));
  const { revision } = (await bench.store.checkpoint(spec.botId))!;
  return { trace: await storedTrace(bench.store, spec.botId), journal, commits: revision };
}
