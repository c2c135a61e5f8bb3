import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { loadChartLibrary } from '../../../src/cli/report/chart-library.ts';
import { type PackedColumn, unpackColumn } from '../../../src/cli/report/column-codec.ts';
import { htmlReport } from '../../../src/cli/report/html-report.ts';
import type { RunReport } from '../../../src/statistics/run-report.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import { readBars, readPeerRun } from '../statistics/reference-data.ts';
import { peerReport, smallReport, trade } from './sample-report.ts';

// A page is complete with any text as its library; the real one is in the browser's test of the page.
const chartLibrary = 'globalThis.LightweightCharts = {};';

function scriptsOf(page: string): string[] {
  return [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);
}

interface Carried {
  readonly document: {
    readonly feeds: readonly { readonly name: string; readonly barSeconds: number; readonly priceDecimals: number }[];
    readonly trades: readonly (readonly unknown[])[];
  };
  readonly columns: Readonly<Record<string, PackedColumn>>;
}

function carriedBy(page: string): Carried & { readonly column: (name: string) => Float64Array } {
  const block = (id: string) => {
    const match = new RegExp(`id="${id}">([A-Za-z0-9+/=]*)</script>`).exec(page);
    assert.ok(match !== null, `no block ${id}`);
    return gunzipSync(Buffer.from(match[1]!, 'base64'));
  };
  const carried = JSON.parse(block('report-document').toString('utf8')) as Carried;
  const bytes = block('report-columns');
  return { ...carried, column: (name) => unpackColumn(bytes, carried.columns[name]!) };
}

const runPath = sharedData('reference/backtestingpy/goog-smacross-10-20-commission-0.2pct.json');
const barsPath = sharedData('backtesting-py/GOOG.csv');

test('a real run: its figures are in the text and its bars in the data', {
  skip: skipUnless(runPath, barsPath),
}, () => {
  const bars = readBars(barsPath!);
  const page = htmlReport(peerReport(readPeerRun(runPath!), bars, [10, 20]), { chartLibrary });
  for (const text of ['455.75 %', '-33.93 %', '55,574.51 USD', 'SMA cross', 'fast = 10', 'Monthly returns']) {
    assert.ok(page.includes(text), text);
  }
  const carried = carriedBy(page);
  assert.deepEqual(carried.column('close0'), bars.close);
  assert.deepEqual(
    carried.column('time0'),
    bars.openTime.map((time) => time / 1000),
  );
  assert.equal(carried.document.trades.length, 94);
  assert.ok(Number.isNaN(carried.column('indicator0')[8]));
  assert.ok(Math.abs(carried.column('equity').at(-1)! - 55_574.51294) < 1e-4);
});

test('the page loads nothing and runs only the scripts it came with', () => {
  const page = htmlReport(smallReport([1000, 1100]), { chartLibrary });
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
  assert.match(policy, /^default-src 'none'; script-src 'sha256-/);
  assert.doesNotMatch(policy, /unsafe-eval|http|script-src[^;]*unsafe-inline/);
  const scripts = scriptsOf(page);
  assert.equal(scripts.length, 2);
  for (const script of scripts) {
    assert.ok(policy.includes(`'sha256-${createHash('sha256').update(script).digest('base64')}'`));
  }
  assert.doesNotMatch(page, /<(?:img|link|iframe|script)[^>]+(?:src|href)=/);
  assert.doesNotMatch(page, /@import|url\(/);
  assert.deepEqual(
    [...page.matchAll(/https?:\/\/[^"' )]*/g)].map(([address]) => address),
    ['https://www.tradingview.com/'],
    'only the attribution, which is followed by a click alone',
  );
});

test("the page's own script is one script without imports", () => {
  const script = scriptsOf(htmlReport(smallReport([1000, 1100]), { chartLibrary }))[1]!;
  assert.doesNotMatch(script, /^\s*(?:import|export)\s/m);
  assert.doesNotThrow(() => new Function(script), 'it parses');
  assert.match(script, /function unpackColumn\(/);
});

test('names and texts of a run can become neither markup nor script', () => {
  const evil = `</script><script>alert(1)</script><img src=x onerror="alert('2')">&`;
  const report = smallReport([1000, 1100, 900], {
    strategy: { name: evil, title: evil, description: evil, parameters: { [evil]: evil } },
    symbols: [evil],
    trades: [trade(10, { symbol: evil })],
    indicators: [{ name: evil, pane: evil, style: 'line', values: Float64Array.from([1, 2, 3]) }],
    configuration: { [evil]: [evil, { deep: evil }] },
    notes: [evil],
  });
  const page = htmlReport(report, { chartLibrary: 'const hint = "</script><!--";' });
  assert.doesNotMatch(page, /<img|alert\(1\)<\/script>|onerror="/);
  assert.equal(page.match(/<script/g)!.length, 4, 'two of data, two of code');
  assert.equal(page.match(/<\/script>/g)!.length, 4);
  assert.ok(page.includes('&lt;/script&gt;&lt;script&gt;alert(1)'));
  assert.equal(carriedBy(page).document.trades[0]![0], evil, 'the data has it as it is');
});

test('a long run is drawn in bigger bars, and the page says so', () => {
  const equity = Array.from({ length: 1001 }, (_, row) => (row === 500 ? 400 : 1000 + row));
  const page = htmlReport(smallReport(equity), { chartLibrary, maximumBars: 300 });
  assert.match(
    page,
    /class="warning">The chart of BTCUSDT:1d draws 251 bars, each made of 4 of the run&#39;s 1,001 bars/,
  );
  const carried = carriedBy(page);
  assert.equal(carried.column('close0').length, 251);
  assert.equal(carried.document.feeds[0]!.barSeconds, 4 * 86_400);
  assert.equal(carried.column('equity').at(-1), 2000);
  assert.ok(Math.abs(Math.max(...carried.column('drawdown')) - (1 - 400 / 1499)) < 1e-8, 'no drawdown is lost');
  assert.equal(carried.column('open0')[1], 104);
  assert.equal(carried.column('high0')[1], 106);
  assert.equal(carried.column('low0')[1], 100);
  assert.equal(carried.column('close0')[1], 100);
  assert.equal(carried.column('volume0')[1], 4);
  assert.doesNotMatch(htmlReport(smallReport(equity), { chartLibrary }), /class="warning"/);
});

test('runs without bars, trades or candles still make a page', () => {
  const runs: Record<string, RunReport> = {
    'no bars': smallReport([]),
    'one bar': smallReport([1000]),
    'no trades': smallReport([1000, 1000]),
    'no candles': smallReport([1000, 1100], { candles: [] }),
    'not a number': smallReport([1000, Number.NaN, 0, -5]),
  };
  for (const [name, report] of Object.entries(runs)) {
    const page = htmlReport(report, { chartLibrary });
    assert.doesNotMatch(page.replace(/<script[\s\S]*?<\/script>/g, ''), /NaN|undefined|Infinity/, name);
    assert.equal(carriedBy(page).column('equity').length, report.equity.length, name);
  }
});

const installed = (() => {
  try {
    import.meta.resolve('lightweight-charts');
    return true;
  } catch {
    return false;
  }
})();

test('the chart library comes with its licence', { skip: installed ? false : 'lightweight-charts is absent' }, () => {
  const source = loadChartLibrary();
  assert.match(source, /^\/\*![\s\S]{0,200}Lightweight Charts[\s\S]{0,200}Apache/);
  assert.ok(htmlReport(smallReport([1000, 1100]), { chartLibrary: source }).includes('Lightweight Charts™ v5'));
});
