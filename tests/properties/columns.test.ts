import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { EndOfRun } from '../../src/backtest/backtest.ts';
import type { ColumnTerms } from '../../src/backtest/columns/plain-terms.ts';
import { instrument } from '../../src/domain/instrument.ts';
import type { CostModel } from '../../src/execution/cost-models.ts';
import { MINUTE_MS } from '../../src/foundation/time.ts';
import { CandleColumns } from '../../src/market/candle-columns.ts';
import { noLimits, type RiskLimits } from '../../src/risk/limits.ts';
import type { PositionSizing } from '../../src/risk/position-sizing.ts';
import { ColumnSeries } from '../../src/strategy/column-series.ts';
import {
  above,
  atLeast,
  both,
  type Column,
  type ColumnSignal,
  type ColumnSignals,
  crossedAbove,
  either,
  not,
} from '../../src/strategy/column-signals.ts';
import { type AnyStrategyDefinition, type Decision, type Market, Strategy } from '../../src/strategy/strategy.ts';
import { assertSameAsEvents } from '../unit/backtest/columns/comparison.ts';
import { specOf } from '../unit/engine/session-bench.ts';

/** Runs that signals of columns describe, taken bar by bar: each row by itself, from columns that were made whole. */
class BarByBar extends Strategy {
  readonly #signals: ColumnSignals;
  readonly #values: (column: Column) => Float64Array;
  private row = -1;
  private armed: boolean;

  constructor(signals: ColumnSignals, bars: CandleColumns) {
    super();
    this.#signals = signals;
    this.#values = wholeColumns(bars);
    this.armed = signals.rearm === undefined;
  }

  override process(market: Market): Decision {
    this.row += 1;
    const { enterLong, enterShort, exitLong, exitShort, rearm, turns = true } = this.#signals;
    const position = market.position();
    const symbol = market.symbols[0]!;
    if (this.#holds(rearm)) this.armed = true;
    if (this.armed && (turns || position === 0)) {
      const side =
        position <= 0 && this.#holds(enterLong)
          ? 'long'
          : position >= 0 && this.#holds(enterShort)
            ? 'short'
            : undefined;
      if (side !== undefined) {
        if (rearm !== undefined) this.armed = false;
        return { kind: 'enter', symbol, side, reason: 'drawn' };
      }
    }
    const leaves = (position > 0 && this.#holds(exitLong)) || (position < 0 && this.#holds(exitShort));
    return leaves ? { kind: 'exit', symbol, reason: 'drawn' } : undefined;
  }

  #holds(signal: ColumnSignal | undefined): boolean {
    return signal !== undefined && this.#at(signal, this.row);
  }

  #at(signal: ColumnSignal, row: number): boolean {
    switch (signal.kind) {
      case 'above':
        return this.#values(signal.left)[row]! > this.#values(signal.right)[row]!;
      case 'at-least':
        return this.#values(signal.left)[row]! >= this.#values(signal.right)[row]!;
      case 'crossed-above': {
        const [left, right] = [this.#values(signal.left), this.#values(signal.right)];
        return row > 0 && left[row - 1]! < right[row - 1]! && left[row]! > right[row]!;
      }
      case 'both':
        return this.#at(signal.first, row) && this.#at(signal.second, row);
      case 'either':
        return this.#at(signal.first, row) || this.#at(signal.second, row);
      case 'not':
        return !this.#at(signal.of, row);
    }
  }
}

function wholeColumns(bars: CandleColumns): (column: Column) => Float64Array {
  const made = new Map<string, Float64Array>();
  const valuesOf = (column: Column): Float64Array => {
    const known = made.get(column.key);
    if (known) return known;
    let values: Float64Array;
    if (column.kind === 'price') values = bars[column.field];
    else if (column.kind === 'constant') values = new Float64Array(bars.length).fill(column.value);
    else {
      const outputs = Array.from({ length: column.source.outputs }, () => new Float64Array(bars.length));
      column.source.open().advance(bars.length, column.source.inputs.map(valuesOf), outputs);
      values = outputs[column.output]!;
    }
    made.set(column.key, values);
    return values;
  };
  return valuesOf;
}

const series = new ColumnSeries();
const period = fc.integer({ min: 1, max: 40 });
/** NaN on some bars amid the others, not only while warming up. */
const broken = series.custom(
  'broken',
  [series.close, series.open],
  () => (close, open) => (Math.round(close! * 10) % 7 === 0 ? Number.NaN : (close! + open!) / 2),
);
const columns: fc.Arbitrary<Column> = fc.oneof(
  { weight: 4, arbitrary: period.map((bars) => series.sma(bars)) },
  { weight: 2, arbitrary: period.map((bars) => series.ema(bars)) },
  { weight: 1, arbitrary: period.map((bars) => series.sma(bars, series.high)) },
  { weight: 1, arbitrary: period.map((bars) => series.previous(series.donchian(bars).upper)) },
  { weight: 1, arbitrary: period.map((bars) => series.donchian(bars).lower) },
  { weight: 2, arbitrary: fc.constantFrom(series.open, series.close, series.high, broken) },
);
const comparisons: fc.Arbitrary<ColumnSignal> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(columns, columns).map(([left, right]) => crossedAbove(left, right)) },
  fc.tuple(columns, columns).map(([left, right]) => above(left, right)),
  fc.tuple(columns, columns).map(([left, right]) => atLeast(left, right)),
  fc.tuple(period, fc.integer({ min: 20, max: 80 })).map(([bars, level]) => above(series.rsi(bars + 1), level)),
);
const { signal: signals } = fc.letrec<{ signal: ColumnSignal }>((tie) => ({
  signal: fc.oneof(
    { weight: 5, arbitrary: comparisons },
    fc.tuple(tie('signal'), tie('signal')).map(([first, second]) => both(first, second)),
    fc.tuple(tie('signal'), tie('signal')).map(([first, second]) => either(first, second)),
    tie('signal').map((of) => not(of)),
  ),
}));

