import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EndOfRun } from '../../../../src/backtest/backtest.ts';
import { columnRunner, runColumns } from '../../../../src/backtest/columns/column-runner.ts';
import type { ColumnTerms, VenueCosts } from '../../../../src/backtest/columns/plain-terms.ts';
import type { PointRunner } from '../../../../src/backtest/sweep-point.ts';
import { type Instrument, instrument } from '../../../../src/domain/instrument.ts';
import { type CostModel, costPresets } from '../../../../src/execution/cost-models.ts';
import { noLimits, type RiskLimits } from '../../../../src/risk/limits.ts';
import type { PositionSizing } from '../../../../src/risk/position-sizing.ts';
import { builtinStrategies } from '../../../../src/strategy/builtin-strategies.ts';
import { checkParameters } from '../../../../src/strategy/check-parameters.ts';
import type { AnyStrategyDefinition } from '../../../../src/strategy/strategy.ts';
import { specOf } from '../../engine/session-bench.ts';
import { bundledBars } from '../../strategy/bars.ts';
import { assertSameAsEvents } from './comparison.ts';

const BARS = 6_000;
const bars = Object.fromEntries(
  (['BTCUSDT', 'ETHUSDT', 'SOLUSDT'] as const).map((symbol) => [
    symbol,
    bundledBars(symbol).slice(3_000, 3_000 + BARS),
  ]),
);

interface Case {
  readonly strategy?: string;
  readonly symbol?: string;
  readonly sizing?: PositionSizing;
  readonly limits?: Partial<RiskLimits>;
  readonly costs?: Partial<VenueCosts>;
  readonly model?: Partial<CostModel>;
  readonly balance?: string;
  readonly endOfRun?: EndOfRun;
  readonly terms?: Partial<Parameters<typeof instrument>[0]>;
}

function termsOf(one: Case): ColumnTerms {
  const symbol = one.symbol ?? 'BTCUSDT';
  const definition = definitionOf(one);
  const model = { ...costPresets['bybit-linear'], ...one.model };
  return {
    session: specOf({
      definition,
      symbols: [symbol],
      sizing: one.sizing ?? { kind: 'percent-of-equity', fraction: 0.1 },
      limits: one.limits ?? {},
      balance: one.balance ?? '10000',
      instruments: [instrumentOf(symbol, one.terms)],
    }),
    columns: new Map([[`${symbol}:1m`, bars[symbol]!]]),
    costs: { model, latencyMs: 0, seed: 1, ...one.costs },
    endOfRun: one.endOfRun,
  };
}

function definitionOf({ strategy = 'moving-average-cross' }: Case): AnyStrategyDefinition {
  return builtinStrategies.find(({ name }) => name === strategy)!;
}

function instrumentOf(symbol: string, terms: Case['terms']): Instrument {
  return instrument({
    symbol,
    baseCurrency: symbol.replace('USDT', ''),
    quoteCurrency: 'USDT',
    tickSize: '0.01',
    stepSize: '0.001',
    minimumNotional: '5',
    ...terms,
  });
}

const crosses = [
  { fast: 2, slow: 5 },
  { fast: 5, slow: 20, direction: 'long-only' },
  { fast: 10, slow: 30, type: 'ema' },
  { fast: 1, slow: 3, type: 'ema', direction: 'long-only' },
  { fast: 50, slow: 400 },
  { fast: 100, slow: 5_000 },
];

function pointsOf(one: Case, values: readonly Readonly<Record<string, unknown>>[] = crosses) {
  return values.map((value) => {
    const checked = checkParameters(definitionOf(one), value);
    assert.ok(checked.ok);
    return checked.value;
  });
}

const cases: Readonly<Record<string, Case>> = {
  'the defaults': {},
  'another market': { symbol: 'ETHUSDT' },
  'a third market, coarse steps': { symbol: 'SOLUSDT', terms: { stepSize: '0.1', tickSize: '0.05' } },
  'a share of equity at the fill': { sizing: { kind: 'equity-fraction-at-fill', fraction: 0.95 }, limits: noLimits },
  'all of it at the fill, fine steps': {
    sizing: { kind: 'equity-fraction-at-fill', fraction: 1 },
    limits: noLimits,
    terms: { stepSize: '0.00000001' },
  },
  'a fixed size': { sizing: { kind: 'fixed', quantity: 0.0123 }, limits: noLimits },
  'sized by risk': { sizing: { kind: 'risk-based', riskFraction: 0.01 } },
  'sizes as fine as numbers are': { terms: { stepSize: '0.000000000001' } },
  'prices as fine as numbers are': { terms: { tickSize: '0.000000000001' } },
  'a coarse tick': { terms: { tickSize: '25' } },
  'steps larger than the sizes': { terms: { stepSize: '1' } },
  'an account above 2^53 units': { balance: '1000000', limits: { dailyLossLimit: null } },
  'an account beyond 64 bits': { balance: '50000000', limits: { dailyLossLimit: null } },
  'a small account that the least value stops': { balance: '60', terms: { stepSize: '0.00001' } },
  'spread in ticks and slippage': {
    model: { spread: { kind: 'ticks', ticks: 7 }, slippage: { kind: 'basis-points', basisPoints: 1.5 } },
  },
  'spread in basis points, no fees': {
    model: { spread: { kind: 'basis-points', basisPoints: 3 }, fees: costPresets.frictionless.fees },
  },
  'a fee of odd decimals': { model: { fees: { kind: 'percent', makerRate: 0, takerRate: 0.000123456789 } } },
  'no shorts': { terms: { shortable: false } },
  'few trades a day': { limits: { maximumTradesPerDay: 7 } },
  'a tight daily loss': { limits: { dailyLossLimit: 3 } },
  'a daily loss of nothing': { limits: { dailyLossLimit: 0 } },
  'a limit on position size that refuses': {
    sizing: { kind: 'equity-fraction-at-fill', fraction: 0.5 },
    limits: { ...noLimits, maximumPositionSize: 0.4 },
  },
  'a limit on the order': { limits: { maximumOrderValue: 999.9, maximumOrderQuantity: 0.02 } },
  'one order at a time': { limits: { maximumOpenOrders: 1 } },
  'one order a minute': { limits: { maximumOrdersPerMinute: 1 } },
  'a reserve that refuses': {
    sizing: { kind: 'fixed', quantity: 0.02 },
    limits: { ...noLimits, minimumCashReserve: 0.9 },
  },
  'a largest order': { terms: { maximumQuantity: '0.0105' } },
  'closing at the end': { endOfRun: 'close-at-last-close' },
  'closing at the last open': { endOfRun: 'close-at-last-open', sizing: { kind: 'fixed', quantity: 0.01 } },
};

