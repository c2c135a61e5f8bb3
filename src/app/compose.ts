import { existsSync } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EventBus } from '../bus/event-bus.ts';
import { InProcessBus } from '../bus/in-process-bus.ts';
import { connectRedisBus } from '../bus/redis-bus.ts';
import { connectRedisWorkQueue } from '../bus/redis-work-queue.ts';
import type { WorkQueue } from '../bus/work-queue.ts';
import type { Feed } from '../domain/candle.ts';
import type { Instrument } from '../domain/instrument.ts';
import { type Timeframe, timeframeMs } from '../domain/timeframe.ts';
import type { SessionSpec } from '../engine/open-session.ts';
import type { AccountAccess } from '../execution/account-access.ts';
import type { Clock } from '../foundation/clock.ts';
import { invariant, UserError } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { Logger } from '../foundation/logger.ts';
import { Random } from '../foundation/random.ts';
import { LatencyBoard } from '../live/latency-board.ts';
import type { AccountLink } from '../live/orders/account-link.ts';
import { PriceBoard } from '../live/price-board.ts';
import type { MarketDataStatus } from '../market/market-data.ts';
import type { MarketDataProvider } from '../market/provider.ts';
import { CandleCsvWriter } from '../store/candle-csv.ts';
import { openEmbeddedStore } from '../store/embedded-store.ts';
import { connectPostgresStore } from '../store/postgres-store.ts';
import type { Store } from '../store/store.ts';
import { strategyFeeds, strategyLookback } from '../strategy/feeds.ts';
import { REPLAY, type RecordedMarket, readFiles } from './builtin-providers.ts';
import type { BotConfiguration, Configuration } from './configuration.ts';
import { historyFor } from './market-history.ts';
import { priceSource } from './market-watch.ts';
import { checkAccess } from './open-account.ts';
import { openAccountLink } from './open-gateway.ts';
import { openProvider } from './provider-registry.ts';
import { simulatedVenue } from './simulated-venue.ts';
import { type Role, System, type SystemParts } from './system.ts';

/** The only file that knows every adapter: from a configuration to the parts of a running system. */

export interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
}

export async function openStore(configuration: Configuration, { clock, logger }: Surroundings): Promise<Store> {
  const { store } = configuration;
  if (store.kind === 'postgres') {
    const opened = await connectPostgresStore({ url: store.url, schema: store.schema, logger });
    await opened.migrate();
    return opened;
  }
  await mkdir(dirname(store.path), { recursive: true });
  // On paper nothing leaves the machine before it is committed, and a power cut is a restart from the last checkpoint. An
  // order at an exchange does not come back: its intent is on the disk before it is sent.
  const synchronous = configuration.trading.mode === 'paper' ? 'NORMAL' : 'FULL';
  const opened = await openEmbeddedStore({ path: store.path, synchronous, clock });
  await opened.migrate();
  return opened;
}

export async function openBus(configuration: Configuration, { clock, logger }: Surroundings): Promise<EventBus> {
  const { bus } = configuration;
  if (bus.kind === 'in-process') return new InProcessBus({ clock, logger });
  const { url, keyPrefix, allowUnsafeRedis } = bus;
  return connectRedisBus({ url, keyPrefix, allowUnsafeRedis, clock, logger });
}

/**
 * The queue of jobs for the machines of a sweep.
 *
 * @throws UserError when the configuration names no Redis, or none answers there
 */
export async function openWorkQueue(configuration: Configuration, { clock, logger }: Surroundings): Promise<WorkQueue> {
  const { bus } = configuration;
  if (bus.kind !== 'redis') {
    throw new UserError(
      'Sweeps on many machines hand out their jobs over Redis: give its address with --bus redis://host:6379, or as bus.url in the configuration.',
    );
  }
  return connectRedisWorkQueue({ url: bus.url, keyPrefix: bus.keyPrefix, clock, logger });
}

/** What the replayed files of a configuration say. */
export function readMarket({ market }: Configuration): Promise<RecordedMarket> {
  return readFiles(feedsOf(market), market.data);
}

function feedsOf({ symbols, timeframe }: Configuration['market']): readonly Feed[] {
  return symbols.map((symbol) => ({ symbol, timeframe }));
}

