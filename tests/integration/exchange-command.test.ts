import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const announced = z.object({ url: z.string(), symbols: z.array(z.string()), key: z.string(), secret: z.string() });

test('the command opens an exchange on the bundled bars, with its faults, and a signal ends it well', async () => {
  const faults = '[{"kind":"drop","topic":"kline.*","probability":0.1}]';
  const child = spawn(process.execPath, [main, 'exchange', '--port', '0', '--json', '--faults', faults]);
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const { url, symbols } = announced.parse(JSON.parse(String(line)));
  assert.deepEqual(symbols, ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']);
  const answer = await fetch(`${url}/v5/market/kline?category=linear&symbol=BTCUSDT&interval=1&limit=2`);
  const { result } = z
    .object({ result: z.object({ list: z.array(z.array(z.string())).length(2) }) })
    .parse(await answer.json());
  const newest = Number(result.list[0]![0]);
  const { time } = z.object({ time: z.number() }).parse(await (await fetch(`${url}/v5/market/time`)).json());
  assert.ok(newest <= time && time - newest < 60_000);
  const active = await fetch(`${url}/admin/faults`);
  assert.match(await active.text(), /"kind":"drop"/);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

for (const [words, message] of [
  [['--faults', '[{"kind":"bogus"}]'], /Not a fault of the simulated exchange/],
  [['--faults', 'no-such.json'], /no such file of faults/],
  [['--at', '1999-01-01'], /is not in the bars, which go from 2025-05-05/],
  [['--data', 'no-such.csv'], /no-such\.csv/],
  [['--trades', 'trades.csv'], /--trades is "trades\.csv", but must be SYMBOL=FILE/],
  [['--trades', 'BTCUSDT=no-such.csv'], /no-such\.csv: can't be read as a table/],
  [['--funding', 'DOGEUSDT=rates.csv'], /--funding is given for DOGEUSDT, which is not played/],
  [['--history', 'long'], /--history is "long", but must be a length of time/],
] as const) {
  test(`a mistake is told in a sentence: ${words.join(' ')}`, async () => {
    const child = spawn(process.execPath, [main, 'exchange', '--port', '0', ...words]);
    let told = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 2);
    assert.match(told, message);
    assert.doesNotMatch(told, /\n\s+at /);
  });
}
