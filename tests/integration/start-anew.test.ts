import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from './command-line.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-anew-'));
});
after(() => rmSync(folder, { recursive: true }));

const START = 1_746_403_200_000;

/** Minute bars from `first`, as an exchange exports them. */
function bars(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const price = 100 + 5 * Math.sin((first + index) / 9);
    return `${START + (first + index) * 60_000},${price},${price + 1},${price - 1},${price + 0.5},${10 + index}`;
  });
}

async function replay(name: string, lines: readonly string[]): Promise<void> {
  writeFileSync(join(folder, name), `${['timestamp,open,high,low,close,volume', ...lines].join('\n')}\n`);
  const configuration = [
    `market: { symbols: [BTCUSDT], data: { BTCUSDT: ./${name} } }`,
    'bots: [{ id: trend, strategy: moving-average-cross, symbols: [BTCUSDT], timeframe: 1m }]',
  ];
  writeFileSync(join(folder, 'tradewind.yaml'), configuration.join('\n'));
  const { code, err } = await run(['start', '--until-end', '--speed', 'max', '--json'], folder);
  assert.equal(code, 0, err);
}

test('a replay that begins anew, of earlier bars, is recorded whole; what was recorded before is kept', async () => {
  const [late, early] = [bars(1_000, 120), bars(0, 90)];
  await replay('late.csv', late);
  await replay('early.csv', early);
  const record = join(folder, '.tradewind');
  const openTimes = (path: string) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0]);
  const given = (lines: readonly string[]) => lines.map((line) => line.split(',')[0]);
  assert.deepEqual(openTimes(join(record, 'candles', 'BTCUSDT-1m.csv')), given(early));
  const names = readdirSync(record);
  const aside = names.filter((name) => name.startsWith('candles-'));
  assert.equal(aside.length, 1);
  assert.deepEqual(openTimes(join(record, aside[0]!, 'BTCUSDT-1m.csv')), given(late));
  assert.equal(names.filter((name) => /^tradewind.*\.db$/.test(name)).length, 2);
});
