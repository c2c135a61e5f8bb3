import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, chunkEntriesOf, planId, type SweepPlan } from '../../../src/backtest/sweep-plan.ts';
import { SWEEP_FIGURES } from '../../../src/backtest/sweep-point.ts';
import { type ChunkRows, decodeRows, encodeRows } from '../../../src/backtest/sweep-rows.ts';

const figures = fc
  .array(fc.double(), { minLength: SWEEP_FIGURES.length, maxLength: SWEEP_FIGURES.length })
  .map((values) => Float64Array.from(values));
const outcome = fc.oneof(
  figures.map((values) => ({ ok: true as const, figures: values })),
  fc.string({ unit: 'grapheme' }).map((message) => ({ ok: false as const, message })),
);
const rows: fc.Arbitrary<ChunkRows> = fc.record(
  {
    rows: fc.array(fc.record({ point: fc.integer({ min: 0, max: 2 ** 40 }), outcome }, { noNullPrototype: true }), {
      maxLength: 20,
    }),
    leftOutByWhere: fc.nat(),
    leftOutByCheck: fc.nat(),
  },
  { noNullPrototype: true },
);

describe('the rows of a chunk', () => {
  it('come back as they were', () => {
    fc.assert(fc.property(rows, (given) => assert.deepEqual(decodeRows(encodeRows(given)), given)));
  });

  it('are the same bytes whichever NaN a computation gave', () => {
    const strange = new Float64Array(SWEEP_FIGURES.length);
    new BigUint64Array(strange.buffer).fill(0xfff8_0000_0000_0123n);
    const plain = new Float64Array(SWEEP_FIGURES.length).fill(Number.NaN);
    const bytes = (values: Float64Array): Uint8Array =>
      encodeRows({
        rows: [{ point: 3, outcome: { ok: true, figures: values } }],
        leftOutByWhere: 0,
        leftOutByCheck: 0,
      });
    assert.deepEqual(bytes(strange), bytes(plain));
  });

  it('are refused when they are cut off or something else', () => {
    const whole = encodeRows({
      rows: [{ point: 1, outcome: { ok: false, message: 'no' } }],
      leftOutByWhere: 1,
      leftOutByCheck: 2,
    });
    for (const bytes of [whole.subarray(0, whole.length - 1), whole.subarray(0, 10), new Uint8Array(100)]) {
      assert.throws(() => decodeRows(bytes), { name: 'InvariantError' });
    }
  });
});

describe('the id of a plan', () => {
  const plan: SweepPlan = {
    version: 1,
    strategy: { name: 'mine', contentHash: 'abc', reference: '/here/mine.ts' },
    space: {
      axes: [{ kind: 'range', name: 'a', from: '1', to: '5', step: '2' }],
      fixed: { b: 2 },
      where: ['a < b'],
      random: null,
    },
    data: { 'BTCUSDT:1m': 'ff', 'ETHUSDT:1m': 'ee' },
    terms: { currency: 'USDT', latencyMs: 0 },
    chunkEntries: 1,
  };

  it('does not depend on the order of keys, nor on where the file lies', () => {
    const { data, space, ...rest } = plan;
    assert.equal(
      planId({
        data: { 'ETHUSDT:1m': 'ee', 'BTCUSDT:1m': 'ff' },
        ...rest,
        space,
        strategy: { ...plan.strategy, reference: '/there.ts' },
      }),
      planId(plan),
    );
    assert.match(planId(plan), /^[0-9a-f]{64}$/);
  });

  it('depends on everything else', () => {
    const others: SweepPlan[] = [
      { ...plan, strategy: { ...plan.strategy, contentHash: 'abd' } },
      { ...plan, space: { ...plan.space, where: [] } },
      { ...plan, space: { ...plan.space, random: { count: 3, seed: 1 } } },
      { ...plan, data: { ...plan.data, 'ETHUSDT:1m': 'ed' } },
      { ...plan, terms: { ...plan.terms, latencyMs: 1 } },
      { ...plan, chunkEntries: 2 },
    ];
    assert.equal(new Set([plan, ...others].map(planId)).size, others.length + 1);
  });

  it('is taken of canonical JSON', () => {
    assert.equal(canonicalJson({ b: [1, { d: null, c: 'x' }], a: 0.1 }), '{"a":0.1,"b":[1,{"c":"x","d":null}]}');
  });
});

describe('the entries of a chunk', () => {
  it('are few for small sweeps and bounded for large ones', () => {
    const sizes = (sharesColumns: boolean): number[] =>
      [1, 12, 128, 129, 1_000, 8_192, 1e6, 1e9].map((entries) => chunkEntriesOf(entries, sharesColumns));
    assert.deepEqual(sizes(false), [1, 1, 1, 2, 8, 64, 64, 64]);
    assert.deepEqual(sizes(true), [1, 1, 6, 6, 42, 256, 256, 256]);
  });
});
