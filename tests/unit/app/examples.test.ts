import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resolveStrategy } from '../../../src/app/strategy-registry.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { emaColumn } from '../../../src/indicators/ema.ts';
import { rsiColumn } from '../../../src/indicators/rsi.ts';
import { bundledBars, everyNth } from '../strategy/bars.ts';
import { Replay } from '../strategy/replay.ts';

const folder = fileURLToPath(new URL('../../../examples/', import.meta.url));
const examples = readdirSync(folder).filter((name) => name.endsWith('.ts'));
/** The others are programs: tests/integration/live-program.test.ts runs them. */
const strategies = examples.filter((name) => !readFileSync(join(folder, name), 'utf8').includes("'tradewind/live'"));

const minutes = bundledBars('BTCUSDT');
const [five, half, hour, four] = [5, 30, 60, 240].map((factor) => everyNth(minutes, factor));
const bars = { BTCUSDT: [five!, half!, hour!, four!] };

async function replayOf(name: string): Promise<Replay> {
  const { definition } = await resolveStrategy(`./${name}`, { cwd: folder });
  return new Replay(definition, {}, bars);
}

test('the table lists every example', () => {
  const table = readFileSync(join(folder, 'README.md'), 'utf8');
  assert.deepEqual(
    Array.from(table.matchAll(/^\| \[([^\]]+)\]/gm), ([, name]) => name),
    examples,
  );
});

for (const name of strategies) {
  test(`${name} trades, draws what it declares, and goes on after a restart`, async () => {
    const { definition } = await resolveStrategy(`./${name}`, { cwd: folder });
    const [whole, restarted] = [await replayOf(name), await replayOf(name)];
    whole.run();
    assert.ok(whole.decided.length > 20, `${whole.decided.length} signals`);
    assert.deepEqual(Object.keys(whole.strategy.indicators()).sort(), Object.keys(definition.plots ?? {}).sort());
    restarted.run(1_501);
    const saved = JSON.parse(JSON.stringify(restarted.strategy.snapshot())) as Json;
    restarted.strategy = restarted.create();
    restarted.strategy.restore(saved);
    assert.deepEqual(restarted.run().decided, whole.decided);
  });

  test(`${name} runs as a copy in a folder of its reader`, async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'tradewind-example-'));
    copyFileSync(join(folder, name), join(elsewhere, name));
    const { definition } = await resolveStrategy(name, { cwd: elsewhere });
    assert.deepEqual(new Replay(definition, {}, bars).run().decided, (await replayOf(name)).run().decided);
    rmSync(elsewhere, { recursive: true });
  });
}

test('01: every entry is a fall of the RSI through the limit while flat, every exit a recovery', async () => {
  const rsi = rsiColumn(five!.close, 14);
  const replay = await replayOf('01-your-first-strategy.ts');
  for (let row = 0; replay.step(); row += 1) {
    const latest = replay.decided.at(-1);
    const signal = latest?.time === replay.market.time ? latest.signal : undefined;
    const held = replay.account.position('BTCUSDT') > 0;
    const falls = rsi[row - 1]! >= 25 && rsi[row]! < 25;
    assert.equal(signal?.kind === 'enter', !held && falls);
    assert.equal(signal?.kind === 'exit', held && rsi[row]! > 55);
    if (signal?.kind === 'enter') assert.equal(signal.stopLoss, five!.close[row]! * 0.98);
  }
});

test('02: every entry follows an hour that closed above its average, never one that has not closed', async () => {
  const average = emaColumn(hour!.close, 20);
  const { decided } = (await replayOf('02-multi-timeframe.ts')).run();
  const entries = decided.filter(({ signal }) => signal.kind === 'enter');
  assert.ok(entries.length > 10, `${entries.length} entries`);
  for (const { time } of entries) {
    const closedHours = Math.floor((time - hour!.openTime[0]!) / hour!.intervalMs);
    assert.ok(hour!.close[closedHours - 1]! > average[closedHours - 1]!);
    const row = five!.openTime.indexOf(time - five!.intervalMs);
    assert.ok(five!.close[row]! > Math.max(...five!.high.subarray(row - 24, row)));
  }
});
