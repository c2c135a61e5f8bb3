/*
 * A system and a simulated exchange as processes of their own, both in the exchange's time: sixty candles of a minute in
 * a minute of ours, and every age and deadline as at speed 1.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { exchangeClock, isOfThisMachine } from '../../src/app/exchange-clock.ts';
import { MINUTE_MS } from '../../src/foundation/time.ts';
import { launcher, run } from './command-line.ts';

const SPEED = 60;
const RUN_SECONDS = 10;
const HISTORY = 60;
/** Of the exchange's time: a second and a half of ours. */
const STALE_AFTER_SECONDS = 90;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;
const folder = mkdtempSync(join(tmpdir(), 'tradewind-clock-'));
const exchange = spawn(process.execPath, [launcher, 'exchange', '--port', '0', '--speed', String(SPEED), '--json']);
let url = '';

before(async () => {
  const [line] = await once(exchange.stdout.setEncoding('utf8'), 'data');
  ({ url } = z.object({ url: z.string() }).parse(JSON.parse(String(line))));
});

after(async () => {
  exchange.kill('SIGTERM');
  await once(exchange, 'exit');
  rmSync(folder, { recursive: true });
});

function configure(market: string): void {
  const configuration = [
    `market: { ${market} }`,
    'server: { port: 0 }',
    'bots:',
    '  - { id: trend, strategy: moving-average-cross, symbols: [BTCUSDT], timeframe: 1m, parameters: { fast: 1, slow: 2 } }',
    '  - { id: breakout, strategy: donchian-breakout, symbols: [ETHUSDT], timeframe: 1m, parameters: { entryPeriod: 2, exitPeriod: 1 } }',
  ];
  writeFileSync(join(folder, 'tradewind.yaml'), configuration.join('\n'));
}

const live = ['start', '--provider', 'bybit', '--symbols', SYMBOLS.join(','), '--for', `${RUN_SECONDS}s`, '--json'];

test('in the time of an exchange at speed 60 a candle a second comes fresh, and the bots trade on it', async () => {
  configure(`url: "${url}", history: ${HISTORY}, updateTimeout: ${STALE_AFTER_SECONDS}s`);
  const { code, out, err } = await run([...live, '--clock-speed', String(SPEED)], folder);
  assert.equal(code, 0, err);
  const { bots } = z.object({ bots: z.array(z.object({ id: z.string(), fills: z.number() })) }).parse(JSON.parse(out));
  const outcome = JSON.stringify(bots);
  assert.ok(
    bots.every(({ fills }) => fills > 0),
    outcome,
  );
  const store = new DatabaseSync(join(folder, '.tradewind/tradewind.db'), { readOnly: true });
  for (const symbol of SYMBOLS) {
    const rows = z
      .array(z.object({ close: z.number(), received: z.number() }))
      .parse(
        store
          .prepare(
            'SELECT close_time AS close, received_at AS received FROM candles WHERE symbol = ? ORDER BY close_time',
          )
          .all(symbol),
      );
    const came = rows.slice(HISTORY);
    assert.ok(came.length >= RUN_SECONDS - 3, `${symbol}: ${came.length} candles in ${RUN_SECONDS} s`);
    for (const [index, { close, received }] of rows.entries()) {
      if (index > 0) assert.equal(close - rows[index - 1]!.close, MINUTE_MS, 'no candle is missing');
      // 100 ms: two processes read their clocks to a millisecond of ours, which is 60 of theirs.
      assert.ok(received >= close - 100, `${symbol}: received ${close - received} ms before its end`);
    }
    // On a wall clock each candle would seem to come later than the one before, by 59 s. A busy machine may be late with
    // one now and then: a third of a second of ours is 20 of theirs.
    const delays = came.map(({ close, received }) => received - close);
    const median = delays.toSorted((one, other) => one - other)[Math.floor(delays.length / 2)]!;
    assert.ok(median < 20_000, `${symbol}: ${JSON.stringify(delays)}`);
  }
  store.close();
  const logs = globSync(join(folder, '.tradewind/logs/*.log')).map((path) => readFileSync(path, 'utf8'));
  assert.ok(logs.length > 0);
  const early = logs.flatMap((text) => text.split('\n')).filter((line) => line.includes('closed before its end'));
  assert.deepEqual(early, []);
});

test('two clocks of one exchange show the same time, and go at its speed', async () => {
  const [one, other] = [await exchangeClock(url, SPEED), await exchangeClock(url, SPEED)];
  assert.ok(Math.abs(one.now() - other.now()) <= 2 * SPEED);
  const answer = await fetch(`${url}/admin/clock`);
  const told = z.object({ time: z.number() }).parse(await answer.json());
  assert.ok(told.time <= one.now() && one.now() - told.time < 2_000 * SPEED);
});

test('--clock-speed is for a simulated exchange of this machine at that speed', async () => {
  const refused = async (market: string, speed = '60'): Promise<string> => {
    configure(market);
    const { code, err } = await run([...live, '--clock-speed', speed], folder);
    assert.equal(code, 2, err);
    return err;
  };
  assert.match(await refused('history: 0'), /--clock-speed is for a simulated exchange on this machine.*is not set/);
  assert.match(await refused('url: "http://192.168.0.7:8080"'), /--clock-speed is for a simulated exchange/);
  assert.match(await refused(`url: "${url}"`, '30'), /runs at speed 60, not 30/);
  assert.match(await refused(`url: "${url}"`, 'max'), /--clock-speed is "max", but must be/);
  for (const [address, isOurs] of [
    ['http://127.0.0.1:1', true],
    ['http://localhost', true],
    ['http://[::1]:80', true],
    ['https://127.0.0.1.example', false],
    ['http://10.0.0.1', false],
    ['nonsense', false],
  ] as const) {
    assert.equal(isOfThisMachine(address), isOurs, address);
  }
});
