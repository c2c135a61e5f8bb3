import { stripVTControlCharacters, styleText } from 'node:util';
import { describeFigure, FIGURE_KEYS, type FigureGroup, type FigureKey } from '../../statistics/figures.ts';
import type { RunSummary } from '../../statistics/report.ts';
import type { RunReport } from '../../statistics/run-report.ts';
import type { TradeRecord } from '../../statistics/trade-record.ts';
import { formatAmount, formatFigure, formatMoney, formatNumber, formatPercent, formatTime } from './figure-format.ts';
import { reportNotes } from './report-notes.ts';
import { brailleChart } from './unicode-chart.ts';

export interface TerminalReportOptions {
  /** Characters in a line. */
  readonly width: number;
  /** Whether the terminal shows colours: the caller knows of TTY and NO_COLOR. */
  readonly colour: boolean;
  /** How many of the last trades to list. Default 10. */
  readonly lastTrades?: number;
  /** Whether to print the definition of every figure. Default false. */
  readonly definitions?: boolean;
}

/** A run as text: head, figures, equity and drawdown curves, the last trades, and what to know about the figures. */
export function terminalReport(report: RunReport, options: TerminalReportOptions): string {
  const paint = painter(options.colour);
  const sections = [
    head(report, paint),
    figuresTable(report.summary, options.width, paint),
    curves(report, options.width, paint),
    lastTrades(report, options.lastTrades ?? 10, options.width, paint),
    notes(report, options.width, paint),
  ];
  if (options.definitions === true) sections.push(definitions(options.width, paint));
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan';
type Painter = (style: Style, text: string) => string;

function painter(colour: boolean): Painter {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}

/** Names come from strategies and files: none of them may move the cursor or change colours. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, ' ');
}

function head(report: RunReport, paint: Painter): string {
  const { summary, strategy } = report;
  const parameters = Object.entries(strategy.parameters).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const lines = [
    `${paint('bold', plain(strategy.title))}  ${plain(report.symbols.join(', '))} ${report.timeframe}`,
    paint(
      'dim',
      `${formatTime(summary.startTime)} to ${formatTime(summary.endTime)} UTC, ${formatNumber(summary.figures.bars, 0)} bars`,
    ),
  ];
  if (parameters.length > 0) lines.push(paint('dim', plain(parameters.join('  '))));
  return lines.join('\n');
}

const GROUP_TITLES: Readonly<Record<FigureGroup, string>> = {
  result: 'Result',
  'return and risk': 'Return and risk',
  drawdown: 'Drawdown',
  trades: 'Trades',
  activity: 'Activity',
  empyrical: 'In the definitions of empyrical',
  freqtrade: 'In the definitions of freqtrade',
};

const COLUMNS: readonly (readonly FigureGroup[])[] = [
  ['result', 'drawdown', 'activity', 'freqtrade'],
  ['return and risk', 'trades', 'empyrical'],
];

function figuresTable(summary: RunSummary, width: number, paint: Painter): string {
  const gap = 4;
  const twoColumns = width >= 92;
  const columnWidth = twoColumns ? Math.min(56, Math.floor((width - gap) / 2)) : Math.min(width, 60);
  const blocks = COLUMNS.map((groups) =>
    groups.flatMap((group, index) => [...(index > 0 ? [''] : []), ...groupLines(summary, group, columnWidth, paint)]),
  );
  if (!twoColumns) return blocks.map((lines) => lines.join('\n')).join('\n\n');
  const [left = [], right = []] = blocks;
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) => {
    const first = left[row] ?? '';
    return `${padEnd(first, columnWidth)}${' '.repeat(gap)}${right[row] ?? ''}`.trimEnd();
  }).join('\n');
}

function groupLines(summary: RunSummary, group: FigureGroup, width: number, paint: Painter): string[] {
  const keys = FIGURE_KEYS.filter((key) => describeFigure(key).group === group);
  return [paint('bold', GROUP_TITLES[group]), ...keys.map((key) => figureLine(summary, key, width, paint))];
}

function figureLine(summary: RunSummary, key: FigureKey, width: number, paint: Painter): string {
  const { title, signed } = describeFigure(key);
  const value = formatFigure(summary, key);
  const dots = paint('dim', '·'.repeat(Math.max(1, width - 4 - title.length - value.length)));
  return `  ${title} ${dots} ${signed ? paintSign(summary.figures[key], value, paint) : value}`;
}

function paintSign(value: number, text: string, paint: Painter): string {
  return value > 0 ? paint('green', text) : value < 0 ? paint('red', text) : text;
}

function curves(report: RunReport, width: number, paint: Painter): string {
  const chartWidth = Math.max(20, Math.min(width, 116) - 2);
  const equity = brailleChart(report.equity, chartWidth, 6);
  if (equity.length === 0) return '';
  const { figures, currency } = report.summary;
  const fell = figures.maximumDrawdownPercent < 0;
  return [
    `${paint('bold', 'Equity')}  ${paint('dim', `${formatMoney(figures.startingBalance)} to ${formatMoney(figures.finalPortfolioValue)} ${currency}, peak ${formatMoney(figures.equityPeak)}`)}`,
    ...equity.map((line) => `  ${paint('cyan', line)}`),
    `${paint('bold', 'Drawdown')}  ${paint('dim', `greatest ${formatPercent(figures.maximumDrawdownPercent)}${fell ? `, lowest on ${formatTime(figures.maximumDrawdownValleyTime)}` : ''}`)}`,
    ...(fell ? brailleChart(report.drawdown, chartWidth, 3, 'down').map((line) => `  ${paint('red', line)}`) : []),
  ].join('\n');
}

interface TradeColumn {
  readonly heading: string;
  readonly align: 'left' | 'right';
  /** Left out of narrower terminals. */
  readonly fromWidth: number;
  readonly cell: (trade: TradeRecord) => string;
  readonly signed?: true;
}

