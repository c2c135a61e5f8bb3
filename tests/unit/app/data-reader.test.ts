import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { DataReader } from '../../../src/app/data-reader.ts';
import { aggregateCandles } from '../../../src/market/candle-history.ts';
import type { LoadedCandles } from '../../../src/providers/files/load-candles.ts';
import { loadCandles } from '../../../src/providers/files/load-candles.ts';

let folder: string;
const notices: string[] = [];
const newReader = (): DataReader => new DataReader({ cache: true, onNotice: (sentence) => notices.push(sentence) });

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-reader-'));
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
});
after(() => rmSync(folder, { recursive: true }));

/** Minutes, more than the cache thinks worth keeping. */
function minutesFile(name: string, bars = 9_000): string {
  const begin = Date.parse('2026-02-01T00:00:00Z');
  const lines = Array.from({ length: bars }, (_, row) => {
    const close = 50 + ((row * 13) % 101) / 4;
    return `${begin + row * 60_000},${close},${close + 2.5},${close - 2},${close + 0.25},${(row * 3) % 7}.125`;
  });
  const path = join(folder, name);
  writeFileSync(path, `timestamp,open,high,low,close,volume\n${lines.join('\n')}\n`);
  return path;
}

function assertSame(one: LoadedCandles, other: LoadedCandles): void {
  const { columns, ...rest } = one;
  const { columns: otherColumns, ...otherRest } = other;
  assert.deepEqual(rest, otherRest);
  assert.deepEqual(Buffer.from(columns.buffer), Buffer.from(otherColumns.buffer));
}

test('bars of every timeframe are those of the file, from the source, from memory and from the cache', async () => {
  const path = minutesFile('AAAUSDT-1m.csv');
  for (const reader of [newReader(), newReader(), new DataReader()]) {
    for (const timeframe of [undefined, '1h', '5m', '1m', '5m'] as const) {
      const expected = await loadCandles({ path, ...(timeframe && { timeframe }) });
      assertSame(await reader.load({ path, timeframe }), expected);
    }
  }
  assert.deepEqual(notices, []);
  assert.equal(readdirSync(join(folder, 'cache/tradewind/datasets')).length, 3);
});

test('a file is read once, and longer bars are made of its own', async () => {
  const path = minutesFile('BBBUSDT-1m.csv');
  const reader = new DataReader();
  let reads = 0;
  const onProgress = ({ done, total }: { done: number; total: number }): void => {
    if (done === total) reads++;
  };
  const own = await reader.load({ path, onProgress });
  const longer = await reader.load({ path, timeframe: '15m', onProgress });
  await reader.load({ path, symbol: 'BBB', timeframe: '4h', onProgress });
  assert.equal(reads, 1);
  assert.deepEqual(
    Buffer.from(longer.columns.buffer),
    Buffer.from(aggregateCandles(own.columns, '15m').columns.buffer),
  );
});

test('the symbol that is asked for is given, and is not kept', async () => {
  const path = minutesFile('CCCUSDT-1m.csv');
  assert.equal((await newReader().load({ path, symbol: 'MINE' })).symbol, 'MINE');
  assert.equal((await newReader().load({ path })).symbol, 'CCCUSDT');
});

test('a file of several symbols gives each its own bars', async () => {
  const path = join(folder, 'both.csv');
  const rows = Array.from({ length: 4_000 }, (_, row) => {
    const time = new Date(Date.parse('2026-03-01T00:00:00Z') + row * 60_000).toISOString();
    return [time, ...[10, 20, 11, 21, 9, 19, 10, 20, 1, 2].map((value) => `${value}.000000000`)].join(',');
  });
  const heads = ['Open', 'High', 'Low', 'Close', 'Volume'].flatMap((name) => [name, name]);
  const order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const tickers = order.map((column) => (column % 2 === 0 ? 'AAA' : 'BBB'));
  writeFileSync(
    path,
    `Price,${heads.join(',')}\nTicker,${tickers.join(',')}\nDatetime${','.repeat(10)}\n${rows.join('\n')}\n`,
  );
  for (const reader of [newReader(), newReader()]) {
    for (const [symbol, close] of [
      ['AAA', 10],
      ['BBB', 20],
      ['AAA', 10],
    ] as const) {
      const { columns } = await reader.load({ path, symbol });
      assert.equal(columns.close[0], close);
    }
  }
});

test('what is wrong with a file is said as without a cache, and again the next time', async () => {
  const path = minutesFile('DDDUSDT-1m.csv');
  for (let round = 0; round < 2; round++) {
    const reader = newReader();
    void reader.prefetch({ path: join(folder, 'absent.csv') });
    await assert.rejects(reader.load({ path: join(folder, 'absent.csv') }), /there is no such file/);
    await reader.load({ path });
  }
  const hours = join(folder, 'hours.csv');
  const lines = Array.from({ length: 9_000 }, (_, row) => `${1.7e12 - (1.7e12 % 3.6e6) + row * 3.6e6},1,1,1,1,0.5`);
  writeFileSync(hours, `timestamp,open,high,low,close,volume\n${lines.join('\n')}\n`);
  for (const reader of [newReader(), newReader()]) {
    await assert.rejects(reader.load({ path: hours, timeframe: '5m' }), /1 hour apart; bars of 5m can't be made/);
  }
});

test('several processes may fill one cache at a time', async () => {
  const path = minutesFile('EEEUSDT-1m.csv', 60_000);
  const script = `
    import { DataReader } from ${JSON.stringify(new URL('../../../src/app/data-reader.ts', import.meta.url).href)};
    const reader = new DataReader({ cache: true, onNotice: (sentence) => console.log(sentence) });
    for (const timeframe of [undefined, '5m', '15m']) {
      const { columns } = await reader.load({ path: ${JSON.stringify(path)}, timeframe });
      console.log(columns.length, columns.close.reduce((sum, close) => sum + close, 0));
    }`;
  const runs = await Promise.all(
    Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])),
  );
  assert.equal(new Set(runs.map(({ stdout }) => stdout)).size, 1, runs.map(({ stdout }) => stdout).join('\n'));
  assert.match(runs[0]!.stdout, /^60000 \d+\.?\d*\n12000 \d+\.?\d*\n4000 \d+\.?\d*\n$/);
  assert.equal(readdirSync(join(folder, 'cache/tradewind/datasets')).filter((name) => name.endsWith('.tmp')).length, 0);
});
