import { firstDifference, type RunDifference, type RunTrace } from '../engine/run-comparison.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import { epochMs } from '../foundation/time.ts';
import { loadCandles } from '../providers/files/load-candles.ts';
import type { BacktestPlan } from './backtest-plan.ts';
import type { ParityComparison, ParityOutcome, ParityRequest, ParityWay } from './parity-request.ts';
import { type ParityServers, type TracedRun, traceBacktest, traceInProcess, traceOverServers } from './parity-run.ts';
import { resolveStrategy } from './strategy-registry.ts';

/**
 * Runs each strategy in the backtester and through the live system on the same data, and compares every signal, order,
 * order event and equity, bit for bit. A strategy for one symbol runs on each symbol in turn.
 */
export async function runParity(request: ParityRequest): Promise<ParityOutcome> {
  const { strategies, ways, signal, onProgress } = request;
  const startedAt = systemClock.monotonic();
  const comparisons: ParityComparison[] = [];
  const servers = ways.includes('redis-postgres') ? serversOf(request) : undefined;
  for (const strategy of strategies) {
    for (const plan of await plansOf(strategy, request)) {
      const symbols = plan.sources.map((source) => source.symbol);
      onProgress?.(`${strategy} on ${symbols.join(', ')}: backtest`);
      const backtest = await traceBacktest(plan);
      for (const way of ways) {
        if (signal.aborted) return { comparisons, elapsedMs: systemClock.monotonic() - startedAt };
        onProgress?.(`${strategy} on ${symbols.join(', ')}: ${way}`);
        const found =
          servers && way === 'redis-postgres'
            ? await traceOverServers(plan, backtest, servers)
            : await traceInProcess(plan, backtest);
        comparisons.push(compared(strategy, symbols, way, backtest, found));
      }
    }
  }
  return { comparisons, elapsedMs: systemClock.monotonic() - startedAt };
}

function compared(
  strategy: string,
  symbols: readonly string[],
  way: ParityWay,
  backtest: TracedRun,
  found: RunTrace,
): ParityComparison {
  const { trace } = backtest;
  const difference = firstDifference(trace, found);
  return {
    strategy,
    symbols,
    way,
    bars: trace.equity.length,
    compared: {
      signals: trace.signals.length,
      orders: trace.intents.length,
      fills: trace.orderEvents.filter((event) => event.kind === 'filled').length,
      equity: trace.equity.length,
    },
    difference: difference ? inWords(difference) : null,
  };
}

const names = { signal: 'signals', order: 'orders', 'order event': 'fills', equity: 'equity' } as const;

function inWords(difference: RunDifference): NonNullable<ParityComparison['difference']> {
  const { kind, index, field, left, right, cause, time } = difference;
  const where = `${kind} ${index} at ${new Date(time).toISOString()}${field === '' ? '' : `, ${field}`}`;
  return { what: names[kind], index, expected: `${where}: ${left}`, found: right, cause };
}

async function plansOf(strategy: string, request: ParityRequest): Promise<readonly BacktestPlan[]> {
  const { configuration, sources, timeframe, bars } = request;
  const { definition } = await resolveStrategy(strategy, { cwd: process.cwd() });
  const several = (definition.symbols?.maximum ?? 1) > 1;
  const to = bars === null ? undefined : await closeTimeOfBar(sources[0]!, bars);
  const [bot] = configuration.bots;
  const plan = (chosen: ParityRequest['sources']): BacktestPlan => ({
    strategy,
    cwd: process.cwd(),
    parameters: {},
    sources: chosen,
    timeframe,
    period: { to },
    startingBalance: bot!.startingBalance,
    sizing: bot!.sizing,
    limits: configuration.risk,
    costs: configuration.costs,
    endOfRun: 'keep',
  });
  return several ? [plan(sources)] : sources.map((source) => plan([source]));
}

async function closeTimeOfBar(
  { symbol, path }: ParityRequest['sources'][number],
  bars: number,
): Promise<ReturnType<typeof epochMs>> {
  const { columns } = await loadCandles({ path, symbol });
  return epochMs(columns.closeTime(Math.min(bars, columns.length) - 1));
}

function serversOf({ configuration }: ParityRequest): ParityServers {
  const { bus, store } = configuration;
  if (bus.kind !== 'redis' || store.kind !== 'postgres') {
    throw new UserError(
      'The way redis-postgres needs a Redis and a PostgreSQL: set bus.url and store.url in the configuration, or give --bus redis://… and --store postgres://….',
    );
  }
  return { redisUrl: bus.url, postgresUrl: store.url, allowUnsafeRedis: bus.allowUnsafeRedis };
}
