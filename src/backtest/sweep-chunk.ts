import { createHash } from 'node:crypto';
import { invariant } from '../foundation/errors.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import type { CheckedParameters } from '../strategy/feeds.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { EventPath } from './sweep-event-path.ts';
import type { SweepPlan } from './sweep-plan.ts';
import type { PointRunner } from './sweep-point.ts';
import { type ChunkRows, encodeRows, type SweepRow } from './sweep-rows.ts';
import { SweepSpace } from './sweep-space.ts';
import { termsFromJson } from './sweep-terms.ts';

/** Which way points are computed; `auto` takes columns where they can do it. The figures are the same. */
export type SweepPath = 'auto' | 'event' | 'columns';

/** What computing a sweep takes besides its plan. */
export interface SweepParts {
  /** The strategy that the plan names. */
  readonly definition: AnyStrategyDefinition;
  /** The bars of each feed of the plan, by feed name. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
  /** Why a point failed, in one sentence, of what was thrown. */
  readonly explain: (thrown: unknown) => string;
  /** Default `auto`. */
  readonly path?: SweepPath | undefined;
}

/** A sweep that chunks can be computed of, in one thread. */
export interface OpenSweep {
  readonly plan: SweepPlan;
  readonly space: SweepSpace;
  readonly runner: PointRunner;
  readonly chunks: number;
}

/** Makes ready for {@link runChunk}: once for each sweep in each thread. */
export function openSweep(plan: SweepPlan, { definition, columns, explain, path = 'auto' }: SweepParts): OpenSweep {
  const setting = { definition, columns, explain, terms: termsFromJson(plan.terms) };
  const space = new SweepSpace(definition, plan.space);
  invariant(path !== 'columns', 'This sweep can not be computed by columns');
  return { plan, space, runner: new EventPath(setting), chunks: chunkCount(plan, space) };
}

/**
 * Computes a chunk of a sweep: the rows to be kept under (sweep, number), the same bytes on every machine and in every
 * thread. It knows of no store, no queue and no other thread, so that whoever has the plan, the bars and the strategy
 * can call it: the workers of one process, and `start --role worker` for jobs that came from elsewhere.
 *
 * @param number 0 … chunks − 1
 */
export function runChunk(sweep: OpenSweep, number: number): Uint8Array {
  return encodeRows(chunkRows(sweep, number, (points) => sweep.runner.run(points)));
}

/** The points of a chunk, for whoever runs them one by one. */
export function chunkPoints(sweep: OpenSweep, number: number): readonly CheckedParameters[] {
  const points: CheckedParameters[] = [];
  chunkRows(sweep, number, (all) => {
    points.push(...all);
    return all.map(() => ({ ok: false, message: '' }));
  });
  return points;
}

/** The rows of a chunk whose points `run` gives the outcomes of. */
export function chunkRows({ plan, space, chunks }: OpenSweep, number: number, run: PointRunner['run']): ChunkRows {
  invariant(Number.isInteger(number) && number >= 0 && number < chunks, 'No such chunk', { number, chunks });
  const first = number * plan.chunkEntries;
  const end = Math.min(space.entries, first + plan.chunkEntries);
  const points: number[] = [];
  const parameters: CheckedParameters[] = [];
  const leftOut = { where: 0, check: 0 };
  for (let index = first; index < end; index++) {
    const entry = space.entry(index);
    if (entry.kind === 'left-out') {
      leftOut[entry.by] += 1;
      continue;
    }
    points.push(entry.point);
    parameters.push(entry.parameters);
  }
  const outcomes = run(parameters);
  invariant(outcomes.length === points.length, 'As many outcomes as points', {
    points: points.length,
    outcomes: outcomes.length,
  });
  const rows: SweepRow[] = points.map((point, index) => ({ point, outcome: outcomes[index]! }));
  return { rows, leftOutByWhere: leftOut.where, leftOutByCheck: leftOut.check };
}

export function chunkCount(plan: SweepPlan, space: SweepSpace): number {
  return Math.ceil(space.entries / plan.chunkEntries);
}

/** By this the bars of a feed are known to plans and workers: SHA-256 of their number, interval and columns. */
export function columnsHash(columns: CandleColumns): string {
  return createHash('sha256')
    .update(`columns 1 ${columns.length} ${columns.intervalMs}\n`)
    .update(new Uint8Array(columns.buffer))
    .digest('hex');
}
