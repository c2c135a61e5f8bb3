import { InvalidArgumentError } from 'commander';
import type { Reading } from '../app/config-values.ts';
import { type Money, parseFixed } from '../foundation/fixed-point.ts';

/** A reader of `config-values.ts` as commander wants it. */
export function value<Value>(read: (text: string) => Reading<Value>): (text: string) => Value {
  return (text) => {
    const reading = read(text.trim());
    if (reading.ok) return reading.value;
    throw new InvalidArgumentError(reading.error);
  };
}

/** The same for an option that may be given several times. */
export function values<Value>(read: (text: string) => Reading<Value>): (text: string, before?: Value[]) => Value[] {
  const one = value(read);
  return (text, before = []) => [...before, one(text)];
}

/** `BTCUSDT,ETHUSDT`, or the option several times. */
export function valueList<Value>(read: (text: string) => Reading<Value>): (text: string, before?: Value[]) => Value[] {
  const one = value(read);
  return (text, before = []) => [...before, ...text.split(',').map(one)];
}

/** Any text but none. */
export function readText(text: string): Reading<string> {
  return text === '' ? { ok: false, error: 'something' } : { ok: true, value: text };
}

/** `fast=10`: a name and what is given to it. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
}

export function readAssignment(text: string): Reading<Assignment> {
  const match = /^([^=]+)=(.*)$/s.exec(text);
  return match === null
    ? { ok: false, error: 'a name and a value such as fast=10' }
    : { ok: true, value: { name: match[1]!.trim(), value: match[2]! } };
}

export function readMoney(text: string): Reading<Money> {
  const amount = parseFixed(text.replaceAll(/[_,](?=\d{3}(?:\D|$))/g, ''));
  return amount !== undefined && amount > 0n
    ? { ok: true, value: amount as Money }
    : { ok: false, error: 'an amount above 0, such as 10000' };
}

export function readSeed(text: string): Reading<number> {
  return wholeNumber(text, 0, 4_294_967_295);
}

export function readCount(text: string): Reading<number> {
  return wholeNumber(text, 1, 1_000_000_000);
}

function wholeNumber(text: string, minimum: number, maximum: number): Reading<number> {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= minimum && number <= maximum
    ? { ok: true, value: number }
    : { ok: false, error: `a whole number from ${minimum} up` };
}

export function oneOf<const Choice extends string>(choices: readonly Choice[]): (text: string) => Reading<Choice> {
  return (text) => {
    const choice = choices.find((each) => each === text);
    return choice === undefined ? { ok: false, error: `one of ${choices.join(', ')}` } : { ok: true, value: choice };
  };
}
