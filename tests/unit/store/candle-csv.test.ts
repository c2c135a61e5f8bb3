import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { InvariantError, UserError } from '../../../src/foundation/errors.ts';
import { CandleCsvWriter, csvFileName } from '../../../src/store/candle-csv.ts';
import { StoreUnavailableError } from '../../../src/store/store-error.ts';
import { sampleCandle } from '../../contracts/store-samples.ts';

const HEADER = 'timestamp,open,high,low,close,volume\n';
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-csv-'));
  path = join(folder, 'BTCUSDT-1m.csv');
});
afterEach(() => rmSync(folder, { recursive: true }));

const candle = (index: number) => sampleCandle(index, { open: 1.5, high: 2, low: 0.1, close: 1e-7 + 1, volume: index });
const line = (index: number) => `${candle(index).openTime},1.5,2,0.1,1.0000001,${index}\n`;

async function appended(...indices: readonly number[]): Promise<number> {
  const writer = new CandleCsvWriter(folder);
  const lines = await writer.append(indices.map(candle));
  await writer.close();
  return lines;
}

test('a candle is a line whose timestamp is its open time', async () => {
  assert.equal(await appended(1, 2), 2);
  assert.equal(readFileSync(path, 'utf8'), HEADER + line(1) + line(2));
  assert.ok(line(1).startsWith(`${candle(1).closeTime - 60_000},`));
});

test('a candle that is there already is passed over, also after a restart', async () => {
  const writer = new CandleCsvWriter(folder);
  assert.equal(await writer.append([candle(1), candle(1), candle(2)]), 2);
  assert.equal(await writer.append([candle(1), candle(2), candle(3)]), 1);
  await writer.close();
  assert.equal(await appended(2, 3, 4), 1);
  assert.equal(await appended(1, 4), 0);
  assert.equal(readFileSync(path, 'utf8'), HEADER + [1, 2, 3, 4].map(line).join(''));
});

test('calls that overlap write in the order in which they were made', async () => {
  const writer = new CandleCsvWriter(folder);
  const lines = await Promise.all([1, 2, 3, 4, 5].map((index) => writer.append([candle(index)])));
  await writer.close();
  assert.deepEqual(lines, [1, 1, 1, 1, 1]);
  assert.equal(readFileSync(path, 'utf8'), HEADER + [1, 2, 3, 4, 5].map(line).join(''));
});

test('wherever a kill tore the file, it is repaired and ends up whole', async () => {
  await appended(1, 2, 3);
  const whole = readFileSync(path, 'utf8');
  for (let size = 0; size <= whole.length; size++) {
    writeFileSync(path, whole);
    truncateSync(path, size);
    await appended(1, 2, 3, 4);
    assert.equal(readFileSync(path, 'utf8'), whole + line(4), `torn at ${size}`);
  }
});

test('a tail of zero bytes, as a power cut leaves it, is cut off', async () => {
  await appended(1);
  appendFileSync(path, Buffer.alloc(3_000).subarray(0, 40));
  await appended(1, 2);
  assert.equal(readFileSync(path, 'utf8'), HEADER + line(1) + line(2));
});

test('a long file is continued from its last line', async () => {
  const many = Array.from({ length: 3_000 }, (_, index) => index + 1);
  await appended(...many);
  appendFileSync(path, '17500');
  await appended(2_999, 3_000, 3_001);
  assert.equal(readFileSync(path, 'utf8'), HEADER + [...many, 3_001].map(line).join(''));
});

test('values read back to the same bits', async () => {
  const price = fc.double({ min: 1e-9, max: 1e12, noNaN: true });
  let index = 0;
  await fc.assert(
    fc.asyncProperty(price, price, async (a, volume) => {
      const one = sampleCandle(++index, { open: a, high: a, low: a, close: a, volume });
      const writer = new CandleCsvWriter(folder);
      await writer.append([one]);
      await writer.close();
      const values = readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)!.split(',').map(Number);
      assert.deepEqual(values, [one.openTime, a, a, a, a, volume]);
    }),
    { numRuns: 50 },
  );
});

test('each feed has its file, and no two symbols share one', async () => {
  const symbols = ['BTCUSDT', 'BTC/USDT', 'BTC-USDT', 'BTC%2FUSDT', 'BTC/USDT:USDT', '../x', 'a b', 'BRK.B', '円'];
  const writer = new CandleCsvWriter(join(folder, 'new', 'folder'));
  await writer.append(
    symbols.flatMap((symbol) => [
      { ...candle(1), symbol },
      { ...candle(1), symbol, timeframe: '1h' },
    ]),
  );
  await writer.close();
  const files = readdirSync(join(folder, 'new', 'folder'));
  assert.equal(files.length, 2 * symbols.length);
  for (const file of files) assert.match(file, /^[A-Za-z0-9._%-]+-(1m|1h)\.csv$/);
  assert.equal(csvFileName({ symbol: 'BTC/USDT', timeframe: '5m' }), 'BTC%2FUSDT-5m.csv');
  assert.ok(!existsSync(join(folder, 'new', 'x-1m.csv')));
});

test('a file that holds something else is left as it is', async () => {
  for (const text of ['my diary\n', 'my diary', `${HEADER}one,two\n`, `${HEADER}1,2,3,4,5,\n`, 'x'.repeat(5_000)]) {
    writeFileSync(path, text);
    await assert.rejects(appended(1), (error: Error) => error instanceof UserError && error.message.includes(path));
    assert.equal(readFileSync(path, 'utf8'), text);
  }
});

test('an impossible candle is refused', async () => {
  const writer = new CandleCsvWriter(folder);
  await assert.rejects(writer.append([{ ...candle(1), close: Number.NaN }]), InvariantError);
  assert.equal(await writer.append([candle(1)]), 1);
  await writer.close();
});

test('a folder that can’t be made is told with a code', async () => {
  writeFileSync(path, HEADER);
  const writer = new CandleCsvWriter(join(path, 'below-a-file'));
  await assert.rejects(
    writer.append([candle(1)]),
    (error: Error) => error instanceof StoreUnavailableError && error.code === 'NOT_WRITABLE',
  );
  await writer.close();
});
