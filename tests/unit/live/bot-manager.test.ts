import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { topics } from '../../../src/bus/topics.ts';
import type { SessionSpec, VenueFactory } from '../../../src/engine/open-session.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { BotManager, type BotManagerParts } from '../../../src/live/bot-manager.ts';
import type { BotCommit, Lease, Store } from '../../../src/store/store.ts';
import { StoreUnavailableError } from '../../../src/store/store-error.ts';
import type { AnyStrategyDefinition } from '../../../src/strategy/strategy.ts';
import { type Minute, minutes, type Script, scripted } from '../engine/scripted-strategy.ts';
import { type Instant, SessionBench, specOf, venueOf } from '../engine/session-bench.ts';
import { HandFeed, LiveBench, replacing, storedTrace } from './live-bench.ts';

const FROM = 1_750_003_200_000;

function market(length: number): Instant[] {
  const path: Minute[] = Array.from({ length }, (_, index) => 100 + (index % 5));
  return minutes({ BTCUSDT: path }, FROM);
}

/** In and out by turns. */
const trading: Script = (step) =>
  step % 2 === 1
    ? { kind: 'enter', side: 'long', symbol: 'BTCUSDT', reason: `in ${step}` }
    : { kind: 'exit', symbol: 'BTCUSDT', reason: `out ${step}` };

function spec(botId: string, script: Script = trading): SessionSpec {
  return specOf({ botId, definition: scripted(script) });
}

/** Counts the bars that each bot's venue is shown, by the process that shows them. */
class Watch {
  readonly shown: string[] = [];

  venueFor(owner: string): (of: SessionSpec) => VenueFactory {
    return ({ botId }) =>
      (instruments, account, emit) => {
        const venue = venueOf()(instruments, account, emit);
        const count = (closeTime: number): void => {
          this.shown.push(`${botId} ${owner} ${(closeTime - FROM) / 60_000}`);
        };
        return replacing(venue, {
          passBar: (...bar) => {
            const isPassed = venue.passBar(...bar);
            if (isPassed) count(bar[1]);
            return isPassed;
          },
          onBar: (...bar) => {
            count(bar[2]);
            venue.onBar(...bar);
          },
        });
      };
  }
}

interface Process {
  readonly manager: BotManager;
  readonly clock: VirtualClock;
}

interface ProcessTerms {
  readonly owner: string;
  readonly specs: readonly SessionSpec[];
  readonly watch?: Watch;
  /** By default the bench's own; one that is not moved on is a process that hangs. */
  readonly clock?: VirtualClock;
  readonly store?: Store;
  readonly parts?: Partial<BotManagerParts>;
}

function processOf(
  bench: LiveBench,
  { owner, specs, watch = new Watch(), clock = bench.clock, store = bench.store, parts }: ProcessTerms,
): Process {
  const bus = bench.newBus(clock);
  const manager = new BotManager(
    specs,
    { bus, store, clock, logger: bench.logger, venueOf: watch.venueFor(owner), ...parts },
    { owner },
  );
  bench.onClose(async () => {
    await manager.stop();
    await bus.close();
  });
  return { manager, clock };
}

async function finished(bench: LiveBench, botId: string): Promise<boolean> {
  const status = (await bench.store.botStatuses()).find((one) => one.botId === botId);
  return status?.lifecycle === 'finished';
}

async function assertWhole(bench: LiveBench, of: SessionSpec, instants: readonly Instant[]): Promise<void> {
  const { record, equity } = new SessionBench(of, venueOf()).run(instants);
  const trace = await storedTrace(bench.store, of.botId);
  assert.deepEqual(trace.signals, record.signals);
  assert.deepEqual(trace.orderEvents, record.orderEvents);
  assert.deepEqual(
    trace.equity.map((point) => point.equity),
    equity,
  );
}

