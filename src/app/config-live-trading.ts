import type { WrittenConfiguration } from './config-schema.ts';

/**
 * The section `live_trading` of the seeds' documents (S4-64…73) is another way to write settings of other sections.
 * Each of its keys, the setting that it is, and what its value means there.
 */
const MEANINGS = {
  enabled: ['trading', 'allowLive', same],
  paper_trade: ['trading', 'mode', (paper: unknown) => (paper ? 'paper' : 'live')],
  interval: ['trading', 'timeframe', same],
  buffer_size: ['market', 'bufferSize', same],
  update_timeout: ['market', 'updateTimeout', (seconds: unknown) => Math.round(Number(seconds) * 1_000)],
  max_position_size: ['risk', 'maximumPositionSize', same],
  max_portfolio_risk: ['risk', 'maximumRiskPerTrade', same],
  min_cash_reserve: ['risk', 'minimumCashReserve', same],
  daily_loss_limit: ['risk', 'dailyLossLimit', same],
  max_trades_per_day: ['risk', 'maximumTradesPerDay', same],
} as const satisfies Record<string, readonly [keyof WrittenConfiguration, string, (value: unknown) => unknown]>;

type Key = keyof typeof MEANINGS;

function same(value: unknown): unknown {
  return value;
}

/** A setting that both sections give, with different values. */
export interface Contradiction {
  readonly key: string;
  readonly section: string;
  readonly setting: string;
}

/** The configuration with the settings of `live_trading` where they belong, and where they contradict what is there. */
export function mergeLiveTrading(written: WrittenConfiguration): {
  readonly merged: WrittenConfiguration;
  readonly contradictions: readonly Contradiction[];
} {
  const merged: Record<string, Record<string, unknown>> = {
    trading: { ...written.trading },
    market: { ...written.market },
    risk: { ...written.risk },
  };
  const contradictions: Contradiction[] = [];
  for (const [key, value] of Object.entries(written.live_trading ?? {})) {
    if (value === undefined) continue;
    const [section, setting, meaning] = MEANINGS[key as Key];
    const present = merged[section]![setting];
    const wanted = meaning(value);
    if (present !== undefined && present !== wanted) contradictions.push({ key, section, setting });
    merged[section]![setting] = wanted;
  }
  // Every value was checked by the schema of either section, which are the same.
  return { merged: { ...written, ...merged } as WrittenConfiguration, contradictions };
}
