import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EventBus } from '../bus/event-bus.ts';
import { barOpenTime, type Timeframe } from '../domain/timeframe.ts';
import { type Clock, sleep, systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import { fromNumber, type Money } from '../foundation/fixed-point.ts';
import { type Logger, silentLogger } from '../foundation/logger.ts';
import { durationMs } from '../foundation/time.ts';
import type { PriceBoard } from '../live/price-board.ts';
import { ActionBox } from '../live/streams/action-box.ts';
import { LiveDataAdapter } from '../live/streams/data-adapter.ts';
import { LiveTrader } from '../live/streams/live-trader.ts';
import { MultiTickerStream } from '../live/streams/multi-ticker-stream.ts';
import { RealTimeStream, type StreamOptions } from '../live/streams/real-time-stream.ts';
import type { RiskLimits } from '../risk/limits.ts';
import { agentStrategy, type TradingAgent } from '../strategy/agent-strategy.ts';
import { checkParameters } from '../strategy/check-parameters.ts';
import type { AnyStrategyDefinition, StrategyDefinition } from '../strategy/strategy.ts';
import { type ComposedSystem, composeSystem, openBus, sessionSpecs } from './compose.ts';
import { loadConfiguration } from './config.ts';
import { symbolCountDefect } from './config-bots.ts';
import { DEFAULT_SIZING } from './config-defaults.ts';
import type { WrittenConfiguration } from './config-schema.ts';
import type { Configuration } from './configuration.ts';
import { simulatedVenue } from './simulated-venue.ts';
import { resolveStrategy } from './strategy-registry.ts';
import type { Role } from './system.ts';

export interface LiveMarketOptions {
  /** `bybit`, `yahoo` …, or a file of one's own; default `replay`, the recorded bars that come along. */
  readonly provider?: string;
  readonly symbols: readonly string[];
  /** Of the candles that are collected. Default `1m`. */
  readonly timeframe?: Timeframe;
  /** Bigger ones to be built of them. */
  readonly timeframes?: readonly Timeframe[];
  /** Stands in for the provider's own address. */
  readonly url?: string;
  readonly kind?: 'spot' | 'perpetual';
  /** With how many candles before now it begins. Default 500; a replay begins with its first. */
  readonly history?: number;
  /** Market seconds per real second of a replay; `null` as fast as can be. */
  readonly speed?: number | null;
  /** A price that is older than this is stale. Default 60,000 ms. */
  readonly staleAfterMs?: number;
  /** The folder where candles, decisions and accounts are kept from one run to the next. Default: for this run only. */
  readonly folder?: string;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface TraderOptions {
  /** The name of its account. Letters, digits and hyphens. Default `trader`. */
  readonly name?: string;
  /** The name or file of a strategy, or its definition; an agent; or `by-hand`, for `executeAction`. */
  readonly strategy: string | StrategyDefinition<never> | TradingAgent;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Default: all symbols of the market. */
  readonly symbols?: readonly string[];
  /** Default: that of the market. */
  readonly timeframe?: Timeframe;
  /** In quote currency. Default 50,000. */
  readonly startingBalance?: number;
  /** Limits other than the default ones. */
  readonly risk?: Partial<RiskLimits>;
  /** Stops when it has had so many fills. */
  readonly maximumFills?: number;
}

const DEFAULT_BALANCE = 50_000;
const PAST_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 20;
const DEFAULT_HISTORY = 500;
const DEFAULT_STALE_AFTER_MS = 60_000;

/**
 * A market in this process, for programs: collector, bus, recorder and store as a running system has them, and streams,
 * adapters and paper traders on it. Call `close` at the end.
 *
 * @throws UserError for settings that do not fit, and a provider that can't be reached
 */
export async function openLiveMarket(options: LiveMarketOptions): Promise<LiveMarket> {
  const { clock = systemClock, logger = silentLogger } = options;
  const folder =
    options.folder === undefined ? mkdtempSync(join(tmpdir(), 'tradewind-market-')) : resolve(options.folder);
  const forget = (): void => {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const configuration = await configurationOf(options, folder);
    const { timeframes = [] } = options;
    return await openWith(configuration, { roles: ['collector', 'recorder'], timeframes, clock, logger, forget });
  } catch (thrown) {
    forget();
    throw thrown;
  }
}

/**
 * The market of a system that runs elsewhere: its collector and recorder are other processes, on the Redis and the store
 * of a configuration file. What is closed here goes on there.
 *
 * @throws UserError for mistakes in the file, and where its bus can't be shared
 */
export async function joinLiveMarket(
  configurationFile: string,
  { clock = systemClock, logger = silentLogger }: Pick<LiveMarketOptions, 'clock' | 'logger'> = {},
): Promise<LiveMarket> {
  const configuration = await loadConfiguration(resolve(configurationFile));
  if (configuration.bus.kind !== 'redis') {
    throw new UserError(
      `The system of ${configurationFile} has its bus in its own memory: set bus.url to a Redis, such as redis://127.0.0.1:6379, to join it.`,
    );
  }
  const record = { ...configuration.record, csv: null };
  const terms = { roles: [], timeframes: [], clock, logger, forget: () => {} };
  return openWith({ ...configuration, bots: [], record }, terms);
}

interface OpenTerms extends Pick<LiveMarketParts, 'clock' | 'logger' | 'forget'> {
  /** What this process does of the system. */
  readonly roles: readonly Role[];
  readonly timeframes: readonly Timeframe[];
}

async function openWith(configuration: Configuration, { roles, timeframes, ...rest }: OpenTerms): Promise<LiveMarket> {
  const processName = `program@${hostname()}/${randomUUID().slice(0, 8)}`;
  const bus = await openBus(configuration, rest);
  let market: LiveMarket | undefined;
  try {
    const setup = { configuration, bus, roles: new Set(roles), timeframes, processName, ...rest };
    const composed = await composeSystem(setup);
    market = new LiveMarket({ configuration, composed, bus, processName, ...rest });
    await composed.system.start();
    if (roles.includes('collector')) await pastIsThere(composed, configuration, rest.clock);
    return market;
  } catch (thrown) {
    await market?.close();
    await bus.close();
    throw thrown;
  }
}

async function configurationOf(options: LiveMarketOptions, folder: string): Promise<Configuration> {
  const { provider, symbols, timeframe, url, kind, history = DEFAULT_HISTORY, speed } = options;
  const isReplay = provider === undefined || provider === 'replay';
  if (isReplay && url !== undefined) throw new UserError('A replay has no address: leave url out, or name a provider.');
  const market: WrittenConfiguration['market'] = {
    ...{ symbols: [...symbols], updateTimeout: durationMs(options.staleAfterMs ?? DEFAULT_STALE_AFTER_MS) },
    ...(provider !== undefined && { provider }),
    ...(timeframe !== undefined && { timeframe }),
    ...(url !== undefined && { url }),
    ...(kind !== undefined && { kind }),
    ...(!isReplay && { history }),
    ...(isReplay && speed !== undefined && { speed }),
  };
  const overrides: WrittenConfiguration = {
    market,
    store: { path: join(folder, 'market.db') },
    record: { csv: null, raw: false },
    logging: { folder: null },
  };
  const configuration = await loadConfiguration(undefined, { overrides });
  return { ...configuration, bots: [] };
}

/** Waits for the candles before now, so that streams begin with them; goes on where an exchange takes too long. */
async function pastIsThere(composed: ComposedSystem, { market }: Configuration, clock: Clock): Promise<void> {
  const giveUpAt = clock.monotonic() + PAST_WITHIN_MS;
  while (clock.monotonic() < giveUpAt) {
    const status = composed.marketStatus();
    if (status === undefined) return;
    const { completeUntil, exchangeTime } = status;
    if (completeUntil !== null && completeUntil >= barOpenTime(exchangeTime, market.timeframe)) return;
    await sleep(clock, LOOK_EVERY_MS);
  }
}

interface LiveMarketParts {
  readonly configuration: Configuration;
  readonly composed: ComposedSystem;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly processName: string;
  readonly forget: () => void;
}

export class LiveMarket {
  readonly symbols: readonly string[];
  /** The latest price of every symbol, and how its provider is connected. */
  readonly prices: PriceBoard;
  readonly #parts: LiveMarketParts;
  readonly #open: { stop(): Promise<void> }[] = [];

  constructor(parts: LiveMarketParts) {
    this.#parts = parts;
    this.symbols = parts.configuration.market.symbols;
    this.prices = parts.composed.system.monitor.prices;
  }

  /** The candles and prices of one symbol. It has begun. */
  async stream(options: StreamOptions): Promise<RealTimeStream> {
    const stream = new RealTimeStream(this.#streamParts(), options);
    this.#open.push(stream);
    await stream.start();
    return stream;
  }

  /** Those of several symbols, by default of all. It is to be begun with `startAll`. */
  streams(options: Partial<ConstructorParameters<typeof MultiTickerStream>[1]> = {}): MultiTickerStream {
    const streams = new MultiTickerStream(this.#streamParts(), { symbols: this.symbols, ...options });
    this.#open.push({ stop: () => streams.stopAll() });
    return streams;
  }

  /** One symbol as a program reads history: it waits for updates. */
  async adapter(options: StreamOptions): Promise<LiveDataAdapter> {
    return new LiveDataAdapter(await this.stream(options), this.#parts.clock);
  }

  /** A strategy or an agent on paper. It is to be begun with `start`. @throws UserError for what can't be traded */
  async trader(options: TraderOptions): Promise<LiveTrader> {
    const { composed, configuration, bus, clock, logger, processName } = this.#parts;
    const { name = 'trader', symbols = this.symbols, timeframe = configuration.market.timeframe } = options;
    const actions = new ActionBox();
    const definition = await definitionOf(options.strategy, actions);
    const parameters = checkParameters(definition, options.parameters ?? {});
    if (!parameters.ok) throw parameters.error;
    const defect = symbolCountDefect(definition, symbols.length);
    if (defect !== undefined) throw new UserError(`${defect}.`);
    const unknown = symbols.find((symbol) => !this.symbols.includes(symbol));
    if (unknown !== undefined)
      throw new UserError(`${unknown} is not among the symbols of this market: ${this.symbols.join(', ')}.`);
    const bot = {
      ...{ id: name, strategy: definition.name, definition, parameters: parameters.value, symbols, timeframe },
      startingBalance: fromNumber<Money>(options.startingBalance ?? DEFAULT_BALANCE),
      sizing: DEFAULT_SIZING,
      limits: { ...configuration.risk, ...options.risk },
      trigger: null,
    };
    const [spec] = sessionSpecs({ ...configuration, bots: [bot] }, composed.instruments);
    const parts = { bus, store: composed.store, clock, logger, venueOf: () => simulatedVenue(configuration.costs) };
    const trader = new LiveTrader(spec!, parts, {
      ...{ owner: processName, ...(options.maximumFills !== undefined && { maximumFills: options.maximumFills }) },
      ...(options.strategy === BY_HAND && { actions }),
    });
    this.#open.push(trader);
    return trader;
  }

  /** Ends everything that was opened on it, and then the market. */
  async close(): Promise<void> {
    const { composed, bus, forget } = this.#parts;
    for (const one of this.#open.splice(0).reverse()) await one.stop();
    await composed.system.stop();
    await composed.close();
    await bus.close();
    forget();
  }

  #streamParts() {
    const { composed, bus, clock, logger } = this.#parts;
    return { bus, store: composed.store, clock, logger, prices: this.prices };
  }
}

const BY_HAND = 'by-hand';

async function definitionOf(strategy: TraderOptions['strategy'], actions: ActionBox): Promise<AnyStrategyDefinition> {
  if (strategy === BY_HAND) return agentStrategy(actions) as unknown as AnyStrategyDefinition;
  if (typeof strategy === 'string') return (await resolveStrategy(strategy, { cwd: process.cwd() })).definition;
  if ('act' in strategy) return agentStrategy(strategy) as unknown as AnyStrategyDefinition;
  return strategy as unknown as AnyStrategyDefinition;
}
