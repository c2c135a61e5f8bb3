import { UserError } from '../foundation/errors.ts';
import { allowed, readValue } from '../strategy/check-parameters.ts';
import type { ParameterSpec, ParameterValue } from '../strategy/parameters.ts';

/** The values that one parameter takes in a sweep, as plain data. A range is of decimal texts, so that no value drifts. */
export type SweepAxis =
  | { readonly kind: 'range'; readonly name: string; readonly from: string; readonly to: string; readonly step: string }
  | { readonly kind: 'list'; readonly name: string; readonly values: readonly ParameterValue[] };

/** An axis to be read by index. */
export interface AxisValues {
  readonly name: string;
  /** At least 1; beyond 2⁵³ it is rounded. */
  readonly count: number;
  /** @param index 0 … count − 1 */
  value(index: number): ParameterValue;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$|^([+-]?)\.(\d+)$/;
/** More digits than float64 can tell apart. */
const MOST_DIGITS = 30;

/**
 * The axis that `text` says for a parameter: `5:60:5` from, to (included when a step falls on it) and step, `5:60` in
 * steps of 1 for whole numbers, `sma,ema` choices, or one value.
 *
 * @throws UserError that names the parameter and says what is allowed
 */
export function readAxis(strategy: string, name: string, spec: ParameterSpec, text: string): SweepAxis {
  const isNumber = spec.type === 'integer' || spec.type === 'decimal';
  if (isNumber && text.includes(':')) return readRange(strategy, name, spec, text);
  const values = text.split(',').map((part) => {
    const value = readValue(spec, part.trim());
    if (value === undefined) throw wrong(strategy, name, spec, `and ${JSON.stringify(part.trim())} is not`);
    return value;
  });
  const repeated = values.find((value, index) => values.indexOf(value) !== index);
  if (repeated !== undefined) throw new UserError(`The parameter ${name} has the value ${repeated} twice in its list.`);
  return { kind: 'list', name, values };
}

/** An axis by index. Its texts are those of {@link readAxis}. */
export function axisValues(axis: SweepAxis): AxisValues {
  if (axis.kind === 'list') {
    const { name, values } = axis;
    return { name, count: values.length, value: (index) => values[index]! };
  }
  const decimals = Math.max(...[axis.from, axis.to, axis.step].map((text) => decimalsOf(text)));
  const [from, to, step] = [axis.from, axis.to, axis.step].map((text) => scaled(text, decimals)) as [
    bigint,
    bigint,
    bigint,
  ];
  const count = Number((to - from) / step + 1n);
  const made = new Map<number, number>();
  return {
    name: axis.name,
    count,
    value(index) {
      const known = made.get(index);
      if (known !== undefined) return known;
      const value = Number(unscaled(from + BigInt(index) * step, decimals));
      if (made.size < 65_536) made.set(index, value);
      return value;
    },
  };
}

function readRange(
  strategy: string,
  name: string,
  spec: ParameterSpec & { readonly type: 'integer' | 'decimal' },
  text: string,
): SweepAxis {
  const parts = text.split(':').map((part) => part.trim());
  const [from, to, step = spec.type === 'integer' ? '1' : undefined] = parts;
  if (parts.length > 3 || from === undefined || to === undefined || step === undefined) {
    const form = `--set ${name}=from:to:step`;
    throw new UserError(`The range ${JSON.stringify(text)} of the parameter ${name} must have the form ${form}.`);
  }
  for (const part of [from, to, step]) {
    if (DECIMAL.test(part) && part.length <= MOST_DIGITS) continue;
    throw wrong(strategy, name, spec, `and ${JSON.stringify(part)} in its range ${text} is no plain number`);
  }
  const decimals = Math.max(...[from, to, step].map((part) => decimalsOf(part)));
  const [first, last, by] = [from, to, step].map((part) => scaled(part, decimals)) as [bigint, bigint, bigint];
  if (by <= 0n) throw new UserError(`The step of the parameter ${name} must be above 0, but is ${step}.`);
  if (first > last) {
    throw new UserError(`The range ${text} of the parameter ${name} is empty: it begins at ${from} and ends at ${to}.`);
  }
  const end = unscaled(first + ((last - first) / by) * by, decimals);
  const second = unscaled(first + by, decimals);
  for (const value of first + by > last ? [from, end] : [from, end, second]) {
    if (readValue(spec, value) !== undefined) continue;
    throw wrong(strategy, name, spec, `and its range ${text} has ${plainText(value)}`);
  }
  return { kind: 'range', name, from: plainText(from), to: plainText(end), step: plainText(step) };
}

function wrong(strategy: string, name: string, spec: ParameterSpec, but: string): UserError {
  return new UserError(`The parameter ${name} of ${strategy} must be ${allowed(spec)}, ${but}.`);
}

function decimalsOf(text: string): number {
  return (text.split('.')[1] ?? '').replace(/0+$/, '').length;
}

/** `text × 10^decimals`, exactly. */
function scaled(text: string, decimals: number): bigint {
  const negative = text.startsWith('-');
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  const units = BigInt(`${whole}${fraction.replace(/0+$/, '').padEnd(decimals, '0')}` || '0');
  return negative ? -units : units;
}

function unscaled(units: bigint, decimals: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals);
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** One text for one number, so that `0.10` and `.1` are the same plan. */
function plainText(text: string): string {
  const decimals = decimalsOf(text);
  return unscaled(scaled(text, decimals), decimals);
}
