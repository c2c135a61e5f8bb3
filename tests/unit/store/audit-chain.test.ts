import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { InvariantError } from '../../../src/foundation/errors.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { canonicalJson, chainHash, GENESIS_HASH, verifyAuditChain } from '../../../src/store/audit-chain.ts';
import type { AuditRow, AuditStore } from '../../../src/store/store.ts';

describe('canonical JSON', () => {
  test('the example of RFC 8785, section 3.2', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    assert.equal(
      canonicalJson(value),
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('keys are sorted by UTF-16 code unit, as in RFC 8785, section 3.2.3', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    const order = [...canonicalJson(value).matchAll(/:(\d)/g)].map((match) => Number(match[1]));
    assert.deepEqual(order, [2, 4, 6, 7, 1, 5, 3]);
  });

  test('it says the same value, and does not depend on the order of keys', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null) return value;
      const entries = Object.entries(value).reverse();
      return Object.fromEntries(entries.map(([key, one]) => [key, shuffled(one)]));
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as Json);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(canonicalJson(shuffled(value) as Json), text);
        assert.equal(canonicalJson(JSON.parse(text) as Json), text);
      }),
    );
  });

  test('an absent field is left out; what JSON can’t say is refused', () => {
    assert.equal(canonicalJson({ b: 1, a: undefined } as unknown as Json), '{"b":1}');
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 0]) {
      assert.throws(() => canonicalJson({ value } as unknown as Json), InvariantError);
    }
    assert.throws(() => canonicalJson([undefined] as unknown as Json), InvariantError);
  });
});

test('the hash is SHA-256 of the hash before and the entry', () => {
  // printf '%s' "$(printf '0%.0s' {1..64})"'{"a":1}' | sha256sum
  assert.equal(chainHash(GENESIS_HASH, '{"a":1}'), 'fc6cee09194dd2578bd7664604fcb72a539066fd34544cea0009c43eb6cdc289');
  // … and the same of that hash followed by {"b":"ü"}
  assert.equal(
    chainHash(chainHash(GENESIS_HASH, '{"a":1}'), '{"b":"ü"}'),
    '0ef78bcea46f6cb0407402d6e8725df89cbddb12bb767067c238a24d68c9fb0f',
  );
});

describe('verification', () => {
  test('finds any change of any one field of any one row, at that row or the next', async () => {
    const change = fc.record({
      length: fc.integer({ min: 1, max: 12 }),
      row: fc.nat(),
      field: fc.constantFrom('index', 'eventId', 'entry', 'previousHash', 'hash'),
      pageSize: fc.integer({ min: 1, max: 15 }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ length, row, field, pageSize }) => {
        const rows = chain(length);
        const at = row % length;
        const original = rows[at]!;
        rows[at] = {
          ...original,
          [field]: field === 'index' ? original.index + 100 : `${original[field as 'entry']} `,
        };
        const verdict = await verifyAuditChain(logOf(rows), pageSize);
        assert.ok(!verdict.ok);
        assert.ok(verdict.index === at + 1, `${verdict.index} ${verdict.message}`);
      }),
    );
  });

  test('a whole chain passes whatever the page', async () => {
    for (const pageSize of [1, 2, 3, 7, 8, 100]) {
      const verdict = await verifyAuditChain(logOf(chain(7)), pageSize);
      assert.deepEqual(verdict, { ok: true, count: 7, headHash: chain(7).at(-1)!.hash });
    }
  });

  test('an entry that was written in another form is found even when its hash fits', async () => {
    for (const entry of [
      '{"eventId": "e1"}',
      'not json',
      '{"b":1,"a":2,"eventId":"e1"}',
      '{"eventId":"other"}',
      'null',
    ]) {
      const row = { ...chain(1)[0]!, entry, hash: chainHash(GENESIS_HASH, entry) };
      const verdict = await verifyAuditChain(logOf([row]));
      assert.ok(!verdict.ok && verdict.index === 1 && verdict.reason === 'entry-mismatch', entry);
    }
  });
});

function chain(length: number): AuditRow[] {
  let hash = GENESIS_HASH;
  return Array.from({ length }, (_, position) => {
    const eventId = `e${position + 1}`;
    const entry = canonicalJson({ eventId, amount: position / 3 });
    const previousHash = hash;
    hash = chainHash(previousHash, entry);
    return { index: position + 1, eventId, recordedAt: epochMs(position), entry, previousHash, hash };
  });
}

/** An audit log that gives these rows. */
function logOf(rows: readonly AuditRow[]): AuditStore {
  return {
    appendAudit: () => Promise.reject(new Error('verification only reads')),
    auditRows: async (afterIndex, limit) =>
      rows
        .filter((row) => row.index > afterIndex)
        .sort((a, b) => a.index - b.index)
        .slice(0, limit),
  };
}
