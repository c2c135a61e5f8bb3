import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadConfiguration } from '../../src/app/config.ts';
import type { ParityWay } from '../../src/app/parity-request.ts';
import { runParity } from '../../src/app/run-parity.ts';
import { builtinStrategies } from '../../src/strategy/builtin-strategies.ts';
import { type SharedPostgres, type SharedRedis, sharedPostgres, sharedRedis } from '../support/servers.ts';

/**
 * What you tested is what you run: every built-in strategy, on three symbols and 20,000 real bars each, gives the same
 * signals, orders, order events and equity, bit for bit, in the backtester, through the live system within a process,
 * and through Redis and PostgreSQL.
 */
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'];
const BARS = 20_000;
const WAYS: readonly ParityWay[] = ['in-process', 'redis-postgres'];

let redis: SharedRedis;
let postgres: SharedPostgres;

before(async () => {
  redis = await sharedRedis();
  postgres = await sharedPostgres();
});

after(async () => {
  await postgres.stop();
  await redis.stop();
});

const sources = SYMBOLS.map((symbol) => ({
  symbol,
  path: fileURLToPath(new URL(`../../data/${symbol}-1m.csv.gz`, import.meta.url)),
}));

for (const { name, symbols } of builtinStrategies) {
  test(`${name}: backtest = in-process replay = replay through Redis and PostgreSQL`, async () => {
    // Limits that let the strategies trade all the time: the more orders, the more there is to compare.
    const overrides = {
      bus: { url: redis.url },
      store: { url: postgres.url },
      risk: { maximumTradesPerDay: null, dailyLossLimit: null },
    };
    const configuration = await loadConfiguration(undefined, { overrides });
    const { comparisons } = await runParity({
      configuration,
      strategies: [name],
      sources,
      timeframe: '1m',
      bars: BARS,
      ways: WAYS,
      signal: new AbortController().signal,
    });
    const markets = (symbols?.maximum ?? 1) > 1 ? 1 : SYMBOLS.length;
    assert.equal(comparisons.length, markets * WAYS.length);
    for (const { way, bars, compared, difference, symbols: traded } of comparisons) {
      assert.equal(difference, null, `${way} on ${traded.join(', ')}: ${JSON.stringify(difference)}`);
      assert.ok(bars >= BARS && compared.equity >= BARS);
      assert.ok(compared.signals > 100 && compared.fills > 50, `too little to compare: ${JSON.stringify(compared)}`);
    }
  });
}