/** Prices that go up and down by whole cents or by much, stand still, and touch; now and then bars are missing. */
const markets: fc.Arbitrary<CandleColumns> = fc
  .record({
    moves: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 60 }),
    length: fc.integer({ min: 1, max: 5_000 }),
    unit: fc.constantFrom(0.01, 0.05, 0.5, 0.0000123),
    first: fc.constantFrom(20, 1_000, 99_999.99),
    gapEvery: fc.constantFrom(0, 7, 501),
    firstTime: fc.constantFrom(0, 86_400_000 * 20_000 - 55 * MINUTE_MS),
  })
  .map(({ moves, length, unit, first, gapEvery, firstTime }) => {
    const bars = new CandleColumns(length, MINUTE_MS);
    let price: number = first;
    let time = firstTime;
    for (let row = 0; row < length; row++) {
      const open = Math.max(unit, price + unit * (moves[(row * 7) % moves.length]! % 3));
      price = Math.max(unit, open + unit * moves[(row + Math.floor(row / moves.length)) % moves.length]!);
      const high = Math.max(open, price) + unit;
      const low = Math.max(unit / 2, Math.min(open, price) - unit);
      bars.set(row, { openTime: time, closeTime: time + MINUTE_MS, open, high, low, close: price, volume: 1 } as never);
      time += gapEvery > 0 && row % gapEvery === 0 ? 600 * MINUTE_MS : MINUTE_MS;
    }
    return bars;
  });

