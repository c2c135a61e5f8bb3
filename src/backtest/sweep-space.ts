import { invariant, UserError } from '../foundation/errors.ts';
import { Random } from '../foundation/random.ts';
import { unknownParameter } from '../strategy/check-parameters.ts';
import type { CheckedParameters } from '../strategy/feeds.ts';
import type { ParameterValue } from '../strategy/parameters.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { type AxisValues, axisValues, readAxis, type SweepAxis } from './sweep-axis.ts';
import { type Constraint, readConstraint } from './sweep-where.ts';

/** Which points a sweep has, as plain data. */
export interface SpacePlan {
  /** In the order in which they were given: the last one changes fastest from point to point. */
  readonly axes: readonly SweepAxis[];
  /** The values of all other parameters. */
  readonly fixed: Readonly<Record<string, ParameterValue>>;
  /** Conditions that a point must meet, all of them. */
  readonly where: readonly string[];
  /** So many points drawn from the grid instead of all; `null` for all. */
  readonly random: { readonly count: number; readonly seed: number } | null;
}

/** What a person says of the points. */
export interface SpaceWishes {
  /** By parameter, as `readAxis` reads them. */
  readonly set: readonly { readonly name: string; readonly value: string }[];
  readonly where: readonly string[];
  readonly random: { readonly count: number; readonly seed: number } | null;
}

/** One point of the grid, or why it is none. */
export type SpaceEntry =
  | { readonly kind: 'point'; readonly point: number; readonly parameters: CheckedParameters }
  | { readonly kind: 'left-out'; readonly by: 'where' | 'check' };

/** The counts of a space that was gone through. */
export interface SpaceSurvey {
  readonly points: number;
  readonly leftOutByWhere: number;
  readonly leftOutByCheck: number;
}

/** A random search gives up when so many draws in a row have all been left out. */
const MOST_FRUITLESS_DRAWS = 1_000_000;

/** @throws UserError in one sentence for everything that a person can have got wrong */
export function readSpace(definition: AnyStrategyDefinition, wishes: SpaceWishes): SpacePlan {
  const { name: strategy, parameters } = definition;
  const axes = new Map<string, SweepAxis>();
  for (const { name, value } of wishes.set) {
    const spec = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (spec === undefined) throw unknownParameter(strategy, name, Object.keys(parameters));
    if (axes.has(name)) throw new UserError(`The parameter ${name} is set twice: give --set ${name}=… once.`);
    axes.set(name, readAxis(strategy, name, spec, value));
  }
  for (const text of wishes.where) readConstraint(text, parameters);
  const fixed = Object.entries(parameters).filter(([name]) => !axes.has(name));
  return {
    axes: [...axes.values()],
    fixed: Object.fromEntries(fixed.map(([name, spec]) => [name, spec.default])),
    where: wishes.where,
    random: wishes.random,
  };
}

/** The points of a sweep by index, none of them held: the index of a point is its place in the whole grid. */
export class SweepSpace {
  readonly plan: SpacePlan;
  /** Points of the whole grid, those included that will be left out. Beyond 2⁵³ it is rounded. */
  readonly gridSize: number;
  readonly #definition: AnyStrategyDefinition;
  readonly #axes: readonly AxisValues[];
  readonly #constraints: readonly Constraint[];
  #drawn: Float64Array | undefined;

  constructor(definition: AnyStrategyDefinition, plan: SpacePlan) {
    this.plan = plan;
    this.#definition = definition;
    this.#axes = plan.axes.map(axisValues);
    this.gridSize = this.#axes.reduce((product, { count }) => product * count, 1);
    this.#constraints = plan.where.map((text) => readConstraint(text, definition.parameters));
  }

  /** How many entries there are to go through: the grid's points, or those drawn from it. */
  get entries(): number {
    return this.plan.random === null ? this.gridSize : this.#draws.length;
  }

  /** @param index 0 … entries − 1 */
  entry(index: number): SpaceEntry {
    return this.#admit(this.plan.random === null ? index : this.#draws[index]!);
  }

  /** The parameters of a point of the grid, whether it is left out or not, in the strategy's order. */
  parameters(point: number): CheckedParameters {
    invariant(point >= 0 && point < this.gridSize, 'No such point in the grid', { point, size: this.gridSize });
    const swept = new Map<string, ParameterValue>();
    let rest = point;
    for (let index = this.#axes.length - 1; index >= 0; index--) {
      const axis = this.#axes[index]!;
      swept.set(axis.name, axis.value(rest % axis.count));
      rest = Math.floor(rest / axis.count);
    }
    const names = Object.keys(this.#definition.parameters);
    return Object.fromEntries(names.map((name) => [name, swept.get(name) ?? this.plan.fixed[name]!]));
  }

  /** Goes through all entries and counts. */
  survey(): SpaceSurvey {
    const counts = { points: 0, leftOutByWhere: 0, leftOutByCheck: 0 };
    for (let index = 0; index < this.entries; index++) {
      const entry = this.entry(index);
      if (entry.kind === 'point') counts.points += 1;
      else if (entry.by === 'where') counts.leftOutByWhere += 1;
      else counts.leftOutByCheck += 1;
    }
    return counts;
  }

  #admit(point: number): SpaceEntry {
    const parameters = this.parameters(point);
    for (const holds of this.#constraints) if (!holds(parameters)) return { kind: 'left-out', by: 'where' };
    return isRefused(this.#definition, parameters)
      ? { kind: 'left-out', by: 'check' }
      : { kind: 'point', point, parameters };
  }

  get #draws(): Float64Array {
    this.#drawn ??= this.#draw(this.plan.random!);
    return this.#drawn;
  }

  /**
   * Points without repetition, each set of them as likely as any other (Fisher and Yates, 1938, with the shuffled places
   * alone in memory), in rising order, so that neighbours are computed together. Points that are left out are not drawn.
   */
  #draw({ count, seed }: { readonly count: number; readonly seed: number }): Float64Array {
    const random = new Random(seed, 'sweep');
    const moved = new Map<number, number>();
    const points: number[] = [];
    let fruitless = 0;
    for (let at = 0; at < this.gridSize && points.length < count && fruitless < MOST_FRUITLESS_DRAWS; at++) {
      const place = random.integer(at, this.gridSize - 1);
      const point = moved.get(place) ?? place;
      moved.set(place, moved.get(at) ?? at);
      moved.delete(at);
      if (this.#admit(point).kind === 'point') {
        points.push(point);
        fruitless = 0;
      } else fruitless += 1;
    }
    return Float64Array.from(points).sort();
  }
}

/** A `check` that throws refuses nothing: the point says so itself when it is run. */
function isRefused(definition: AnyStrategyDefinition, parameters: CheckedParameters): boolean {
  try {
    return definition.check?.(parameters) !== undefined;
  } catch {
    return false;
  }
}
