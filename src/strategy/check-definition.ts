import { messageOf } from '../foundation/errors.ts';
import { readValue } from './check-parameters.ts';
import { Strategy } from './strategy.ts';

type Fields = Readonly<Record<string, unknown>>;

const KNOWN_FIELDS = [
  'name',
  'title',
  'description',
  'parameters',
  'check',
  'symbols',
  'feeds',
  'lookback',
  'plots',
  'create',
  'signals',
];
const OPTIONAL_FUNCTIONS = ['check', 'feeds', 'lookback', 'signals'];
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * What is wrong with `value` as a strategy definition, as the rest of a sentence that begins with where it was found
 * ("its default export …"); `undefined` for a sound one. Nothing of it is called but `check`, with the defaults.
 */
export function definitionDefect(value: unknown): string | undefined {
  if (value === undefined) return 'is undefined: write export default defineStrategy({ … })';
  if (typeof value === 'function') return functionDefect(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `is ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}, no strategy: write export default defineStrategy({ … })`;
  }
  if (value instanceof Strategy) {
    return 'is an instance of a strategy: export default defineStrategy({ …, create: (parameters, market) => new YourStrategy(parameters, market) })';
  }
  const fields = value as Fields;
  return (
    shapeDefect(fields) ??
    parametersDefect(fields.parameters as Fields) ??
    symbolsDefect(fields.symbols) ??
    plotsDefect(fields.plots) ??
    checkDefect(fields)
  );
}

function functionDefect(value: { readonly name: string; readonly prototype?: unknown }): string {
  const what = value.prototype instanceof Strategy ? 'class' : 'function';
  const named = value.name === '' || value.name === 'default' ? '' : ` ${value.name}`;
  return `is the ${what}${named} itself: export default defineStrategy({ name, …, create: (parameters, market) => new YourStrategy(parameters, market) })`;
}

function shapeDefect(fields: Fields): string | undefined {
  if (typeof fields.create !== 'function') {
    return 'has no function create(parameters, market) that makes the strategy: wrap it in defineStrategy({ …, create })';
  }
  if (fields.name === undefined) return "has no name: give it one such as name: 'rsi-dip'";
  if (typeof fields.name !== 'string' || !NAME.test(fields.name)) {
    return `has the name ${JSON.stringify(fields.name)}, which must be lower-case words with hyphens, such as 'rsi-dip'`;
  }
  for (const field of ['title', 'description']) {
    if (typeof fields[field] !== 'string' || fields[field] === '') return `has no ${field}: add a short text`;
  }
  if (!isObject(fields.parameters)) return 'has no parameters: write parameters: {} if it needs none';
  for (const field of OPTIONAL_FUNCTIONS) {
    if (fields[field] !== undefined && typeof fields[field] !== 'function') return `has a ${field} that is no function`;
  }
  const stranger = Object.keys(fields).find((field) => !KNOWN_FIELDS.includes(field));
  return stranger === undefined
    ? undefined
    : `has an unknown field ${JSON.stringify(stranger)}: it may have ${KNOWN_FIELDS.join(', ')}`;
}

function parametersDefect(parameters: Fields): string | undefined {
  for (const [name, spec] of Object.entries(parameters)) {
    const defect = isObject(spec) ? specDefect(spec) : 'is not made by integer, decimal, choice or flag';
    if (defect !== undefined) return `has a parameter ${name} that ${defect}`;
  }
  return undefined;
}

function specDefect(spec: Fields): string | undefined {
  if (typeof spec.description !== 'string' || spec.description === '') return 'has no description: add a short text';
  switch (spec.type) {
    case 'integer':
    case 'decimal':
      return rangeDefect(spec);
    case 'choice':
      return choiceDefect(spec);
    case 'flag':
      return typeof spec.default === 'boolean' ? undefined : 'has a default that is neither true nor false';
    default:
      return 'is not made by integer, decimal, choice or flag';
  }
}

function rangeDefect(spec: Fields): string | undefined {
  const { minimum, maximum, type } = spec;
  if (!Number.isFinite(minimum) || !Number.isFinite(maximum)) return 'has no minimum and maximum';
  if ((minimum as number) > (maximum as number)) return `has a minimum ${minimum} above its maximum ${maximum}`;
  const value = { type: type as 'integer' | 'decimal', minimum, maximum } as Parameters<typeof readValue>[0];
  if (typeof spec.default === 'number' && readValue(value, spec.default) !== undefined) return undefined;
  const kind = type === 'integer' ? 'whole number' : 'number';
  return `has the default ${String(spec.default)}, which is no ${kind} from ${minimum} to ${maximum}, its own range`;
}

function choiceDefect(spec: Fields): string | undefined {
  const choices: readonly unknown[] = Array.isArray(spec.choices) ? spec.choices : [];
  if (choices.length === 0 || choices.some((entry) => typeof entry !== 'string')) return 'has no list of choices';
  return choices.includes(spec.default)
    ? undefined
    : `has the default ${JSON.stringify(spec.default)}, which is none of its choices ${choices.join(', ')}`;
}

function symbolsDefect(symbols: unknown): string | undefined {
  if (symbols === undefined) return undefined;
  const { minimum, maximum } = isObject(symbols) ? symbols : {};
  const sound = Number.isInteger(minimum) && Number.isInteger(maximum) && 1 <= Number(minimum);
  return sound && Number(minimum) <= Number(maximum)
    ? undefined
    : 'has symbols that are not { minimum, maximum } with whole numbers from 1 up';
}

function plotsDefect(plots: unknown): string | undefined {
  if (plots === undefined) return undefined;
  if (!isObject(plots)) return "has plots that are not an object such as { rsi: { pane: 'rsi' } }";
  for (const [name, plot] of Object.entries(plots)) {
    if (!isObject(plot) || typeof plot.pane !== 'string' || plot.pane === '') {
      return `has a plot ${name} without a pane: write ${name}: { pane: 'price' } or the name of a pane`;
    }
    if (plot.style !== undefined && plot.style !== 'line' && plot.style !== 'histogram') {
      return `has a plot ${name} with the style ${JSON.stringify(plot.style)}, which must be 'line' or 'histogram'`;
    }
  }
  return undefined;
}

/** Defaults that the strategy itself refuses would make it unusable without parameters. */
function checkDefect(fields: Fields): string | undefined {
  if (fields.check === undefined) return undefined;
  const defaults = Object.fromEntries(
    Object.entries(fields.parameters as Readonly<Record<string, { default: unknown }>>).map(([name, spec]) => [
      name,
      spec.default,
    ]),
  );
  try {
    const conflict: unknown = (fields.check as (values: unknown) => unknown)(defaults);
    return conflict === undefined ? undefined : `refuses its own defaults: ${String(conflict)}`;
  } catch (error) {
    return `has a check that fails on its own defaults: ${messageOf(error)}`;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
