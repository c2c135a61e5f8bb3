import { timeframeMs } from '../../domain/timeframe.ts';
import type { Json } from '../../foundation/json.ts';
import { describeFigure, FIGURE_KEYS, type FigureGroup, type FigureKey } from '../../statistics/figures.ts';
import type { RunSummary } from '../../statistics/report.ts';
import { type MonthlyReturn, monthlyReturns } from '../../statistics/returns.ts';
import type { RunReport } from '../../statistics/run-report.ts';
import { formatFigure, formatNumber, formatTime } from './figure-format.ts';

/** The parts of the HTML report that need no script. Every text that isn't ours goes through {@link escapeHtml}. */
export function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => names[character]!);
}

export function headSection(report: RunReport): string {
  const { strategy, summary } = report;
  const parameters = Object.entries(strategy.parameters).map(
    ([name, value]) => `<li>${escapeHtml(name)} = ${escapeHtml(plainValue(value))}</li>`,
  );
  return `<header>
<h1>${escapeHtml(strategy.title)} <span>on ${escapeHtml(report.symbols.join(', '))}, ${report.timeframe}</span></h1>
<p>${formatTime(summary.startTime)} to ${formatTime(summary.endTime)} UTC · ${formatNumber(summary.figures.bars, 0)} bars</p>
${strategy.description === undefined ? '' : `<p>${escapeHtml(strategy.description)}</p>`}
${parameters.length === 0 ? '' : `<ul class="chips">${parameters.join('')}</ul>`}
</header>`;
}

const TILES: readonly FigureKey[] = [
  'returnPercent',
  'buyAndHoldReturnPercent',
  'maximumDrawdownPercent',
  'sharpeRatio',
  'winRatePercent',
  'profitFactor',
  'roundTrips',
  'finalPortfolioValue',
];

export function tilesSection(summary: RunSummary): string {
  const tiles = TILES.map(
    (key) => `<div><dt>${escapeHtml(describeFigure(key).title)}</dt>${figureValue(summary, key)}</div>`,
  );
  return `<dl class="tiles">${tiles.join('')}</dl>`;
}

const GROUPS: readonly (readonly [FigureGroup, string])[] = [
  ['result', 'Result'],
  ['return and risk', 'Return and risk'],
  ['drawdown', 'Drawdown'],
  ['trades', 'Trades'],
  ['activity', 'Activity'],
  ['empyrical', 'In the definitions of empyrical'],
  ['freqtrade', 'In the definitions of freqtrade'],
];

export function figuresSection(summary: RunSummary): string {
  const sections = GROUPS.map(([group, title]) => {
    const rows = FIGURE_KEYS.filter((key) => describeFigure(key).group === group).map((key) => {
      const { title: name, definition } = describeFigure(key);
      return `<div><dt title="${escapeHtml(definition)}">${escapeHtml(name)}</dt>${figureValue(summary, key)}</div>`;
    });
    return `<section><h3>${title}</h3><dl>${rows.join('')}</dl></section>`;
  });
  return `<section class="card"><h2>Statistics</h2><div class="figures">${sections.join('')}</div></section>`;
}

function figureValue(summary: RunSummary, key: FigureKey): string {
  const value = summary.figures[key];
  const tone = !describeFigure(key).signed || !(value !== 0) || Number.isNaN(value) ? '' : value > 0 ? 'gain' : 'loss';
  return `<dd${tone === '' ? '' : ` class="${tone}"`}>${escapeHtml(formatFigure(summary, key))}</dd>`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A row for each year, a cell for each month, coloured by its return; nothing for a run within one month. */
export function monthsSection(report: RunReport): string {
  const barLength = timeframeMs(report.timeframe);
  const openTimes = report.closeTimes.map((time) => time - barLength);
  const months = monthlyReturns(openTimes, report.equity, report.summary.figures.startingBalance);
  if (months.length < 2) return '';
  const strongest = Math.max(...months.map((month) => Math.abs(month.returnFraction)).filter(Number.isFinite), 1e-9);
  const years = [...new Set(months.map((month) => month.year))];
  const rows = years.map((year) => {
    const own = months.filter((month) => month.year === year);
    const cells = MONTHS.map((_, index) =>
      monthCell(
        own.find((month) => month.month === index + 1),
        strongest,
      ),
    );
    const whole = own.reduce((wealth, month) => wealth * (1 + month.returnFraction), 1) - 1;
    const tone = whole > 0 ? ' class="gain"' : whole < 0 ? ' class="loss"' : '';
    return `<tr><th class="left">${year}</th>${cells.join('')}<td${tone}>${formatNumber(whole * 100, 1)}</td></tr>`;
  });
  const head = `<tr><th class="left">%</th>${MONTHS.map((name) => `<th>${name}</th>`).join('')}<th>Year</th></tr>`;
  return `<section class="card"><h2>Monthly returns</h2><div class="scroll"><table class="months"><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

function monthCell(month: MonthlyReturn | undefined, strongest: number): string {
  if (month === undefined || !Number.isFinite(month.returnFraction)) return '<td></td>';
  const strength = (0.06 + 0.5 * Math.sqrt(Math.abs(month.returnFraction) / strongest)).toFixed(3);
  const tint = month.returnFraction > 0 ? '--gain-tint' : '--loss-tint';
  const style = month.returnFraction === 0 ? '' : ` style="--tint:var(${tint});--strength:${strength}"`;
  return `<td class="month"${style}>${formatNumber(month.returnFraction * 100, 1)}</td>`;
}

export function configurationSection(report: RunReport): string {
  const shown: Json = { strategy: report.strategy.name, ...report.configuration };
  return `<details class="card" open><summary>Run configuration</summary><pre>${escapeHtml(JSON.stringify(shown, undefined, 2))}</pre></details>`;
}

export function notesSection(notes: readonly string[]): string {
  const items = notes.map((note) => `<li>${escapeHtml(note)}</li>`);
  return `<section class="card"><h2>Notes</h2><ul class="notes">${items.join('')}</ul></section>`;
}

export function definitionsSection(): string {
  const items = FIGURE_KEYS.map((key) => {
    const { title, definition } = describeFigure(key);
    return `<div><dt>${escapeHtml(title)}:</dt> <dd>${escapeHtml(definition)}</dd></div>`;
  });
  return `<details class="card"><summary>Definitions of the figures</summary><dl class="definitions">${items.join('')}</dl></details>`;
}

function plainValue(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
