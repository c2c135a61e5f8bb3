import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backtestPlan } from '../../../src/app/backtest-plan.ts';
import { runBacktestPlan } from '../../../src/app/backtest-run.ts';
import { DataReader } from '../../../src/app/data-reader.ts';
import { openPlannedSweep } from '../../../src/app/sweep-open.ts';
import { prepareSweep, type SweepWishes } from '../../../src/app/sweep-prepare.ts';
import { runChunk } from '../../../src/backtest/sweep-chunk.ts';
import { SWEEP_FIGURES } from '../../../src/backtest/sweep-point.ts';
import { decodeRows } from '../../../src/backtest/sweep-rows.ts';

/** Sweeps over the bars that come with the program, all strategies, several symbols and timeframes. */
const SWEEPS: readonly (Pick<SweepWishes, 'strategy'> & Partial<SweepWishes> & { readonly sets: readonly string[] })[] =
  [
    { strategy: 'moving-average-cross', sets: ['fast=5:25:10', 'slow=20:60:20'], timeframe: '15m' },
    {
      strategy: 'moving-average-cross',
      sets: ['fast=5,10'],
      timeframe: '5m',
      symbols: ['ETHUSDT'],
      end: 'close',
      limits: false,
      sizing: { kind: 'equity-fraction-at-fill', fraction: 1 },
      slippage: { kind: 'random', minimumBasisPoints: 0, maximumBasisPoints: 3 },
      seed: 9,
    },
    {
      strategy: 'donchian-breakout',
      sets: ['entryPeriod=20:60:20', 'exitPeriod=5,10'],
      timeframe: '15m',
      symbols: ['SOLUSDT'],
    },
    {
      strategy: 'bollinger-reversion',
      sets: ['period=20,40', 'entryDeviations=1.5'],
      timeframe: '30m',
      latencyMs: 90_000,
    },
    { strategy: 'momentum-rotation', sets: ['lookback=24:72:24', 'holdings=1,2'], timeframe: '1h' },
    {
      strategy: 'momentum-rotation',
      sets: ['volatilityAdjusted=true,false'],
      timeframe: '15m',
      symbols: ['SOLUSDT', 'BTCUSDT'],
    },
    {
      strategy: 'market-maker',
      sets: ['skew=0:1:0.5'],
      timeframe: '15m',
      fees: { kind: 'percent', makerRate: 0.0001, takerRate: 0.0006 },
    },
  ];

describe("a point's figures are those of a backtest with its parameters, to the last bit", () => {
  for (const { sets, ...wishes } of SWEEPS) {
    for (const path of ['event', 'auto'] as const) {
      it(`${path}: ${wishes.strategy} ${sets.join(' ')} ${wishes.symbols?.join(',') ?? ''}`, async () => {
        const reader = new DataReader();
        const set = sets.map((text) => {
          const [name, value] = text.split('=') as [string, string];
          return { name, value };
        });
        const common = { limits: true, ...wishes };
        const prepared = await prepareSweep(
          { ...common, set, where: [], random: null },
          { cwd: '.', reader, confirm: async () => false },
        );
        const sweep = await openPlannedSweep(prepared.plan, prepared.columns, path);
        let compared = 0;
        let trades = 0;
        for (let number = 0; number < prepared.chunks; number++) {
          for (const { point, outcome } of decodeRows(runChunk(sweep, number)).rows) {
            const parameters = prepared.space.parameters(point);
            const { report } = await runBacktestPlan(
              await backtestPlan({ ...common, parameters }, '.', reader),
              undefined,
              reader,
            );
            assert.ok(outcome.ok);
            for (const [index, key] of SWEEP_FIGURES.entries()) {
              assert.ok(
                Object.is(outcome.figures[index], report.summary.figures[key]),
                `${key} is ${outcome.figures[index]} and ${report.summary.figures[key]}`,
              );
            }
            compared += 1;
            trades += report.trades.length;
          }
        }
        assert.equal(compared, prepared.survey?.points);
        assert.ok(trades > 0, 'a comparison of runs that do not trade would say little');
      });
    }
  }
});
