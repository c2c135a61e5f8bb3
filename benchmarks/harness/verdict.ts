import type { Figure, Measure } from './document.ts';

export type Verdict = 'not met' | 'met' | 'stretch met' | '–';

/** How a figure stands to its target. */
export function verdictOf({ ratio, target }: Pick<Figure, 'ratio' | 'target'>): Verdict {
  if (target === undefined) return '–';
  if (target.stretch !== undefined && ratio.median >= target.stretch) return 'stretch met';
  return ratio.median >= target.minimum ? 'met' : 'not met';
}

export function verdictOfMeasure({ value, target }: Pick<Measure, 'value' | 'target'>): Verdict {
  if (target === undefined) return '–';
  const reached = target.kind === 'at least' ? value.median >= target.value : value.median <= target.value;
  return reached ? 'met' : 'not met';
}
