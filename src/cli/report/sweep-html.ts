import { gzipSync } from 'node:zlib';
import type { BestRun } from '../../app/sweep-best.ts';
import { SWEEP_FIGURE_KEYS, type SweepRow } from '../../app/sweep-ranking.ts';
import { median } from '../../statistics/descriptive.ts';
import { describeFigure, type FigureKey } from '../../statistics/figures.ts';
import { unpackColumn } from './column-codec.ts';
import { formatMoney, formatNumber, formatPercent, formatTime } from './figure-format.ts';
import { escapeHtml } from './html-sections.ts';
import { inlineScript, pageFile, pagePolicy, pageScript } from './inline-page.ts';
import { sweepPageData } from './sweep-page-data.ts';
import type { SweepView } from './sweep-view.ts';

export interface SweepPageParts {
  readonly view: SweepView;
  /** Best first; those without figures are told of, not drawn. */
  readonly rows: readonly SweepRow[];
  readonly runs: readonly BestRun[];
  /** The source of the chart library: `loadChartLibrary()`. */
  readonly chartLibrary: string;
}

/**
 * A sweep as one HTML page that needs nothing else: a heat map of any two parameters, the best points, and their equity.
 * As in the page of a run, texts can't become markup, and only the scripts that the page came with run.
 */
export function sweepHtml({ view, rows, runs, chartLibrary }: SweepPageParts): string {
  const drawn = rows.filter(({ outcome }) => outcome.ok);
  const { document, packed } = sweepPageData(view, drawn, runs);
  const header = gzipSync(JSON.stringify({ document, columns: packed.columns })).toString('base64');
  const scripts = [chartLibrary, sweepScript()].map(inlineScript);
  const { definition, terms } = view.prepared;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`Sweep of ${definition.title} on ${terms.symbols.join(', ')}`)}</title>
<style>
${pageFile('report.css')}${pageFile('sweep.css')}</style>
</head>
<body>
<main>
${head(view)}
${tiles(view, drawn)}
<section class="card"><h2>Map</h2>
<div class="bar" id="map-controls"></div>
<div id="map"><canvas></canvas><div id="tip" hidden></div><noscript>The map needs JavaScript.</noscript></div>
<p class="hint">“With neighbours” shows each point as the mean of itself and the points one step away. A good point among bad ones is most likely luck: choose from the middle of a plateau.</p>
</section>
<section class="card"><h2>Equity of the best</h2><div class="bar" id="curve-names"></div><div id="curves"></div></section>
<section class="card"><h2>Points</h2><div class="scroll"><table id="points"><thead></thead><tbody></tbody></table></div><div class="bar" id="points-pager"></div>
<p class="hint">“Neighbours” is the mean of the points one step away, of the figure that the map shows. ▲ stands beside a point that is better than its neighbours by more than a standard deviation of all points: it stands alone.</p></section>
${failures(view)}
${notes(view, rows.length - drawn.length, drawn.length)}
<details class="card"><summary>Plan of the sweep</summary><pre>${escapeHtml(JSON.stringify(shownPlan(view), undefined, 2))}</pre></details>
<footer>Charts by <a href="https://www.tradingview.com/" rel="noopener noreferrer">TradingView</a> Lightweight Charts™, Copyright © TradingView, Inc., Apache License 2.0. Times are UTC.</footer>
</main>
<script type="text/plain" id="report-document">${header}</script>
<script type="text/plain" id="report-columns">${packed.text}</script>
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
}

function sweepScript(): string {
  return pageScript(
    [
      'number-format.js',
      'sweep-points.js',
      'sweep-map.js',
      'sweep-table.js',
      'sweep-curves.js',
      'page-data.js',
      'sweep-main.js',
    ],
    unpackColumn.toString(),
  );
}