describe('two processes that share their bots', () => {
  test('run each bot once', async (context) => {
    const bench = await LiveBench.open(context);
    const specs = ['a', 'b', 'c', 'd'].map((id) => spec(id));
    const watch = new Watch();
    const [one, two] = ['one', 'two'].map((owner) => processOf(bench, { owner, specs, watch }));
    await Promise.all([one!.manager.start(), two!.manager.start()]);
    assert.equal(one!.manager.activeBots.length + two!.manager.activeBots.length, 4);
    const feed = new HandFeed(market(20));
    await bench.collector(feed, ['BTCUSDT']);
    while (!feed.isExhausted) {
      await feed.give();
      await bench.clock.advance(2_000);
    }
    await feed.end();
    for (const { botId } of specs) await bench.until(() => finished(bench, botId), botId);
    assert.equal(watch.shown.length, 80);
    for (const one of specs) await assertWhole(bench, one, feed.instants);
    assert.ok(await one!.manager.allEnded());
    assert.deepEqual([...one!.manager.failures, ...two!.manager.failures], []);
  });

  test('take over from one that hangs, once its lease has run out; and when it wakes up, it writes nothing', async (context) => {
    const bench = await LiveBench.open(context);
    const specs = [spec('a')];
    const feed = new HandFeed(market(30));
    await bench.collector(feed, ['BTCUSDT']);
    const hung = new VirtualClock(bench.clock.now());
    // The first holds its breath in the middle of a commit.
    let release = (): void => {};
    let commits = 0;
    const store = replacing(bench.store, {
      async commitBot(commit: BotCommit) {
        commits += 1;
        if (commits === 5)
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        return bench.store.commitBot(commit);
      },
    });
    const first = processOf(bench, { owner: 'first', specs, clock: hung, store });
    await first.manager.start();
    while (commits < 5) {
      await feed.give();
      await bench.settle();
    }
    const watch = new Watch();
    const second = processOf(bench, { owner: 'second', specs, watch });
    await second.manager.start();
    await bench.clock.advance(4_900);
    assert.deepEqual(second.manager.activeBots, [], 'the lease still runs');
    await bench.clock.advance(1_800);
    await bench.until(() => second.manager.activeBots.length === 1, 'the takeover');
    await feed.giveAll();
    await feed.end();
    await bench.until(() => finished(bench, 'a'), 'the end');
    const revision = (await bench.store.checkpoint('a'))!.revision;
    release();
    await bench.until(() => first.manager.activeBots.length === 0, 'the end of the first');
    const superseded = bench.logger.of('info').find(({ message }) => message === 'bot.superseded');
    assert.match(String(superseded?.fields.reason), /no longer held by first/);
    // The bot went on elsewhere.
    assert.deepEqual(first.manager.failures, []);
    assert.equal(first.manager.hasCrashed, false);
    assert.equal((await bench.store.checkpoint('a'))!.revision, revision);
    await assertWhole(bench, specs[0]!, feed.instants);
  });

  test('a bot that an operator stops stays down in both, until it is started again', async (context) => {
    const bench = await LiveBench.open(context);
    const specs = [spec('a'), spec('b')];
    const feed = new HandFeed(market(12));
    await bench.collector(feed, ['BTCUSDT']);
    const processes = ['one', 'two'].map((owner) => processOf(bench, { owner, specs }));
    for (const { manager } of processes) await manager.start();
    await feed.giveAll(4);
    await bench.settle();
    const running = (): string[] =>
      processes.flatMap(({ manager }) => manager.activeBots.map((bot) => bot.spec.botId)).sort();
    await bench.bus.publish(topics.command('bot.stop'), { botId: 'a' });
    await bench.until(() => running().length === 1, 'the stop');
    for (let look = 0; look < 8; look++) await bench.clock.advance(1_700);
    assert.deepEqual(running(), ['b'], 'its free lease is no invitation');
    const stopped = (await bench.store.botStatuses()).find((one) => one.botId === 'a');
    assert.deepEqual([stopped!.lifecycle, stopped!.reason], ['stopped', 'stopped by the operator']);
    await bench.bus.publish(topics.command('bot.start'), { botId: 'a' });
    await bench.until(() => running().length === 2, 'the start');
    await feed.giveAll();
    await feed.end();
    await bench.until(() => finished(bench, 'a'), 'the end');
    await assertWhole(bench, specs[0]!, feed.instants);
  });

  test('that are told to start a bot while they look around start it once', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(market(6));
    await bench.collector(feed, ['BTCUSDT']);
    const watch = new Watch();
    const { manager } = processOf(bench, { owner: 'one', specs: [spec('a')], watch });
    await manager.start();
    for (let round = 0; round < 3; round++) {
      await bench.bus.publish(topics.command('bot.stop'), { botId: 'a' });
      await bench.until(() => manager.activeBots.length === 0, 'the stop');
      await Promise.all([
        ...Array.from({ length: 5 }, () => bench.bus.publish(topics.command('bot.start'), { botId: 'a' })),
        bench.clock.advance(1_700),
      ]);
      await bench.until(() => manager.activeBots.length === 1, 'the start');
    }
    await feed.giveAll();
    await feed.end();
    await bench.until(() => finished(bench, 'a'), 'the end');
    assert.deepEqual(
      watch.shown,
      [1, 2, 3, 4, 5, 6].map((minute) => `a one ${minute}`),
    );
    assert.deepEqual(manager.failures, []);
  });
});

