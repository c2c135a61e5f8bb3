import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DAY_MS } from '../../../src/foundation/time.ts';
import { FIGURE_KEYS, type FigureKey } from '../../../src/statistics/figures.ts';
import { type RunOutcome, summarise } from '../../../src/statistics/report.ts';

const start = Date.UTC(2024, 0, 1);

function outcome(equity: readonly number[], changes: Partial<RunOutcome> = {}): RunOutcome {
  return {
    currency: 'USDT',
    startingBalance: 1000,
    closeTimes: Float64Array.from(equity, (_, row) => start + (row + 1) * DAY_MS),
    barLengthMs: DAY_MS,
    equity: Float64Array.from(equity),
    market: Float64Array.from(equity, (_, row) => 100 + row),
    firstTradingBar: 0,
    fills: [],
    trades: [],
    finalBalance: equity.at(-1) ?? 1000,
    openPositions: [],
    openTradesAtEnd: 'left open',
    signals: { executed: 0, ignored: 0, refused: 0 },
    ...changes,
  };
}

test('every run gets every figure, whatever it was', () => {
  const runs: Record<string, RunOutcome> = {
    'no bars': outcome([]),
    'one bar': outcome([1000]),
    'no trades': outcome([1000, 1000, 1000]),
    ruined: outcome([1000, 500, 0, 0]),
    'below zero': outcome([1000, 200, -300, -100]),
    'not a number': outcome([1000, Number.NaN, 1100]),
    'warm-up longer than the data': outcome([1000, 1001], { firstTradingBar: 50 }),
  };
  for (const [name, run] of Object.entries(runs)) {
    const { figures } = summarise(run);
    for (const key of FIGURE_KEYS) assert.equal(typeof figures[key], 'number', `${name}: ${key}`);
    assert.deepEqual(Object.keys(figures).sort(), [...FIGURE_KEYS].sort(), name);
  }
});

test('a run without trades has made nothing and has no ratios', () => {
  const { figures } = summarise(outcome([1000, 1000, 1000]));
  assert.equal(figures.returnPercent, 0);
  assert.equal(figures.totalProfit, 0);
  assert.equal(figures.maximumDrawdownPercent, 0);
  assert.equal(figures.exposurePercent, 0);
  assert.equal(figures.annualVolatilityPercent, 0);
  for (const key of ['sharpeRatio', 'sortinoRatio', 'calmarRatio', 'winRatePercent'] as const) {
    assert.ok(Number.isNaN(figures[key]), key);
  }
});

test('an account that lost everything returned −100 %, a year too', () => {
  const { figures } = summarise(outcome([1000, 500, 0, 0]));
  assert.equal(figures.returnPercent, -100);
  assert.equal(figures.annualReturnPercent, -100);
  assert.equal(figures.cagrPercent, -100);
  assert.equal(figures.maximumDrawdownPercent, -100);
});

test('fills and round trips are counted apart, and what is still open is said', () => {
  const summary = summarise(
    outcome([1000, 1100, 1050], {
      finalBalance: 840,
      openPositions: [
        {
          symbol: 'ETHUSDT',
          quantity: 0.1,
          entryTime: start + 2 * DAY_MS,
          averagePrice: 2000,
          markPrice: 2100,
          value: 210,
          unrealisedProfit: 10,
        },
      ],
      signals: { executed: 3, ignored: 2, refused: 1, refusedByCode: { RISK_EXPOSURE: 1 } },
    }),
  );
  const { figures } = summary;
  assert.equal(figures.finalBalance + figures.finalInventoryValue, figures.finalPortfolioValue);
  assert.equal(figures.unrealisedProfit, 10);
  assert.deepEqual(summary.finalInventory, { ETHUSDT: 0.1 });
  assert.deepEqual(summary.refusedByCode, { RISK_EXPOSURE: 1 });
  assert.equal(figures.timeInMarketPercent, (1 / 3) * 100);
  assert.equal(figures.exposurePercent, (1 / 3) * 100);
  assert.equal(figures.signalsIgnored, 2);
});

test('following the market is a beta of one and no alpha', () => {
  const prices = [100, 110, 104, 120, 90, 130];
  const { figures } = summarise(
    outcome(
      prices.map((price) => price * 10),
      { market: Float64Array.from(prices) },
    ),
  );
  assert.ok(Math.abs(figures.beta - 1) < 1e-12);
  assert.ok(Math.abs(figures.alphaPercent) < 1e-9);
});

test('scaling the account changes money and nothing else', () => {
  const money: readonly FigureKey[] = [
    'startingBalance',
    'finalPortfolioValue',
    'finalBalance',
    'totalProfit',
    'equityPeak',
  ];
  const equities = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(equities, fc.integer({ min: 1, max: 12 }), (equity, power) => {
      const scale = 2 ** power;
      const plain = summarise(outcome(equity)).figures;
      const scaled = summarise(
        outcome(
          equity.map((value) => value * scale),
          { startingBalance: 1000 * scale },
        ),
      ).figures;
      for (const key of FIGURE_KEYS)
        assert.equal(scaled[key], money.includes(key) ? plain[key] * scale : plain[key], key);
    }),
  );
});

test('a drawdown is never above 0 and never below −100 % while equity is positive', () => {
  const equities = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(equities, (equity) => {
      const { maximumDrawdownPercent, averageDrawdownPercent } = summarise(outcome(equity)).figures;
      assert.ok(maximumDrawdownPercent <= 0 && maximumDrawdownPercent > -100);
      if (!Number.isNaN(averageDrawdownPercent)) {
        assert.ok(averageDrawdownPercent < 0 && averageDrawdownPercent >= maximumDrawdownPercent - 1e-9);
      }
    }),
  );
});
