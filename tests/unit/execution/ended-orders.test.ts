import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EndedOrders, type Outcome } from '../../../src/execution/ended-orders.ts';

const outcome = fc.constantFrom<Outcome>('filled', 'partly-filled', 'unfilled');
/** Ids that are alike at their end, their beginning, or both, and such as are shorter than what is hashed. */
const id = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.integer({ min: 0, max: 60 }).map((number) => `bot-${number}-of-the-same-end`),
  fc.integer({ min: 0, max: 60 }).map((number) => `the-same-beginning-${number}`),
);

test('remembers exactly the last orders that ended, oldest first', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.tuple(id, outcome), { maxLength: 80 }),
      (capacity, ended) => {
        const orders = new EndedOrders(capacity);
        let expected: (readonly [string, Outcome])[] = [];
        for (const [name, how] of ended) {
          const known = expected.find(([other]) => other === name);
          assert.equal(orders.get(name), known?.[1]);
          if (known !== undefined) continue;
          orders.add(name, how);
          expected = [...expected, [name, how] as const].slice(-capacity);
          assert.deepEqual(orders.entries(), expected);
        }
        for (const [name, how] of expected) assert.equal(orders.get(name), how);
      },
    ),
  );
});
