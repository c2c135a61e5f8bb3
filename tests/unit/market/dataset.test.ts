import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TIMEFRAMES, timeframeMs } from '../../../src/domain/timeframe.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { CandleColumns } from '../../../src/market/candle-columns.ts';
import { type Dataset, decodeDataset, encodeDataset } from '../../../src/market/dataset.ts';
import { checksum } from '../../../src/market/dataset-checksum.ts';
import { datasetHash } from '../../../src/providers/files/dataset-hash.ts';

const count = fc.nat(1_000_000);
const moment = fc.integer({ min: 0, max: 4e12 }).map(epochMs);
/** Any bits at all: NaN with payloads, −0, infinities, subnormals. */
const anyBits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const dataset: fc.Arbitrary<Dataset> = fc
  .record({
    symbol: fc.option(fc.string({ maxLength: 20, unit: 'grapheme' }), { nil: undefined }),
    timeframe: fc.constantFrom(...TIMEFRAMES),
    format: fc.string({ maxLength: 100 }),
    price: fc.nat(12),
    quantity: fc.nat(12),
    rows: fc.array(fc.tuple(anyBits, anyBits, anyBits, anyBits, anyBits, anyBits), { maxLength: 40 }),
    quality: fc.record({
      gaps: count,
      missingBars: count,
      largestGap: fc.option(fc.record({ after: moment, missingBars: count }, { noNullPrototype: true }), {
        nil: undefined,
      }),
      rows: count,
      first: moment,
      last: moment,
      zeroVolumeBars: count,
      droppedRows: count,
      defects: fc.array(fc.string({ maxLength: 30 }), { maxLength: 5 }),
      aggregatedFrom: fc.option(fc.constantFrom(...TIMEFRAMES), { nil: undefined }),
      lackingBars: count,
    }),
  })
  .map(({ symbol, timeframe, format, price, quantity, rows, quality }) => ({
    ...(symbol !== undefined && { symbol }),
    timeframe,
    columns: columnsOfBits(rows, timeframeMs(timeframe)),
    decimals: { price, quantity },
    format,
    quality,
  }));

function columnsOfBits(rows: readonly (readonly bigint[])[], intervalMs: number): CandleColumns {
  const columns = new CandleColumns(rows.length, intervalMs);
  const { openTime, open, high, low, close, volume } = columns;
  [openTime, open, high, low, close, volume].forEach((column, index) => {
    const bits = new BigUint64Array(column.buffer, column.byteOffset, column.length);
    rows.forEach((row, at) => {
      bits[at] = row[index]!;
    });
  });
  return columns;
}

test('a dataset comes back bit for bit, NaN and −0 too', () => {
  fc.assert(
    fc.property(dataset, (before) => {
      const decoded = decodeDataset(encodeDataset(before));
      assert.ok(decoded.ok);
      const { columns, ...rest } = decoded.value;
      const { columns: columnsBefore, ...restBefore } = before;
      assert.deepStrictEqual(rest, { ...restBefore, quality: { ...restBefore.quality } });
      assert.equal(columns.length, columnsBefore.length);
      assert.equal(columns.intervalMs, columnsBefore.intervalMs);
      assert.deepEqual(Buffer.from(columns.buffer), Buffer.from(columnsBefore.buffer));
      assert.deepEqual(encodeDataset(decoded.value), encodeDataset(before));
    }),
  );
});

test('the columns lie at multiples of 64 bytes', () => {
  fc.assert(
    fc.property(fc.nat(100), (length) => {
      const { open, high, low, close, volume } = new CandleColumns(length, 60_000);
      for (const column of [open, high, low, close, volume]) assert.equal(column.byteOffset % 64, 0);
    }),
  );
});

test('a change of any one byte is noticed', () => {
  fc.assert(
    fc.property(dataset, fc.nat(), fc.integer({ min: 1, max: 255 }), (before, place, change) => {
      const bytes = encodeDataset(before);
      bytes[place % bytes.length]! ^= change;
      assert.equal(decodeDataset(bytes).ok, false);
    }),
    { numRuns: 2_000 },
  );
});

test('every byte of one dataset is watched', () => {
  const [sample] = fc.sample(
    dataset.filter(({ columns }) => columns.length > 3),
    { numRuns: 1, seed: 5 },
  );
  const bytes = encodeDataset(sample!);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at]! ^= 0x80;
    assert.equal(decodeDataset(bytes).ok, false, `byte ${at}`);
    bytes[at]! ^= 0x80;
  }
  assert.ok(decodeDataset(bytes).ok);
});

test('a dataset that is cut off, too long, foreign or of another version is told apart', () => {
  const [sample] = fc.sample(dataset, { numRuns: 1, seed: 1 });
  const bytes = encodeDataset(sample!);
  const kindOf = (changed: Uint8Array): string => {
    const decoded = decodeDataset(changed);
    return decoded.ok ? 'sound' : decoded.error.kind;
  };
  for (let length = 0; length < bytes.length; length += 7) assert.equal(kindOf(bytes.subarray(0, length)), 'cut off');
  assert.equal(kindOf(Uint8Array.of(...bytes, 0)), 'damaged');
  assert.equal(kindOf(new TextEncoder().encode('timestamp,open,high,low,close,volume\n'.repeat(9))), 'foreign');
  const other = bytes.slice();
  new DataView(other.buffer).setUint32(8, 2, true);
  assert.equal(kindOf(other), 'version');
});

test('bytes at an odd place in memory are read too', () => {
  const [sample] = fc.sample(dataset, { numRuns: 1, seed: 2 });
  const bytes = encodeDataset(sample!);
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  assert.ok(decodeDataset(shifted).ok);
});

test('words that change places change the checksum', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 8, maxLength: 64 }), fc.nat(), fc.nat(), (list, from, to) => {
      const words = Int32Array.from(list.slice(0, list.length - (list.length % 4)));
      const swapped = words.slice();
      const [a, b] = [from % words.length, to % words.length];
      [swapped[a], swapped[b]] = [words[b]!, words[a]!];
      assert.equal(checksum(words).join() === checksum(swapped).join(), words[a] === words[b]);
    }),
  );
});

test('the hash of a dataset is that of its bytes', () => {
  assert.equal(
    datasetHash(new TextEncoder().encode('abc')),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
