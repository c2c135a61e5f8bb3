import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { runBacktest } from '../../src/backtest/backtest.ts';
import type { SessionSpec } from '../../src/engine/open-session.ts';
import type { RunRecord } from '../../src/engine/run-record.ts';
import { type CostModel, percentFees } from '../../src/execution/cost-models.ts';
import type { CandleColumns } from '../../src/market/candle-columns.ts';
import { aggregateCandles } from '../../src/market/candle-history.ts';
import type { RiskLimits } from '../../src/risk/limits.ts';
import type { PositionSizing } from '../../src/risk/position-sizing.ts';
import { builtinStrategies } from '../../src/strategy/builtin-strategies.ts';
import type { AnyStrategyDefinition } from '../../src/strategy/strategy.ts';
import {
  type Instant,
  instantsOf,
  SessionBench,
  specOf,
  type VenueTerms,
  venueOf,
} from '../unit/engine/session-bench.ts';
import { bundledBars } from '../unit/strategy/bars.ts';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'] as const;
const MINUTES = new Map(SYMBOLS.map((symbol) => [symbol, bundledBars(symbol)]));
const LENGTH = MINUTES.get('BTCUSDT')!.length;
const RUNS = { numRuns: 30 };

/** Short periods, so that a window of some hundred bars sees many decisions. */
const busy: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  'moving-average-cross': [
    { fast: 3, slow: 8 },
    { fast: 2, slow: 5, type: 'ema', stopAtr: 1.5, atrPeriod: 5 },
  ],
  'donchian-breakout': [
    { entryPeriod: 5, exitPeriod: 3, trailingAtr: 1, atrPeriod: 5 },
    { entryPeriod: 8, exitPeriod: 8, trailingAtr: 0 },
  ],
  'bollinger-reversion': [
    { period: 8, entryDeviations: 1.2, rsiPeriod: 5, rsiLimit: 45, stopAtr: 1, atrPeriod: 5, maximumBars: 9 },
    { period: 5, entryDeviations: 1, rsiLimit: 0, stopAtr: 0 },
  ],
  'momentum-rotation': [
    { lookback: 12, rebalanceBars: 5, holdings: 2, onlyRising: false },
    { lookback: 6, rebalanceBars: 3 },
  ],
  'market-maker': [
    { fairPeriod: 3, atrPeriod: 4, refreshBars: 5 },
    { fairPeriod: 1, atrPeriod: 3, skew: 2, pauseAtr: 2 },
  ],
};

const costs: fc.Arbitrary<CostModel> = fc.record({
  spread: fc.constantFrom({ kind: 'none' } as const, { kind: 'basis-points', basisPoints: 2 } as const),
  slippage: fc.constantFrom(
    { kind: 'none' } as const,
    { kind: 'random', minimumBasisPoints: 0, maximumBasisPoints: 5 } as const,
    { kind: 'volume-impact', shape: 'square-root', basisPointsAtFullVolume: 10 } as const,
  ),
  fees: fc.constant(percentFees(0.0002, 0.00055).fees),
});
const venues: fc.Arbitrary<VenueTerms> = fc.record({
  costs,
  latencyMs: fc.constantFrom(0, 0, 500, 90_000),
  seed: fc.nat(99),
  options: fc.record({
    maximumVolumeShare: fc.constantFrom(null, 0.001),
    limitFill: fc.constantFrom('touch', 'through'),
  }),
});
const limits: fc.Arbitrary<Partial<RiskLimits>> = fc.record({
  dailyLossLimit: fc.constantFrom(null, 20),
  maximumTradesPerDay: fc.constantFrom(null, 6),
  maximumPositionSize: fc.constantFrom(0.1, 0.5),
  maximumRiskPerTrade: fc.constantFrom(0.02, 0.2),
});
const sizings: fc.Arbitrary<PositionSizing> = fc.constantFrom(
  { kind: 'percent-of-equity', fraction: 0.1 },
  { kind: 'fixed', quantity: 0.01 },
  { kind: 'risk-based', riskFraction: 0.01 },
  { kind: 'volatility-target', annualVolatility: 0.2, maximumFraction: 0.5 },
  { kind: 'equity-fraction-at-fill', fraction: 0.09 },
);

interface Case {
  readonly spec: SessionSpec;
  readonly venue: VenueTerms;
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly instants: readonly Instant[];
}