/** Under which nothing can be bought at all. */
const idle = ['steps larger than the sizes', 'a daily loss of nothing', 'a limit on position size that refuses'];

describe('runs from columns have the trades, the equity and the figures of runs bar by bar', () => {
  for (const [name, one] of Object.entries(cases)) {
    test(name, () => {
      const { fills } = assertSameAsEvents(termsOf(one), pointsOf(one));
      assert.equal(fills > 0, !idle.includes(name), 'whether the case trades');
    });
  }

  const others: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
    'donchian-breakout': [
      { trailingAtr: 0 },
      { entryPeriod: 5, exitPeriod: 5, trailingAtr: 0 },
      { entryPeriod: 60, exitPeriod: 1, trailingAtr: 0, direction: 'long-only' },
    ],
    'bollinger-reversion': [
      { stopAtr: 0 },
      { period: 8, entryDeviations: 1.2, exitDeviations: 0.5, rsiLimit: 0, stopAtr: 0 },
      { period: 50, entryDeviations: 1.5, rsiPeriod: 5, rsiLimit: 45, stopAtr: 0, direction: 'long-only' },
    ],
  };
  for (const [strategy, values] of Object.entries(others)) {
    test(`${strategy} without stops`, () => {
      for (const symbol of Object.keys(bars)) {
        const one = { strategy, symbol };
        const { fills, handedOver } = assertSameAsEvents(termsOf(one), pointsOf(one, values));
        assert.ok(fills > 20);
        assert.equal(handedOver, 0);
      }
    });
    test(`${strategy} as it is by default has stops, which columns can not say`, () => {
      const one = { strategy };
      assert.equal(assertSameAsEvents(termsOf(one), pointsOf(one, [{}])).handedOver, 1);
    });
  }

  test('refusals are among what was compared', () => {
    const refusing = ['few trades a day', 'a tight daily loss', 'a limit on position size that refuses', 'no shorts'];
    for (const name of refusing) {
      const { refused } = assertSameAsEvents(termsOf(cases[name]!), pointsOf(cases[name]!).slice(0, 1));
      assert.ok(refused > 0, name);
    }
  });

  test('ordinary terms are computed without handing a point over', () => {
    const { handedOver, beyondKernel } = assertSameAsEvents(termsOf({}), pointsOf({}));
    assert.deepEqual({ handedOver, beyondKernel }, { handedOver: 0, beyondKernel: 0 });
  });
});

describe('what columns can not say goes bar by bar', () => {
  const never: PointRunner = { path: 'event', run: () => assert.fail('not asked for') };

  test('a point with a stop is handed over, the others are not', () => {
    const points = pointsOf({}, [
      { fast: 3, slow: 9 },
      { fast: 3, slow: 9, stopAtr: 2 },
    ]);
    assert.equal(assertSameAsEvents(termsOf({}), points).handedOver, 1);
  });

  test('terms that are not plain have no runner', () => {
    const volatility: PositionSizing = { kind: 'volatility-target', annualVolatility: 0.2, maximumFraction: 0.5 };
    assert.equal(columnRunner(termsOf({ sizing: volatility }), never), undefined);
    assert.equal(columnRunner(termsOf({ costs: { latencyMs: 100 } }), never), undefined);
    assert.equal(columnRunner(termsOf({ costs: { matching: { maximumVolumeShare: 0.1 } } }), never), undefined);
    const fees = { kind: 'percent', makerRate: 0, takerRate: 0.001, currency: 'base' } as const;
    assert.equal(columnRunner(termsOf({ model: { fees } }), never), undefined);
    assert.equal(columnRunner(termsOf({ strategy: 'market-maker' }), never), undefined);
  });

  test('bars that overlap have no runner', () => {
    const terms = termsOf({});
    const overlapping = bars.BTCUSDT!.slice(0, 100);
    overlapping.openTime[50] = overlapping.openTime[50]! - 1_000;
    const columns = new Map([['BTCUSDT:1m', overlapping]]);
    assert.equal(columnRunner({ ...terms, columns }, never), undefined);
  });

  test('costs that chance decides run through the engine, at the bars with signals', () => {
    const slippage = { kind: 'random', minimumBasisPoints: 0, maximumBasisPoints: 5 } as const;
    const one: Case = { model: { slippage } };
    assert.equal(assertSameAsEvents(termsOf(one), pointsOf(one).slice(0, 2)).handedOver, 0);
    assert.ok(runColumns(termsOf(one)));
  });
});
