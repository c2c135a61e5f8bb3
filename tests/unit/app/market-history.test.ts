import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from '../../../src/app/config.ts';
import { historyFor } from '../../../src/app/market-history.ts';

const bot = (timeframe: string, parameters: Readonly<Record<string, unknown>>) =>
  ({ id: timeframe, strategy: 'donchian-breakout', symbols: ['BTCUSDT'], timeframe, parameters }) as const;

async function historyOf(...bots: readonly ReturnType<typeof bot>[]) {
  const overrides = { market: { bufferSize: 100_000 }, bots } as never;
  return historyFor((await loadConfiguration(undefined, { overrides })).bots, '1m');
}

test('a market begins with what the bot that looks back furthest needs, in whole bars of every timeframe', async () => {
  const short = await historyOf(bot('5m', { entryPeriod: 40, exitPeriod: 20 }));
  assert.deepEqual(short, { candles: 3 * 40 * 5, alignTo: ['5m'], isCut: false });
  const both = await historyOf(
    bot('5m', { entryPeriod: 40, exitPeriod: 20 }),
    bot('1h', { entryPeriod: 10, exitPeriod: 5 }),
  );
  // The longest is the hour's average true range, of 20 bars.
  assert.deepEqual(both, { candles: 3 * 20 * 60, alignTo: ['5m', '1h'], isCut: false });
});

test('it does not begin with more than 50,000 candles', async () => {
  const long = await historyOf(bot('1d', { entryPeriod: 60, exitPeriod: 20 }));
  assert.deepEqual([long.candles, long.isCut], [50_000, true]);
});
