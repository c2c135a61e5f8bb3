import { styleText } from 'node:util';
import { SWEEP_FIGURE_KEYS, type SweepFigureKey, type SweepRow } from '../../app/sweep-ranking.ts';
import { describeFigure } from '../../statistics/figures.ts';
import { plain } from '../terminal-text.ts';
import { textTable, wrap } from '../text-table.ts';
import { formatDuration, formatNumber, formatPercent, UNDEFINED } from './figure-format.ts';
import type { SweepView } from './sweep-view.ts';

export interface SweepTerminalOptions {
  readonly width: number;
  readonly colour: boolean;
}

/** The figures that are shown, in short words, besides the one that is ranked by. As many as the line has place for. */
const SHOWN: readonly (readonly [SweepFigureKey, string])[] = [
  ['returnPercent', 'return'],
  ['sharpeRatio', 'sharpe'],
  ['maximumDrawdownPercent', 'drawdown'],
  ['roundTrips', 'trades'],
  ['winRatePercent', 'won'],
  ['moneyProfitFactor', 'profit f.'],
  ['calmarRatio', 'calmar'],
  ['timeInMarketPercent', 'in market'],
  ['fees', 'fees'],
];

/** A sweep as text: what it was, the best points as a table, what failed, and how fast it went. */
export function sweepTerminal(view: SweepView, { width, colour }: SweepTerminalOptions): string {
  const paint = (style: 'bold' | 'dim' | 'green' | 'red', text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const sections = [
    head(view, paint),
    bestTable(view, width, paint),
    ...failures(view, width),
    paint('dim', wrap(pace(view), width)),
    ...view.prepared.notes.map((note) => paint('dim', wrap(plain(note), width))),
  ];
  return `${sections.join('\n\n')}\n`;
}

type Paint = (style: 'bold' | 'dim' | 'green' | 'red', text: string) => string;

function head({ prepared, table, ranking }: SweepView, paint: Paint): string {
  const { definition, terms, columns, feeds } = prepared;
  const { counts } = table;
  const bars = columns.values().next().value?.length ?? 0;
  const market = `${terms.symbols.join(', ')} ${feeds[0]?.timeframe ?? terms.timeframe}`;
  const left = [
    ...(counts.leftOutByWhere > 0 ? [`${count(counts.leftOutByWhere)} left out by --where`] : []),
    ...(counts.leftOutByCheck > 0 ? [`${count(counts.leftOutByCheck)} left out by the strategy's own rules`] : []),
    ...(counts.failed > 0 ? [`${count(counts.failed)} failed`] : []),
  ];
  const points = `${count(counts.points)} points over ${count(bars)} bars`;
  return [
    `${paint('bold', plain(definition.title))}  ${plain(market)}`,
    paint('dim', [points, ...left].join(', ')),
    paint('dim', `Ranked by ${describeFigure(ranking.key).title.toLowerCase()}, ${ranking.better} is better`),
  ].join('\n');
}

function bestTable({ prepared, table, ranking }: SweepView, width: number, paint: Paint): string {
  const rows = table.best.filter(({ outcome }) => outcome.ok);
  if (rows.length === 0) return 'No point has figures.';
  const names = prepared.plan.space.axes.map(({ name }) => name);
  const first: readonly (readonly [SweepFigureKey, string])[] = [
    [ranking.key, SHOWN.find(([key]) => key === ranking.key)?.[1] ?? ranking.short],
  ];
  const figures = [...first, ...SHOWN.filter(([key]) => key !== ranking.key)];
  for (;;) {
    const cells = rows.map((row, index) => cellsOf(row, index, names, figures, prepared.space.parameters(row.point)));
    const heads = ['', ...names, ...figures.map(([, title]) => title)];
    const columns = heads.map((_, column) => Math.max(...[heads, ...cells].map((row) => row[column]!.length)));
    const used = columns.reduce((sum, each) => sum + each + 2, -2);
    if (used <= width || figures.length === 1) {
      // The table fills its last column up to the line: right-aligned cells are padded here.
      const last = columns.length - 1;
      const padded = [heads, ...cells].map((row) =>
        row.map((cell, at) => (at === last ? cell.padStart(columns[at]!) : cell)),
      );
      return textTable(padded.slice(1), {
        width: Math.max(width, used),
        heads: padded[0]!,
        right: new Set(heads.keys()),
        paint: (cell, column, isHead) => {
          if (isHead || column === 0) return paint('dim', cell);
          return column <= names.length
            ? paint('bold', cell)
            : coloured(cell, figures[column - names.length - 1]![0], paint);
        },
      });
    }
    figures.pop();
  }
}

function cellsOf(
  { outcome }: SweepRow,
  index: number,
  names: readonly string[],
  figures: readonly (readonly [SweepFigureKey, string])[],
  parameters: Readonly<Record<string, unknown>>,
): string[] {
  const values = figures.map(([key]) => (outcome.ok ? shortFigure(key, outcome.figures) : UNDEFINED));
  return [String(index + 1), ...names.map((name) => String(parameters[name])), ...values];
}

function shortFigure(key: SweepFigureKey, figures: Float64Array): string {
  const value = figures[SWEEP_FIGURE_KEYS.indexOf(key)]!;
  if (value === Number.POSITIVE_INFINITY) return '∞';
  const { unit } = describeFigure(key);
  if (unit === 'percent') return formatPercent(value);
  return formatNumber(value, unit === 'count' ? 0 : 2);
}

function coloured(cell: string, key: SweepFigureKey, paint: Paint): string {
  if (describeFigure(key).signed !== true) return cell;
  return /^\s*-/.test(cell) ? paint('red', cell) : paint('green', cell);
}

/** Each sentence once, with how many points it is of and one of them. */
function failures({ prepared, table }: SweepView, width: number): string[] {
  const { failed } = table.counts;
  if (failed === 0) return [];
  const shown = table.failures.map(({ message, count: times, point }) => {
    const names = prepared.plan.space.axes.map(({ name }) => name);
    const values = prepared.space.parameters(point);
    const at = names.map((name) => `${name}=${String(values[name])}`).join(' ');
    return wrap(`${times === 1 ? 'One point' : `${count(times)} points`}, ${plain(at)}: ${plain(message)}`, width);
  });
  return [[`${failed === 1 ? 'One point has' : `${count(failed)} points have`} no figures:`, ...shown].join('\n')];
}

function pace({ prepared, timing }: SweepView): string {
  const { pointsComputed: points, elapsedMs, workers, chunksFound } = timing;
  const found = chunksFound > 0 ? ' The rest was done before.' : '';
  if (points === 0)
    return chunksFound > 0 ? 'All of it was done before: --fresh computes it again.' : 'Nothing was computed.';
  const bars = [...prepared.columns.values()].reduce((sum, { length }) => sum + length, 0);
  const rate = (points * 1_000) / elapsedMs;
  return `${count(points)} points in ${duration(elapsedMs)} on ${workers} ${workers === 1 ? 'worker' : 'workers'}: ${count(Math.round(rate))} points/s, ${formatNumber((rate * bars) / 1e6, 1)} million bars/s.${found}`;
}

/** Sweeps that take seconds are told in tenths of them. */
function duration(milliseconds: number): string {
  return milliseconds < 60_000
    ? `${formatNumber(milliseconds / 1_000, 1)} s`
    : formatDuration(Math.round(milliseconds));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
