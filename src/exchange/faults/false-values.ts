import { formatFixed, fromNumber, multiply, parseFixed } from '../../foundation/fixed-point.ts';
import { type Fault, type FaultOf, fits } from './fault.ts';

/*
 * Messages that are well formed and wrong: a value that is none, a price that nobody traded at, a candle that cannot be.
 * The same faults strike messages of a topic and answers to look-ups of the market.
 */

export type FalseValueKind = 'false-value' | 'spike' | 'impossible-candle';
export type FalseValue = FaultOf<FalseValueKind>;
/** Where a text goes: as a message of a topic, or as the answer to a request for a path. */
export type Destination = { readonly topic: string } | { readonly path: string };

/** Stands for a value that goes without quotes; no text of the exchange contains it. */
const BARE = '\u0001bare\u0001';
/** What rows of candles hold, in their order. */
const KLINE_ROW = ['start', 'open', 'high', 'low', 'close', 'volume', 'turnover'];
const PRICES = ['lastPrice', 'markPrice', 'indexPrice', 'bid1Price', 'ask1Price', 'price', 'p'];
const CANDLE_PRICES = ['close', 'high', 'low'];
const DAY_MS = 86_400_000;

export function isFalseValue(fault: Fault): fault is FalseValue {
  return fault.kind === 'false-value' || fault.kind === 'spike' || fault.kind === 'impossible-candle';
}

/** The text with what the fault makes of it; `undefined` where the fault does not concern it. */
export function falsified(fault: FalseValue, destination: Destination, text: string): string | undefined {
  if (!concerns(fault, destination)) return undefined;
  const message: unknown = JSON.parse(text);
  if (fault.closed && !hasClosedCandle(message)) return undefined;
  const bare: string[] = [];
  const struck = changeRows(message, (row) => changeRow(fault, row, bare));
  if (struck === 0) return undefined;
  let next = 0;
  return JSON.stringify(message).replaceAll(JSON.stringify(BARE), () => bare[next++]!);
}

function concerns({ topic, path }: FalseValue, destination: Destination): boolean {
  if ('topic' in destination) return topic !== undefined && fits(topic, destination.topic);
  return path !== undefined && fits(path, destination.path);
}

type Fields = Record<string, unknown>;

function hasClosedCandle(message: unknown): boolean {
  let isClosed = false;
  changeRows(message, (row) => {
    if (row.confirm === true) isClosed = true;
    return false;
  });
  return isClosed;
}

/** Every object within, and every row of candles as if it were one. Gives how many were changed. */
function changeRows(value: unknown, change: (row: Fields) => boolean): number {
  if (Array.isArray(value)) {
    if (value.length === KLINE_ROW.length && value.every((one) => typeof one === 'string')) {
      return changeKlineRow(value, change);
    }
    return value.reduce((count: number, one) => count + changeRows(one, change), 0);
  }
  if (typeof value !== 'object' || value === null) return 0;
  const within = Object.values(value).reduce((count: number, one) => count + changeRows(one, change), 0);
  return within + (change(value as Fields) ? 1 : 0);
}

function changeKlineRow(row: unknown[], change: (row: Fields) => boolean): number {
  const fields: Fields = Object.fromEntries(KLINE_ROW.map((name, index) => [name, row[index]]));
  if (!change(fields)) return 0;
  for (const [index, name] of KLINE_ROW.entries()) row[index] = name in fields ? fields[name] : null;
  return 1;
}

function changeRow(fault: FalseValue, row: Fields, bare: string[]): boolean {
  switch (fault.kind) {
    case 'false-value':
      return setValue(fault, row, bare);
    case 'spike':
      return multiplyPrices(row, fault.factor);
    default:
      return makeImpossible(fault.how, row);
  }
}

function setValue({ field, value, bare: isBare }: FaultOf<'false-value'>, row: Fields, bare: string[]): boolean {
  if (!Object.hasOwn(row, field)) return false;
  if (value === undefined) delete row[field];
  else if (isBare) {
    bare.push(String(value));
    row[field] = BARE;
  } else row[field] = value;
  return true;
}

/** A candle keeps its shape: its close moves, and the extreme with it, so that only a comparison can find it out. */
function multiplyPrices(row: Fields, factor: number): boolean {
  const isCandle = 'open' in row && 'close' in row;
  if (!isCandle) {
    const names = PRICES.filter((name) => typeof row[name] === 'string' && row[name] !== '');
    for (const name of names) row[name] = timesText(row[name], factor);
    return names.length > 0;
  }
  const close = timesText(row.close, factor);
  for (const name of CANDLE_PRICES) {
    if (name === 'close' || (name === 'high' && factor > 1) || (name === 'low' && factor < 1)) row[name] = close;
  }
  return true;
}

function timesText(text: unknown, factor: number): unknown {
  const exact = typeof text === 'string' ? parseFixed(text) : undefined;
  return exact === undefined ? text : formatFixed(multiply(exact, fromNumber(factor)));
}

function makeImpossible(how: FaultOf<'impossible-candle'>['how'], row: Fields): boolean {
  if (!('open' in row && 'high' in row && 'low' in row)) return false;
  const { high, low, start, end } = row;
  const scaled = (value: unknown, factor: number): unknown => {
    const time = Math.floor(Number(value) * factor);
    return typeof value === 'number' ? time : String(time);
  };
  const changes: Readonly<Record<typeof how, Fields>> = {
    'high-below-low': { high: low, low: high },
    'close-outside': { close: timesText(high, 2) },
    'negative-volume': { volume: `-${String(row.volume)}` },
    'wrong-end': { end: Number(end) + DAY_MS },
    'off-the-grid': { start: shifted(start, 1) },
    seconds: { start: scaled(start, 0.001), end: scaled(end, 0.001) },
    microseconds: { start: scaled(start, 1_000), end: scaled(end, 1_000) },
  };
  for (const [name, value] of Object.entries(changes[how])) if (name in row) row[name] = value;
  return how !== 'wrong-end' || 'end' in row;
}

function shifted(time: unknown, by: number): unknown {
  return typeof time === 'number' ? time + by : String(Number(time) + by);
}
