import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bundledFile } from '../../src/app/config-defaults.ts';
import { type Ended, run as runProgram } from './command-line.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-data-'));
});
after(() => rmSync(folder, { recursive: true }));

const run = (...parameters: string[]): Promise<Ended> =>
  runProgram(parameters, folder, { XDG_CACHE_HOME: join(folder, 'cache') });
const bundled = bundledFile('BTCUSDT')!;
const cross = ['backtest', 'moving-average-cross', '--timeframe', '5m', '--json'];

test('bars are imported, listed, exported in every form, and come back the same', async () => {
  const imported = await run('data', 'import', bundled, '--symbol', 'MINE', '--json');
  assert.equal(imported.code, 0, imported.err);
  const [first] = JSON.parse(imported.out);
  assert.deepEqual([first.name, first.timeframe, first.bars], ['MINE-1m', '1m', 23_040]);
  const list = JSON.parse((await run('data', 'list', '--json')).out);
  assert.equal(list[0].hash, first.hash);
  assert.match((await run('data', 'list')).out, /^Name .*\nMINE-1m {2}MINE {4}1m {7}23040 {2}2\d{3}-/);
  const again = await run('data', 'import', bundled, '--symbol', 'MINE');
  assert.match(again.out, /\(it was there already\)\n$/);
  for (const [index, ending] of ['csv', 'csv.gz', 'parquet'].entries()) {
    const exported = await run('data', 'export', 'MINE-1m', '--out', `out.${ending}`);
    assert.equal(exported.code, 0, exported.err);
    assert.equal(exported.err, `Wrote 23040 bars to out.${ending}.\n`);
    const back = await run('data', 'import', `out.${ending}`, '--symbol', `BACK${index}`);
    assert.equal(back.code, 0, back.err);
  }
  const columnsOf = (name: string): Buffer =>
    readFileSync(join(folder, '.tradewind/data', name)).subarray(-6 * 23_040 * 8);
  for (const index of [0, 1, 2]) assert.ok(columnsOf(`BACK${index}-1m.bars`).equals(columnsOf('MINE-1m.bars')));
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('a backtest finds imported bars by name and by symbol, and gives what the file gives', async () => {
  const [byName, bySymbol, byFile] = await Promise.all([
    run(...cross, '--data', 'MINE=MINE-1m'),
    run(...cross, '--symbol', 'MINE'),
    run(...cross, '--data', `MINE=${bundled}`, '--no-cache'),
  ]);
  assert.equal(byName.code, 0, byName.err);
  const resultOf = ({ out }: Ended): unknown => {
    const { figures, trades, signals } = JSON.parse(out);
    return { figures, trades, signals };
  };
  assert.deepEqual(resultOf(byName), resultOf(byFile));
  assert.deepEqual(resultOf(bySymbol), resultOf(byFile));
});

test('imported bars go before those that come with the program', async () => {
  assert.equal((await run('data', 'import', bundledFile('ETHUSDT')!, '--symbol', 'SOLUSDT')).code, 0);
  const pricesOf = async (symbol: string): Promise<unknown> => {
    const { out } = await run(...cross, '--symbol', symbol);
    const { trades } = JSON.parse(out);
    return trades;
  };
  assert.deepEqual(
    JSON.stringify(await pricesOf('SOLUSDT')).replaceAll('SOLUSDT', ''),
    JSON.stringify(await pricesOf('ETHUSDT')).replaceAll('ETHUSDT', ''),
  );
});

test('a second backtest reads the cache, and a damaged one is told of and made anew', async () => {
  const first = await run(...cross, '--data', `X=${bundled}`);
  const second = await run(...cross, '--data', `X=${bundled}`);
  assert.deepEqual([second.out, second.err], [first.out, '']);
  const kept = join(folder, 'cache/tradewind/datasets');
  for (const name of readdirSync(kept)) {
    const bytes = readFileSync(join(kept, name));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(kept, name), bytes);
  }
  const third = await run(...cross, '--data', `X=${bundled}`);
  assert.equal(third.out, first.out);
  assert.match(third.err, /^What was kept of \S+ is not sound \(.*\): it is read anew from its source\.\n/);
  assert.equal((await run(...cross, '--data', `X=${bundled}`)).err, '');
});

test('check tells sound bars from those that a backtest refuses', async () => {
  const sound = await run('data', 'check', bundled);
  assert.equal(sound.code, 0, sound.err);
  assert.match(sound.out, /^BTCUSDT 1m, .*: 23,040 bars from /);
  const lines = ['timestamp,open,high,low,close,volume'];
  for (let row = 0; row < 60; row++) lines.push(`${1_767_225_600_000 + row * 60_000},10,11,9,10.${row % 7},1`);
  lines.splice(31, 0, lines[30]!, `${1_767_225_600_000 + 3 * 60_000},9,9,9,9,9`);
  lines.push('1767229200000,10,9,11,10,1', '1767229260000,10,x,9,10,1');
  writeFileSync(join(folder, 'bad.csv'), `${lines.join('\n')}\n`);
  const bad = await run('data', 'check', 'bad.csv', '--json');
  assert.equal(bad.code, 1);
  const { verdict, defects } = JSON.parse(bad.out);
  assert.equal(verdict, 'refused');
  assert.deepEqual(defects, {
    twice: 1,
    'twice with other values': 1,
    'impossible prices or volume': 1,
    unreadable: 1,
  });
  assert.match((await run('data', 'check', 'bad.csv')).out, /\nNot sound: a backtest refuses it: 1 row is twice; /);
});

const mistakes: readonly (readonly [parameters: string[], said: RegExp])[] = [
  [['data', 'check', 'absent.csv'], /no file absent\.csv and no dataset of that name \(imported here: .*MINE-1m/],
  [['data', 'import', 'absent.csv'], /absent\.csv: there is no such file\.$/m],
  [['data', 'import', 'bad.csv'], /bad\.csv: 4 of 64 rows are not sound\./],
  [['data', 'import', 'bad.csv', 'out.csv', '--symbol', 'A'], /--symbol A can't be that of 2 files/],
  [['data', 'import', 'out.csv', '--symbol', 'MINE', '--timeframe', '7m'], /--timeframe is "7m", but must be/],
  [['data', 'export', 'NONE-1m', '--out', 'x.csv'], /There is no dataset NONE-1m: there are BACK0-1m, /],
  [['data', 'export', 'MINE-1m', '--out', 'x.txt'], /--out x\.txt must end with \.csv, \.csv\.gz or \.parquet\./],
  [['data', 'export', 'MINE-1m'], /Required option '-o, --out <file>' not specified\./],
  [['data', 'export', 'MINE-1m', '--out', 'no/such/x.csv'], /no such folder|there is no folder|folder/i],
  [['data', 'lst'], /lst/],
];
for (const [parameters, said] of mistakes) {
  test(`tradewind ${parameters.join(' ')}: one sentence and exit code 2`, async () => {
    const { code, out, err } = await run(...parameters);
    assert.equal(code, 2, out + err);
    assert.match(err, said);
    assert.doesNotMatch(err, /inside tradewind|\n +at /);
  });
}

test('other bars under a name are only replaced when that is said', async () => {
  const refused = await run('data', 'import', bundledFile('ETHUSDT')!, '--symbol', 'MINE');
  assert.equal(refused.code, 2);
  assert.match(refused.err, /^MINE-1m is there already with other bars: give --replace/);
  assert.equal((await run('data', 'import', bundledFile('ETHUSDT')!, '--symbol', 'MINE', '--replace')).code, 0);
});

test('a damaged dataset is named, and the others are listed all the same', async () => {
  const path = join(folder, '.tradewind/data/BACK0-1m.bars');
  const bytes = readFileSync(path);
  bytes[5_000]! ^= 64;
  writeFileSync(path, bytes);
  const { code, out, err } = await run('data', 'list');
  assert.equal(code, 0);
  assert.match(err, /BACK0-1m\.bars: its columns have changed; import BACK0-1m again\.\n/);
  assert.match(out, /BACK1-1m/);
  const run1 = await run(...cross, '--symbol', 'BACK0');
  assert.equal(run1.code, 2);
  assert.match(run1.err, /its columns have changed; import it again\./);
});
