import type { BestRun } from '../../app/sweep-best.ts';
import { axisValues, RANKINGS, SWEEP_FIGURE_KEYS, type SweepRow } from '../../app/sweep-ranking.ts';
import type { JsonObject } from '../../foundation/json.ts';
import { describeFigure } from '../../statistics/figures.ts';
import { type PackedColumns, packColumns } from './column-codec.ts';
import type { SweepView } from './sweep-view.ts';

/** What the page of a sweep carries: a document and columns of numbers. */
export interface SweepPageData {
  readonly document: JsonObject;
  readonly packed: PackedColumns;
}

const MOST_CURVE_ROWS = 1_500;
const MOST_AXIS_VALUES = 5_000;

/** @param rows points with figures; the curves' among them */
export function sweepPageData(view: SweepView, rows: readonly SweepRow[], runs: readonly BestRun[]): SweepPageData {
  const { prepared, ranking } = view;
  const axes = prepared.plan.space.axes.map((axis) => axisValues(axis));
  const columns: Record<string, Float64Array> = {};
  const indexes = axes.map(() => new Float64Array(rows.length));
  for (const [row, { point }] of rows.entries()) {
    let rest = point;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      indexes[axis]![row] = rest % axes[axis]!.count;
      rest = Math.floor(rest / axes[axis]!.count);
    }
  }
  for (const [axis, values] of indexes.entries()) columns[`axis${axis}`] = values;
  for (const figure of SWEEP_FIGURE_KEYS.keys()) {
    columns[`figure${figure}`] = Float64Array.from(rows, ({ outcome }) =>
      outcome.ok ? outcome.figures[figure]! : Number.NaN,
    );
  }
  const kept = thinRows(runs[0]?.closeTimes.length ?? 0);
  const taken = (values: Float64Array): Float64Array => Float64Array.from(kept, (row) => values[row]!);
  if (runs[0] !== undefined) {
    columns.time = taken(runs[0].closeTimes).map((time) => time / 1_000);
    columns.market = taken(runs[0].market);
    for (const [index, run] of runs.entries()) columns[`curve${index}`] = taken(run.equity);
  }
  const rowOf = new Map(rows.map((row, index) => [row.point, index]));
  const document = {
    axes: axes.map((axis) => {
      const values = Array.from({ length: Math.min(axis.count, MOST_AXIS_VALUES) }, (_, index) => axis.value(index));
      return { name: axis.name, labels: values.map(String), ordered: values.every((each) => typeof each === 'number') };
    }),
    figures: RANKINGS.map(({ key, better }) => {
      const { title, unit, signed, definition } = describeFigure(key);
      return { key, title, unit, signed: signed === true, better, definition };
    }),
    ranking: ranking.column,
    currency: prepared.terms.currency,
    startingBalance: Number(prepared.plan.terms.startingBalance),
    symbol: prepared.terms.symbols[0] ?? '',
    curves: runs.map(({ row }) => rowOf.get(row.point) ?? -1),
  };
  return { document, packed: packColumns(columns) };
}

/** At most so many rows of a curve, evenly, the last one always. */
function thinRows(length: number): number[] {
  const step = Math.max(1, Math.ceil(length / MOST_CURVE_ROWS));
  const rows: number[] = [];
  for (let row = (length - 1) % step; row < length; row += step) rows.push(row);
  return rows;
}
