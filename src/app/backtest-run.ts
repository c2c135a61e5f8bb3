import { type BacktestResult, runBacktest } from '../backtest/backtest.ts';
import { feedName } from '../domain/candle.ts';
import type { SessionSpec } from '../engine/open-session.ts';
import { InvariantError, UserError } from '../foundation/errors.ts';
import type { RunReport } from '../statistics/run-report.ts';
import { checkParameters } from '../strategy/check-parameters.ts';
import { type CheckedParameters, strategyFeeds } from '../strategy/feeds.ts';
import { type BacktestData, loadBacktestData, type Progress } from './backtest-data.ts';
import type { BacktestPlan } from './backtest-plan.ts';
import { backtestReport } from './backtest-report.ts';
import { symbolCountDefect } from './config-bots.ts';
import type { DataReader } from './data-reader.ts';
import { simulatedVenue } from './simulated-venue.ts';
import { strategyFailure } from './strategy-failure.ts';
import { type ResolvedStrategy, resolveStrategy } from './strategy-registry.ts';

export interface BacktestRun {
  readonly report: RunReport;
  readonly result: BacktestResult;
  readonly spec: SessionSpec;
}

/**
 * Loads the data, runs the strategy over it and sums up. Prints nothing.
 *
 * @throws UserError for everything that a person can have got wrong: strategy, parameters, files, period, and a
 *   strategy of theirs that throws
 */
export async function runBacktestPlan(
  plan: BacktestPlan,
  onProgress?: Progress,
  reader?: DataReader,
): Promise<BacktestRun> {
  const strategy = await resolveStrategy(plan.strategy, { cwd: plan.cwd });
  const parameters = checkPlan(plan, strategy);
  const symbols = plan.sources.map(({ symbol }) => symbol);
  const feeds = strategyFeeds(strategy.definition, parameters, symbols, plan.timeframe);
  const data = await loadBacktestData(feeds, plan.sources, { ...plan, onProgress, reader });
  const spec: SessionSpec = {
    botId: 'backtest',
    definition: strategy.definition,
    parameters,
    symbols,
    timeframe: plan.timeframe,
    instruments: data.instruments,
    currency: commonCurrency(data),
    startingBalance: plan.startingBalance,
    limits: plan.limits,
    sizing: plan.sizing,
    rates: new Map(),
  };
  const result = runGuarded(strategy, () =>
    runBacktest({
      session: spec,
      columns: data.columns,
      venue: simulatedVenue(plan.costs),
      endOfRun: plan.endOfRun,
      sampleIndicators: true,
      ...(onProgress && { onProgress: (fraction: number) => onProgress('trading', fraction) }),
    }),
  );
  const candles = feeds.map((feed) => ({ feed, columns: data.columns.get(feedName(feed))! }));
  return { report: backtestReport({ plan, spec, result, candles, notes: data.notes }), result, spec };
}

function checkPlan(plan: BacktestPlan, { definition }: ResolvedStrategy): CheckedParameters {
  const parameters = checkParameters(definition, plan.parameters);
  if (!parameters.ok) throw parameters.error;
  const defect = symbolCountDefect(definition, plan.sources.length);
  if (defect !== undefined) throw new UserError(`${defect}.`);
  if (plan.startingBalance <= 0n) throw new UserError('The cash to begin with must be above 0.');
  return parameters.value;
}

/** One account holds one currency. */
export function commonCurrency({ instruments }: Pick<BacktestData, 'instruments'>): string {
  const [first] = instruments;
  const other = instruments.find(({ quoteCurrency }) => quoteCurrency !== first!.quoteCurrency);
  if (other === undefined) return first!.quoteCurrency;
  throw new UserError(
    `${first!.symbol} is quoted in ${first!.quoteCurrency} and ${other.symbol} in ${other.quoteCurrency}; the symbols of one run must have the same quote currency.`,
  );
}

/** What a strategy of the user throws is theirs to mend; what the engine throws besides is ours. */
function runGuarded(strategy: ResolvedStrategy, run: () => BacktestResult): BacktestResult {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    const { definition, reference } = strategy;
    const failedInStrategy = thrown instanceof Error && thrown.name === 'StrategyFailure';
    const isOwnFile = reference !== definition.name;
    if (failedInStrategy || (isOwnFile && !(thrown instanceof InvariantError))) {
      throw strategyFailure(definition.name, reference, thrown);
    }
    throw thrown;
  }
}
