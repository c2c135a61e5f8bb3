import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Fill } from '../../../src/domain/fill.ts';
import { instrument } from '../../../src/domain/instrument.ts';
import { Portfolio } from '../../../src/domain/portfolio.ts';
import { fixed, type Money, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { openPositionsOf } from '../../../src/statistics/open-position.ts';
import { barAt, type TradeRecord, tradeRecord } from '../../../src/statistics/trade-record.ts';
import { exposure, timeInMarket, tradeStatistics } from '../../../src/statistics/trade-statistics.ts';

function fill(side: 'buy' | 'sell', price: string, quantity: string, fee: string, time: number): Fill {
  return {
    fillId: `${time}`,
    clientOrderId: `${time}`,
    botId: 'bot',
    symbol: 'BTCUSDT',
    side,
    price: fixed<Price>(price),
    quantity: fixed<Quantity>(quantity),
    fee: fixed<Money>(fee),
    feeCurrency: 'USDT',
    liquidity: 'taker',
    time: epochMs(time),
  };
}

const bitcoin = instrument({
  symbol: 'BTCUSDT',
  baseCurrency: 'BTC',
  quoteCurrency: 'USDT',
  tickSize: '0.01',
  stepSize: '0.00001',
});

test("a portfolio's round trip as a record, and what is left open", () => {
  const portfolio = new Portfolio('USDT', fixed<Money>('10000'), [bitcoin]);
  const bars = [0, 60_000, 120_000, 180_000];
  portfolio.apply(fill('buy', '100', '2', '0.2', 60_000));
  const trip = portfolio.apply(fill('sell', '110', '3', '0.33', 179_999));
  assert.ok(trip !== undefined);
  const { returnFraction, ...record } = tradeRecord(trip, bars);
  assert.deepEqual(record, {
    symbol: 'BTCUSDT',
    side: 'long',
    entryTime: 60_000,
    exitTime: 179_999,
    entryBar: 1,
    exitBar: 2,
    quantity: 2,
    entryPrice: 100,
    exitPrice: 110,
    // 20, less 0.2 at entry and two thirds of the 0.33 that closed two and opened one.
    profit: 19.58,
    fees: 0.42,
  });
  assert.ok(Math.abs(returnFraction - 19.58 / 200) < 1e-15);

  assert.deepEqual(
    openPositionsOf(portfolio, () => fixed<Price>('105')),
    [
      {
        symbol: 'BTCUSDT',
        quantity: -1,
        entryTime: 179_999,
        averagePrice: 110,
        markPrice: 105,
        value: -105,
        unrealisedProfit: 5,
      },
    ],
  );
});

test('the bar in which a time lies', () => {
  const bars = [10, 20, 40];
  assert.deepEqual(
    [5, 10, 19, 20, 39, 40, 1000].map((time) => barAt(bars, time)),
    [0, 0, 0, 1, 1, 2, 2],
  );
  assert.equal(barAt([], 5), -1);
});

function record(profit: number, returnFraction = profit / 100, entryTime = 0, exitTime = 1000): TradeRecord {
  return {
    symbol: 'X',
    side: 'long',
    entryTime,
    exitTime,
    entryBar: 0,
    exitBar: 1,
    quantity: 1,
    entryPrice: 100,
    exitPrice: 100 + profit,
    profit,
    fees: 0,
    returnFraction,
  };
}

test('one winner of two round trips is a win rate of one half', () => {
  const { trades, winners, losers, winRate } = tradeStatistics([record(10), record(-5)]);
  assert.deepEqual([trades, winners, losers, winRate], [2, 1, 1, 0.5]);
});

test('figures of a few trades by hand', () => {
  const figures = tradeStatistics([record(10), record(20), record(-5), record(0), record(-10), record(-15)]);
  assert.equal(figures.winRate, 2 / 6);
  assert.equal(figures.netProfit, 0);
  assert.equal(figures.averageWin, 15);
  assert.equal(figures.averageLoss, -10);
  assert.equal(figures.moneyProfitFactor, 1);
  assert.ok(Math.abs(figures.kellyCriterion - (1 / 3 - (1 - 1 / 3) / 1.5)) < 1e-15);
  assert.equal(figures.longestWinStreak, 2);
  assert.equal(figures.longestLossStreak, 2);
  assert.equal(figures.bestReturn, 0.2);
  assert.equal(figures.worstReturn, -0.15);
});

test('no trades, one trade, winners only: counted or undefined, never an exception', () => {
  const none = tradeStatistics([]);
  assert.equal(none.trades, 0);
  assert.equal(none.netProfit, 0);
  for (const key of ['winRate', 'averageWin', 'bestReturn', 'profitFactor', 'systemQualityNumber'] as const) {
    assert.ok(Number.isNaN(none[key]), key);
  }
  const one = tradeStatistics([record(10)]);
  assert.equal(one.winRate, 1);
  assert.ok(
    Number.isNaN(one.profitFactor) && Number.isNaN(one.kellyCriterion) && Number.isNaN(one.systemQualityNumber),
  );
  assert.ok(Number.isNaN(tradeStatistics([record(10), record(10)]).systemQualityNumber), 'no deviation');
  assert.equal(tradeStatistics([record(-120, -1.2), record(5)]).averageReturn, -1, 'more than the stake lost');
});

test('exposure counts bars once, those of entry and exit whole', () => {
  const spans = [
    { entryBar: 2, exitBar: 4 },
    { entryBar: 4, exitBar: 5 },
    { entryBar: 0, exitBar: 0 },
  ];
  assert.equal(exposure(spans, 10), 0.5);
  assert.equal(exposure([{ entryBar: 8, exitBar: 20 }], 10), 0.2, 'cut at the end');
  assert.equal(exposure([], 10), 0);
  assert.ok(Number.isNaN(exposure([], 0)));
});

test('time in market counts overlapping positions once', () => {
  const span = (entryTime: number, exitTime: number) => ({ entryTime, exitTime });
  assert.equal(timeInMarket([span(10, 30), span(20, 40), span(90, 200)], 0, 100), 0.4);
  assert.ok(Number.isNaN(timeInMarket([], 5, 5)));
});

test('ratios of trades do not depend on the unit of money', () => {
  const profits = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(profits, fc.integer({ min: -8, max: 8 }), (values, power) => {
      const scale = 2 ** power;
      const plain = tradeStatistics(values.map((value) => record(value)));
      const scaled = tradeStatistics(values.map((value) => record(value * scale, value / 100)));
      for (const key of ['winRate', 'moneyProfitFactor', 'systemQualityNumber', 'kellyCriterion'] as const) {
        assert.equal(scaled[key], plain[key], key);
      }
      assert.equal(scaled.netProfit, plain.netProfit * scale);
    }),
  );
});
