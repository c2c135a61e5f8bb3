import { invariant, UserError } from '../foundation/errors.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import type { CheckedParameters } from '../strategy/feeds.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { columnRunner } from './columns/column-runner.ts';
import { EventPath } from './sweep-event-path.ts';
import type { SweepPlan } from './sweep-plan.ts';
import type { PointRunner } from './sweep-point.ts';
import { type ChunkRows, encodeRows, type SweepRow } from './sweep-rows.ts';
import { SweepSpace } from './sweep-space.ts';
import { sessionOf, termsFromJson } from './sweep-terms.ts';

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

/** The chunks of a sweep and their points, nothing computed. */
export interface SweepChunks {
  readonly plan: SweepPlan;
  readonly space: SweepSpace;
  readonly chunks: number;
}

/** A sweep that chunks can be computed of, in one thread. */
export interface OpenSweep extends SweepChunks {
  readonly runner: PointRunner;
}

export function sweepChunks(plan: SweepPlan, definition: AnyStrategyDefinition): SweepChunks {
  const space = new SweepSpace(definition, plan.space);
  return { plan, space, chunks: Math.ceil(space.entries / plan.chunkEntries) };
}

/**
 * Makes ready for {@link runChunk}: once for each sweep in each thread.
 *
 * @throws UserError when the path that is asked for can't do this sweep
 */
export function openSweep(plan: SweepPlan, parts: SweepParts): OpenSweep {
  return { ...sweepChunks(plan, parts.definition), runner: runnerOf(plan, parts) };
}

function runnerOf(plan: SweepPlan, { definition, columns, explain, path = 'auto' }: SweepParts): PointRunner {
  const terms = termsFromJson(plan.terms);
  const event = new EventPath({ definition, columns, explain, terms });
  if (path === 'event') return event;
  const session = sessionOf(definition, terms, plan.space.fixed);
  const { venue: costs, endOfRun } = terms;
  const runner = columnRunner({ session, columns, costs, endOfRun }, event);
  if (runner !== undefined || path === 'auto') return runner ?? event;
  throw new UserError(
    `This sweep can't be computed by columns: ${definition.name} says no signals as columns, or not on these terms. Leave out --path columns.`,
  );
}

/**
 * Computes a chunk of a sweep: the rows to be kept under (sweep, number), the same bytes on every machine and in every
 * thread. It knows of no store, no queue and no other thread, so that whoever has the plan, the bars and the strategy
 * can call it: the workers of one process, and `start --role worker` for jobs that came from elsewhere.
 *
 * @param number 0 … chunks − 1
 * @param onPoints told how many more points are done
 */
export function runChunk(sweep: OpenSweep, number: number, onPoints?: (count: number) => void): Uint8Array {
  const { runner } = sweep;
  const rows = chunkRows(sweep, number, (points) => {
    // Bar by bar a point takes its time, and points share nothing: each is told of.
    const batches = runner.path === 'event' ? points.map((point) => [point]) : [points];
    return batches.flatMap((batch) => {
      const outcomes = runner.run(batch);
      onPoints?.(batch.length);
      return outcomes;
    });
  });
  return encodeRows(rows);
}

/** The points of a chunk, for whoever runs them one by one. */
export function chunkPoints(sweep: SweepChunks, number: number): readonly CheckedParameters[] {
  let points: readonly CheckedParameters[] = [];
  chunkRows(sweep, number, (all) => {
    points = all;
    return all.map(() => ({ ok: false, message: '' }));
  });
  return points;
}

/** The rows of a chunk whose points `run` gives the outcomes of. */
export function chunkRows({ plan, space, chunks }: SweepChunks, number: number, run: PointRunner['run']): ChunkRows {
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
