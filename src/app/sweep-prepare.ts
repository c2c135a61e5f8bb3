import { columnsHash } from '../backtest/columns-hash.ts';
import { type SweepChunks, sweepChunks } from '../backtest/sweep-chunk.ts';
import { chunkEntriesOf, PLAN_VERSION, planId, type SweepPlan } from '../backtest/sweep-plan.ts';
import { readSpace, type SpaceSurvey, type SpaceWishes, SweepSpace } from '../backtest/sweep-space.ts';
import { type SweepTerms, termsToJson } from '../backtest/sweep-terms.ts';
import { type Feed, feedName } from '../domain/candle.ts';
import type { Instrument } from '../domain/instrument.ts';
import { UserError } from '../foundation/errors.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { strategyFeeds } from '../strategy/feeds.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { loadBacktestData, type Progress } from './backtest-data.ts';
import { type BacktestPlan, type BacktestWishes, backtestPlan } from './backtest-plan.ts';
import { commonCurrency } from './backtest-run.ts';
import { symbolCountDefect } from './config-bots.ts';
import type { DataReader } from './data-reader.ts';
import { resolveStrategy } from './strategy-registry.ts';
import { plannedStrategy } from './sweep-open.ts';

/** What a person may say of a sweep: all of a backtest but the parameters, and which points. */
export interface SweepWishes extends Omit<BacktestWishes, 'parameters'>, SpaceWishes {}

/** A sweep with all that it takes to be computed in this process. */
export interface PreparedSweep extends SweepChunks {
  readonly id: string;
  readonly plan: SweepPlan;
  readonly definition: AnyStrategyDefinition;
  /** What a backtest of one of its points is run by. */
  readonly backtest: BacktestPlan;
  readonly terms: SweepTerms;
  /** By feed name. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
  /** The first one is the main feed. */
  readonly feeds: readonly Feed[];
  /** `undefined` for a space too large to be gone through in advance. */
  readonly survey: SpaceSurvey | undefined;
  readonly notes: readonly string[];
}

export interface PrepareOptions {
  readonly cwd: string;
  readonly reader: DataReader;
  readonly onProgress?: Progress | undefined;
  /** Asked about a grid of more than {@link LARGE_SPACE} points: go on? */
  readonly confirm: (points: number) => Promise<boolean>;
}

/** From so many points on a person is asked first, and points are not counted in advance. */
export const LARGE_SPACE = 1_000_000;

/**
 * Plans a sweep and reads its bars.
 *
 * @throws UserError for everything that a person can have got wrong, an empty grid among it
 */
export async function prepareSweep(
  { set, where, random, ...wishes }: SweepWishes,
  { cwd, reader, onProgress, confirm }: PrepareOptions,
): Promise<PreparedSweep> {
  const strategy = await resolveStrategy(wishes.strategy, { cwd });
  const { definition } = strategy;
  const spacePlan = readSpace(definition, { set, where, random });
  const space = new SweepSpace(definition, spacePlan);
  await checkSize(space, confirm);
  const isLarge = space.entries > LARGE_SPACE;
  const survey = isLarge ? undefined : space.survey();
  if (survey?.points === 0) throw emptyGrid(space, survey);
  const backtest = await backtestPlan({ ...wishes, parameters: {} }, cwd, reader);
  const symbols = backtest.sources.map(({ symbol }) => symbol);
  const defect = symbolCountDefect(definition, symbols.length);
  if (defect !== undefined) throw new UserError(`${defect}.`);
  const feeds = feedsOf(definition, space, symbols, backtest);
  const data = await loadBacktestData(feeds, backtest.sources, { ...backtest, onProgress, reader });
  const terms = termsOf(backtest, symbols, data.instruments);
  const plan: SweepPlan = {
    version: PLAN_VERSION,
    strategy: await plannedStrategy(strategy),
    space: spacePlan,
    data: Object.fromEntries([...data.columns].map(([name, columns]) => [name, columnsHash(columns)])),
    terms: termsToJson(terms),
    chunkEntries: chunkEntriesOf(space.entries, definition.signals !== undefined),
  };
  return {
    ...sweepChunks(plan, definition),
    id: planId(plan),
    definition,
    backtest,
    terms,
    columns: data.columns,
    feeds,
    survey,
    notes: data.notes,
  };
}

async function checkSize({ plan, gridSize }: SweepSpace, confirm: PrepareOptions['confirm']): Promise<void> {
  if (gridSize > Number.MAX_SAFE_INTEGER) {
    throw new UserError(`The grid has ${gridSize.toExponential(2)} points, more than can be counted: use wider steps.`);
  }
  const points = plan.random === null ? gridSize : Math.min(gridSize, plan.random.count);
  if (points <= LARGE_SPACE || (await confirm(points))) return;
  throw new UserError(
    `The ${plan.random === null ? 'grid' : 'draw'} has ${points.toLocaleString('en-US')} points. Use wider steps, draw some of them with --random 10000, or say that you mean it with --yes.`,
  );
}

function emptyGrid({ plan, gridSize }: SweepSpace, { leftOutByWhere, leftOutByCheck }: SpaceSurvey): UserError {
  const reasons = [
    ...(leftOutByWhere > 0 ? [`${leftOutByWhere} by --where ${plan.where.join(' and ')}`] : []),
    ...(leftOutByCheck > 0 ? [`${leftOutByCheck} by the strategy's own rules`] : []),
  ];
  const of = gridSize === 1 ? 'The only point is' : `All ${gridSize.toLocaleString('en-US')} points are`;
  return new UserError(`Nothing is left of the grid. ${of} left out: ${reasons.join(', ') || 'none was drawn'}.`);
}

/** The feeds of all points: parameters may choose them. */
function feedsOf(
  definition: AnyStrategyDefinition,
  space: SweepSpace,
  symbols: readonly string[],
  { timeframe }: BacktestPlan,
): readonly Feed[] {
  const feeds = new Map<string, Feed>();
  const most = definition.feeds === undefined ? space.entries : Math.min(space.entries, LARGE_SPACE);
  for (let index = 0; index < most; index++) {
    const entry = space.entry(index);
    if (entry.kind === 'left-out') continue;
    for (const feed of strategyFeeds(definition, entry.parameters, symbols, timeframe)) feeds.set(feedName(feed), feed);
    if (definition.feeds === undefined) break;
  }
  return [...feeds.values()];
}

function termsOf(plan: BacktestPlan, symbols: readonly string[], instruments: readonly Instrument[]): SweepTerms {
  const { timeframe, startingBalance, limits, sizing, costs, endOfRun } = plan;
  return {
    symbols,
    timeframe,
    instruments,
    currency: commonCurrency({ instruments }),
    startingBalance,
    limits,
    sizing,
    venue: costs,
    endOfRun,
  };
}
