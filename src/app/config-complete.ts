import { join, resolve } from 'node:path';
import { closestName } from '../foundation/closest-name.ts';
import { InvariantError, UserError } from '../foundation/errors.ts';
import { defaultLimits } from '../risk/limits.ts';
import { REPLAY } from './builtin-providers.ts';
import { completeAccount, type Folders } from './config-account.ts';
import { type Complain, completeBots, given } from './config-bots.ts';
import {
  BUNDLED_SYMBOLS,
  BUNDLED_TIMEFRAME,
  bundledFile,
  DEFAULT_BUFFER_SIZE,
  DEFAULT_CANDLE_FOLDER,
  DEFAULT_LOG_FOLDER,
  DEFAULT_SPEED,
  DEFAULT_STORE,
  DEFAULT_UPDATE_TIMEOUT_MS,
  defaultBots,
  defaultCosts,
  defaultLogging,
  defaultServer,
  defaultTrading,
} from './config-defaults.ts';
import { dataFileIn } from './config-files.ts';
import type { WrittenConfiguration } from './config-schema.ts';
import type {
  BusConfiguration,
  Configuration,
  CostsConfiguration,
  MarketConfiguration,
  StoreConfiguration,
  TradingConfiguration,
} from './configuration.ts';
import { resolveProvider } from './provider-registry.ts';

/** What `complete` makes; the rest is known to whoever read the file. */
export type CompleteSections = Omit<Configuration, 'file' | 'section' | 'fromEnvironment'>;

/** What holds where nothing is written. @param cwd the folder from which paths count */
export async function defaultConfiguration(cwd: string): Promise<Configuration> {
  const complain: Complain = (at, message) => {
    throw new InvariantError('The defaults contradict themselves', { at: at.join('.'), message });
  };
  const sections = await complete({}, { written: cwd, working: cwd }, complain);
  return { ...sections, file: null, fromEnvironment: new Map(), section: () => ({}) };
}

/** Fills in defaults and checks what no setting shows by itself. Of mistakes `complain` is told. */
export async function complete(
  written: WrittenConfiguration,
  folders: Folders,
  complain: Complain,
): Promise<CompleteSections> {
  const trading = completeTrading(written, complain);
  const market = await completeMarket(written.market ?? {}, folders, complain);
  const risk = { ...defaultLimits, ...given(written.risk ?? {}) };
  const surroundings = {
    folder: folders.written,
    symbols: market.symbols,
    collected: market.timeframe,
    timeframe: trading.timeframe,
    limits: risk,
  };
  const record = written.record ?? {};
  const logging = written.logging ?? {};
  return {
    trading,
    account: completeAccount(written.account ?? {}, { mode: trading.mode, market, folders }, complain),
    market,
    bots: await completeBots(written.bots ?? defaultBots(market.symbols, market.timeframe), surroundings, complain),
    risk,
    costs: completeCosts(written.costs ?? {}),
    store: completeStore(written.store ?? {}, folders, complain),
    bus: completeBus(written.bus ?? {}, complain),
    server: { ...defaultServer, ...given(written.server ?? {}) },
    record: { raw: record.raw ?? true, csv: folderOrNone(record.csv, DEFAULT_CANDLE_FOLDER, folders) },
    logging: {
      level: logging.level ?? defaultLogging.level,
      folder: folderOrNone(logging.folder, DEFAULT_LOG_FOLDER, folders),
    },
  };
}

function completeTrading(written: WrittenConfiguration, complain: Complain): TradingConfiguration {
  const trading = { ...defaultTrading, ...given(written.trading ?? {}) };
  if (trading.mode === 'live' && !trading.allowLive) {
    const bySeed = written.live_trading?.paper_trade === false;
    complain(
      bySeed ? ['live_trading', 'paper_trade'] : ['trading', 'mode'],
      bySeed
        ? 'live_trading.paper_trade is false, but live_trading.enabled is not true: trading with real money must be allowed'
        : 'trading.mode is live, but trading.allowLive is not true: trading with real money must be allowed',
    );
  }
  return trading;
}

async function completeMarket(
  written: NonNullable<WrittenConfiguration['market']>,
  folders: Folders,
  complain: Complain,
): Promise<MarketConfiguration> {
  const files = typeof written.data === 'object' ? Object.keys(written.data) : undefined;
  const symbols = written.symbols ?? files ?? BUNDLED_SYMBOLS;
  const repeated = symbols.find((symbol, index) => symbols.indexOf(symbol) !== index);
  if (repeated !== undefined) complain(['market', 'symbols'], `${repeated} stands twice in market.symbols`);
  const timeframe = written.timeframe ?? BUNDLED_TIMEFRAME;
  const provider = await completeProvider(written.provider ?? REPLAY, folders, complain);
  const isReplay = provider === REPLAY;
  // A live market has no use for files, and whether it could be replayed is not its affair.
  const complainOfData: Complain = isReplay ? complain : () => {};
  return {
    provider,
    url: written.url ?? null,
    kind: written.kind ?? null,
    history: written.history ?? 'auto',
    transport: written.transport ?? 'stream',
    symbolsPerSocket: symbolsPerSocket(written.symbolsPerSocket ?? 'shared'),
    authority: written.authority ?? 'history',
    compareTrades: written.compareTrades ?? false,
    symbols,
    timeframe,
    speed: isReplay ? (written.speed === undefined ? DEFAULT_SPEED : written.speed) : 1,
    data: await dataFiles(written.data ?? 'bundled', symbols, timeframe, folders, complainOfData),
    bufferSize: written.bufferSize ?? DEFAULT_BUFFER_SIZE,
    updateTimeoutMs: written.updateTimeout ?? DEFAULT_UPDATE_TIMEOUT_MS,
  };
}

