import type { ChaosOptions } from './options.ts';
import type { Scenario } from './scenario.ts';
import { MARKET_SCENARIOS } from './scenarios/market.ts';
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

export const GROUPS: readonly Group[] = [
  paperGroup('processes', 1, (options) => [
    ...PROCESS_SCENARIOS,
    ...(options.kills > 0 ? [randomKills(options.kills)] : []),
  ]),
  paperGroup('market', 2, () => MARKET_SCENARIOS),
  paperGroup('servers', 3, () => SERVER_SCENARIOS),
];

function paperGroup(name: string, stream: number, all: (options: ChaosOptions) => readonly Scenario[]): Group {
  return {
    name,
    world: ({ seed, speed }) => ({ seed: 10 * seed + stream, speed, symbols: SYMBOLS, bots: PAPER_BOTS }),
    scenarios: (options) => all(options).filter(({ id }) => options.only.size === 0 || options.only.has(id)),
  };
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
