import { SWEEP_FIGURE_KEYS } from '../../app/sweep-ranking.ts';
import type { SweepView } from './sweep-view.ts';

/**
 * One JSON document and a line feed. All of it but `timing` is the same for the same command, whatever the number of
 * workers. Figures that are undefined are `null`; those without bound are `"Infinity"` or `"-Infinity"`.
 */
export function sweepJson({ prepared, table, ranking, timing }: SweepView): string {
  const { id, plan, space, notes } = prepared;
  const rows = table.best.map(({ point, outcome }, index) => ({
    rank: index + 1,
    point,
    parameters: space.parameters(point),
    ...(outcome.ok ? { figures: figuresOf(outcome.figures) } : { error: outcome.message }),
  }));
  const document = {
    sweep: id,
    // Where the strategy's file lies is no part of the sweep.
    plan: { ...plan, strategy: { name: plan.strategy.name, contentHash: plan.strategy.contentHash } },
    counts: table.counts,
    ranking: { figure: ranking.key, better: ranking.better },
    rows,
    notes,
    timing,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function figuresOf(figures: Float64Array): Record<string, number | string | null> {
  return Object.fromEntries(SWEEP_FIGURE_KEYS.map((key, index) => [key, plainNumber(figures[index]!)]));
}

function plainNumber(value: number): number | string | null {
  if (Number.isNaN(value)) return null;
  return Number.isFinite(value) ? value : String(value);
}
