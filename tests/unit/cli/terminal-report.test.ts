import assert from 'node:assert/strict';
import test from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { terminalReport } from '../../../src/cli/report/terminal-report.ts';
import { brailleChart } from '../../../src/cli/report/unicode-chart.ts';
import { FIGURE_KEYS, FIGURES } from '../../../src/statistics/figures.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import { readBars, readPeerRun } from '../statistics/reference-data.ts';
import { peerReport, smallReport, trade } from './sample-report.ts';

const runPath = sharedData('reference/backtestingpy/goog-smacross-10-20-commission-0.2pct.json');
const barsPath = sharedData('backtesting-py/GOOG.csv');

test('a real run shows the figures of the peer that made it', { skip: skipUnless(runPath, barsPath) }, () => {
  const report = peerReport(readPeerRun(runPath!), readBars(barsPath!), [10, 20]);
  const text = terminalReport(report, { width: 118, colour: false });
  for (const line of [
    /^SMA cross {2}GOOG 1d$/m,
    /Final portfolio value ·+ 55,574\.51 USD/,
    /Return ·+ 455\.75 %/,
    /Sharpe ratio ·+ 0\.5969/,
    /Max\. drawdown ·+ -33\.93 %/,
    /Round trips ·+ 94/,
    /Fills ·+ 188/,
    /Win rate ·+ 53\.19 %/,
    /Avg\. trade duration ·+ 33 d$/m,
    /^Last 10 of 94 round trips$/m,
    /^ {2}GOOG +long +2012-12-03 +2013-03-01 +69 +702\.24 +797\.8 +6,386\.63 +13\.18 %$/m,
  ]) {
    assert.match(text, line);
  }
  for (const key of FIGURE_KEYS) assert.ok(text.includes(FIGURES[key].title), key);
});

test('no line is wider than the terminal, with colour or without', () => {
  const report = smallReport([1000, 1100, 900, 1200], { trades: [trade(10), trade(-5)] });
  for (const width of [60, 80, 92, 100, 160]) {
    for (const colour of [false, true]) {
      const text = terminalReport(report, { width, colour, definitions: true });
      for (const line of stripVTControlCharacters(text).split('\n')) {
        assert.ok([...line].length <= width, `${width}: ${line}`);
      }
    }
  }
});

test('colour changes how it looks, not what it says', () => {
  const report = smallReport([1000, 1100, 900, 1200], { trades: [trade(10), trade(-5)] });
  const plain = terminalReport(report, { width: 100, colour: false });
  const coloured = terminalReport(report, { width: 100, colour: true });
  assert.equal(stripVTControlCharacters(plain), plain);
  assert.notEqual(coloured, plain);
  assert.equal(stripVTControlCharacters(coloured), plain);
});

test('names can neither move the cursor nor change colours', () => {
  const report = smallReport([1000, 1001], {
    strategy: { name: 'x', title: 'Evil\u001b[2J\u001b]0;title\u0007\r\nname', parameters: { note: '\u001b[31mred' } },
    notes: ['first\u001b[1A line'],
  });
  const text = terminalReport(report, { width: 80, colour: false });
  assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u);
});

test('a run without trades, without a change and without bars says so', () => {
  const still = terminalReport(smallReport([1000, 1000, 1000]), { width: 80, colour: false });
  assert.match(still, /Sharpe ratio ·+ –/);
  assert.match(still, /none was closed/);
  const empty = terminalReport(smallReport([]), { width: 80, colour: false });
  assert.match(empty, /Final portfolio value ·+ 1,000\.00 USDT/);
  assert.doesNotMatch(empty, /NaN|Infinity|undefined/);
});

test('a Braille chart has the height and width asked for, and rises where the series rises', () => {
  const rising = brailleChart(
    Float64Array.from({ length: 100 }, (_, row) => row),
    10,
    2,
  );
  assert.deepEqual(
    rising.map((line) => [...line].length),
    [10, 10],
  );
  assert.equal(rising[0]!.at(-1), '⣿');
  assert.equal(rising[0]![0], '⠀');
  assert.equal(rising[1]![0], '⣀');
  const falls = brailleChart(Float64Array.from([0, 0, 0.5, 0]), 2, 1, 'down');
  assert.deepEqual(falls, ['⠉⡏']);
  assert.deepEqual(brailleChart(new Float64Array(0), 10, 2), []);
  assert.deepEqual(brailleChart(Float64Array.from([Number.NaN]), 10, 2), []);
});

test('the deepest drawdown is drawn, however short it was', () => {
  const drawdown = new Float64Array(100_000);
  drawdown[43_210] = 0.9;
  assert.ok(brailleChart(drawdown, 40, 3, 'down')[2]!.match(/[⡇⢸]/));
});

test('a Braille chart never fails, whatever it is given', () => {
  fc.assert(
    fc.property(fc.array(fc.double(), { maxLength: 40 }), fc.integer({ min: 1, max: 60 }), (values, width) => {
      const lines = brailleChart(Float64Array.from(values), width, 3);
      assert.ok(lines.length === 0 || lines.every((line) => [...line].length === width));
    }),
  );
});
