import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { configurationPath, loadConfiguration } from '../app/config.ts';
import type { WrittenConfiguration } from '../app/config-schema.ts';
import { readSymbol } from '../app/config-values.ts';
import type { Configuration, TradingMode } from '../app/configuration.ts';
import { checkLiveAsked } from '../app/live-arming.ts';
import { roleTrades } from '../app/open-account.ts';
import type { SystemRequest, SystemRole } from '../app/system-request.ts';
import { UserError } from '../foundation/errors.ts';
import type { StartOptions } from './start-options.ts';
import { storeOverride } from './store-option.ts';

export type StartRequest = Omit<SystemRequest, 'signal' | 'onView' | 'account'>;

/**
 * What is to be run, from the command line and the configuration together.
 *
 * @throws UserError for options that contradict one another, and for a configuration with mistakes
 */
export async function startRequest(options: StartOptions, cwd: string): Promise<StartRequest> {
  const role = systemRole(options.role);
  if (options.threads !== undefined) throw new UserError('--threads is for --role worker: leave it out.');
  if (options.speed !== undefined && role !== 'all' && role !== 'collector') {
    throw new UserError(`--speed is the collector's: it has no meaning with --role ${role}.`);
  }
  if (options.fresh && role !== 'all') {
    throw new UserError(`--fresh empties the store that other processes use: it can't go with --role ${role}.`);
  }
  if (options.live && !roleTrades(role)) {
    throw new UserError(`--live is for the process that trades: it has no meaning with --role ${role}.`);
  }
  const overrides = await startOverrides(options, cwd);
  const configuration = await loadConfiguration(configurationPath(options.config, cwd), { cwd, overrides });
  if (configuration.trading.mode === 'live' && roleTrades(role)) checkLiveAsked(configuration, options.live ?? false);
  checkRole(role, configuration);
  const resumedBots = options.resume ?? [];
  checkResumed(resumedBots, role, configuration);
  checkLiveMarket(options, configuration);
  return {
    configuration,
    role,
    speed: configuration.market.speed,
    ...(options.for !== undefined && { durationMs: options.for }),
    untilEnd: options.untilEnd ?? false,
    fresh: options.fresh ?? false,
    ...(resumedBots.length > 0 && { resumedBots }),
  };
}

function systemRole(role: StartOptions['role'] = 'all'): SystemRole {
  if (role !== 'worker') return role;
  throw new UserError('A worker is no part of the trading system: it has a request of its own.');
}

function checkRole(role: SystemRequest['role'], { bus }: Configuration): void {
  if (role === 'all' || bus.kind === 'redis') return;
  throw new UserError(
    `--role ${role} runs one part of the system, and the parts meet on a Redis bus: give --bus redis://localhost:6379, or leave --role out to run all parts in one process.`,
  );
}

function checkResumed(resumed: readonly string[], role: SystemRole, { bots }: Configuration): void {
  if (resumed.length > 0 && !roleTrades(role)) {
    throw new UserError(`--resume is for the process that runs bots: it has no meaning with --role ${role}.`);
  }
  const unknown = resumed.find((id) => !bots.some((bot) => bot.id === id));
  if (unknown === undefined) return;
  throw new UserError(`--resume names ${unknown}, and the bots are ${bots.map(({ id }) => id).join(', ')}.`);
}

/** A live market goes at its own pace, and does not end. */
function checkLiveMarket({ speed, untilEnd }: StartOptions, { market }: Configuration): void {
  if (market.provider === 'replay') return;
  const [option, why] =
    speed !== undefined ? ['--speed', 'goes at its own pace'] : untilEnd ? ['--until-end', 'has no end'] : [];
  if (option === undefined) return;
  throw new UserError(`${option} is for a replay: the market of ${market.provider} ${why}. Leave it out.`);
}

/** The settings of the command line, as a configuration file would say them. */
export async function startOverrides(options: StartOptions, cwd: string): Promise<WrittenConfiguration> {
  const data = options.data === undefined ? undefined : await dataOverride(options.data, options.symbols, cwd);
  const mode = modeOverride(options);
  const symbols = options.symbols ?? (typeof data === 'object' ? Object.keys(data) : undefined);
  const market = {
    ...(options.speed !== undefined && { speed: options.speed === 'max' ? null : options.speed }),
    ...(options.provider !== undefined && { provider: providerOverride(options.provider, cwd) }),
    ...(options.url !== undefined && { url: options.url }),
    ...(symbols !== undefined && { symbols: [...symbols] }),
    ...(data !== undefined && { data }),
  };
  return {
    ...(mode !== undefined && { trading: { mode } }),
    ...(Object.keys(market).length > 0 && { market }),
    ...storeOverride(options, cwd),
    ...(options.bus !== undefined && { bus: { url: options.bus } }),
  };
}

/** `--live` is what makes it real money; the mode alone does not. */
function modeOverride({ mode, live }: StartOptions): TradingMode | undefined {
  if (!live || mode === undefined || mode === 'live') return live ? 'live' : mode;
  throw new UserError(`--live and --mode ${mode} contradict one another: leave one of them out.`);
}

/** Paths of the command line count from the folder that the user is in. */
function providerOverride(provider: string, cwd: string): string {
  return /[/\\]|\.m?[tj]s$/.test(provider) ? resolve(cwd, provider) : provider;
}

/** `bundled`, the absolute path of a folder, or the file of each symbol. */
async function dataOverride(
  data: readonly string[],
  symbols: readonly string[] | undefined,
  cwd: string,
): Promise<string | Record<string, string>> {
  const [first] = data;
  if (data.length === 1 && first === 'bundled') return 'bundled';
  if (data.length === 1 && (await stat(resolve(cwd, first!)).catch(() => undefined))?.isDirectory()) {
    return resolve(cwd, first!);
  }
  const files = new Map<string, string>();
  for (const entry of data) {
    const [, before = '', file] = /^([^=]+)=(.+)$/s.exec(entry) ?? [];
    const symbol = readSymbol(before);
    const name = symbol.ok ? symbol.value : data.length === 1 && symbols?.length === 1 ? symbols[0] : undefined;
    if (name === undefined) {
      throw new UserError(
        `Which symbol is in ${entry}? Give --data SYMBOL=${entry}, or a folder with a file for each.`,
      );
    }
    if (files.has(name)) throw new UserError(`--data gives two files for ${name}; each symbol has one.`);
    files.set(name, resolve(cwd, symbol.ok ? file! : entry));
  }
  return Object.fromEntries(files);
}
