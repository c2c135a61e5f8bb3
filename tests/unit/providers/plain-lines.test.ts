import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CandleRows } from '../../../src/providers/files/candle-rows.ts';
import { recognizeLayout } from '../../../src/providers/files/csv-layout.ts';
import { readCsv } from '../../../src/providers/files/csv-reader.ts';
import { PlainLines } from '../../../src/providers/files/plain-lines.ts';
import { SingleLine } from '../../../src/providers/files/single-line.ts';

const HEADER = 'timestamp,open,high,low,close,volume\n';
const start = Date.parse('2026-01-01T00:00:00Z');

/** What the two readers make of a text: all of it by lines of their own, as far as each goes. */
function readPlain(text: string): { rows: CandleRows; stopped: number; price: number; quantity: number } {
  const bytes = Buffer.from(text);
  const layout = recognizeLayout(bytes, 0, 'a.csv', 'a.csv', undefined);
  const rows = new CandleRows(String, 10);
  const plain = new PlainLines(bytes, layout);
  const stopped = plain.take(rows, layout.firstRow);
  return { rows, stopped, price: plain.price, quantity: plain.quantity };
}

function readSingly(text: string): { rows: CandleRows; price: number; quantity: number } {
  const bytes = Buffer.from(text);
  const layout = recognizeLayout(bytes, 0, 'a.csv', 'a.csv', undefined);
  const rows = new CandleRows(String, 10);
  const single = new SingleLine(bytes, layout);
  for (let at = layout.firstRow; at < bytes.length; ) at = single.read(rows, at);
  return { rows, price: single.price, quantity: single.quantity };
}

const digits = (most: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: most }).map((list) => list.join(''));
const decimal = fc.oneof(
  digits(9),
  digits(18),
  fc.tuple(digits(12), digits(12)).map(([whole, part]) => `${whole}.${part}`),
  fc.tuple(digits(8), digits(8)).map(([whole, part]) => `${whole}.${part}`),
  digits(17).map((part) => `.${part}`),
  digits(9).map((whole) => `${whole}.`),
  fc.double({ min: 1e-9, max: 1e15, noNaN: true }).map(String),
);

test('every number is the double that Number makes of the text, or the line is left to the other reader', () => {
  let taken = 0;
  fc.assert(
    fc.property(decimal, (text) => {
      const { rows, stopped } = readPlain(`${HEADER}${start},${text},${text},${text},${text},${text}\n`);
      if (rows.length === 0) {
        assert.equal(stopped, HEADER.length);
        return;
      }
      taken++;
      const { open, volume } = rows.build(60_000);
      assert.ok(Object.is(open[0], Number(text)), `${text} is read as ${open[0]}`);
      assert.ok(Object.is(volume[0], Number(text)));
    }),
    { numRuns: 20_000 },
  );
  assert.ok(taken > 5_000, `only ${taken} were plain`);
});

const field = fc.oneof(
  { weight: 8, arbitrary: decimal },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '-1', '+2.5', '1e3', '"7.25"', ' 8', '9 ', 'NaN', 'x', '1.2.3', '.', '٣'),
  },
);
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(field, field).map(([price, volume]) => `${price},${price},${price},${price},${volume}`),
  },
  { weight: 1, arbitrary: fc.tuple(field, field, field, field, field).map((fields) => fields.join(',')) },
  { weight: 1, arbitrary: fc.constantFrom('1,2', '1,2,3,4,5,6', '') },
);
const time = fc.constantFrom(
  (ms: number) => String(ms),
  (ms: number) => String(ms / 1_000),
  (ms: number) => new Date(ms).toISOString(),
  (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' '),
  (ms: number) => `"${ms}"`,
);

test('both readers together give what the careful one gives alone: bars, decimals, defects, places', () => {
  const lines = fc.array(line, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(time, lines, fc.boolean(), fc.boolean(), (write, rests, crlf, ended) => {
      const body = rests.map((rest, row) => `${write(start + row * 60_000)},${rest}`).join('\n') + (ended ? '\n' : '');
      const text = (HEADER + body).replaceAll('\n', crlf ? '\r\n' : '\n');
      const content = { kind: 'text', bytes: Buffer.from(text), start: 0, name: 'a.csv' } as const;
      const both = readCsv(content, 'a.csv', undefined, undefined);
      const singly = readSingly(text);
      assert.deepEqual(both.decimals, { price: singly.price, quantity: singly.quantity });
      assert.deepEqual([both.rows.defects, both.rows.kinds], [singly.rows.defects, singly.rows.kinds]);
      assert.deepEqual(Buffer.from(both.rows.build(60_000).buffer), Buffer.from(singly.rows.build(60_000).buffer));
      for (let row = 0; row < singly.rows.length; row++) {
        assert.equal(both.rows.positionOf(row), singly.rows.positionOf(row));
      }
      // The quick one goes on only where the other would.
      const { rows, stopped } = readPlain(text);
      const taken = readSingly(Buffer.from(text).toString('utf8', 0, stopped));
      assert.deepEqual([rows.length, taken.rows.defects], [taken.rows.length, 0]);
    }),
    { numRuns: 3_000 },
  );
});

test('columns that are not read, a column of the symbol, and Windows line ends are plain too', () => {
  const text =
    'symbol,open_time,open,high,low,close,volume,note\r\nABC,1767225600000,1,2,0.5,1.25,3,any thing\r\nABC,1767225660000,1,2,0.5,1.50,3,\r\n';
  const { rows, stopped, price } = readPlain(text);
  assert.deepEqual([rows.length, stopped, price], [2, text.length, 2]);
});
