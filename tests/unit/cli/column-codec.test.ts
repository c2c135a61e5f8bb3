import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { packColumns, unpackColumn } from '../../../src/cli/report/column-codec.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import { readBars } from '../statistics/reference-data.ts';

function roundTrip(columns: Readonly<Record<string, Float64Array>>): Record<string, Float64Array> {
  const packed = packColumns(columns);
  const bytes = gunzipSync(Buffer.from(packed.text, 'base64'));
  return Object.fromEntries(
    Object.entries(packed.columns).map(([name, column]) => [name, unpackColumn(bytes, column)]),
  );
}

const bitcoin = sharedData('binance-spot-1m/BTCUSDT-1m-20240701-20250630.csv.gz');

test('half a million real prices come out to the last cent, in a few bytes each', { skip: skipUnless(bitcoin) }, () => {
  const { openTime, open, high, low, close } = readBars(bitcoin!);
  const columns = { time: openTime.map((time) => time / 1000), open, high, low, close };
  const unpacked = roundTrip(columns);
  for (const [name, values] of Object.entries(columns)) assert.deepEqual(unpacked[name], values, name);
  const plain = (5 * 8 * 4) / 3;
  assert.ok(packColumns(columns).text.length < (plain / 4) * open.length, 'a quarter of plain base64');
});

test('NaN stays NaN and nothing shifts around it', () => {
  const values = Float64Array.from([Number.NaN, 1.5, Number.NaN, Number.NaN, -2.25, 0]);
  assert.deepEqual(roundTrip({ values }), { values });
});

test('empty columns, zeros and whole numbers', () => {
  const columns = {
    none: new Float64Array(0),
    zeros: new Float64Array(3),
    counts: Float64Array.from([1, 2, 1_000_000]),
  };
  assert.deepEqual(roundTrip(columns), columns);
});

test('no value is off by more than a billionth of the range of its column', () => {
  const value = fc.oneof(
    fc.double({ min: -1e15, max: 1e15, noNaN: true }),
    fc.double({ min: -1, max: 1, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 80 }), (list) => {
      const values = Float64Array.from(list);
      const unpacked = roundTrip({ values }).values!;
      const range = Math.max(0, ...list) - Math.min(0, ...list);
      for (const [row, expected] of values.entries()) {
        assert.ok(
          Math.abs(unpacked[row]! - expected) <= Math.max(range * 5e-9, 5e-16),
          `${unpacked[row]} for ${expected}`,
        );
      }
    }),
  );
});
