import { formatFixed } from '../foundation/fixed-point.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import { writeSizing } from './config-values.ts';
import type { BotConfiguration, Configuration } from './configuration.ts';

const HIDDEN = '***';

/** The configuration for people, logs and records: everything but secrets. */
export function describeConfiguration(configuration: Configuration): JsonObject {
  const { account, market, costs, store, bus, bots, trading, risk, server, record, logging, file } = configuration;
  const described = {
    file,
    trading: { ...trading },
    account: { ...account, url: account.url === null ? null : redactUrl(account.url) },
    market: {
      ...market,
      url: market.url === null ? null : redactUrl(market.url),
      symbols: [...market.symbols],
      speed: market.speed ?? 'max',
      data: Object.fromEntries(market.data),
    },
    bots: bots.map(describeBot),
    risk: { ...risk },
    costs: { ...costs },
    store: store.kind === 'postgres' ? { ...store, url: redactUrl(store.url) } : { ...store },
    bus: bus.kind === 'redis' ? { ...bus, url: redactUrl(bus.url) } : { ...bus },
    server: { ...server, token: server.token === null ? null : HIDDEN },
    record: { ...record },
    logging: { ...logging },
  };
  // Plain data all the way down.
  return described as unknown as JsonObject;
}

function describeBot(bot: BotConfiguration): Json {
  return {
    id: bot.id,
    strategy: bot.strategy,
    parameters: { ...bot.parameters },
    symbols: [...bot.symbols],
    timeframe: bot.timeframe,
    startingBalance: formatFixed(bot.startingBalance),
    sizing: writeSizing(bot.sizing),
    limits: { ...bot.limits },
  };
}

/** An address without its password, and without what its query may hide. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return HIDDEN;
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = HIDDEN;
  for (const name of [...parsed.searchParams.keys()]) {
    if (/pass|secret|token|key|auth/i.test(name)) parsed.searchParams.set(name, HIDDEN);
  }
  return parsed.href;
}