function head({ prepared }: SweepView): string {
  const { definition, terms, plan, columns } = prepared;
  const main = columns.get(`${terms.symbols[0]}:${terms.timeframe}`) ?? [...columns.values()][0]!;
  const chips = plan.space.axes.map((axis) =>
    axis.kind === 'range'
      ? `${axis.name} = ${axis.from} … ${axis.to} by ${axis.step}`
      : `${axis.name} = ${axis.values.join(', ')}`,
  );
  const fixed = Object.entries(plan.space.fixed).map(([name, value]) => `${name} = ${value}`);
  const where = plan.space.where.map((text) => `where ${text}`);
  const list = [...chips, ...where, ...fixed].map((text, index) => {
    const soft = index >= chips.length + where.length ? ' class="soft"' : '';
    return `<li${soft}>${escapeHtml(text)}</li>`;
  });
  const from = formatTime(main.openTime[0]!);
  const to = formatTime(main.openTime[main.length - 1]! + main.intervalMs);
  return `<header>
<h1>${escapeHtml(definition.title)} <span>swept on ${escapeHtml(terms.symbols.join(', '))}, ${terms.timeframe}</span></h1>
<p>${from} to ${to} UTC · ${formatNumber(main.length, 0)} bars</p>
<ul class="chips">${list.join('')}</ul>
</header>`;
}

function tiles({ prepared, table, ranking }: SweepView, drawn: readonly SweepRow[]): string {
  const { counts } = table;
  const values = drawn.map(({ outcome }) => (outcome.ok ? outcome.figures[ranking.column]! : Number.NaN));
  const known = values.filter((value) => Number.isFinite(value));
  const best = drawn[0];
  const { title } = describeFigure(ranking.key);
  const returns = SWEEP_FIGURE_KEYS.indexOf('returnPercent');
  const winners = drawn.filter(({ outcome }) => outcome.ok && outcome.figures[returns]! > 0).length;
  const parameters = best === undefined ? {} : prepared.space.parameters(best.point);
  const names = prepared.plan.space.axes.map(({ name }) => name);
  const entries: readonly (readonly [string, string])[] = [
    [`Best ${title.toLowerCase()}`, values[0] === undefined ? '–' : figureText(ranking.key, values[0])],
    ['with', names.map((name) => `${name} ${parameters[name]}`).join(', ')],
    ['Median of all points', figureText(ranking.key, known.length === 0 ? Number.NaN : median(known))],
    ['Points that gained', drawn.length === 0 ? '–' : formatPercent((winners / drawn.length) * 100)],
    ['Points', formatNumber(counts.points, 0)],
    ['Left out', formatNumber(counts.leftOutByWhere + counts.leftOutByCheck, 0)],
    ['Failed', formatNumber(counts.failed, 0)],
  ];
  return `<dl class="tiles sweep">${entries.map(([name, text]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd></div>`).join('')}</dl>`;
}

function figureText(key: FigureKey, value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '∞';
  const { unit } = describeFigure(key);
  if (unit === 'percent') return formatPercent(value);
  return unit === 'money' ? formatMoney(value) : formatNumber(value, unit === 'count' ? 0 : 2);
}

function failures({ prepared, table }: SweepView): string {
  if (table.failures.length === 0) return '';
  const names = prepared.plan.space.axes.map(({ name }) => name);
  const items = table.failures.map(({ message, count, point }) => {
    const values = prepared.space.parameters(point);
    const at = names.map((name) => `${name} = ${values[name]}`).join(', ');
    return `<li>${formatNumber(count, 0)} × ${escapeHtml(message)} First at ${escapeHtml(at)}.</li>`;
  });
  return `<section class="card"><h2>Points without figures</h2><ul class="notes">${items.join('')}</ul></section>`;
}

function notes({ prepared, table, timing }: SweepView, failed: number, drawn: number): string {
  const missing = table.counts.points - failed - drawn;
  const texts = [
    ...(timing.isWhole ? [] : ['The sweep was stopped before its end: these are the points that were done.']),
    ...(missing > 0
      ? [`The page has the best ${formatNumber(drawn, 0)} points; ${formatNumber(missing, 0)} are not in it.`]
      : []),
    'Every figure is that of a backtest with the parameters of the point, by the same engine.',
    'The best of many points looks better than it will be: part of what ranks it first is luck. Test it on a time that the sweep has not seen (--to here, --from there).',
    ...prepared.notes,
  ];
  return `<section class="card"><h2>Notes</h2><ul class="notes">${texts.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul></section>`;
}

/** Without where the strategy's file lies. */
function shownPlan({ prepared }: SweepView): object {
  const { name, contentHash } = prepared.plan.strategy;
  return { sweep: prepared.id, ...prepared.plan, strategy: { name, contentHash } };
}
