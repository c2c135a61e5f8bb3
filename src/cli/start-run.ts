import { basename } from 'node:path';
import { describeConfiguration } from '../app/config-describe.ts';
import type { TradingMode } from '../app/configuration.ts';
import { runSystem } from '../app/run-system.ts';
import type { SystemOutcome, SystemRequest } from '../app/system-request.ts';
import { type Clock, systemClock } from '../foundation/clock.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import type { CommandContext } from './command-context.ts';
import { finalStatistics, renderFinalStatistics } from './final-statistics.ts';
import { type LiveScreen, openLiveScreen } from './live-screen.ts';
import { formatDuration } from './report/figure-format.ts';
import { openStartAccount } from './start-account.ts';
import type { StartOptions } from './start-options.ts';
import { type StartRequest, startRequest } from './start-request.ts';
import { listenForStop } from './stop-signals.ts';

/** Runs the system until its end, its time, or a signal; shows it meanwhile, and what came of it. */
export async function runStartCommand(options: StartOptions, context: CommandContext): Promise<void> {
  const request = await startRequest(options, context.cwd);
  const clock = await clockOf(options, request);
  const account = await openStartAccount(options, request, context.console);
  const { console } = context;
  const screen = options.json ? undefined : openLiveScreen(console, systemClock, `${banner(request)}\n\n`);
  const stop = listenForStop(systemClock, () => {
    screen?.close();
    console.err('Stopping. Press Ctrl+C again to stop at once.\n');
  });
  let outcome: SystemOutcome;
  try {
    const onNotice = (notice: string): void => console.err(`${notice}\n`);
    outcome = await runSystem(
      { ...request, ...(account && { account }), signal: stop.signal, onNotice, ...onView(screen) },
      clock,
      systemClock,
    );
    screen?.show(outcome.view);
  } finally {
    screen?.close();
    stop.release();
  }
  if (options.json) console.out(`${JSON.stringify(systemDocument(request, outcome), undefined, 2)}\n`);
  else console.out(`\n${epilogue(outcome, context)}\n`);
  for (const failure of outcome.failures) console.err(`${failure}\n`);
  if (outcome.reason === 'failed' || outcome.failures.length > 0) context.finish(1);
}

/** The system's time: the world's, or that of a simulated exchange. */
async function clockOf({ clockSpeed }: StartOptions, { configuration }: StartRequest): Promise<Clock> {
  if (clockSpeed === undefined) return systemClock;
  const { exchangeClock } = await import('../app/exchange-clock.ts');
  return exchangeClock(configuration.market.url, clockSpeed);
}

function onView(screen: LiveScreen | undefined): Pick<SystemRequest, 'onView'> {
  return screen === undefined ? {} : { onView: (view) => screen.show(view) };
}

function banner({ configuration, role, speed, durationMs, untilEnd }: StartRequest): string {
  const { market, bots, store, bus, trading, account } = configuration;
  const isReplay = market.provider === 'replay';
  const pace = !isReplay ? 'in real time' : speed === null ? 'at full speed' : `at ${speed} times real time`;
  const source = isReplay ? 'a replay' : basename(market.provider);
  const end = [
    ...(durationMs === undefined ? [] : [`for ${formatDuration(durationMs)}`]),
    ...(untilEnd ? ['until its end'] : []),
  ].join(' or ');
  const parts = role === 'all' ? '' : ` (the ${role} alone)`;
  const names = bots.map(({ id, definition, symbols, timeframe }) => {
    return `  ${id}: ${definition.name} on ${symbols.join(', ')} ${timeframe}`;
  });
  return [
    `${MODES[trading.mode]}${trading.mode === 'paper' ? '' : ` ${account.name}`}${parts} on ${source} of ${market.symbols.join(', ')} ${market.timeframe} ${pace}${end === '' ? '' : `, ${end}`}. Ctrl+C stops.`,
    ...names,
    `  store: ${store.kind === 'embedded' ? store.path : 'PostgreSQL'}, bus: ${bus.kind === 'redis' ? 'Redis' : 'in this process'}`,
  ].join('\n');
}

const MODES: Readonly<Record<TradingMode, string>> = {
  paper: 'Paper trading',
  demo: 'Trading on the demo account',
  live: 'TRADING WITH REAL MONEY on the account',
};

const REASONS: Readonly<Record<SystemOutcome['reason'], string>> = {
  end: 'The replay has ended',
  duration: 'The time is over',
  stopped: 'Stopped',
  failed: 'Stopped by a failure',
};

function epilogue(outcome: SystemOutcome, { console }: CommandContext): string {
  const { colour } = console.output;
  const seconds = (outcome.elapsedMs / 1_000).toFixed(1);
  const summary = `${REASONS[outcome.reason]} after ${seconds} s and ${outcome.candles.toLocaleString('en')} candles.`;
  return `${summary}\n\n${renderFinalStatistics(outcome.statuses, { width: console.output.width(), colour })}`;
}

/** The one document that `--json` prints. */
function systemDocument(request: StartRequest, outcome: SystemOutcome): JsonObject {
  const { statuses, view, ...rest } = outcome;
  return {
    format: 'tradewind.run',
    version: 1,
    reason: rest.reason,
    role: request.role,
    elapsedMs: rest.elapsedMs,
    firstTradeAfterMs: rest.firstTradeAfterMs,
    candles: rest.candles,
    marketTime: view.marketTime,
    statistics: { ...finalStatistics(statuses) },
    bots: statuses.map((bot): Json => {
      const { botId, strategy, symbols, lifecycle, reason, marketTime, slices, signals, refusals, positions } = bot;
      return {
        id: botId,
        strategy,
        symbols,
        lifecycle,
        reason,
        marketTime,
        slices,
        signals,
        refusals,
        ...finalStatistics([bot]),
        positions: positions.map((position) => ({ ...position })),
      };
    }),
    failures: rest.failures,
    configuration: describeConfiguration(request.configuration),
  };
}
