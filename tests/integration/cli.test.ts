import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run, start } from './command-line.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-cli-'));
});
after(() => rmSync(folder, { recursive: true }));

const cross = [
  'backtest',
  'moving-average-cross',
  '--symbol',
  'BTCUSDT',
  '--timeframe',
  '5m',
  '--set',
  'fast=10',
  '--set',
  'slow=30',
];

test('help of the program and of every command, with examples', async () => {
  const commands = [
    [],
    ['start'],
    ['backtest'],
    ['parity'],
    ['strategies'],
    ['strategies', 'show'],
    ['data'],
    ['data', 'import'],
    ['data', 'list'],
    ['data', 'check'],
    ['data', 'export'],
    ['audit'],
    ['audit', 'verify'],
  ];
  const helps = await Promise.all(commands.map((command) => run([...command, '--help'], folder)));
  for (const [index, { code, out, err }] of helps.entries()) {
    assert.equal(code, 0);
    assert.equal(err, '');
    assert.ok(out.startsWith(`Usage: ${['tradewind', ...commands[index]!].join(' ')}`), out);
    assert.match(out, /\nExamples:\n.*\$ tradewind /s);
  }
});

test('version; and without a command the help', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.equal((await run(['--version'], folder)).out, `${version}\n`);
  const { code, out } = await run([], folder);
  assert.equal(code, 0);
  assert.match(out, /^Usage: tradewind/);
});

test('a backtest prints a report, and the same as one JSON document', async () => {
  const [text, json] = await Promise.all([run(cross, folder), run([...cross, '--json'], folder)]);
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /Moving average cross {2}BTCUSDT 5m/);
  assert.equal(text.err, '');
  assert.equal(json.code, 0);
  const document = JSON.parse(json.out);
  assert.equal(document.figures.bars, 4_608);
  assert.ok(document.figures.roundTrips > 100);
  assert.equal(document.configuration.costs.fees.takerRate, 0.00055);
});

test('a report page is written beside the JSON, which stays one document', async () => {
  const { code, out, err } = await run([...cross, '--json', '--report', 'out.html'], folder);
  assert.equal(code, 0, err);
  JSON.parse(out);
  assert.equal(err, 'Wrote out.html.\n');
  assert.match(readFileSync(join(folder, 'out.html'), 'utf8'), /^<!doctype html>/i);
});

test('limits and costs come from tradewind.yaml, and the command line prevails', async () => {
  writeFileSync(join(folder, 'own.yaml'), 'risk: { maximumTradesPerDay: 1 }\ncosts: { fees: none }\n');
  const [own, prevailing] = await Promise.all([
    run([...cross, '--json', '--config', 'own.yaml'], folder),
    run([...cross, '--json', '--config', 'own.yaml', '--no-limits', '--fees', 'bybit'], folder),
  ]);
  const figures = [own, prevailing].map(({ out }) => JSON.parse(out).figures);
  assert.equal(figures[0].fees, 0);
  assert.ok(figures[0].roundTrips <= 16);
  assert.ok(figures[1].fees > 0);
  assert.equal(figures[1].signalsRefused, 0);
});

test('strategies are listed and shown, as text and as JSON', async () => {
  const [list, listJson, show, showJson] = await Promise.all([
    run(['strategies'], folder),
    run(['strategies', '--json'], folder),
    run(['strategies', 'show', 'donchian-breakout'], folder),
    run(['strategies', 'show', 'donchian-breakout', '--json'], folder),
  ]);
  assert.equal(list.code, 0);
  const names = (JSON.parse(listJson.out) as { name: string }[]).map(({ name }) => name);
  assert.equal(names.length, 5);
  for (const name of names) assert.ok(list.out.includes(name));
  assert.match(show.out, /Parameter +Default +Range +Meaning/);
  assert.match(show.out, /entryPeriod +20 +2 to 2000 +Bars of the channel/);
  assert.equal(JSON.parse(showJson.out).parameters.entryPeriod.default, 20);
});