/** The bots of a configuration, ready for the engine. */
export function sessionSpecs(
  { bots, costs, market, trading, account }: Configuration,
  instruments: readonly Instrument[],
): SessionSpec[] {
  return bots.map((bot) => {
    checkLookback(bot, market.bufferSize);
    const traded = instruments.filter((one) => bot.symbols.includes(one.symbol));
    invariant(traded.length === bot.symbols.length, 'A bot trades a symbol that the market does not have', {
      bot: bot.id,
    });
    return {
      botId: bot.id,
      definition: bot.definition,
      parameters: bot.parameters,
      symbols: bot.symbols,
      timeframe: bot.timeframe,
      instruments: traded,
      currency: traded[0]!.quoteCurrency,
      startingBalance: bot.startingBalance,
      limits: bot.limits,
      sizing: bot.sizing,
      rates: new Map(),
      ...(bot.trigger !== null && { priceTriggerMs: bot.trigger }),
      venueTerms: trading.mode === 'paper' ? (costs as unknown as Json) : { mode: trading.mode, account: account.name },
    };
  });
}

/** A bot keeps as many candles as its strategy looks back at; the configuration bounds them. */
function checkLookback({ id, definition, parameters }: BotConfiguration, bufferSize: number): void {
  const lookback = strategyLookback(definition, parameters);
  if (lookback <= bufferSize) return;
  throw new UserError(
    `The bot "${id}" looks back ${lookback} candles, and market.bufferSize is ${bufferSize}: raise it to ${lookback} or more, or choose shorter parameters.`,
  );
}

/** The timeframes to build from the market's own, shortest first. */
function derivedTimeframes(
  specs: readonly SessionSpec[],
  own: Timeframe,
  besides: readonly Timeframe[] = [],
): Timeframe[] {
  const wanted = new Set<Timeframe>(besides);
  for (const spec of specs) {
    for (const feed of strategyFeeds(spec.definition, spec.parameters, spec.symbols, spec.timeframe))
      wanted.add(feed.timeframe);
  }
  wanted.delete(own);
  for (const timeframe of wanted) {
    if (timeframeMs(timeframe) > timeframeMs(own)) continue;
    throw new UserError(
      `Bars of ${timeframe} are wanted, but the market is collected at ${own}. Set market.timeframe to ${timeframe} or less.`,
    );
  }
  return [...wanted].sort((a, b) => timeframeMs(a) - timeframeMs(b));
}

export interface SystemSetup extends Surroundings {
  readonly configuration: Configuration;
  readonly bus: EventBus;
  readonly roles: ReadonlySet<Role>;
  readonly processName: string;
  /** To be built besides those that the bots want. */
  readonly timeframes?: readonly Timeframe[];
  /** What opens the account that orders go to; absent on paper. */
  readonly account?: AccountAccess;
  /** Bots that were halted and are to trade again. */
  readonly resumedBots?: readonly string[];
  /** Is told in a sentence what a person should know. */
  readonly onNotice?: (notice: string) => void;
}

export interface ComposedSystem {
  readonly system: System;
  readonly store: Store;
  /** What is traded, in the order of the market's symbols. */
  readonly instruments: readonly Instrument[];
  /** How the market's source is, where it tells of it. */
  marketStatus(): MarketDataStatus | undefined;
  /** Closes bus and store, after `system.stop()`. */
  close(): Promise<void>;
}

/** The market of a configuration: where it comes from, and what is traded there. */
async function openMarket(
  { market, bots }: Configuration,
  { clock, logger, processName, timeframes = [], onNotice }: SystemSetup,
): Promise<{
  readonly provider: MarketDataProvider;
  readonly instruments: readonly Instrument[];
  readonly period: Pick<RecordedMarket, 'from' | 'to'> | undefined;
}> {
  const { url, kind, speed, data: files, transport, symbolsPerSocket, authority, compareTrades } = market;
  // Waits of processes that were cut off together differ.
  const random = new Random(clock.now(), processName);
  const needed = historyFor(bots, market.timeframe);
  if (market.history === 'auto' && needed.isCut && market.provider !== REPLAY) {
    onNotice?.(`The market begins with ${needed.candles.toLocaleString('en')} candles; some bots look further back.`);
  }
  const provider = await openProvider(market.provider, {
    ...{ url, kind, speed, files, clock, logger, random, transport, authority, compareTrades },
    ...(market.history === 'auto'
      ? { history: needed.candles, alignTo: [...needed.alignTo, ...timeframes] }
      : { history: market.history }),
    ...(symbolsPerSocket !== null && { symbolsPerSocket }),
  });
  try {
    const feeds = feedsOf(market);
    return { provider, instruments: await provider.instruments(feeds), period: await provider.period?.(feeds) };
  } catch (thrown) {
    await provider.stop();
    throw thrown;
  }
}

