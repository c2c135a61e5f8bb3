import { closestName } from '../foundation/closest-name.ts';
import { UserError } from '../foundation/errors.ts';
import { failed, type Result, success } from '../foundation/result.ts';
import type { ParameterSpec, ParameterSpecs, ParameterValue, ParameterValues } from './parameters.ts';
import type { StrategyDefinition } from './strategy.ts';

/**
 * The values with which a strategy is created: what the user gave, checked, with defaults for the rest. Texts, as from
 * a command line, are read by the declared type. `undefined` counts as not given. The error is one sentence.
 */
export function checkParameters<Specs extends ParameterSpecs>(
  definition: StrategyDefinition<Specs>,
  given: Readonly<Record<string, unknown>>,
): Result<ParameterValues<Specs>, UserError> {
  const { name: strategy, parameters } = definition;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(parameters, name)) return failed(unknownParameter(strategy, name, Object.keys(parameters)));
  }
  const values: Record<string, ParameterValue> = {};
  for (const [name, spec] of Object.entries(parameters)) {
    const wish = Object.hasOwn(given, name) ? given[name] : undefined;
    const value = wish === undefined ? spec.default : readValue(spec, wish);
    if (value === undefined) return failed(wrongValue(strategy, name, spec, wish));
    values[name] = value;
  }
  // Every name and every value has just been checked against its specification.
  const checked = Object.freeze(values) as ParameterValues<Specs>;
  const conflict = definition.check?.(checked);
  return conflict === undefined
    ? success(checked)
    : failed(new UserError(`The parameters of ${strategy} do not go together: ${conflict}.`));
}

/** One parameter as people read it. */
export interface ParameterHelp {
  readonly name: string;
  /** `integer`, `decimal`, `choice` or `flag`. */
  readonly type: ParameterSpec['type'];
  readonly default: string;
  /** `1 to 500`, `sma or ema`, `true or false`. */
  readonly range: string;
  readonly description: string;
}

/** The rows of a help text or a table of parameters, in the order of declaration. */
export function parameterHelp(definition: Pick<StrategyDefinition, 'parameters'>): readonly ParameterHelp[] {
  return Object.entries(definition.parameters).map(([name, spec]) => ({
    name,
    type: spec.type,
    default: String(spec.default),
    range: rangeOf(spec),
    description: spec.description,
  }));
}

/** `value` as a value of `spec`, read from text when it is a text; `undefined` when it is none. */
export function readValue(spec: ParameterSpec, value: unknown): ParameterValue | undefined {
  switch (spec.type) {
    case 'integer':
    case 'decimal': {
      const number = typeof value === 'string' ? readNumber(value) : value;
      if (typeof number !== 'number' || !(number >= spec.minimum && number <= spec.maximum)) return undefined;
      return spec.type === 'decimal' || Number.isInteger(number) ? number : undefined;
    }
    case 'choice':
      return typeof value === 'string' && spec.choices.includes(value) ? value : undefined;
    case 'flag':
      return typeof value === 'boolean' ? value : readFlag(value);
  }
}

const NUMBER_TEXT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function readNumber(text: string): number | undefined {
  const trimmed = text.trim();
  return NUMBER_TEXT.test(trimmed) ? Number(trimmed) : undefined;
}

function readFlag(value: unknown): boolean | undefined {
  if (value === 'true' || value === 'yes' || value === 'on') return true;
  if (value === 'false' || value === 'no' || value === 'off') return false;
  return undefined;
}

function rangeOf(spec: ParameterSpec): string {
  switch (spec.type) {
    case 'integer':
    case 'decimal':
      return `${spec.minimum} to ${spec.maximum}`;
    case 'choice':
      return spec.choices.join(' or ');
    case 'flag':
      return 'true or false';
  }
}

/** Says that there is no parameter of this name, and which there are. */
export function unknownParameter(strategy: string, name: string, known: readonly string[]): UserError {
  const near = closestName(name, known);
  const guess = near === undefined ? '' : ` Did you mean ${near}?`;
  const list = known.length === 0 ? 'It has none.' : `It has ${known.join(', ')}.`;
  return new UserError(`The strategy ${strategy} has no parameter ${JSON.stringify(name)}.${guess} ${list}`);
}

function wrongValue(strategy: string, name: string, spec: ParameterSpec, wish: unknown): UserError {
  const near = spec.type === 'choice' && typeof wish === 'string' ? closestName(wish, spec.choices) : undefined;
  const guess = near === undefined ? '' : ` Did you mean ${near}?`;
  return new UserError(`The parameter ${name} of ${strategy} must be ${allowed(spec)}, but is ${show(wish)}.${guess}`);
}

/** What a value of `spec` may be, in words: `a whole number from 1 to 500`. */
export function allowed(spec: ParameterSpec): string {
  switch (spec.type) {
    case 'integer':
      return `a whole number from ${rangeOf(spec)}`;
    case 'decimal':
      return `a number from ${rangeOf(spec)}`;
    default:
      return rangeOf(spec);
  }
}

/** A value that is in the way, short and unmistakable: texts in quotes. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
