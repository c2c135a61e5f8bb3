import type { Signal } from '../domain/signal.ts';
import type { RefusalCode } from '../risk/risk-check.ts';

/** What is wrong with a signal before anything is made of it. Strategies are people's own code: anything may come. */
export interface SignalDefect {
  readonly code: Extract<RefusalCode, 'NOT_A_NUMBER' | 'BAD_SIGNAL'>;
  readonly message: string;
}

const priceFields = [
  'limitPrice',
  'stopPrice',
  'stopLoss',
  'takeProfit',
  'trailingDistance',
  'triggerPrice',
  'bidPrice',
  'askPrice',
];
const kinds: readonly string[] = ['enter', 'exit', 'target', 'quote', 'order'];

/** `undefined` for a signal that can be planned: known symbol and kind, every number finite and in its range. */
export function signalDefect(signal: Signal, symbols: readonly string[]): SignalDefect | undefined {
  if (typeof signal !== 'object' || signal === null) return bad(`a signal is an object, not ${String(signal)}`);
  if (!kinds.includes(signal.kind))
    return bad(`unknown kind of signal "${String(signal.kind)}"; there are ${kinds.join(', ')}`);
  if (!symbols.includes(signal.symbol))
    return bad(`unknown symbol "${String(signal.symbol)}"; this bot trades ${symbols.join(', ')}`);
  if (typeof signal.reason !== 'string' || signal.reason === '') return bad('a signal needs a reason');
  const fields = signal as unknown as Readonly<Record<string, unknown>>;
  for (const field of priceFields) {
    const value = fields[field];
    if (value !== undefined && !(typeof value === 'number' && Number.isFinite(value) && value > 0)) {
      return notANumber(field, value, 'a finite number above 0');
    }
  }
  return rangeDefect(signal);
}

function rangeDefect(signal: Signal): SignalDefect | undefined {
  switch (signal.kind) {
    case 'enter': {
      if (signal.side !== 'long' && signal.side !== 'short')
        return bad(`a side is long or short, not "${String(signal.side)}"`);
      const { strength } = signal;
      return strength === undefined || (strength > 0 && strength <= 1)
        ? undefined
        : notANumber('strength', strength, 'above 0 and at most 1');
    }
    case 'target':
      return Math.abs(signal.weight) <= 1 ? undefined : notANumber('weight', signal.weight, 'between −1 and 1');
    case 'quote':
    case 'order':
      return Number.isFinite(signal.quantity) && signal.quantity > 0
        ? undefined
        : notANumber('quantity', signal.quantity, 'a finite number above 0');
    case 'exit':
      return undefined;
  }
}

function bad(message: string): SignalDefect {
  return { code: 'BAD_SIGNAL', message };
}

function notANumber(field: string, value: unknown, wanted: string): SignalDefect {
  return { code: 'NOT_A_NUMBER', message: `${field} is ${String(value)}, and must be ${wanted}` };
}
