import type { Feed } from '../domain/candle.ts';
import type { Instrument } from '../domain/instrument.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import type { Clock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Random } from '../foundation/random.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { MarketDataFeed } from './market-data.ts';

/** What a provider is made of: the settings of the section `market`, and the surroundings of a running system. */
export interface ProviderRequest {
  /** Stands in for the provider's own address; `null` for that. */
  readonly url: string | null;
  /** `spot` or `perpetual`; `null` for what the provider means where nothing is said. */
  readonly kind: 'spot' | 'perpetual' | null;
  /** With how many candles before the present a feed begins that has no resume point. */
  readonly history: number;
  /** That history begins, earlier where needed, with the start of a bar of each of these. Default: of none. */
  readonly alignTo?: readonly Timeframe[];
  /** `poll`: requests alone, no sockets. Default `stream`. */
  readonly transport?: 'stream' | 'poll';
  /** The most symbols that share a socket. Default: as the exchange likes it. */
  readonly symbolsPerSocket?: number;
  /** Whose candle holds where the stream and the history of an exchange differ. Default `history`. */
  readonly authority?: 'stream' | 'history';
  /** Whether candles are built from trades too, to be compared. Default: not. */
  readonly compareTrades?: boolean;
  /** The files of bars, for a replay. */
  readonly files: ReadonlyMap<string, string>;
  /** Market seconds per real second of a replay; `null` as fast as can be. */
  readonly speed: number | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** PORT: a source of market data with what it knows of the instruments. */
export interface MarketDataProvider extends MarketDataFeed {
  /** What is traded, one for each feed, in their order. @throws UserError for a symbol or timeframe that is not there */
  instruments(feeds: readonly Feed[]): Promise<readonly Instrument[]>;
  /** From when to when it has candles, where it has an end. */
  period?(feeds: readonly Feed[]): Promise<{ readonly from: EpochMs; readonly to: EpochMs }>;
}

/** Makes a provider. Nothing is connected yet. @throws UserError for settings that it can't work with */
export type ProviderFactory = (request: ProviderRequest) => MarketDataProvider | Promise<MarketDataProvider>;

/** What a provider file exports by default. */
export interface ProviderDefinition {
  /** Lower-case words with hyphens: the source of its candles. */
  readonly name: string;
  readonly open: ProviderFactory;
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const factories = new Map<string, ProviderFactory>();

/** The definition itself, with its types checked. */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  return definition;
}

/**
 * Makes a provider known by its name (S2-03), for this process.
 *
 * @throws UserError when the name is not one, or is taken
 */
export function registerProvider(name: string, factory: ProviderFactory): void {
  const defect = definitionDefect({ name, open: factory });
  if (defect !== undefined) throw new UserError(`The provider ${defect}.`);
  if (factories.has(name)) throw new UserError(`There is a provider ${name} already: choose another name.`);
  factories.set(name, factory);
}

/** The names that are registered, in the order in which they were. */
export function providerNames(): readonly string[] {
  return [...factories.keys()];
}

export function registeredProvider(name: string): ProviderFactory | undefined {
  return factories.get(name);
}

/** What is wrong with a value as a provider definition, as the rest of a sentence; `undefined` for a sound one. */
export function definitionDefect(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is no provider: write defineProvider({ name, open })';
  const { name, open } = value as { readonly name?: unknown; readonly open?: unknown };
  if (typeof name !== 'string' || !NAME.test(name)) {
    return `has the name ${JSON.stringify(name)}, which must be lower-case words with hyphens, such as 'my-exchange'`;
  }
  return typeof open === 'function' ? undefined : 'has no function open(request) that makes the provider';
}

const METHODS = ['start', 'stop', 'instruments'] as const;

/** What a factory made, if it can be used. @throws UserError when a part is missing */
export function checkedProvider(name: string, made: unknown): MarketDataProvider {
  const fields: Readonly<Record<string, unknown>> =
    typeof made === 'object' && made !== null ? (made as Readonly<Record<string, unknown>>) : {};
  const missing = METHODS.find((method) => typeof fields[method] !== 'function');
  if (missing !== undefined) throw new UserError(`The provider ${name} has no method ${missing}.`);
  if (typeof fields.name !== 'string' || fields.name === '') throw new UserError(`The provider ${name} has no name.`);
  if (typeof fields.delayMs !== 'number' || !(fields.delayMs >= 0)) {
    throw new UserError(`The provider ${name} does not say with delayMs how late it is; 0 is real time.`);
  }
  return made as MarketDataProvider;
}
