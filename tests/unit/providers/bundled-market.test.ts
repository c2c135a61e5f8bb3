/** The bars in `data/`: that they are whole, sound, and what their page says. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { loadCandles } from '../../../src/providers/files/load-candles.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';

const path = (file: string): string => fileURLToPath(new URL(`../../../data/${file}`, import.meta.url));
const page = readFileSync(path('README.md'), 'utf8');
const decimals = { BTCUSDT: [1, 3], ETHUSDT: [2, 3], SOLUSDT: [3, 2] };

for (const [symbol, [price, quantity]] of Object.entries(decimals)) {
  const file = `${symbol}-1m.csv.gz`;
  test(`${symbol}: 16 whole days of minutes without a gap, as the page says`, async () => {
    const loaded = await loadCandles({ path: path(file) });
    assert.deepEqual([loaded.symbol, loaded.timeframe, loaded.decimals], [symbol, '1m', { price, quantity }]);
    const { rows, first, last, gaps, zeroVolumeBars } = loaded.quality;
    assert.deepEqual([rows, gaps, zeroVolumeBars], [23_040, 0, 0]);
    assert.equal(new Date(first).toISOString(), '2025-05-05T00:00:00.000Z');
    assert.equal(new Date(last).toISOString(), '2025-05-21T00:00:00.000Z');
    const bytes = readFileSync(path(file));
    const sum = createHash('sha256').update(bytes).digest('hex');
    assert.ok(page.includes(`\`${file}\` | ${symbol} | 23,040 | ${bytes.length.toLocaleString('en')} | \`${sum}\``));
  });

  const whole = sharedData(`binance-usdm-1m/${symbol}-PERP-1m.csv.gz`);
  test(`${symbol}: every bundled line is one of the recorded ones`, { skip: skipUnless(whole) }, () => {
    const recorded = new Set(gunzipSync(readFileSync(whole!)).toString('latin1').split('\n'));
    const lines = gunzipSync(readFileSync(path(file)))
      .toString('latin1')
      .split('\n');
    assert.ok(lines.every((line) => recorded.has(line)));
  });
}

test('all three together stay below 1.2 MB', () => {
  const bytes = Object.keys(decimals).map((symbol) => statSync(path(`${symbol}-1m.csv.gz`)).size);
  assert.ok(bytes.reduce((sum, size) => sum + size, 0) < 1_200_000);
});
