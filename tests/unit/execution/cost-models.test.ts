import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CostModel, costPresets } from '../../../src/execution/cost-models.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { market, Venue } from './venue.ts';

const { frictionless } = costPresets;

test('every preset is a sound model, and plain data', () => {
  for (const [name, costs] of Object.entries(costPresets)) {
    assert.deepEqual(JSON.parse(JSON.stringify(costs)), costs, name);
    const venue = new Venue({ costs });
    venue.submit({ execution: market });
    venue.bar(100, 110, 90, 105);
    const [fill] = venue.fills;
    assert.equal(fill!.fee === 0n, name === 'frictionless', name);
  }
});

test('costs that make no sense are refused in words', () => {
  const refused = (change: Partial<CostModel>, message: RegExp): void => {
    assert.throws(
      () => new Venue({ costs: { ...frictionless, ...change } }),
      (thrown: unknown) => thrown instanceof UserError && message.test(thrown.message),
    );
  };
  refused({ spread: { kind: 'ticks', ticks: -1 } }, /"ticks" is -1/);
  refused({ spread: { kind: 'basis-points', basisPoints: Number.NaN } }, /"basisPoints" is NaN/);
  refused({ slippage: { kind: 'random', minimumBasisPoints: 2, maximumBasisPoints: 1 } }, /must not be below/);
  refused({ fees: { kind: 'percent', makerRate: 0, takerRate: 1.5 } }, /"takerRate" is 1.5/);
  refused({ fees: { kind: 'per-unit', perUnit: -1 } }, /"perUnit" is -1/);
  const currency = { currency: 'COIN', price: 0 };
  refused({ fees: { kind: 'percent', makerRate: 0, takerRate: 0, currency } }, /must be above 0/);
});

test('options that make no sense are refused in words', () => {
  const refused = (terms: ConstructorParameters<typeof Venue>[0], message: RegExp): void => {
    assert.throws(
      () => new Venue(terms),
      (thrown: unknown) => thrown instanceof UserError && message.test(thrown.message),
    );
  };
  refused({ latencyMs: -1 }, /latency .* is -1/);
  refused({ latencyMs: 0.5 }, /whole milliseconds/);
  refused({ options: { maximumVolumeShare: 0 } }, /"maximumVolumeShare" is 0/);
  refused({ options: { maximumVolumeShare: 2 } }, /"maximumVolumeShare" is 2/);
});
