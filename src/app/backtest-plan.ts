import type { EndOfRun } from '../backtest/backtest.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import type { FeeModel, SlippageModel, SpreadModel } from '../execution/cost-models.ts';
import { UserError } from '../foundation/errors.ts';
import { fromNumber, type Money } from '../foundation/fixed-point.ts';
import { type EpochMs, toIso } from '../foundation/time.ts';
import { noLimits, type RiskLimits } from '../risk/limits.ts';
import type { PositionSizing } from '../risk/position-sizing.ts';
import { checkParameters } from '../strategy/check-parameters.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import type { DataSource, Period } from './backtest-data.ts';
import { ownTimeframe, resolveSources } from './backtest-sources.ts';
import { configurationPath, loadConfiguration } from './config.ts';
import { given } from './config-bots.ts';
import { BUNDLED_SYMBOLS, DEFAULT_SIZING, DEFAULT_STARTING_BALANCE } from './config-defaults.ts';
import type { CostsConfiguration } from './configuration.ts';
import { DataReader, type Reading } from './data-reader.ts';
import { resolveStrategy } from './strategy-registry.ts';

/** A strategy, its market, and what trading costs: all that decides what a backtest gives. */
export interface BacktestPlan {
  /** A built-in strategy's name, or the path of a file relative to `cwd`. */
  readonly strategy: string;
  readonly cwd: string;
  /** Values by name, checked here; texts are read by the parameter's type. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** In the order in which the strategy gets its symbols. */
  readonly sources: readonly DataSource[];
  readonly timeframe: Timeframe;
  readonly period: Period;
  readonly reading?: Reading;
  readonly startingBalance: Money;
  readonly sizing: PositionSizing;
  readonly limits: RiskLimits;
  readonly costs: CostsConfiguration;
  readonly endOfRun: EndOfRun;
}

/** What a person may say of a backtest; all but the strategy may be left out. */
export interface BacktestWishes extends Reading {
  readonly strategy: string;
  /** `FILE` or `SYMBOL=FILE`. */
  readonly data?: readonly string[] | undefined;
  readonly symbols?: readonly string[] | undefined;
  readonly timeframe?: Timeframe | undefined;
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly cash?: Money | undefined;
  readonly sizing?: PositionSizing | undefined;
  /** False lifts all limits. */
  readonly limits: boolean;
  readonly fees?: FeeModel | undefined;
  readonly spread?: SpreadModel | undefined;
  readonly slippage?: SlippageModel | undefined;
  readonly latencyMs?: number | undefined;
  readonly seed?: number | undefined;
  readonly end?: BacktestEnd | undefined;
  /** The configuration that says the rest. */
  readonly config?: string | undefined;
}

/** What becomes of positions that are open at the end, in short words. */
const ENDS = {
  keep: 'keep',
  close: 'close-at-last-close',
  'close-at-open': 'close-at-last-open',
} as const satisfies Record<string, EndOfRun>;

export type BacktestEnd = keyof typeof ENDS;

/**
 * A plan from wishes, configuration and defaults, in this order. A file tells its own timeframe and symbol.
 *
 * @param cwd the folder from which paths count
 * @param reader give the run the same one, so that no file is read twice
 * @throws UserError when they don't go together, or a file is missing
 */
export async function backtestPlan(
  wishes: BacktestWishes,
  cwd: string,
  reader = new DataReader(),
): Promise<BacktestPlan> {
  const { from, to, onDefect, timestampMeans } = wishes;
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UserError(`--from ${toIso(from)} must be earlier than --to ${toIso(to)}.`);
  }
  // The strategy first: whoever mistyped its name is not asked for a market.
  const { definition } = await resolveStrategy(wishes.strategy, { cwd });
  const parameters = checkParameters(definition, wishes.parameters);
  if (!parameters.ok) throw parameters.error;
  const configuration = await loadConfiguration(configurationPath(wishes.config, cwd), { cwd });
  const reading = given({ onDefect, timestampMeans }) as Reading;
  const sources = await resolveSources({
    data: wishes.data ?? [],
    symbols: symbolsOf(wishes, definition),
    configured: configuration.market.data,
    cwd,
    reading,
    reader,
  });
  const { costs } = configuration;
  const { fees, spread, slippage, latencyMs, seed } = wishes;
  return {
    strategy: wishes.strategy,
    cwd,
    parameters: wishes.parameters,
    sources,
    timeframe: wishes.timeframe ?? (await ownTimeframe(sources[0]!, reading, reader)),
    period: { from, to },
    reading,
    startingBalance: wishes.cash ?? fromNumber<Money>(DEFAULT_STARTING_BALANCE),
    sizing: wishes.sizing ?? DEFAULT_SIZING,
    limits: wishes.limits ? configuration.risk : noLimits,
    costs: {
      ...costs,
      ...given({ latencyMs, seed }),
      model: { ...costs.model, ...given({ fees, spread, slippage }) },
    },
    endOfRun: ENDS[wishes.end ?? 'keep'],
  };
}

/** Those that were named; else what comes with the program: one symbol, or all for a strategy that wants several. */
function symbolsOf({ symbols = [], data = [] }: BacktestWishes, definition: AnyStrategyDefinition): readonly string[] {
  if (symbols.length > 0 || data.length > 0) return symbols;
  return (definition.symbols?.minimum ?? 1) > 1 ? BUNDLED_SYMBOLS : BUNDLED_SYMBOLS.slice(0, 1);
}
