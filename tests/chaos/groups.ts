import { fileURLToPath } from 'node:url';
import type { ChaosOptions } from './options.ts';
import type { Scenario } from './scenario.ts';
import { crashScenarios } from './scenarios/crash-points.ts';
import { MARKET_SCENARIOS } from './scenarios/market.ts';
import { orderScenarios } from './scenarios/orders.ts';
import { PROCESS_SCENARIOS } from './scenarios/processes.ts';
import { randomKills } from './scenarios/random-kills.ts';
import { SERVER_SCENARIOS } from './scenarios/servers.ts';
import type { WorldOptions } from './world/world.ts';

/** Scenarios that are played one after another in the same world. */
export interface Group {
  readonly name: string;
  readonly world: (options: ChaosOptions) => WorldOptions;
  readonly scenarios: (options: ChaosOptions) => readonly Scenario[];
}

const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;

/** Bots that decide often, each on one feed, with bars that are built here among them. */
const PAPER_BOTS = [
  bot('trend', 'moving-average-cross', 'BTCUSDT', '1m', { fast: 2, slow: 5 }),
  bot('breakout', 'donchian-breakout', 'ETHUSDT', '1m', { entryPeriod: 3, exitPeriod: 2 }),
  bot('reversion', 'bollinger-reversion', 'BTCUSDT', '1m', { period: 8 }),
  bot('slow', 'donchian-breakout', 'BTCUSDT', '5m', { entryPeriod: 2, exitPeriod: 2 }),
];

const busy = fileURLToPath(new URL('./strategies/busy.ts', import.meta.url));

/** Bots that place several orders on every candle. */
const TRADING_BOTS = SYMBOLS.flatMap((symbol, index) =>
  [0, 1, 2].map((phase) => bot(`busy-${index}${phase}`, busy, symbol, '1m', { phase: 2 * phase + index })),
);

export const GROUPS: readonly Group[] = [
  paperGroup('processes', 1, (options) => [
    ...PROCESS_SCENARIOS,
    ...(options.kills > 0 ? [randomKills(options.kills)] : []),
  ]),
  paperGroup('market', 2, () => MARKET_SCENARIOS),
  paperGroup('servers', 3, () => SERVER_SCENARIOS),
  tradingGroup('orders', 4, 'always-unique', (options) => (options.orders > 0 ? orderScenarios(options.orders) : [])),
  tradingGroup('crashes', 5, 'unique-among-open', (options) => [
    ...crashScenarios(options.kills),
    ...PROCESS_SCENARIOS.filter(({ id }) => ['F08', 'F10'].includes(id)).map(onAccount),
  ]),
];

/** The same fault, with orders at the exchange. */
function onAccount(scenario: Scenario): Scenario {
  return { ...scenario, id: `${scenario.id}o`, title: `${scenario.title}, with orders at the exchange` };
}

function tradingGroup(
  name: string,
  stream: number,
  clientIds: 'always-unique' | 'unique-among-open',
  all: (options: ChaosOptions) => readonly Scenario[],
): Group {
  return {
    name,
    world: ({ seed, speed }) => ({
      ...{ seed: 10 * seed + stream, speed, symbols: SYMBOLS, bots: TRADING_BOTS, trades: true, clientIds },
      settings: { risk: { maximumTradesPerDay: null, dailyLossLimit: null, maximumOrdersPerMinute: null } },
    }),
    scenarios: (options) => wanted(options, all(options)),
  };
}

function paperGroup(name: string, stream: number, all: (options: ChaosOptions) => readonly Scenario[]): Group {
  return {
    name,
    world: ({ seed, speed }) => ({ seed: 10 * seed + stream, speed, symbols: SYMBOLS, bots: PAPER_BOTS }),
    scenarios: (options) => wanted(options, all(options)),
  };
}

function wanted({ only }: ChaosOptions, scenarios: readonly Scenario[]): readonly Scenario[] {
  return scenarios.filter(({ id }) => only.size === 0 || only.has(id));
}

function bot(
  id: string,
  strategy: string,
  symbol: string,
  timeframe: string,
  parameters: Readonly<Record<string, number>>,
): Readonly<Record<string, unknown>> {
  return { id, strategy, symbols: [symbol], timeframe, parameters };
}
