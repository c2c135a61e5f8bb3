import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { EventBus } from '../../../src/bus/event-bus.ts';
import { InProcessBus } from '../../../src/bus/in-process-bus.ts';
import { InProcessMemory } from '../../../src/bus/in-process-memory.ts';
import type { Topic } from '../../../src/bus/topics.ts';
import { type Candle, type Feed, feedName } from '../../../src/domain/candle.ts';
import type { JournalEntry } from '../../../src/domain/event.ts';
import type { SessionSpec } from '../../../src/engine/open-session.ts';
import { nextTurn, VirtualClock } from '../../../src/foundation/clock.ts';
import { type EpochMs, epochMs } from '../../../src/foundation/time.ts';
import { Collector } from '../../../src/live/collector.ts';
import { Recorder } from '../../../src/live/recorder.ts';
import type { CandleRevision, MarketDataFeed, MarketDataSink, MarketNotice } from '../../../src/market/market-data.ts';
import { openEmbeddedStore } from '../../../src/store/embedded-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import type { Instant } from '../engine/session-bench.ts';

/** A source that gives what the test hands it, one instant after the other, and resumes where it is asked to. */
export class HandFeed implements MarketDataFeed {
  readonly name = 'hand';
  readonly delayMs = 0;
  readonly instants: readonly Instant[];
  #feeds: readonly Feed[] = [];
  #resumeAfter: ReadonlyMap<string, EpochMs> = new Map();
  #sink: MarketDataSink | undefined;
  #next = 0;

  constructor(instants: readonly Instant[]) {
    this.instants = instants;
  }

  async start(feeds: readonly Feed[], resumeAfter: ReadonlyMap<string, EpochMs>, sink: MarketDataSink): Promise<void> {
    this.#feeds = feeds;
    this.#resumeAfter = resumeAfter;
    this.#sink = sink;
  }

  async stop(): Promise<void> {
    this.#sink = undefined;
  }

  get isExhausted(): boolean {
    return this.#next >= this.instants.length;
  }

  /** Gives the next instant: the candles of all feeds, or of the first few, and its watermark unless told otherwise. */
  async give({ watermark = true, feeds = this.#feeds.length } = {}): Promise<void> {
    const instant = this.instants[this.#next++]!;
    for (const feed of this.#feeds.slice(0, feeds)) {
      const candle = instant.candles.get(feedName(feed));
      const after = this.#resumeAfter.get(feedName(feed)) ?? Number.NEGATIVE_INFINITY;
      if (candle && candle.closeTime > after) await this.#sink?.candle(feed, candle, 'raw');
    }
    if (watermark) await this.#sink?.watermark(instant.time);
  }

  async giveAll(until = this.instants.length): Promise<void> {
    while (this.#next < until) await this.give();
  }

  async candle(feed: Feed, candle: Candle): Promise<void> {
    await this.#sink?.candle(feed, candle, null);
  }

  async revised(feed: Feed, revision: CandleRevision): Promise<void> {
    await this.#sink?.revised?.(feed, revision, 'raw');
  }

  tell(notice: MarketNotice): void {
    this.#sink?.notice?.(notice);
  }

  async end(failure?: Error): Promise<void> {
    await this.#sink?.end(failure);
  }
}

/** Buses over one memory, like several processes at one server, and one store in a temporary folder. */
export class LiveBench {
  readonly clock = new VirtualClock(epochMs(1_750_000_000_000));
  readonly logger = new RecordingLogger();
  readonly memory = new InProcessMemory();
  readonly bus: InProcessBus;
  store!: Store;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tradewind-live-'));
  readonly #stops: (() => Promise<unknown>)[] = [];

  private constructor() {
    this.bus = this.newBus();
  }

  static async open(context: TestContext): Promise<LiveBench> {
    const bench = new LiveBench();
    bench.store = await openEmbeddedStore({
      path: join(bench.#folder, 'live.db'),
      synchronous: 'NORMAL',
      clock: bench.clock,
    });
    await bench.store.migrate();
    context.after(() => bench.close());
    return bench;
  }

  newBus(clock = this.clock): InProcessBus {
    return new InProcessBus({ clock, logger: this.logger, memory: this.memory });
  }

  get parts() {
    return { bus: this.bus as EventBus, store: this.store, clock: this.clock, logger: this.logger };
  }

  /** To be awaited when the test is over, last first. */
  onClose(stop: () => Promise<unknown>): void {
    this.#stops.unshift(stop);
  }

  async recorder(): Promise<Recorder> {
    const recorder = new Recorder(this.parts, { consumer: 'test', recordRaw: true });
    await recorder.start();
    this.onClose(() => recorder.stop());
    return recorder;
  }

  async collector(
    feed: MarketDataFeed,
    symbols: readonly string[],
    derived: readonly Feed['timeframe'][] = [],
  ): Promise<Collector> {
    const collector = new Collector({ ...this.parts, provider: feed }, { symbols, timeframe: '1m', derived });
    await collector.start();
    this.onClose(() => collector.stop());
    return collector;
  }

  /** Lets everything run, and time go on, until `done`. */
  async until(done: () => boolean | Promise<boolean>, what = 'the end'): Promise<void> {
    for (let turn = 0; turn < 4_000; turn++) {
      if (await done()) return;
      if (turn % 10 === 9) await this.clock.advance(100);
      else await nextTurn();
    }
    throw new Error(`${what} did not come; ${JSON.stringify(this.logger.lines.slice(-5))}`);
  }

  /** Lets everything that can happen without time happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 60; turn++) await nextTurn();
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop();
    await this.bus.close();
    await this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** All that a store has of a bot, in order. */
export async function storedTrace(store: Store, botId: string) {
  return {
    signals: await store.signals(botId),
    intents: await store.orderIntents(botId),
    orderEvents: await store.orderEvents(botId),
    fills: await store.fills(botId),
    equity: await store.equity(botId),
  };
}

/** The audit log's entries. */
export async function auditEntries(
  store: Store,
): Promise<{ readonly eventId: string; readonly entry: JournalEntry }[]> {
  const rows = await store.auditRows(0, 100_000);
  return rows.map((row) => ({ eventId: row.eventId, entry: JSON.parse(row.entry) as JournalEntry }));
}

/** The same object, but for what `replaced` says. Methods are called on the original. */
export function replacing<Target extends object>(target: Target, replaced: Partial<Target>): Target {
  return new Proxy(target, {
    get(original, name) {
      const own = (replaced as Record<PropertyKey, unknown>)[name];
      if (own !== undefined) return own;
      const value = Reflect.get(original, name, original) as unknown;
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(original) : value;
    },
  });
}

/** A bus on which a message of a topic goes as often as `times` says: 0 is lost, 2 comes twice. Logs are as they are. */
export function leaky(bus: EventBus, times: (channel: string) => number): EventBus {
  return replacing(bus, {
    async publish<Payload>(topic: Topic<Payload>, payload: Payload): Promise<void> {
      for (let time = times(topic.channel); time > 0; time--) await bus.publish(topic, payload);
    },
  });
}

export function lease(spec: SessionSpec, bench: LiveBench, owner = 'test') {
  return bench.store.acquireLease(`bot/${spec.botId}`, owner, 5_000, bench.clock.now());
}
