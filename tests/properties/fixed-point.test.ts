import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  divide,
  fixed,
  formatFixed,
  fromNumber,
  multiply,
  notional,
  ONE,
  type Price,
  parseFixed,
  type Quantity,
  roundToStep,
  snapNumber,
  toNumber,
} from '../../src/foundation/fixed-point.ts';

const RUNS = { numRuns: 3_000 };

const units = fc.oneof(
  fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
  fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
);
const positive = fc.oneof(fc.bigInt({ min: 1n, max: 10n ** 6n }), fc.bigInt({ min: 1n, max: 10n ** 26n }));

/** An exact fraction: the oracle knows no rounding but what it is asked for. */
interface Rational {
  readonly over: bigint;
  readonly under: bigint;
}

function floor({ over, under }: Rational): bigint {
  const quotient = over / under;
  return over % under !== 0n && over < 0n !== under < 0n ? quotient - 1n : quotient;
}

function ceiling(value: Rational): bigint {
  return -floor({ over: -value.over, under: value.under });
}

/** To the nearest whole number, halves away from zero. */
function halfAway(value: Rational): bigint {
  const negative = value.over < 0n !== value.under < 0n && value.over !== 0n;
  const size = { over: magnitude(value.over) * 2n + magnitude(value.under), under: magnitude(value.under) * 2n };
  return negative ? -floor(size) : floor(size);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The fraction that a float64's own notation says. */
function rationalOf(notation: string): Rational {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(notation)!;
  const fraction = match[3] ?? '';
  const digits = BigInt(`${match[1]}${match[2]}${fraction}`);
  const exponent = Number(match[4] ?? 0) - fraction.length;
  return exponent >= 0
    ? { over: digits * 10n ** BigInt(exponent), under: 1n }
    : { over: digits, under: 10n ** BigInt(-exponent) };
}

describe('exact decimals', () => {
  test('what is written is read back, and is as short as can be', () => {
    fc.assert(
      fc.property(units, (value) => {
        const text = formatFixed(value);
        assert.equal(parseFixed(text), value);
        assert.match(text, /^(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)$/);
        assert.notEqual(text, '-0');
      }),
      RUNS,
    );
  });

  test('plain decimals are read exactly, and nothing else is read', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.nat({ max: 10 ** 9 }), fc.stringMatching(/^\d{0,12}$/), (minus, whole, fraction) => {
        const text = `${minus ? '-' : ''}${whole}${fraction && `.${fraction}`}`;
        const { over, under } = rationalOf(text);
        assert.equal(parseFixed(text)! * under, over * ONE);
        assert.equal(parseFixed(`${text}${fraction ? '' : '.'}000000000000000`), parseFixed(text));
      }),
      RUNS,
    );
    for (const text of ['', '-', '.5', '5.', '+1', ' 1', '1 ', '1e3', '0x1', 'NaN', 'Infinity', '1,5', '1.2.3', '--1'])
      assert.equal(parseFixed(text), undefined, text);
    assert.equal(parseFixed('0.0000000000001'), undefined, 'more decimals than there are');
    assert.throws(() => fixed('1e5'), /plain decimal/);
  });

  test('a float64 becomes the decimal of its own notation, halves away from zero', () => {
    const exact = (value: number): void => {
      const { over, under } = rationalOf(String(value));
      assert.equal(fromNumber(value), halfAway({ over: over * ONE, under }), String(value));
    };
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), exact), RUNS);
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.nat(12), (n, d) => exact(n / 10 ** d)),
      RUNS,
    );
    for (const value of [5e-13, -5e-13, 1.5e-12, 4.9e-13, 1e21, -1e300, 5e-324, 0.1 + 0.2, 2 ** 53 + 2, -0])
      exact(value);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      assert.throws(() => fromNumber(value), /finite/);
  });

  test('back to float64 is the nearest there is', () => {
    fc.assert(
      fc.property(units, (value) => {
        assert.equal(toNumber(value), Number(formatFixed(value)));
      }),
      RUNS,
    );
    // Where a float64 has at most 12 decimals the way there and back loses nothing.
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), fc.nat(8), (digits, decimals) => {
        const value = Number(`${digits}e-${decimals}`);
        assert.equal(toNumber(fromNumber(value)), value + 0);
      }),
      RUNS,
    );
  });
});

describe('exact arithmetic', () => {
  test('rounding to a step goes the way it says, for negative values too', () => {
    fc.assert(
      fc.property(units, positive, (value, step) => {
        const steps = { over: value, under: step };
        assert.equal(roundToStep(value as Price, step, 'down'), floor(steps) * step);
        assert.equal(roundToStep(value as Price, step, 'up'), ceiling(steps) * step);
        const nearest = floor({ over: value * 2n + step, under: step * 2n }) * step;
        assert.equal(roundToStep(value as Price, step, 'nearest'), nearest);
      }),
      RUNS,
    );
    assert.throws(() => roundToStep(5n as Price, 0n, 'down'), /step is positive/);
    assert.throws(() => roundToStep(5n as Price, -1n, 'down'), /step is positive/);
  });

  test('products and quotients are the exact ones, rounded once, halves away from zero', () => {
    fc.assert(
      fc.property(units, units, (left, right) => {
        assert.equal(multiply(left, right), halfAway({ over: left * right, under: ONE }));
        assert.equal(notional(left as Price, right as Quantity), multiply(left, right));
        assert.equal(notional(left as Price, -right as Quantity), -multiply(left, right));
        if (right === 0n) assert.throws(() => divide(left, right), /Division by zero/);
        else assert.equal(divide(left, right), halfAway({ over: left * ONE, under: right }));
      }),
      RUNS,
    );
  });
});

test('a float64 snapped to a step is its exact decimal rounded to that step', () => {
  const steps = fc.oneof(
    fc
      .constantFrom('0.01', '0.00000001', '0.5', '0.001', '1', '25', '0.000000000001', '0.00025')
      .map((text) => fixed(text)),
    positive,
  );
  const wild = fc.double({ noNaN: true, noDefaultInfinity: true });
  const usual = fc.double({ noNaN: true, min: -1e7, max: 1e7 });
  const onGrid = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom(0.01, 0.005, 0.001, 0.5, 12.5, 1e-8));
  const values = fc.oneof(
    wild,
    usual,
    onGrid.map(([count, step]) => count * step),
  );
  fc.assert(
    fc.property(values, steps, fc.constantFrom('down', 'up', 'nearest'), (value, step, rounding) => {
      assert.equal(snapNumber(value, step, rounding), roundToStep(fromNumber(value), step, rounding));
    }),
    { numRuns: 30_000 },
  );
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => snapNumber(value, ONE, 'down'), /finite/);
  }
});

test('large amounts of any size become the nearest float64', () => {
  const amounts = fc.tuple(fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n }), fc.bigInt({ min: 0n, max: ONE }));
  fc.assert(
    fc.property(amounts, ([whole, rest]) => {
      const value = whole * ONE + rest;
      assert.equal(toNumber(value), Number(formatFixed(value)));
    }),
    { numRuns: 30_000 },
  );
});
