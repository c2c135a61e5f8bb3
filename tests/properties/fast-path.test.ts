import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { runBacktest } from '../../src/backtest/backtest.ts';
import type { SessionSpec } from '../../src/engine/open-session.ts';
import { type CostModel, percentFees } from '../../src/execution/cost-models.ts';
import { notional, toNumber } from '../../src/foundation/fixed-point.ts';
import type { CandleColumns } from '../../src/market/candle-columns.ts';
import type { RiskLimits } from '../../src/risk/limits.ts';
import type { PositionSizing } from '../../src/risk/position-sizing.ts';
import { sum } from '../../src/statistics/descriptive.ts';
import { instantsOf, SessionBench, specOf, type VenueTerms, venueOf } from '../unit/engine/session-bench.ts';
import { randomMarket, randomRuns, randomStrategy } from './random-strategy.ts';

const RUNS = { numRuns: 1_000 };

const costs: fc.Arbitrary<CostModel> = fc.record({
  spread: fc.constantFrom({ kind: 'none' } as const, { kind: 'ticks', ticks: 3 } as const),
  slippage: fc.constantFrom(
    { kind: 'none' } as const,
    { kind: 'basis-points', basisPoints: 0.5 } as const,
    { kind: 'random', minimumBasisPoints: 0, maximumBasisPoints: 5 } as const,
  ),
  fees: fc.constantFrom(percentFees(0.0002, 0.00055).fees, { ...percentFees(0.001, 0.001).fees, minimum: 0.5 }),
});
const limits: fc.Arbitrary<Partial<RiskLimits>> = fc.record({
  dailyLossLimit: fc.constantFrom(null, 50),
  maximumPositionSize: fc.constantFrom(0.2, 0.9),
  maximumRiskPerTrade: fc.constantFrom(0.05, 0.5),
  minimumCashReserve: fc.constantFrom(0, 0.2),
});
const sizings: fc.Arbitrary<PositionSizing> = fc.constantFrom(
  { kind: 'percent-of-equity', fraction: 0.3 },
  { kind: 'risk-based', riskFraction: 0.01 },
  { kind: 'volatility-target', annualVolatility: 0.2, maximumFraction: 0.5 },
  { kind: 'equity-fraction-at-fill', fraction: 0.5 },
  { kind: 'equity-fraction-at-fill', fraction: 0.19 },
);

interface Case {
  readonly spec: SessionSpec;
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly venue: VenueTerms;
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    run: randomRuns,
    costs,
    limits,
    sizing: sizings,
    latencyMs: fc.constantFrom(0, 0, 700),
    limitFill: fc.constantFrom('touch' as const, 'through' as const),
  })
  .map(({ run, costs: costModel, limits: drawn, sizing, latencyMs, limitFill }) => ({
    spec: specOf({
      definition: randomStrategy(run.seed, run.busyness, run.longer),
      symbols: run.symbols,
      limits: drawn,
      sizing,
    }),
    columns: randomMarket(run),
    venue: { costs: costModel, latencyMs, seed: run.seed % 97, options: { limitFill } },
  }));

describe('random strategies on random markets', () => {
  test('the backtest, full and lean, and a bot that is shown candle after candle do the same, bit for bit', (context) => {
    let fills = 0;
    let refused = 0;
    fc.assert(
      fc.property(cases, ({ spec, columns, venue }) => {
        const live = new SessionBench(spec, venueOf(venue)).run(instantsOf(columns));
        const full = runBacktest({ session: spec, columns, venue: venueOf(venue) });
        const lean = runBacktest({ session: spec, columns, venue: venueOf(venue), record: 'lean' });
        assert.deepEqual({ ...full.record }, { ...live.record });
        assert.deepEqual(Array.from(full.equity), live.equity);
        assert.deepEqual(full.session.snapshot(), live.session.snapshot());

        assert.deepEqual(lean.record.fills, live.record.fills);
        const sums = runBacktest({ session: spec, columns, venue: venueOf(venue), record: 'sums' });
        assert.deepEqual(sums.equity, full.equity);
        assert.deepEqual(sums.record.roundTrips, full.record.roundTrips);
        assert.equal(sums.record.refusedSignals, lean.record.refusedSignals);
        assert.equal(sums.record.fills.length, live.record.fills.length);
        assert.deepEqual(sums.record.fills.fees, full.portfolio.fees);
        const values = live.record.fills.map(({ price, quantity }) => toNumber(notional(price, quantity)));
        assert.equal(sums.record.fills.turnover, sum(values));

        assert.deepEqual(lean.record.roundTrips, live.record.roundTrips);
        assert.deepEqual(lean.record.lossLimits, live.record.lossLimits);
        assert.deepEqual(lean.equity, full.equity);
        assert.deepEqual(lean.times, full.times);
        assert.deepEqual(lean.session.snapshot(), live.session.snapshot());
        const refusals = live.record.signals.filter(({ outcome }) => outcome.kind === 'refused').length;
        assert.equal(lean.record.refusedSignals, refusals);
        fills += live.record.fills.length;
        refused += refusals;
      }),
      RUNS,
    );
    context.diagnostic(`${fills} fills, ${refused} refused signals`);
    assert.ok(fills > 6_000 && refused > 1_500, `${fills} fills, ${refused} refusals`);
  });

  test('a limit of volume that never binds changes nothing: with one, every bar is walked along its whole path', () => {
    fc.assert(
      fc.property(cases, ({ spec, columns, venue }) => {
        // So much is traded in each bar that no order is cut.
        for (const one of columns.values()) one.volume.fill(1e6);
        const quick = runBacktest({ session: spec, columns, venue: venueOf(venue) });
        const options = { ...venue.options, maximumVolumeShare: 1 };
        const walked = runBacktest({ session: spec, columns, venue: venueOf({ ...venue, options }) });
        assert.deepEqual({ ...quick.record }, { ...walked.record });
        assert.deepEqual(quick.equity, walked.equity);
        assert.deepEqual(quick.session.snapshot(), walked.session.snapshot());
      }),
      RUNS,
    );
  });
});
