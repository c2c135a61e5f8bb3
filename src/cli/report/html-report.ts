import { gzipSync } from 'node:zlib';
import type { RunReport } from '../../statistics/run-report.ts';
import { chartData } from './chart-data.ts';
import { packColumns, unpackColumn } from './column-codec.ts';
import {
  configurationSection,
  definitionsSection,
  escapeHtml,
  figuresSection,
  headSection,
  monthsSection,
  notesSection,
  tilesSection,
} from './html-sections.ts';
import { inlineScript, pageFile, pagePolicy, pageScript } from './inline-page.ts';
import { reportNotes } from './report-notes.ts';

export interface HtmlReportOptions {
  /** The source of the chart library: `loadChartLibrary()`. */
  readonly chartLibrary: string;
  /** The most bars that a chart draws; a longer run is drawn in bigger bars, and the page says so. Default 100,000. */
  readonly maximumBars?: number;
}

/**
 * A run as one HTML page that needs nothing else: no network, no other file. Names and texts of the run can't become
 * markup or script: static text is escaped, data travels as base64, and the page's policy runs only the scripts it came
 * with, by their hash.
 */
export function htmlReport(report: RunReport, options: HtmlReportOptions): string {
  const { document, columns, thinningNotes } = chartData(report, options.maximumBars ?? 100_000);
  const packed = packColumns(columns);
  const header = gzipSync(JSON.stringify({ document, columns: packed.columns })).toString('base64');
  const scripts = [options.chartLibrary, runScript()].map(inlineScript);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`${report.strategy.title} on ${report.symbols.join(', ')}`)}</title>
<style>
${pageFile('report.css')}</style>
</head>
<body>
<main>
${headSection(report)}
${tilesSection(report.summary)}
${chartSection(thinningNotes)}
${figuresSection(report.summary)}
${monthsSection(report)}
${tradesSection(report)}
${notesSection([...reportNotes(report), ...thinningNotes])}
${configurationSection(report)}
${definitionsSection()}
<footer>Charts by <a href="https://www.tradingview.com/" rel="noopener noreferrer">TradingView</a> Lightweight Charts™, Copyright © TradingView, Inc., Apache License 2.0. Times are UTC; a bar stands at its opening time.</footer>
</main>
<script type="text/plain" id="report-document">${header}</script>
<script type="text/plain" id="report-columns">${packed.text}</script>
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
}

function chartSection(thinningNotes: readonly string[]): string {
  const warnings = thinningNotes.map((note) => `<p class="warning">${escapeHtml(note)}</p>`);
  return `<section class="card">
<div class="bar"><div class="group" id="feeds"></div><div class="group" id="ranges"></div><div class="group end"><button id="show-trades" aria-pressed="true">Trades</button><button id="logarithmic" aria-pressed="false">Log scale</button></div></div>
${warnings.join('\n')}
<div id="chart"><noscript>The charts and the list of trades need JavaScript.</noscript></div>
<p class="hint">Drag to move, scroll to zoom, double-click an axis to reset it. A triangle is an entry (up: long, down: short), a dot an exit; the line between them is green for a profit and red for a loss, after fees.</p>
</section>`;
}

function tradesSection(report: RunReport): string {
  if (report.trades.length === 0)
    return '<section class="card"><h2>Trades</h2><p class="hint">No trade was closed.</p><table id="trades" hidden><thead></thead><tbody></tbody></table><div id="pager" hidden></div></section>';
  return `<section class="card"><h2>Trades</h2><div class="scroll"><table id="trades"><thead></thead><tbody></tbody></table></div><div class="bar pager" id="pager"></div></section>`;
}

/** `unpackColumn` is the very function that the tests run. */
function runScript(): string {
  return pageScript(
    ['number-format.js', 'trade-lines.js', 'trade-list.js', 'charts.js', 'page-data.js', 'main.js'],
    unpackColumn.toString(),
  );
}
