import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { defaultLimits, noLimits, type RiskLimits } from '../../../src/risk/limits.ts';
import {
  entryQuantity,
  type PositionSizing,
  type SizingInput,
  VolatilityEstimate,
} from '../../../src/risk/position-sizing.ts';

const LOOSE: RiskLimits = { ...defaultLimits, maximumPositionSize: 10, maximumRiskPerTrade: 10 };
const input: SizingInput = { equity: 10_000, price: 50, stopPrice: undefined, annualVolatility: 0.8, strength: 1 };
const close = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) <= 1e-12 * Math.abs(expected), `${actual} is not ${expected}`);

describe('position sizing', () => {
  test('fixed: the same number of units', () => {
    close(entryQuantity({ kind: 'fixed', quantity: 3 }, LOOSE, input), 3);
    close(entryQuantity({ kind: 'fixed', quantity: 3 }, LOOSE, { ...input, strength: 0.5 }), 1.5);
  });

  test('percent of equity: at the price of the decision', () => {
    close(entryQuantity({ kind: 'percent-of-equity', fraction: 0.25 }, LOOSE, input), 50);
  });

  test('risk based: the way to the stop costs the share', () => {
    const sizing: PositionSizing = { kind: 'risk-based', riskFraction: 0.01 };
    close(entryQuantity(sizing, LOOSE, { ...input, stopPrice: 48 }), 50);
    close(entryQuantity(sizing, LOOSE, { ...input, stopPrice: 52 }), 50);
    close(entryQuantity(sizing, LOOSE, input), (10_000 * 0.01) / (50 * 0.2));
    assert.equal(
      entryQuantity(sizing, LOOSE, { ...input, stopPrice: 50 }),
      0,
      'a stop at the price can not be sized by',
    );
  });

  test('volatility target: more of what is calm, up to its maximum', () => {
    const sizing: PositionSizing = { kind: 'volatility-target', annualVolatility: 0.2, maximumFraction: 0.5 };
    close(entryQuantity(sizing, LOOSE, input), (0.25 * 10_000) / 50);
    close(entryQuantity(sizing, LOOSE, { ...input, annualVolatility: 0.01 }), (0.5 * 10_000) / 50);
    assert.equal(entryQuantity(sizing, LOOSE, { ...input, annualVolatility: Number.NaN }), 0, 'unknown yet');
    assert.equal(entryQuantity(sizing, LOOSE, { ...input, annualVolatility: 0 }), 0);
  });

  test("at the fill: is the venue's, and asked of here it is a defect", () => {
    assert.throws(() => entryQuantity({ kind: 'equity-fraction-at-fill', fraction: 1 }, LOOSE, input), /by the venue/);
  });

  test('never more than the limits let through, and never none of a number', () => {
    const kinds: fc.Arbitrary<PositionSizing> = fc.oneof(
      fc.record({ kind: fc.constant('fixed' as const), quantity: fc.double({ min: 0, max: 1e9, noNaN: true }) }),
      fc.record({
        kind: fc.constant('percent-of-equity' as const),
        fraction: fc.double({ min: 0, max: 10, noNaN: true }),
      }),
      fc.record({ kind: fc.constant('risk-based' as const), riskFraction: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    // Beyond float64's normal numbers a relative error says nothing.
    const any = fc.oneof(
      fc.double({ min: 1e-9, max: 1e6 }),
      fc.double({ min: -1e6, max: -1e-9 }),
      fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY),
    );
    fc.assert(
      fc.property(
        kinds,
        any,
        any,
        fc.option(any, { nil: undefined }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(LOOSE, defaultLimits, noLimits),
        (sizing, equity, price, stopPrice, strength, limits) => {
          const quantity = entryQuantity(sizing, limits, { equity, price, stopPrice, annualVolatility: 0.5, strength });
          assert.ok(Number.isFinite(quantity) && quantity >= 0);
          if (!(equity > 0 && price > 0)) assert.equal(quantity, 0);
          assert.ok(quantity * price <= limits.maximumPositionSize * equity * (1 + 1e-9) || quantity === 0);
          const distance = stopPrice === undefined ? price * limits.assumedAdverseMove : Math.abs(price - stopPrice);
          assert.ok(quantity * distance <= limits.maximumRiskPerTrade * equity * (1 + 1e-9) || quantity === 0);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('the estimate of volatility', () => {
  test('is that of RiskMetrics, and unknown before the twentieth return', () => {
    const closes = Array.from({ length: 40 }, (_, index) => 100 * Math.exp(0.01 * Math.sin(index * 1.7)));
    const estimate = new VolatilityEstimate(86_400_000);
    let variance = Number.NaN;
    for (const [index, value] of closes.entries()) {
      estimate.update(value);
      if (index === 0) continue;
      const square = Math.log(value / closes[index - 1]!) ** 2;
      variance = index === 1 ? square : 0.94 * variance + 0.06 * square;
      if (index < 20) assert.ok(Number.isNaN(estimate.annual), `${index} returns`);
      else close(estimate.annual, Math.sqrt(variance * 365));
    }
    const other = new VolatilityEstimate(86_400_000);
    other.takeUp(estimate.state());
    for (const one of [estimate, other]) one.update(101);
    assert.equal(other.annual, estimate.annual);
  });
});