describe('one process', () => {
  test('lets a strategy that throws fail its own bot only, wherever it throws', async (context) => {
    const bench = await LiveBench.open(context);
    const thrower =
      (step: number): Script =>
      (at, market) => {
        if (at === step) throw new Error('mine alone');
        return trading(at, market);
      };
    const unmakeable: AnyStrategyDefinition = {
      ...scripted(trading),
      create: () => {
        throw new Error('never made');
      },
    };
    const sound = [spec('sound-1'), spec('sound-2')];
    const specs = [
      specOf({ botId: 'unmakeable', definition: unmakeable }),
      spec('early', thrower(1)),
      sound[0]!,
      spec('late', thrower(7)),
      sound[1]!,
    ];
    const feed = new HandFeed(market(15));
    await bench.collector(feed, ['BTCUSDT']);
    const { manager } = processOf(bench, { owner: 'one', specs });
    await manager.start();
    await feed.giveAll();
    await feed.end();
    await bench.until(() => manager.allEnded(), 'the end of all');
    const statuses = Object.fromEntries((await manager.statuses()).map((one) => [one.botId, one.lifecycle]));
    assert.deepEqual(statuses, {
      unmakeable: 'failed',
      early: 'failed',
      late: 'failed',
      'sound-1': 'finished',
      'sound-2': 'finished',
    });
    assert.equal(manager.failures.length, 3);
    assert.equal(manager.hasCrashed, false);
    for (const one of sound) await assertWhole(bench, one, feed.instants);
  });

  test('does not start when the settings of a bot have changed, and leaves nothing running', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(market(5));
    await bench.collector(feed, ['BTCUSDT']);
    const before = processOf(bench, { owner: 'one', specs: [spec('a'), spec('b')] });
    await before.manager.start();
    await feed.giveAll();
    await bench.settle();
    await before.manager.stop();
    const timers = bench.clock.pendingTimers;
    const changed = { ...spec('b'), startingBalance: 1n as never };
    const after = processOf(bench, { owner: 'two', specs: [spec('a'), changed] });
    await assert.rejects(
      after.manager.start(),
      (thrown) => thrown instanceof UserError && /"b" was recorded with another/.test(thrown.message),
    );
    assert.deepEqual(after.manager.activeBots, []);
    assert.equal(bench.clock.pendingTimers, timers);
    assert.ok(await bench.store.acquireLease('bot/a', 'three', 1_000, bench.clock.now()), 'its leases are free');
  });

  test('goes on from the last commit when the store was away for a while', async (context) => {
    const bench = await LiveBench.open(context);
    const specs = [spec('a')];
    const feed = new HandFeed(market(20));
    await bench.collector(feed, ['BTCUSDT']);
    let away = 0;
    const store = replacing(bench.store, {
      async commitBot(commit: BotCommit) {
        if (away === 0) return bench.store.commitBot(commit);
        away -= 1;
        // The second time the write was done, and only its answer was lost.
        if (away === 1) await bench.store.commitBot(commit);
        throw new StoreUnavailableError('UNREACHABLE', 'there', new Error('gone'));
      },
      async renewLease(...given: [Lease, number, number]) {
        if (away > 0) throw new StoreUnavailableError('UNREACHABLE', 'there', new Error('gone'));
        return bench.store.renewLease(...(given as Parameters<Store['renewLease']>));
      },
    });
    const { manager } = processOf(bench, { owner: 'one', specs, store });
    await manager.start();
    await feed.giveAll(8);
    await bench.settle();
    away = 3;
    while (!feed.isExhausted) {
      await feed.give();
      await bench.clock.advance(1_700);
    }
    await feed.end();
    await bench.until(() => finished(bench, 'a'), 'the end');
    assert.equal(away, 0);
    await assertWhole(bench, specs[0]!, feed.instants);
    assert.deepEqual([manager.failures, manager.hasCrashed], [[], false]);
  });

  test('says so when a bot dies of anything else, and keeps it down', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(market(5));
    await bench.collector(feed, ['BTCUSDT']);
    const store = replacing(bench.store, {
      async commitBot() {
        throw new TypeError('a defect of ours');
      },
    });
    const { manager } = processOf(bench, { owner: 'one', specs: [spec('a')], store });
    await manager.start();
    await feed.giveAll();
    await bench.until(() => manager.hasCrashed, 'the crash');
    for (let look = 0; look < 4; look++) await bench.clock.advance(1_700);
    assert.deepEqual(manager.failures, ['a: a defect of ours']);
    assert.deepEqual(manager.activeBots, []);
  });

  test('leaves no timer and no lease behind', async (context) => {
    const bench = await LiveBench.open(context);
    const feed = new HandFeed(market(5));
    await bench.collector(feed, ['BTCUSDT']);
    const timers = bench.clock.pendingTimers;
    const thrower: Script = () => {
      throw new Error('x');
    };
    const { manager } = processOf(bench, { owner: 'one', specs: [spec('a'), spec('b', thrower), spec('c')] });
    await manager.start();
    await feed.giveAll();
    await bench.until(() => manager.activeBots.length === 2, 'the failure of b');
    await bench.settle();
    await bench.clock.advance(0);
    await manager.stopBot('c');
    // The manager's own timer, and the follower's of the one that runs.
    assert.equal(bench.clock.pendingTimers, timers + 2);
    await manager.stop();
    assert.equal(bench.clock.pendingTimers, timers);
    for (const id of ['a', 'b', 'c'])
      assert.ok(await bench.store.acquireLease(`bot/${id}`, 'next', 1_000, bench.clock.now()));
  });
});