function symbolsPerSocket(written: 'shared' | 'dedicated' | number): number | null {
  if (written === 'shared') return null;
  return written === 'dedicated' ? 1 : written;
}

/** The reference of a provider that is there; the default in place of one that is not, which was told of. */
async function completeProvider(written: string, folders: Folders, complain: Complain): Promise<string> {
  try {
    return (await resolveProvider(written, { cwd: folders.written })).reference;
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    complain(['market', 'provider'], thrown.message);
    return REPLAY;
  }
}

async function dataFiles(
  data: string | Readonly<Record<string, string>>,
  symbols: readonly string[],
  timeframe: string,
  folders: Folders,
  complain: Complain,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const symbol of typeof data === 'object' ? Object.keys(data) : []) {
    if (symbols.includes(symbol)) continue;
    const near = closestName(symbol, symbols);
    const guess = near === undefined ? '' : `; did you mean ${near}?`;
    complain(
      ['market', 'data', symbol],
      `market.data has a file for ${symbol}, which is not among market.symbols${guess}`,
    );
  }
  for (const [index, symbol] of symbols.entries()) {
    const file = await dataFile(data, symbol, timeframe, folders);
    if (file !== undefined) files.set(symbol, file);
    else {
      const known =
        data === 'bundled' ? `only ${BUNDLED_SYMBOLS.join(', ')} come with the program` : 'market.data names none';
      complain(
        ['market', 'symbols', index],
        `there is no data for ${symbol}: ${known}; name its file under market.data or with --data`,
      );
    }
  }
  return files;
}

async function dataFile(
  data: string | Readonly<Record<string, string>>,
  symbol: string,
  timeframe: string,
  folders: Folders,
): Promise<string | undefined> {
  if (data === 'bundled') return bundledFile(symbol);
  if (typeof data === 'string') return dataFileIn(resolve(folders.written, data), symbol, timeframe);
  return Object.hasOwn(data, symbol) ? resolve(folders.written, data[symbol]!) : undefined;
}

function completeCosts(written: NonNullable<WrittenConfiguration['costs']>): CostsConfiguration {
  const { model, matching } = defaultCosts;
  return {
    model: {
      fees: written.fees ?? model.fees,
      spread: written.spread ?? model.spread,
      slippage: written.slippage ?? model.slippage,
    },
    latencyMs: written.latency ?? defaultCosts.latencyMs,
    seed: written.seed ?? defaultCosts.seed,
    matching: {
      ...matching,
      ...given({ path: written.path, limitFill: written.limitFill, maximumVolumeShare: written.maximumVolumeShare }),
    },
  };
}

function completeStore(
  written: NonNullable<WrittenConfiguration['store']>,
  folders: Folders,
  complain: Complain,
): StoreConfiguration {
  const { path, url, schema } = written;
  if (url === undefined) {
    if (schema !== undefined)
      complain(['store', 'schema'], 'store.schema is for PostgreSQL: give its address as store.url');
    return {
      kind: 'embedded',
      path: path === undefined ? join(folders.working, DEFAULT_STORE) : resolve(folders.written, path),
    };
  }
  if (path !== undefined) complain(['store', 'path'], 'store has both a path and a url: keep one of them');
  if (!hasScheme(url, ['postgres', 'postgresql'])) {
    complain(['store', 'url'], 'store.url must be an address such as postgres://user:password@host:5432/database');
  }
  return { kind: 'postgres', url, schema: schema ?? 'public' };
}

function completeBus(written: NonNullable<WrittenConfiguration['bus']>, complain: Complain): BusConfiguration {
  const { url, keyPrefix, allowUnsafeRedis } = written;
  if (url === undefined || url === 'in-process') {
    const stray =
      keyPrefix !== undefined ? 'keyPrefix' : allowUnsafeRedis !== undefined ? 'allowUnsafeRedis' : undefined;
    if (stray !== undefined) complain(['bus', stray], `bus.${stray} is for Redis: give its address as bus.url`);
    return { kind: 'in-process' };
  }
  if (!hasScheme(url, ['redis', 'rediss', 'unix', 'redis+unix'])) {
    complain(
      ['bus', 'url'],
      'bus.url must be in-process or an address such as redis://localhost:6379/0 or unix:///run/redis/redis.sock',
    );
  }
  return { kind: 'redis', url, keyPrefix: keyPrefix ?? '', allowUnsafeRedis: allowUnsafeRedis ?? false };
}

function hasScheme(url: string, schemes: readonly string[]): boolean {
  return URL.canParse(url) && schemes.includes(new URL(url).protocol.slice(0, -1));
}

function folderOrNone(written: string | null | undefined, fallback: string, folders: Folders): string | null {
  if (written === null) return null;
  return written === undefined ? join(folders.working, fallback) : resolve(folders.written, written);
}
