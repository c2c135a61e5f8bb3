import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileKernel, KERNEL_MODULE, KERNEL_SOURCE } from '../../../../scripts/kernel-compiler.ts';
import { openKernel } from '../../../../src/backtest/columns/kernel/kernel.ts';
import { AVERAGE, POINT } from '../../../../src/backtest/columns/kernel/kernel-memory.ts';
import { multiply, toNumber } from '../../../../src/foundation/fixed-point.ts';

const { functions } = openKernel({
  exactPrice: () => -1n,
  exactQuantity: () => -1n,
  exactFillQuantity: () => -1n,
});
const RUNS = { numRuns: 20_000 };
const MOST = 4_500_000_000_000_000_000n;

describe('the kernel', () => {
  test('compiling its source gives the module that is committed', async () => {
    assert.equal(await compileKernel(readFileSync(KERNEL_SOURCE, 'utf8')), readFileSync(KERNEL_MODULE, 'utf8'));
  });

  test('has its fields where the layout says', () => {
    assert.equal(functions.pointBytes(), POINT.bytes);
    assert.equal(functions.averageBytes(), AVERAGE.bytes);
  });

  test('makes float64 of money as the engine does', () => {
    const values = fc.oneof(
      fc.bigInt({ min: -2n * MOST, max: 2n * MOST }),
      fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
      // Halfway between two float64, or close by.
      fc
        .tuple(fc.integer({ min: 9_000, max: 4_500_000 }), fc.integer({ min: -3, max: 3 }), fc.nat(4_096))
        .map(([whole, off, part]) => BigInt(whole) * 10n ** 12n + (BigInt(part) * 10n ** 12n) / 4_096n + BigInt(off)),
    );
    fc.assert(
      fc.property(values, (value) => {
        assert.equal(functions.toNumber(value), toNumber(value));
      }),
      RUNS,
    );
  });

  test('multiplies as the engine does', () => {
    const factors = fc.tuple(
      fc.bigInt({ min: 0n, max: MOST }),
      fc.bigInt({ min: 0n, max: MOST }),
      fc.nat(62),
      fc.nat(62),
    );
    fc.assert(
      fc.property(factors, ([one, other, right, left]) => {
        const a = one >> BigInt(right);
        const b = other >> BigInt(left);
        const exact = multiply(a, b);
        const product = functions.productOf(a, b);
        if (exact < 3_900_000_000_000_000_000n) assert.equal(product, exact);
        else assert.ok(product === exact || product === -1n);
      }),
      RUNS,
    );
  });
});
