import { divides, type Timeframe } from '../domain/timeframe.ts';
import { UserError } from '../foundation/errors.ts';
import { fromNumber, type Money } from '../foundation/fixed-point.ts';
import type { RiskLimits } from '../risk/limits.ts';
import { checkParameters, readValue } from '../strategy/check-parameters.ts';
import { type CheckedParameters, strategyFeeds } from '../strategy/feeds.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { DEFAULT_SIZING, DEFAULT_STARTING_BALANCE } from './config-defaults.ts';
import type { ConfigPath } from './config-document.ts';
import type { WrittenBot } from './config-schema.ts';
import type { BotConfiguration } from './configuration.ts';
import { resolveStrategy } from './strategy-registry.ts';

/** What a bot takes from the other sections. */
export interface BotSurroundings {
  /** The folder from which paths of strategy files count. */
  readonly folder: string;
  readonly symbols: readonly string[];
  /** Of the candles that are collected. */
  readonly collected: Timeframe;
  /** Of bots that name none. */
  readonly timeframe: Timeframe;
  readonly limits: RiskLimits;
}

/** Tells of a mistake in the value at a path. */
export type Complain = (path: ConfigPath, message: string) => void;

/** The bots, each with its strategy and checked parameters. Those with a mistake are told of and left out. */
export async function completeBots(
  written: readonly WrittenBot[],
  surroundings: BotSurroundings,
  complain: Complain,
): Promise<readonly BotConfiguration[]> {
  const bots: BotConfiguration[] = [];
  const places = new Map<string, number>();
  for (const [index, bot] of written.entries()) {
    const before = places.get(bot.id);
    if (before !== undefined)
      complain(['bots', index, 'id'], `bots[${before}] has the id ${bot.id} too; ids must differ`);
    else places.set(bot.id, index);
    const complete = await completeBot(bot, surroundings, (path, message) =>
      complain(['bots', index, ...path], message),
    );
    if (complete !== undefined) bots.push(complete);
  }
  return bots;
}

async function completeBot(
  bot: WrittenBot,
  surroundings: BotSurroundings,
  complain: Complain,
): Promise<BotConfiguration | undefined> {
  const resolved = await attempt(() => resolveStrategy(bot.strategy, { cwd: surroundings.folder }));
  if (resolved instanceof UserError) {
    complain(['strategy'], resolved.message);
    return undefined;
  }
  const { definition, reference } = resolved;
  const parameters = checkedParameters(definition, bot.parameters ?? {}, complain);
  const symbolsAreSound = checkSymbols(bot, definition, surroundings, complain);
  if (parameters === undefined || !symbolsAreSound) return undefined;
  const timeframe = bot.timeframe ?? surroundings.timeframe;
  for (const feed of strategyFeeds(definition, parameters, bot.symbols, timeframe)) {
    if (divides(surroundings.collected, feed.timeframe)) continue;
    const cause = `bars of ${feed.timeframe} can't be made of the ${surroundings.collected} bars that market.timeframe collects`;
    complain(bot.timeframe === undefined ? ['strategy'] : ['timeframe'], cause);
    return undefined;
  }
  return {
    id: bot.id,
    strategy: reference,
    definition,
    parameters,
    symbols: bot.symbols,
    timeframe,
    startingBalance: fromNumber<Money>(bot.startingBalance ?? DEFAULT_STARTING_BALANCE),
    sizing: bot.sizing ?? DEFAULT_SIZING,
    trigger: bot.trigger ?? null,
    limits: { ...surroundings.limits, ...given(bot.risk ?? {}) },
  };
}

function checkedParameters(
  definition: AnyStrategyDefinition,
  written: Readonly<Record<string, unknown>>,
  complain: Complain,
): CheckedParameters | undefined {
  let sound = true;
  const check = (values: Readonly<Record<string, unknown>>, path: ConfigPath): CheckedParameters | undefined => {
    const checked = checkParameters(definition, values);
    if (checked.ok) return checked.value;
    sound = false;
    complain(path, checked.error.message);
    return undefined;
  };
  for (const [name, value] of Object.entries(written)) {
    const spec = Object.hasOwn(definition.parameters, name) ? definition.parameters[name] : undefined;
    if (spec === undefined || readValue(spec, value) === undefined) check({ [name]: value }, ['parameters', name]);
  }
  return sound ? check(written, ['parameters']) : undefined;
}

function checkSymbols(
  bot: WrittenBot,
  definition: AnyStrategyDefinition,
  { symbols }: BotSurroundings,
  complain: Complain,
): boolean {
  let sound = true;
  for (const [index, symbol] of bot.symbols.entries()) {
    const repeated = bot.symbols.indexOf(symbol) !== index;
    if (!repeated && symbols.includes(symbol)) continue;
    sound = false;
    const cause = repeated ? 'stands twice in the list' : `is not among market.symbols (${symbols.join(', ')})`;
    complain(['symbols', index], `${symbol} ${cause}`);
  }
  const defect = symbolCountDefect(definition, bot.symbols.length);
  if (defect !== undefined) complain(['symbols'], defect);
  return sound && defect === undefined;
}

/** What is wrong with trading `count` symbols with a strategy, in words; `undefined` when nothing is. */
export function symbolCountDefect(definition: AnyStrategyDefinition, count: number): string | undefined {
  const { minimum, maximum } = definition.symbols ?? { minimum: 1, maximum: 1 };
  if (count >= minimum && count <= maximum) return undefined;
  const wanted = minimum === maximum ? `exactly ${minimum}` : `${minimum} to ${maximum}`;
  return `${definition.name} trades ${wanted} ${maximum === 1 ? 'symbol' : 'symbols'}, but ${count === 0 ? 'none is' : `${count} ${count === 1 ? 'is' : 'are'}`} given`;
}

/** Without the settings that were left out. */
export function given<Settings extends object>(
  settings: Settings,
): { [Key in keyof Settings]-?: Exclude<Settings[Key], undefined> } {
  const present = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Key in keyof Settings]-?: Exclude<Settings[Key], undefined> };
}

async function attempt<Value>(action: () => Promise<Value>): Promise<Value | UserError> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}
