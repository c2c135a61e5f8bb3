import type { Signal } from '../domain/signal.ts';
import { failed, type Result, success } from '../foundation/result.ts';
import type { RefusalCode } from '../risk/risk-check.ts';

/** What is wrong with a signal before anything is made of it. Strategies are people's own code: anything may come. */
export interface SignalDefect {
  readonly code: Extract<RefusalCode, 'NOT_A_NUMBER' | 'BAD_SIGNAL'>;
  readonly message: string;
}

type Check = (value: unknown) => string | undefined;

interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly check: Check;
  readonly code: SignalDefect['code'];
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const positive: Check = (value) => (isNumber(value) && value > 0 ? undefined : 'a finite number above 0');
const share: Check = (value) => (isNumber(value) && value > 0 && value <= 1 ? undefined : 'above 0 and at most 1');
const weight: Check = (value) => (isNumber(value) && Math.abs(value) <= 1 ? undefined : 'between −1 and 1');
const time: Check = (value) => (Number.isSafeInteger(value) ? undefined : 'a time in whole milliseconds');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const name: Check = (value) =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME
    ? undefined
    : `a text of 1 to ${LONGEST_NAME} characters`;
const oneOf =
  (...choices: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && choices.includes(value) ? undefined : choices.join(' or ');

const LONGEST_NAME = 64;
/** More signals than this in one decision are a strategy out of control. */
const MOST_SIGNALS = 500;
/** Reasons are for people; what is longer is cut. */
const LONGEST_REASON = 1_000;

const number = (field: string, check: Check): Field => ({ name: field, required: true, check, code: 'NOT_A_NUMBER' });
const price = (field: string): Field => ({ name: field, required: false, check: positive, code: 'NOT_A_NUMBER' });
const word = (field: string, check: Check): Field => ({ name: field, required: true, check, code: 'BAD_SIGNAL' });
const optional = (field: Field): Field => ({ ...field, required: false });

/** What each kind of signal holds, besides symbol and reason. */
const fieldsOf: Readonly<Record<Signal['kind'], readonly Field[]>> = {
  enter: [
    word('side', oneOf('long', 'short')),
    price('limitPrice'),
    price('stopPrice'),
    price('stopLoss'),
    price('takeProfit'),
    price('trailingDistance'),
    optional(number('strength', share)),
  ],
  exit: [],
  target: [number('weight', weight)],
  quote: [price('bidPrice'), price('askPrice'), number('quantity', positive)],
  order: [
    word('side', oneOf('buy', 'sell')),
    number('quantity', positive),
    word('type', oneOf('market', 'limit', 'stop', 'take-profit', 'trailing-stop')),
    price('limitPrice'),
    price('triggerPrice'),
    price('trailingDistance'),
    optional(word('timeInForce', oneOf('GTC', 'IOC', 'FOK'))),
    optional(number('expiresAt', time)),
    optional(word('postOnly', flag)),
    optional(word('reduceOnly', flag)),
    optional(word('oneCancelsOther', name)),
  ],
};

/** A signal that can be planned, or what is wrong with it. */
export type ReadSignal = Result<Signal, SignalDefect>;

/** The signals of one decision, in order. Throws what reading them throws, and when there are too many. */
export function readSignals(decision: unknown, symbols: readonly string[]): readonly ReadSignal[] {
  if (!Array.isArray(decision)) return [readSignal(decision, symbols)];
  if (decision.length > MOST_SIGNALS) throw new Error(`${decision.length} signals at once; at most ${MOST_SIGNALS}`);
  return Array.from(decision, (signal) => readSignal(signal, symbols));
}

/**
 * What a strategy gave, as a signal that can be planned and recorded: known symbol and kind, every number finite and in
 * its range. It is a copy of the known fields, so that nothing else is carried along and the strategy can't change it
 * later. Whatever reading it throws is the strategy's.
 */
export function readSignal(given: unknown, symbols: readonly string[]): ReadSignal {
  if (typeof given !== 'object' || given === null) return bad(`a signal is an object, not ${show(given)}`);
  const from = given as Readonly<Record<string, unknown>>;
  if (typeof from.then === 'function') return bad('a signal is an object, not a promise: process() must not be async');
  const { kind, symbol, reason } = from;
  const plain = plainSignal(from, kind, symbol, reason, symbols);
  if (plain !== undefined) return plain;
  if (typeof kind !== 'string' || !Object.hasOwn(fieldsOf, kind)) {
    return bad(`unknown kind of signal ${show(kind)}; there are ${Object.keys(fieldsOf).join(', ')}`);
  }
  if (typeof symbol !== 'string' || !symbols.includes(symbol)) {
    return bad(`unknown symbol ${show(symbol)}; this bot trades ${symbols.join(', ')}`);
  }
  if (typeof reason !== 'string' || reason === '') return bad('a signal needs a reason');
  const signal: Record<string, unknown> = { kind, symbol, reason: reason.slice(0, LONGEST_REASON) };
  for (const field of fieldsOf[kind as Signal['kind']]) {
    const value = from[field.name];
    if (value === undefined && !field.required) continue;
    const wanted = field.check(value);
    if (wanted !== undefined) {
      return failed({ code: field.code, message: `${field.name} is ${show(value)}, and must be ${wanted}` });
    }
    // 0 for −0, which JSON can't carry.
    signal[field.name] = typeof value === 'number' ? value + 0 : value;
  }
  return crossed(signal) ?? success(signal as unknown as Signal);
}

/** The two usual signals, sound and with nothing optional; the rest is read field by field. */
function plainSignal(
  from: Readonly<Record<string, unknown>>,
  kind: unknown,
  symbol: unknown,
  reason: unknown,
  symbols: readonly string[],
): ReadSignal | undefined {
  if (typeof symbol !== 'string' || typeof reason !== 'string') return undefined;
  if (reason === '' || reason.length > LONGEST_REASON || !symbols.includes(symbol)) return undefined;
  if (kind === 'exit') return success({ kind, symbol, reason });
  const { side } = from;
  if (kind !== 'enter' || (side !== 'long' && side !== 'short')) return undefined;
  const isPlain =
    from.limitPrice === undefined &&
    from.stopPrice === undefined &&
    from.stopLoss === undefined &&
    from.takeProfit === undefined &&
    from.trailingDistance === undefined &&
    from.strength === undefined;
  return isPlain ? success({ kind, symbol, reason, side }) : undefined;
}

/** What is wrong with a signal; `undefined` when nothing is. */
export function signalDefect(signal: unknown, symbols: readonly string[]): SignalDefect | undefined {
  const read = readSignal(signal, symbols);
  return read.ok ? undefined : read.error;
}

function crossed({ bidPrice, askPrice }: Readonly<Record<string, unknown>>): ReadSignal | undefined {
  if (bidPrice === undefined || askPrice === undefined || (bidPrice as number) < (askPrice as number)) return undefined;
  return bad(`the bid ${show(bidPrice)} is not below the ask ${show(askPrice)}`);
}

function bad(message: string): ReadSignal {
  return failed({ code: 'BAD_SIGNAL', message });
}

/** Anything, in few words. */
function show(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, LONGEST_NAME)}"`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return String(value).slice(0, LONGEST_NAME);
}
