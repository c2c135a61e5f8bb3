import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decimalsOf, TextScanner } from '../../../src/providers/files/text-scanner.ts';
import { timeOfNumber, timeOfText } from '../../../src/providers/files/time-text.ts';

const scannerOf = (text: string): TextScanner => new TextScanner(Buffer.from(text), 0, 44);
const numberIn = (text: string): number => scannerOf(text).number(0);
const timeIn = (text: string): string => {
  const time = scannerOf(text).time();
  return Number.isNaN(time) ? 'none' : new Date(time).toISOString();
};

const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength, maxLength }).map((each) => each.join(''));

test('a decimal is read to the float64 nearest to it, whatever its length', () => {
  const decimal = fc
    .tuple(digits(1, 20), digits(0, 25))
    .map(([whole, part]) => (part === '' ? whole : `${whole}.${part}`));
  fc.assert(
    fc.property(decimal, fc.constantFrom('', ',', '\n', '\r\n', ',5'), (text, behind) => {
      const scanner = scannerOf(text + behind);
      assert.equal(scanner.number(0), Number(text));
      assert.equal(scanner.position, text.length);
    }),
    { numRuns: 5_000 },
  );
});

test('the hard cases of rounding', () => {
  for (const text of [
    ...[
      '9007199254740991',
      '9007199254740993',
      '0.1',
      '0.3',
      '1.7976931348623157e308',
      '5e-324',
      '2.2250738585072014E-308',
    ],
    ...['123456789012345.678', '0.000000000000000000000012345', '1319.9000244140625', '.5', '5.', '+7', '-1.5', '1E3'],
  ]) {
    assert.equal(numberIn(text), Number(text), text);
  }
});

test('what is not a plain decimal is NaN', () => {
  for (const text of [
    '',
    ' ',
    'null',
    'NaN',
    'Infinity',
    '0x10',
    '1_000',
    '1 000',
    '1.2.3',
    '.',
    '-',
    '1e',
    '1,',
    '"1,000"',
  ]) {
    const value = text === '1,' ? scannerOf(`x${text}`).number(0) : numberIn(text);
    assert.ok(Number.isNaN(value), text);
  }
  assert.equal(numberIn(' 12.5 ,'), 12.5);
  assert.equal(numberIn('"12.5",'), 12.5);
});

test('decimals are counted without trailing zeros, and the most seen is kept', () => {
  const seen = (text: string, before: number): number => {
    const scanner = scannerOf(text);
    scanner.number(before);
    return scanner.decimals;
  };
  assert.deepEqual(
    ['105333.94000000', '5', '5.000', '0.00141342', '"4.6190"', '1.50e1'].map((text) => seen(text, 0)),
    [2, 0, 0, 8, 3, 0],
  );
  assert.equal(seen('1.5', 3), 3);
  assert.equal(seen('-2.25', 0), 2);
  assert.deepEqual([decimalsOf(1e-7), decimalsOf(1.5e-7), decimalsOf(1e21), decimalsOf(0.25)], [7, 8, 0, 2]);
});

test('epoch numbers are told apart by size', () => {
  const expected = '2025-06-24T10:31:00.000Z';
  const seconds = Date.parse(expected) / 1_000;
  for (const zeros of ['', '000', '000000', '000000000']) assert.equal(timeIn(`${seconds}${zeros},`), expected);
  assert.equal(timeIn(`"${seconds}000",`), expected);
  assert.equal(timeIn(`${seconds}.25`), '2025-06-24T10:31:00.250Z');
  assert.equal(timeIn('20250624'), '2025-06-24T00:00:00.000Z');
  assert.equal(timeIn('20251324'), 'none');
  assert.equal(timeIn('0'), 'none');
  assert.ok(Number.isNaN(timeOfNumber(-5)));
});

test('dates are read in the forms that name the year first, in UTC without an offset', () => {
  const expected = '2025-06-24T10:31:00.000Z';
  for (const text of [
    ...['2025-06-24 10:31:00', '2025-06-24T10:31:00', '2025-06-24T10:31:00Z', '2025-06-24T10:31:00.000Z'],
    ...['2025-06-24 10:31:00+00:00', '2025-06-24 16:01:00+05:30', '2025-06-24 06:31:00-0400', '2025-06-24 05:31:00-05'],
    ...[
      '2025.06.24 10:31',
      '2025/06/24 10:31:00',
      '"2025-06-24 10:31:00"',
      '2025-6-24 10:31',
      '2025-06-24 10:31:00 UTC',
    ],
  ]) {
    assert.equal(timeIn(`${text},1`), expected, text);
  }
  assert.equal(timeIn('2024-02-29'), '2024-02-29T00:00:00.000Z');
  assert.equal(timeIn('1950-01-03'), '1950-01-03T00:00:00.000Z');
});

test('what could mean two days, or none, is not guessed', () => {
  for (const text of [
    ...['01/02/2024', '24.06.2025', 'Jun 24 2025', '2025-06', '2025-13-01', '2025-02-29', '2023-02-30 10:00:00'],
    ...['2025-06-24 24:00:00', '2025-06-24 10:60:00', '2025-06-24 10', '2025-06/24', '', 'yesterday', '10:31:00'],
  ]) {
    assert.equal(timeIn(text), 'none', text);
  }
});

test('every millisecond of four centuries reads back from its own notation', () => {
  const range = { min: Date.parse('1800-01-01T00:00:00Z'), max: Date.parse('2199-12-31T23:59:59.999Z') };
  fc.assert(
    fc.property(fc.integer(range), (time) => {
      const text = new Date(time).toISOString();
      assert.equal(scannerOf(text).time(), time);
      assert.equal(timeOfText(text), time);
      const second = Math.floor(time / 1_000) * 1_000;
      assert.equal(scannerOf(`${text.slice(0, 19)},`).time(), second);
    }),
    { numRuns: 2_000 },
  );
});

test('quoted text holds delimiters, doubled quotes stand for one', () => {
  const scanner = scannerOf('"a, ""b""",  c ,d\r\ne');
  const fields = [scanner.text()];
  while (scanner.atDelimiter) {
    scanner.position++;
    fields.push(scanner.text());
  }
  assert.deepEqual(fields, ['a, "b"', 'c', 'd']);
  scanner.nextLine();
  assert.equal(scanner.text(), 'e');
});
