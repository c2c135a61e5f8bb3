import { fileURLToPath } from 'node:url';
import type { ChaosOptions } from './options.ts';
import type { Scenario } from './scenario.ts';
import { crashScenarios, RECORDER_CRASHES } from './scenarios/crash-points.ts';
import { MARKET_SCENARIOS } from './scenarios/market.ts';
import { orderScenarios } from './scenarios/orders.ts';
import { PROCESS_SCENARIOS } from './scenarios/processes.ts';
import { randomKills } from './scenarios/random-kills.ts';
import { SERVER_SCENARIOS } from './scenarios/servers.ts';
import type { WorldOptions } from './world/world.ts';

/** Scenarios that are played one after another in the same world. */
export interface Group {
  readonly name: string;
  readonly world: WorldOptions;
  readonly scenarios: readonly Scenario[];
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
  [0, 1, 2].map((phase) => bot(`busy-${index}${phase}`, busy, symbol, '1m', { phase })),
);

/**
 * What is to be played, and in which worlds. Few worlds for a quick run; in a long one each kind of fault has a world of
 * its own, and the crashes happen at an exchange that takes the id of an ended order again, which is the harder one.
 */
export function groupsOf(options: ChaosOptions): readonly Group[] {
  const { quick, kills, orders, only } = options;
  const processes = [...PROCESS_SCENARIOS, ...RECORDER_CRASHES, ...(kills > 0 ? [randomKills(kills)] : [])];
  const strikes = orders > 0 ? orderScenarios(orders) : [];
  const crashes = [
    ...crashScenarios(kills),
    ...PROCESS_SCENARIOS.filter(({ id }) => ['F08', 'F10'].includes(id)).map(onAccount),
  ];
  const groups = quick
    ? [
        paperGroup('paper', options, 1, [...processes, ...MARKET_SCENARIOS, ...SERVER_SCENARIOS]),
        tradingGroup('demo', options, 2, 'always-unique', [...strikes, ...crashes]),
      ]
    : [
        paperGroup('processes', options, 1, processes),
        paperGroup('market', options, 2, MARKET_SCENARIOS),
        paperGroup('servers', options, 3, SERVER_SCENARIOS),
        tradingGroup('orders', options, 4, 'always-unique', strikes),
        tradingGroup('crashes', options, 5, 'unique-among-open', crashes),
      ];
  return groups
    .map((group) => ({ ...group, scenarios: group.scenarios.filter(({ id }) => only.size === 0 || only.has(id)) }))
    .filter(({ scenarios }) => scenarios.length > 0);
}

function paperGroup(
  name: string,
  { seed, paperSpeed: speed }: ChaosOptions,
  stream: number,
  scenarios: readonly Scenario[],
): Group {
  return { name, scenarios, world: { seed: 10 * seed + stream, speed, symbols: SYMBOLS, bots: PAPER_BOTS } };
}

function tradingGroup(
  name: string,
  { seed, tradingSpeed: speed }: ChaosOptions,
  stream: number,
  clientIds: 'always-unique' | 'unique-among-open',
  scenarios: readonly Scenario[],
): Group {
  const world: WorldOptions = {
    ...{ seed: 10 * seed + stream, speed, symbols: SYMBOLS, bots: TRADING_BOTS, trades: true, clientIds },
    settings: { risk: { maximumOrdersPerMinute: null } },
  };
  return { name, scenarios, world };
}

/** The same fault, with orders at the exchange. */
function onAccount(scenario: Scenario): Scenario {
  return { ...scenario, id: `${scenario.id}o`, title: `${scenario.title}, with orders at the exchange` };
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
