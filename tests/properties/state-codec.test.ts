import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../src/foundation/json.ts';
import {
  decodeState,
  encodeState,
  restoreFields,
  type Stateful,
  snapshotFields,
} from '../../src/foundation/state-codec.ts';

const throughText = (value: unknown): unknown => decodeState(JSON.parse(JSON.stringify(encodeState(value))) as Json);

const leaf = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.string({ unit: 'binary' }),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined),
);
const numbers = fc.array(fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0)), { maxLength: 5 });
const typedArray = fc.oneof(
  numbers.map((values) => Float64Array.from(values)),
  numbers.map((values) => Float32Array.from(values)),
  fc.array(fc.integer(), { maxLength: 5 }).map((values) => Int32Array.from(values)),
  fc.array(fc.nat(255), { maxLength: 5 }).map((values) => Uint8Array.from(values)),
  fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 5 }).map((v) => BigInt64Array.from(v)),
);
/** Names that could be taken for the codec's own, or for something of the language. */
const key = fc.oneof(
  fc.string(),
  fc.constantFrom('$', 'v', '__proto__', 'constructor', 'toString', 'length', 'snapshot'),
);
const { state } = fc.letrec((tie) => ({
  state: fc.oneof(
    { depthSize: 'small' },
    leaf,
    typedArray,
    fc.array(tie('state'), { maxLength: 4 }),
    fc.dictionary(key, tie('state'), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(leaf, tie('state')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(leaf, { maxLength: 4 }).map((entries) => new Set(entries)),
  ),
}));

class Counter implements Stateful {
  count: number;
  constructor(count: number) {
    this.count = count;
  }
  snapshot(): Json {
    return this.count;
  }
  restore(saved: Json): void {
    this.count = saved as number;
  }
}

describe('state', () => {
  test('comes back from JSON text as it was, whatever it holds', () => {
    fc.assert(
      fc.property(state, (value) => {
        assert.deepEqual(throughText(value), value);
      }),
      { numRuns: 3_000 },
    );
  });

  test('an object of its own with a "$" is not taken for the codec\'s', () => {
    for (const value of [{ $: 'number', v: 'NaN' }, { $: 'bigint' }, { $: 1 }, { $: 'nonsense', x: [{ $: 'Map' }] }])
      assert.deepEqual(throughText(value), value);
  });

  test('holes of a list come back as undefined', () => {
    const list = [1, 2, 3];
    delete list[1];
    assert.deepEqual(throughText(list), [1, undefined, 3]);
  });

  test('objects with a state of their own take it up in place, wherever they stand', () => {
    const make = (n: number) => ({
      alone: new Counter(n),
      listed: [new Counter(n + 1), { deeper: new Counter(n + 2) }],
      byName: new Map([['x', new Counter(n + 3)]]),
      plain: n,
    });
    const before = make(10);
    const after = make(0);
    const { alone } = after;
    restoreFields(after, JSON.parse(JSON.stringify(snapshotFields(before))) as Json);
    assert.deepEqual(after, before);
    assert.equal(after.alone, alone, 'the same object');
    assert.throws(() => restoreFields({}, snapshotFields({ lost: new Counter(1) })), /no object to go to/);
  });

  test('what can not be saved says so', () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    for (const [value, message] of [
      [() => 1, /cannot be saved/],
      [Symbol('x'), /cannot be saved/],
      [new Date(0), /class without/],
      [{ deep: [new (class Custom {})()] }, /class without.*Custom/],
      [circular, /refers to itself/],
      [new DataView(new ArrayBuffer(1)), /no known kind/],
    ] as const)
      assert.throws(() => encodeState(value), message);
    assert.throws(() => decodeState({ $: 'Nonsense', v: null }), /Unknown kind/);
  });
});