test('a failure of ours is told without a stack, and with one for debugging', async () => {
  writeFileSync(join(folder, 'bad.ts'), 'export default 5;\n');
  const parameters = ['backtest', './bad.ts', '--symbol', 'BTCUSDT'];
  const [plain, debug, byEnvironment] = await Promise.all([
    run(parameters, folder),
    run([...parameters, '--debug'], folder),
    run(parameters, folder, { TRADEWIND_DEBUG: '1' }),
  ]);
  assert.doesNotMatch(plain.err, /\n\s+at /);
  assert.match(debug.err, /\n\s+at /);
  assert.match(byEnvironment.err, /\n\s+at /);
});

test('no colour goes into a pipe, whatever is asked for', async () => {
  const { out } = await run(cross, folder, { FORCE_COLOR: '1' });
  assert.doesNotMatch(out, new RegExp(String.fromCharCode(27)));
});

test('the replay runs to its end and gives one JSON document; its audit log is whole', async () => {
  const store = join(folder, 'end.db');
  const parameters = ['start', '--until-end', '--speed', 'max', '--json', '--symbols', 'BTCUSDT', '--store', store];
  writeFileSync(join(folder, 'quiet.yaml'), 'record: { raw: false, csv: null }\nlogging: { folder: null }\n');
  const { code, out, err } = await run([...parameters, '--config', 'quiet.yaml'], folder);
  assert.equal(code, 0, err);
  const document = JSON.parse(out);
  assert.equal(document.reason, 'end');
  assert.equal(document.bots.length, 2);
  assert.ok(document.statistics.totalTrades > 100);
  assert.ok(document.statistics.fills > document.statistics.totalTrades);
  assert.ok(document.firstTradeAfterMs > 0);
  const backtest = JSON.parse((await run([...cross, '--json'], folder)).out);
  const trend = document.bots.find(({ id }: { id: string }) => id === 'trend');
  assert.equal(trend.finalPortfolioValue, backtest.figures.finalPortfolioValue);
  assert.equal(trend.fills, backtest.figures.fills);
  const audit = await run(['audit', 'verify', '--store', store, '--json'], folder);
  assert.equal(audit.code, 0, audit.err);
  const verdict = JSON.parse(audit.out);
  assert.equal(verdict.ok, true);
  assert.ok(verdict.count > document.statistics.fills);
});

test('Ctrl+C stops gracefully, though a terminal sends it to launcher and program alike', async () => {
  const started = start(
    ['start', '--speed', '3000', '--store', join(folder, 'stop.db'), '--symbols', 'ETHUSDT'],
    folder,
  );
  await started.shown('UTC,');
  process.kill(-started.pid, 'SIGINT');
  const { code, signal, out, err } = await started.ended;
  assert.deepEqual([code, signal], [0, null], err);
  assert.match(err, /^Stopping\. Press Ctrl\+C again to stop at once\.\n$/);
  assert.match(out, /Paper trading on a replay of ETHUSDT 1m at 3000 times real time/);
  assert.match(out, /\nStopped after /);
  assert.match(out, /Final Statistics\n/);
});

test('so does a signal to the launcher alone', async () => {
  const started = start(
    ['start', '--speed', '3000', '--store', join(folder, 'term.db'), '--symbols', 'ETHUSDT'],
    folder,
  );
  await started.shown('UTC,');
  process.kill(started.pid, 'SIGTERM');
  const { code, out } = await started.ended;
  assert.equal(code, 0);
  assert.match(out, /Final Statistics\n/);
});

test('a program whose launcher was killed stops as well', async () => {
  const store = join(folder, 'orphan.db');
  const started = start(['start', '--speed', '3000', '--store', store, '--symbols', 'ETHUSDT'], folder);
  await started.shown('UTC,');
  process.kill(started.pid, 'SIGKILL');
  // The pipe closes when the program, which has it too, is gone.
  const { signal, out } = await started.ended;
  assert.equal(signal, 'SIGKILL');
  assert.match(out, /Final Statistics\n/);
  assert.ok(existsSync(store));
});