/** A strategy on a random stretch of recorded bars, with random costs, limits and sizing. */
function cases(definition: AnyStrategyDefinition, bars: number): fc.Arbitrary<Case> {
  return fc
    .record({
      from: fc.integer({ min: 0, max: LENGTH - bars }),
      timeframe: fc.constantFrom('1m' as const, '5m' as const),
      parameters: fc.constantFrom(...busy[definition.name]!),
      venue: venues,
      limits,
      sizing: sizings,
    })
    .map(({ from, timeframe, parameters, venue, limits: drawn, sizing }) => {
      const symbols = SYMBOLS.slice(0, Math.min(3, definition.symbols?.maximum ?? 1));
      const spec = specOf({ definition, parameters, symbols, timeframe, limits: drawn, sizing, balance: '1000000' });
      const columns = new Map<string, CandleColumns>();
      for (const symbol of symbols) {
        const minutes = MINUTES.get(symbol)!.slice(from, from + bars);
        columns.set(
          `${symbol}:${timeframe}`,
          timeframe === '1m' ? minutes : aggregateCandles(minutes, timeframe).columns,
        );
      }
      return { spec, venue, columns, instants: instantsOf(columns) };
    });
}

function traceOf(record: RunRecord, equity: ArrayLike<number>): unknown {
  return { ...record, equity: Array.from(equity) };
}

describe('a session', () => {
  for (const definition of builtinStrategies) {
    test(`${definition.name}: saved as JSON text after any instant and taken up anew, it goes on bit for bit`, (context) => {
      let fills = 0;
      fc.assert(
        fc.property(
          cases(definition, 500),
          fc.array(fc.nat(499), { minLength: 1, maxLength: 6 }),
          (drawn, restarts) => {
            const { spec, venue, instants } = drawn;
            const whole = new SessionBench(spec, venueOf(venue)).run(instants);
            const restarted = new SessionBench(spec, venueOf(venue));
            for (const [index, instant] of instants.entries()) {
              restarted.step(instant);
              if (restarts.includes(index)) restarted.restart();
            }
            assert.deepEqual(traceOf(restarted.record, restarted.equity), traceOf(whole.record, whole.equity));
            assert.deepEqual(restarted.session.snapshot(), whole.session.snapshot());
            fills += whole.record.fills.length;
          },
        ),
        RUNS,
      );
      context.diagnostic(`${fills} fills`);
      assert.ok(fills > 50, `${fills} fills`);
    });

    test(`${definition.name}: over columns and over rings it does the same`, () => {
      fc.assert(
        fc.property(cases(definition, 400), ({ spec, venue, columns, instants }) => {
          const backtest = runBacktest({ session: spec, columns, venue: venueOf(venue) });
          const bench = new SessionBench(spec, venueOf(venue)).run(instants);
          assert.deepEqual(traceOf(bench.record, bench.equity), traceOf(backtest.record, backtest.equity));
        }),
        RUNS,
      );
    });

    test(`${definition.name}: it does not know the future: on less history it does the beginning of the same`, () => {
      fc.assert(
        fc.property(cases(definition, 400), fc.double({ min: 0, max: 1, noNaN: true }), (drawn, share) => {
          const { spec, venue, columns, instants } = drawn;
          const end = instants[Math.floor(share * (instants.length - 1))]!.time;
          const cut = new Map(
            [...columns].map(([name, all]) => [
              name,
              all.slice(0, instants.filter(({ time, candles }) => time <= end && candles.has(name)).length),
            ]),
          );
          const full = runBacktest({ session: spec, columns, venue: venueOf(venue) });
          const short = runBacktest({ session: spec, columns: cut, venue: venueOf(venue) });
          assert.deepEqual(short.equity, full.equity.slice(0, short.equity.length));
          for (const kind of ['signals', 'intents', 'orderEvents', 'fills', 'roundTrips'] as const) {
            const begun: readonly unknown[] = full.record[kind].slice(0, short.record[kind].length);
            assert.deepEqual(short.record[kind], begun, kind);
          }
          const later = full.record.signals[short.record.signals.length];
          assert.ok(!later || later.decisionTime > end);
        }),
        RUNS,
      );
    });

    test(`${definition.name}: the accounts are right to the last unit whatever happens`, () => {
      fc.assert(
        fc.property(cases(definition, 300), ({ spec, venue, instants }) => {
          const bench = new SessionBench(spec, venueOf(venue)).run(instants);
          const { portfolio } = bench.session.engine.account;
          let spent = 0n;
          const held = new Map<string, bigint>();
          for (const { side, price, quantity, fee, symbol } of bench.record.fills) {
            const product = price * quantity;
            const value = (product + 500_000_000_000n) / 1_000_000_000_000n;
            spent += (side === 'buy' ? value : -value) + fee;
            held.set(symbol, (held.get(symbol) ?? 0n) + (side === 'buy' ? quantity : -quantity));
          }
          assert.equal(portfolio.balance('USDT'), spec.startingBalance - spent);
          for (const position of portfolio.positions())
            assert.equal(position.quantity, held.get(position.symbol) ?? 0n);
          assert.ok(bench.equity.every(Number.isFinite));
          const ids = bench.record.intents.map((terms) => terms.clientOrderId);
          assert.equal(new Set(ids).size, ids.length);
          // Every order that was sent has its events, and none that was not.
          const known = new Set(ids);
          for (const event of bench.record.orderEvents) assert.ok(known.has(event.clientOrderId));
        }),
        RUNS,
      );
    });
  }
});