const costs: fc.Arbitrary<CostModel> = fc.record({
  spread: fc.constantFrom(
    { kind: 'none' } as const,
    { kind: 'ticks', ticks: 3 } as const,
    { kind: 'basis-points', basisPoints: 2.5 } as const,
  ),
  slippage: fc.constantFrom({ kind: 'none' } as const, { kind: 'basis-points', basisPoints: 1.3 } as const),
  fees: fc.constantFrom(0, 0.0005, 0.00055, 0.0123).map((rate) => ({
    kind: 'percent' as const,
    makerRate: 0,
    takerRate: rate,
  })),
});
const limits: fc.Arbitrary<Partial<RiskLimits>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(noLimits) },
  fc.record({
    dailyLossLimit: fc.constantFrom(null, 0.5, 20),
    maximumTradesPerDay: fc.constantFrom(null, null, 3),
    maximumPositionSize: fc.constantFrom(0.1, 0.5, 3),
    maximumRiskPerTrade: fc.constantFrom(0.02, 0.3),
    minimumCashReserve: fc.constantFrom(0, 0.2),
    maximumOrderValue: fc.constantFrom(null, 900),
    maximumOpenOrders: fc.constantFrom(1, 50),
  }),
);
const sizings: fc.Arbitrary<PositionSizing> = fc.constantFrom(
  { kind: 'percent-of-equity', fraction: 0.1 },
  { kind: 'percent-of-equity', fraction: 2 },
  { kind: 'fixed', quantity: 0.37 },
  { kind: 'risk-based', riskFraction: 0.01 },
  { kind: 'equity-fraction-at-fill', fraction: 1 },
  { kind: 'equity-fraction-at-fill', fraction: 0.3 },
);
const instruments = fc
  .record({
    tickSize: fc.constantFrom('0.01', '0.05', '5', '0.0000001', '0.000000000001'),
    stepSize: fc.constantFrom('0.001', '0.001', '0.00001', '1', '0.00000001', '0.000000000001'),
    minimumNotional: fc.constantFrom('0', '5', '5', '950'),
    shortable: fc.constantFrom(true, true, false),
  })
  .map((terms) => instrument({ symbol: 'BTCUSDT', baseCurrency: 'BTC', quoteCurrency: 'USDT', ...terms }));

describe('random signals in random markets', () => {
  // Some 50 ms a case: each runs bar by bar, and three ways from columns.
  test('have the same trades, equity and figures from columns and bar by bar', () => {
    const cases = fc.record({
      bars: markets,
      signals: fc.record(
        {
          enterLong: signals,
          enterShort: signals,
          exitLong: signals,
          exitShort: signals,
          rearm: signals,
          turns: fc.boolean(),
        },
        { requiredKeys: ['enterLong'] },
      ),
      costs,
      limits,
      sizing: sizings,
      traded: instruments,
      balance: fc.constantFrom('10000', '200', '1234567.89'),
      endOfRun: fc.constantFrom<EndOfRun>('keep', 'close-at-last-close', 'close-at-last-open'),
    });
    let fills = 0;
    let refused = 0;
    let runs = 0;
    let beyond = 0;
    fc.assert(
      fc.property(cases, ({ bars, signals: drawn, traded, costs: model, endOfRun, ...terms }) => {
        const definition: AnyStrategyDefinition = {
          name: 'drawn',
          title: 'Drawn',
          description: 'What was drawn.',
          parameters: {},
          create: () => new BarByBar(drawn, bars),
          signals: () => drawn,
        };
        const request: ColumnTerms = {
          session: specOf({ definition, ...terms, instruments: [traded] }),
          columns: new Map([['BTCUSDT:1m', bars]]),
          costs: { model, latencyMs: 0, seed: 1 },
          endOfRun,
        };
        // Several points take the way of larger batches.
        const points = Array.from({ length: 1 + (bars.length % 30) }, () => ({}));
        const compared = assertSameAsEvents(request, points);
        fills += compared.fills;
        refused += compared.refused;
        runs += 1;
        beyond += compared.beyondKernel;
      }),
      { numRuns: 150 },
    );
    assert.ok(beyond < runs / 2, `the kernel holds most of them: not ${beyond} of ${runs}`);
    assert.ok(fills > 1_000 && refused > 100, `it is about something: ${fills} fills, ${refused} refusals`);
  });
});
