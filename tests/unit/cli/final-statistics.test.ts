import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalStatistics, profitOf, renderFinalStatistics } from '../../../src/cli/final-statistics.ts';
import { botStatus } from './live-views.ts';

test('trades are round trips, fills are counted apart, the win rate is of closed round trips', () => {
  const figures = finalStatistics([botStatus({ fills: 2, roundTrips: 1, winningRoundTrips: 1 })]);
  assert.equal(figures.totalTrades, 1);
  assert.equal(figures.fills, 2);
  assert.equal(figures.winRatePercent, 100);
  assert.equal(finalStatistics([botStatus({ roundTrips: 0, winningRoundTrips: 0 })]).winRatePercent, null);
});

test('profit is realised and unrealised after fees, and return is of what it began with', () => {
  const bot = botStatus();
  assert.equal(profitOf(bot), 50 + 10 - 20);
  const figures = finalStatistics([bot]);
  assert.equal(figures.startingBalance, 10_000);
  assert.equal(figures.returnPercent, 0.4);
  assert.equal(figures.finalPortfolioValue, 10_040);
  assert.equal(figures.finalBalance, 9_100);
  assert.deepEqual(figures.finalInventory, { BTCUSDT: 0.01 });
});

test('several bots together: long and short cancel out', () => {
  const position = (quantity: number) => [
    { symbol: 'BTCUSDT', quantity, averagePrice: 1, price: 1, unrealisedProfit: 0 },
  ];
  const bots = [0.1, 0.2, -0.3].map((quantity) => botStatus({ positions: position(quantity) }));
  const figures = finalStatistics(bots);
  assert.deepEqual(figures.finalInventory, {});
  assert.equal(figures.totalTrades, 6);
  assert.equal(figures.finalPortfolioValue, 30_120);
});

test('a table with the words of the documents, a column for each bot and one for all', () => {
  const bots = ['trend', 'breakout'].map((botId) => botStatus({ botId }));
  const text = renderFinalStatistics(bots, { width: 100, colour: false });
  for (const label of [
    'Final Statistics',
    'Total Trades',
    'Winning Trades',
    'Win Rate',
    'Fills',
    'Total Profit',
    'Final Balance',
    'Final Inventory',
    'Final Portfolio Value',
    'Return',
    'All bots',
  ]) {
    assert.ok(text.includes(label), label);
  }
  assert.match(text, /Total Trades +2 +2 +4\n/);
  assert.match(text, /Win Rate +50\.00 % +50\.00 % +50\.00 %\n/);
  assert.match(text, /Final Inventory +0\.01 BTCUSDT +0\.01 BTCUSDT +0\.02 BTCUSDT\n/);
});

test('one bot needs no column for all; many are broken into blocks that fit', () => {
  assert.doesNotMatch(renderFinalStatistics([botStatus()], { width: 80, colour: false }), /All bots/);
  const bots = Array.from({ length: 20 }, (_, index) => botStatus({ botId: `bot-${index}` }));
  const lines = renderFinalStatistics(bots, { width: 80, colour: false }).split('\n');
  assert.ok(lines.every((line) => line.length <= 80));
  assert.equal(lines.filter((line) => line.startsWith('Total Trades')).length, 6);
});

test('a bot that failed says why, one that was stopped needs not', () => {
  const failed = botStatus({ lifecycle: 'failed', reason: 'the strategy threw\u001b[2J' });
  const text = renderFinalStatistics([failed], { width: 80, colour: false });
  assert.match(text, /trend failed: the strategy threw$/);
  const stopped = botStatus({ lifecycle: 'stopped', reason: 'by the operator' });
  assert.doesNotMatch(renderFinalStatistics([stopped], { width: 80, colour: false }), /operator/);
});
