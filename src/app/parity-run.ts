import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventBus } from '../bus/event-bus.ts';
import { InProcessBus } from '../bus/in-process-bus.ts';
import { connectRedisBus } from '../bus/redis-bus.ts';
import { forgetRedisKeys } from '../bus/redis-forget.ts';
import type { Candle, Feed } from '../domain/candle.ts';
import { type Timeframe, timeframeMs } from '../domain/timeframe.ts';
import type { SessionSpec } from '../engine/open-session.ts';
import type { RunTrace } from '../engine/run-comparison.ts';
import { systemClock } from '../foundation/clock.ts';
import { InvariantError, UserError } from '../foundation/errors.ts';
import { silentLogger } from '../foundation/logger.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { MarketDataFeed, MarketDataSink } from '../market/market-data.ts';
import { loadCandles } from '../providers/files/load-candles.ts';
import { ReplayFeed } from '../providers/files/replay-feed.ts';
import { dropPostgresSchema } from '../store/drop-schema.ts';
import { openEmbeddedStore } from '../store/embedded-store.ts';
import { connectPostgresStore } from '../store/postgres-store.ts';
import type { Store } from '../store/store.ts';
import { strategyFeeds } from '../strategy/feeds.ts';
import type { BacktestPlan } from './backtest-plan.ts';
import { runBacktestPlan } from './backtest-run.ts';
import { simulatedVenue } from './simulated-venue.ts';
import { System } from './system.ts';

/** Where a replay through other processes' servers goes. */
export interface ParityServers {
  readonly redisUrl: string;
  readonly postgresUrl: string;
  readonly allowUnsafeRedis: boolean;
}

/** What a run in one way gave, and how long it took. */
export interface TracedRun {
  readonly spec: SessionSpec;
  readonly trace: RunTrace;
}

/** The backtest that the others are compared with. */
export async function traceBacktest(plan: BacktestPlan): Promise<TracedRun> {
  const { spec, result } = await runBacktestPlan(plan);
  const { record } = result;
  const equity = Array.from(result.times, (time, index) => ({ time: time as EpochMs, equity: result.equity[index]! }));
  return { spec, trace: { signals: record.signals, intents: record.intents, orderEvents: record.orderEvents, equity } };
}

/** The same data through the whole live system: collector, bus, bot, recorder and store, all within this process. */
export function traceInProcess(plan: BacktestPlan, backtest: TracedRun): Promise<RunTrace> {
  return replayed(plan, backtest, inProcess);
}

/** The same over a Redis and a PostgreSQL, under names of its own that are cleared away afterwards. */
export function traceOverServers(plan: BacktestPlan, backtest: TracedRun, servers: ParityServers): Promise<RunTrace> {
  return replayed(plan, backtest, () => overServers(servers));
}

/** A bus and a store of their own for one replay, and what clears them away. */
interface Surface {
  readonly bus: EventBus;
  readonly store: Store;
  clear(): Promise<void>;
}

async function inProcess(): Promise<Surface> {
  const folder = await mkdtemp(join(tmpdir(), 'tradewind-parity-'));
  const store = await openEmbeddedStore({ path: join(folder, 'parity.db'), synchronous: 'NORMAL' });
  const bus = new InProcessBus({ clock: systemClock, logger: silentLogger });
  return { bus, store, clear: () => rm(folder, { recursive: true, force: true }) };
}

async function overServers(servers: ParityServers): Promise<Surface> {
  const name = `parity_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const { redisUrl, postgresUrl, allowUnsafeRedis } = servers;
  const store = await connectPostgresStore({ url: postgresUrl, schema: name });
  const bus = await connectRedisBus({
    url: redisUrl,
    keyPrefix: `${name}:`,
    allowUnsafeRedis,
    clock: systemClock,
    logger: silentLogger,
  });
  return {
    bus,
    store,
    async clear() {
      await forgetRedisKeys({ url: redisUrl, keyPrefix: `${name}:`, clock: systemClock, logger: silentLogger });
      await dropPostgresSchema({ url: postgresUrl, schema: name });
    },
  };
}

async function replayed(
  plan: BacktestPlan,
  { spec, trace }: TracedRun,
  open: () => Promise<Surface>,
): Promise<RunTrace> {
  const last = trace.equity.at(-1)?.time ?? (0 as EpochMs);
  const timeframe = await ownTimeframe(plan);
  const { bus, store, clear } = await open();
  try {
    await store.migrate();
    const files = new Map(plan.sources.map(({ symbol, path }) => [symbol, path]));
    const source = new ReplayFeed({ files, clock: systemClock, speed: 'max' });
    const system = new System({
      clock: systemClock,
      logger: silentLogger,
      bus,
      store,
      roles: new Set(['collector', 'bots', 'recorder'] as const),
      bots: [spec],
      venueOf: () => simulatedVenue(plan.costs),
      provider: new WithinPeriod(source, plan.period.from ?? (0 as EpochMs), last),
      speed: null,
      collector: { symbols: spec.symbols, timeframe, derived: derivedOf(spec, timeframe) },
      recorder: { recordRaw: false },
      staleAfterMs: Number.POSITIVE_INFINITY,
      processName: 'parity',
    });
    await system.start();
    const reason = await system.untilDone(new AbortController().signal, true);
    await system.stop();
    if (reason !== 'end') throw new InvariantError(`The replay did not end well: ${system.failures.join('; ')}`);
    const { botId } = spec;
    return {
      signals: await store.signals(botId),
      intents: await store.orderIntents(botId),
      orderEvents: await store.orderEvents(botId),
      equity: await store.equity(botId),
    };
  } finally {
    await bus.close();
    await store.close();
    await clear();
  }
}

/** The bars of the files as they are: bigger ones are made by the collector, as in live trading. */
async function ownTimeframe(plan: BacktestPlan): Promise<Timeframe> {
  const found = new Set<Timeframe>();
  for (const { symbol, path } of plan.sources) found.add((await loadCandles({ path, symbol })).timeframe);
  const [only, other] = [...found];
  if (other !== undefined)
    throw new UserError(`The files hold bars of ${[...found].join(' and ')}; a replay needs files of one timeframe.`);
  return only!;
}

function derivedOf(spec: SessionSpec, own: Timeframe): Timeframe[] {
  const feeds = strategyFeeds(spec.definition, spec.parameters, spec.symbols, spec.timeframe);
  const wanted = new Set(feeds.map((feed) => feed.timeframe));
  wanted.delete(own);
  return [...wanted].sort((a, b) => timeframeMs(a) - timeframeMs(b));
}

/** A feed cut to the period of the backtest. */
class WithinPeriod implements MarketDataFeed {
  readonly name: string;
  readonly delayMs: number;
  readonly #source: MarketDataFeed;
  readonly #from: EpochMs;
  readonly #to: EpochMs;

  constructor(source: MarketDataFeed, from: EpochMs, to: EpochMs) {
    this.name = source.name;
    this.delayMs = source.delayMs;
    this.#source = source;
    this.#from = from;
    this.#to = to;
  }

  start(feeds: readonly Feed[], resumeAfter: ReadonlyMap<string, EpochMs>, sink: MarketDataSink): Promise<void> {
    const within = (candle: Candle): boolean => candle.openTime >= this.#from && candle.closeTime <= this.#to;
    return this.#source.start(feeds, resumeAfter, {
      candle: async (feed, candle, raw) => {
        if (within(candle)) await sink.candle(feed, candle, raw);
      },
      watermark: async (time) => {
        if (time <= this.#to) await sink.watermark(time);
      },
      end: (failure) => sink.end(failure),
    });
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }
}
