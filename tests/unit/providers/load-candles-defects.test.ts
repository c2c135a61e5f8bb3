/** What is wrong with a file is said with its path, its line and the remedy. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../../src/foundation/errors.ts';
import { type LoadedCandles, loadCandles } from '../../../src/providers/files/load-candles.ts';
import { temporaryFile, temporaryPath } from './temporary-file.ts';
import { zipOf } from './zip-archive.ts';

const start = Date.parse('2025-06-24T10:30:00Z');
const HEADER = 'timestamp,open,high,low,close,volume';
const at = (minute: number): number => start + minute * 60_000;
const good = (minute: number): string => `${at(minute)},10,12,8,11,5`;
/** Ten rows in the place of the first of which, and of those after it, stand `lines`. The first of them is line 4. */
const withLines = (...lines: string[]): string => [HEADER, good(0), good(1), ...lines, good(8), good(9), ''].join('\n');

async function refusal(path: string): Promise<string> {
  const error = await loadCandles({ path }).then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError, String(error));
  assert.ok(error.message.startsWith(path), error.message);
  return error.message.slice(path.length);
}
const refusalOf = (content: string | Uint8Array): Promise<string> => refusal(temporaryFile('bad.csv', content));
const dropping = (content: string): Promise<LoadedCandles> =>
  loadCandles({ path: temporaryFile('drop.csv', content), onDefect: 'drop' });

test('a file that is not there, a folder, an empty one, one without rows', async () => {
  assert.match(await refusal(temporaryPath('nowhere.csv')), /there is no such file/);
  const folder = temporaryPath('folder');
  mkdirSync(folder);
  assert.match(await refusal(folder), /is a folder; give the path of a file/);
  assert.match(await refusalOf(''), /the file is empty/);
  assert.match(await refusalOf('\n\n'), /the file is empty/);
  assert.match(await refusalOf(gzipSync('')), /the file is empty/);
  assert.match(await refusalOf(`${HEADER}\n`), /has a header but no rows/);
});