/** The account that the bots of this process trade on; `undefined` on paper. */
async function openAccountOf(
  { account, configuration, bus, clock, logger, processName, onNotice }: SystemSetup,
  bots: readonly SessionSpec[],
  instruments: readonly Instrument[],
  store: Store,
): Promise<AccountLink | undefined> {
  if (account === undefined) return undefined;
  try {
    const surroundings = { bus, clock, logger, processName, instruments };
    const link = await openAccountLink(account, configuration, bots, store, surroundings);
    const shared = [...link.sharedSymbols].join(', ');
    if (shared !== '') {
      onNotice?.(`Several bots share one position in ${shared}; what that costs is said in docs/trading.md.`);
    }
    return link;
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

/** Opens the adapters that the configuration names and puts the system together. Nothing runs yet. */
export async function composeSystem(setup: SystemSetup): Promise<ComposedSystem> {
  const { configuration, roles, bus } = setup;
  const { market } = configuration;
  if (roles.has('bots')) checkAccess(configuration, setup.account);
  const surroundings: Surroundings = { clock: setup.clock, logger: setup.logger };
  const { provider, instruments, period } = await openMarket(configuration, setup);
  const bots = sessionSpecs(configuration, instruments);
  const store = await openStore(configuration, setup);
  const account = await openAccountOf(setup, bots, instruments, store);
  const candleFiles = configuration.record.csv === null ? undefined : new CandleCsvWriter(configuration.record.csv);
  const parts: SystemParts = {
    clock: setup.clock,
    logger: setup.logger,
    bus,
    store,
    roles,
    bots,
    ...(setup.resumedBots && { resumedBots: setup.resumedBots }),
    venueOf: () => simulatedVenue(configuration.costs),
    account,
    ...(setup.account && {
      accountName: { name: setup.account.account, isReal: setup.account.mode === 'live' },
    }),
    ...(market.provider !== REPLAY && {
      marketDelayMs: provider.delayMs,
      latency: new LatencyBoard({ store, ...surroundings, processName: setup.processName }),
    }),
    provider,
    ...(period && {
      progress: (marketTime: number) => (marketTime - period.from) / Math.max(1, period.to - period.from),
    }),
    speed: market.speed,
    collector: {
      symbols: market.symbols,
      timeframe: market.timeframe,
      derived: derivedTimeframes(bots, market.timeframe, setup.timeframes),
    },
    recorder: { recordRaw: configuration.record.raw },
    ...(candleFiles && { candleFiles }),
    processName: setup.processName,
    staleAfterMs: market.updateTimeoutMs,
    startServer: async () => {
      // Loaded for its own role only: a backtest or a bot has no use for an HTTP server.
      const { startServer } = await import('../server/start-server.ts');
      const { logger } = surroundings;
      const board = new PriceBoard(bus, setup.clock, { staleAfterMs: market.updateTimeoutMs, store, logger });
      const { token, ...place } = configuration.server;
      const watched = { symbols: market.symbols, botIds: bots.map((bot) => bot.botId) };
      const server = await startServer({
        ...place,
        ...(token !== null && { token }),
        bus,
        store,
        prices: priceSource(board, () => setup.clock.now()),
        ...watched,
        ...surroundings,
      });
      setup.onNotice?.(`Listening on ${server.url}`);
      return () => server.close();
    },
  };
  return {
    system: new System(parts),
    store,
    instruments,
    marketStatus: () => provider.status?.(),
    async close() {
      await provider.stop();
      await bus.close();
      await candleFiles?.close();
      await store.close();
    },
  };
}

/** Puts an embedded store's files aside, so that a new one begins. Gives where they are now; `undefined` when there were none. */
export async function setStoreAside(path: string, stamp: string): Promise<string | undefined> {
  const aside = path.replace(/(\.db)?$/, `-${stamp}$1`);
  let moved: string | undefined;
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      await rename(path + suffix, aside + suffix);
      if (suffix === '') moved = aside;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    }
  }
  return moved;
}

/**
 * Puts the candle files of these symbols aside, into a folder beside theirs: a file only grows in time, and would take
 * nothing of a market that begins anew earlier. Other files stay.
 */
export async function setCandleFilesAside(folder: string, symbols: readonly string[], stamp: string): Promise<void> {
  const isOurs = (name: string): boolean => symbols.some((symbol) => name.startsWith(`${symbol}-`));
  const names = existsSync(folder) ? await readdir(folder) : [];
  const ours = names.filter((name) => name.endsWith('.csv') && isOurs(name));
  if (ours.length === 0) return;
  const aside = `${folder.replace(/[/\\]+$/, '')}-${stamp}`;
  await mkdir(aside, { recursive: true });
  for (const name of ours) await rename(join(folder, name), join(aside, name));
}