const TRADE_COLUMNS: readonly TradeColumn[] = [
  { heading: 'Symbol', align: 'left', fromWidth: 0, cell: (trade) => plain(trade.symbol) },
  { heading: 'Side', align: 'left', fromWidth: 0, cell: (trade) => trade.side },
  { heading: 'Entry', align: 'left', fromWidth: 0, cell: (trade) => formatTime(trade.entryTime) },
  { heading: 'Exit', align: 'left', fromWidth: 0, cell: (trade) => formatTime(trade.exitTime) },
  { heading: 'Quantity', align: 'right', fromWidth: 92, cell: (trade) => formatAmount(trade.quantity) },
  { heading: 'Entry price', align: 'right', fromWidth: 112, cell: (trade) => formatAmount(trade.entryPrice) },
  { heading: 'Exit price', align: 'right', fromWidth: 112, cell: (trade) => formatAmount(trade.exitPrice) },
  { heading: 'Profit', align: 'right', fromWidth: 0, cell: (trade) => formatMoney(trade.profit), signed: true },
  {
    heading: 'Return',
    align: 'right',
    fromWidth: 0,
    cell: (trade) => formatPercent(trade.returnFraction * 100),
    signed: true,
  },
];

function lastTrades(report: RunReport, count: number, width: number, paint: Painter): string {
  if (count === 0) return '';
  const shown = report.trades.slice(-count);
  if (shown.length === 0) return `${paint('bold', 'Trades')}\n  none was closed`;
  const columns = TRADE_COLUMNS.filter(({ fromWidth }) => width >= fromWidth).map((column) => {
    const cells = [column.heading, ...shown.map(column.cell)];
    const size = Math.max(...cells.map((cell) => cell.length));
    return cells.map((cell, row) => {
      const padded = column.align === 'left' ? cell.padEnd(size) : cell.padStart(size);
      if (row === 0) return paint('dim', padded);
      return column.signed ? paintSign(shown[row - 1]!.profit, padded, paint) : padded;
    });
  });
  const rows = Array.from(
    { length: shown.length + 1 },
    (_, row) => `  ${columns.map((cells) => cells[row]).join('  ')}`,
  );
  const title = `Last ${shown.length} of ${formatNumber(report.trades.length, 0)} round trips`;
  return [paint('bold', title), ...rows].join('\n');
}

function notes(report: RunReport, width: number, paint: Painter): string {
  const lines = reportNotes(report).flatMap((note) => wrapped(`- ${plain(note)}`, Math.min(width, 110), '  '));
  return [paint('bold', 'Notes'), ...lines.map((line) => `  ${line}`)].join('\n');
}

function definitions(width: number, paint: Painter): string {
  const lines = FIGURE_KEYS.flatMap((key) => {
    const { title, definition } = describeFigure(key);
    return wrapped(`${title}: ${definition}`, Math.min(width, 110), '    ');
  });
  return [paint('bold', 'Definitions'), ...lines.map((line) => `  ${line}`)].join('\n');
}

function wrapped(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width - 2) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Pads by what is seen, not by the colour codes. */
function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stripVTControlCharacters(text).length));
}