test('what is not a table of bars', async () => {
  assert.match(await refusalOf(Buffer.from([137, 80, 78, 71, 0, 0, 0, 13])), /neither CSV text .* nor Parquet/);
  assert.match(await refusalOf(Buffer.from(`\ufeff${HEADER}\n`, 'utf16le')), /is UTF-16 text; save it as UTF-8/);
  assert.match(await refusalOf('ARROW1\0\0...'), /is a Feather \(Arrow\) file; convert it/);
  assert.match(
    await refusalOf('<!doctype html>\n<p>404</p>\n'),
    /is not a table of bars. Line 1 should be .*it is: <!doctype html>/,
  );
  assert.match(await refusalOf('1,2,3\n4,5,6\n'), /is not a table of bars/);
  assert.match(await refusalOf('PAR1 and then nothing'), /can't be read as Parquet/);
  assert.match(await refusalOf('PK\x03\x04 and then nothing'), /the zip archive is cut off or damaged/);
});

test('an archive that is cut off or damaged', async () => {
  const whole = gzipSync(withLines(...[2, 3, 4, 5].map(good)));
  assert.match(await refusalOf(whole.subarray(0, whole.length - 12)), /the gzip file is cut off; fetch it again/);
  const damaged = Buffer.from(whole);
  damaged[whole.length - 6]! ^= 0xff;
  assert.match(await refusalOf(damaged), /the gzip file is damaged/);
});

test('a zip archive that is damaged, cut off, empty, or of several files', async () => {
  const content = withLines(...[2, 3, 4, 5].map(good));
  const whole = zipOf({ 'bars.csv': content });
  const wrongSum = Buffer.from(whole);
  wrongSum[wrongSum.indexOf('PK\x01\x02') + 16]! ^= 0xff;
  for (const damaged of [wrongSum, whole.subarray(0, whole.length - 30), whole.subarray(0, 60)]) {
    assert.match(await refusalOf(damaged), /the zip archive is cut off or damaged; fetch it again/);
  }
  const two = zipOf({ 'a.csv': content, 'b.csv': content });
  assert.match(await refusalOf(two), /wants a zip archive of one file, this one holds 2 \(a.csv, b.csv\)/);
});

test('missing columns are named, with what is wanted and what was seen', async () => {
  assert.match(
    await refusalOf('timestamp,open,high,low,last\n1,2,3,4,5\n'),
    /has no columns close, volume. Wanted are timestamp, open, high, low, close, volume; seen are timestamp, open, high, low, last\./,
  );
  assert.match(await refusalOf('when,open,high,low,close,volume\n'), /has no column time\./);
});

const wrongRows: readonly (readonly [what: string, row: string, said: RegExp])[] = [
  ['too few fields', `${at(2)},10,12,8,11`, /line 4: 5 fields where 6 are wanted/],
  ['too many fields', `${at(2)},10,12,8,11,5,9`, /line 4: 7 fields where 6 are wanted/],
  ['a price NaN', `${at(2)},NaN,12,8,11,5`, /line 4: open missing or not a number/],
  ['a price null', `${at(2)},10,12,8,null,5`, /line 4: close missing or not a number/],
  ['empty values', `${at(2)},10,,8,,5`, /line 4: high, close missing or not a number/],
  ['an infinite price', `${at(2)},10,1e999,8,11,5`, /line 4: high missing or not a number/],
  ['a thousands separator', `${at(2)},"1,000",1200,800,1100,5`, /line 4: open missing or not a number/],
  ['a price of zero', `${at(2)},10,12,0,11,5`, /line 4: a price is not positive \(low 0\)/],
  ['a negative price', `${at(2)},10,12,-8,11,5`, /line 4: a price is not positive \(low -8\)/],
  ['a negative volume', `${at(2)},10,12,8,11,-5`, /line 4: the volume is negative \(-5\)/],
  ['high below low', `${at(2)},10,8,12,11,5`, /line 4: the high 8 is below the low 12/],
  ['an open outside', `${at(2)},13,12,8,11,5`, /line 4: the open 13 is outside low 8 … high 12/],
  ['a close outside', `${at(2)},10,12,8,7,5`, /line 4: the close 7 is outside/],
  ['no time', ',10,12,8,11,5', /line 4: the time is missing or not understood/],
  [
    'a time of the day before the year',
    '24.06.2025 10:32,10,12,8,11,5',
    /line 4: the time is missing or not understood/,
  ],
  ['the same bar twice', good(1), /line 4: 2025-06-24T10:31:00.000Z is there already \(line 3\), with the same values/],
  ['two bars of one time', `${at(1)},10,12,8,11,6`, /line 4: .* is there already \(line 3\), with other values/],
  ['an old bar again', good(0), /line 4: .* is there already \(line 2\), with the same values/],
  ['a step back', good(-5), /line 4: 2025-06-24T10:25:00.000Z comes after 2025-06-24T10:31:00.000Z: not in order/],
  [
    'a bar within a bar',
    `${at(1.5)},10,12,8,11,5`,
    /line 4: 2025-06-24T10:31:30.000Z begins before the bar above it is over/,
  ],
];

for (const [what, row, said] of wrongRows) {
  test(`${what}: refused with its line; dropped and counted if so asked`, async () => {
    const content = withLines(row, ...[3, 4, 5, 6, 7].map(good));
    const message = await refusalOf(content);
    assert.match(message, /^: 1 of 10 rows is not sound\./);
    assert.match(message, said);
    assert.match(message, /Mend the file, or have such rows left out and counted with --on-defect drop\.$/);
    const { columns, quality } = await dropping(content);
    assert.equal(columns.length, 9);
    assert.deepEqual([...columns.openTime], [0, 1, 3, 4, 5, 6, 7, 8, 9].map(at));
    assert.ok(
      columns.volume.every((volume) => volume === 5),
      'the first of two bars of one time is kept',
    );
    assert.equal(quality.droppedRows, 1);
    assert.match(quality.defects[0]!, said);
  });
}

test('of many defects the first five are told, the others counted', async () => {
  const message = await refusalOf(
    withLines(...Array.from({ length: 8 }, (_, index) => `${at(2 + index)},x,12,8,11,5`)),
  );
  assert.match(message, /8 of 12 rows are not sound\./);
  assert.equal(message.match(/line \d+: open missing/g)?.length, 5);
  assert.match(message, /and 3 more/);
});

test('a file that ends in the middle of a row', async () => {
  const whole = withLines(...[2, 3].map(good));
  assert.match(await refusalOf(whole.slice(0, whole.lastIndexOf(','))), /line 7: 5 fields where 6 are wanted/);
});

test('nothing is left when every row is dropped', async () => {
  const rows = `${HEADER}\n1,2,3\n4,5,6\n`;
  await assert.rejects(dropping(rows), /has no sound row.\n {2}line 2: 3 fields where 6 are wanted/);
});

test('a second symbol in the same file is a defect', async () => {
  const rows = [0, 1, 2].map((minute) => `${good(minute)},BTCUSDT`);
  const content = `${HEADER},symbol\n${rows.join('\n')}\n${good(3)},ETHUSDT\n`;
  assert.match(await refusalOf(content), /line 5: it is of ETHUSDT, the file began with BTCUSDT/);
});
