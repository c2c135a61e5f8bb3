import type { OrderEvent, OrderTerms } from '../domain/order.ts';
import { orderEventToJson, termsToJson } from '../domain/order-codec.ts';
import type { SignalRecord } from '../domain/signal.ts';
import type { Json } from '../foundation/json.ts';
import { type EpochMs, toIso } from '../foundation/time.ts';

/** What a run decided, sent, got and was worth, in order. */
export interface RunTrace {
  readonly signals: readonly SignalRecord[];
  readonly intents: readonly OrderTerms[];
  /** Fills among them. */
  readonly orderEvents: readonly OrderEvent[];
  readonly equity: readonly { readonly time: EpochMs; readonly equity: number }[];
}

/** The first place at which two runs part. */
export interface RunDifference {
  readonly kind: 'signal' | 'order' | 'order event' | 'equity';
  /** Counting from 0 within its kind. */
  readonly index: number;
  readonly time: EpochMs;
  /** The field, as a path: `signal.reason`; empty when one side has nothing there. */
  readonly field: string;
  readonly left: string;
  readonly right: string;
  /** What most likely lies behind it. */
  readonly cause: string;
}

interface Step {
  readonly time: EpochMs;
  readonly json: Json;
}

/**
 * Compares two runs bit for bit: every field of every signal, order and order event, and every bit of equity. Gives the
 * difference that comes first in the market's time, because later ones follow from it; `undefined` when there is none.
 */
export function firstDifference(left: RunTrace, right: RunTrace): RunDifference | undefined {
  // At one instant events come before decisions, decisions before orders, and equity is what follows from them.
  const found = [
    compare(
      'order event',
      steps(left.orderEvents, eventTime, orderEventToJson),
      steps(right.orderEvents, eventTime, orderEventToJson),
    ),
    compare('signal', steps(left.signals, signalTime, plain), steps(right.signals, signalTime, plain)),
    compare('order', steps(left.intents, intentTime, termsToJson), steps(right.intents, intentTime, termsToJson)),
    compare('equity', steps(left.equity, equityTime, equityBits), steps(right.equity, equityTime, equityBits)),
  ].filter((one) => one !== undefined);
  return found.reduce<RunDifference | undefined>(
    (first, one) => (first && first.time <= one.time ? first : one),
    undefined,
  );
}

function compare(
  kind: RunDifference['kind'],
  left: readonly Step[],
  right: readonly Step[],
): RunDifference | undefined {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left[index];
    const b = right[index];
    if (!a || !b) {
      const only = (a ?? b)!;
      const cause = a ? 'the second run stopped earlier, or did less' : 'the first run stopped earlier, or did less';
      return { kind, index, time: only.time, field: '', left: show(a?.json), right: show(b?.json), cause };
    }
    const field = firstField(a.json, b.json, '');
    if (field === undefined) continue;
    const time = (a.time < b.time ? a.time : b.time) as EpochMs;
    return {
      kind,
      index,
      time,
      field: field.path,
      left: show(field.left),
      right: show(field.right),
      cause: causeOf(kind, a, b, field.path),
    };
  }
  return undefined;
}

interface FieldDifference {
  readonly path: string;
  readonly left: Json | undefined;
  readonly right: Json | undefined;
}

function firstField(left: Json | undefined, right: Json | undefined, path: string): FieldDifference | undefined {
  if (Object.is(left, right)) return undefined;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null)
    return { path, left, right };
  const a = left as Readonly<Record<string, Json>>;
  const b = right as Readonly<Record<string, Json>>;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = firstField(a[key], b[key], path === '' ? key : `${path}.${key}`);
    if (found) return found;
  }
  return undefined;
}

function causeOf(kind: RunDifference['kind'], a: Step, b: Step, field: string): string {
  if (a.time !== b.time)
    return 'one run saw another bar at this point: a candle is missing, doubled or out of order in one of them';
  if (field.includes('price') || field.includes('Price'))
    return 'the two runs saw different prices: their data differ, or were aggregated differently';
  if (kind === 'signal' && field.includes('reason'))
    return "the strategy's own state differs: it depends on something besides what it was shown";
  if (kind === 'signal' && field.includes('outcome'))
    return 'the account or the limits differ: positions, equity or counters were not the same';
  if (kind === 'order event') return 'the venue answered differently: costs, latency, seed or bars differ';
  if (kind === 'equity') return 'a fill, a fee or a mark differs, though no event does';
  return 'sizing differs: equity, limits or instrument filters were not the same';
}

function steps<T>(items: readonly T[], time: (item: T) => EpochMs, toJson: (item: T) => Json): Step[] {
  return items.map((item) => ({ time: time(item), json: toJson(item) }));
}

const eventTime = (event: OrderEvent): EpochMs => event.time;
const signalTime = (record: SignalRecord): EpochMs => record.decisionTime;
const intentTime = (terms: OrderTerms): EpochMs => terms.createdAt;
const equityTime = (point: RunTrace['equity'][number]): EpochMs => point.time;
const plain = (record: SignalRecord): Json => record as unknown as Json;
const equityBits = (point: RunTrace['equity'][number]): Json => ({ time: toIso(point.time), equity: point.equity });

function show(json: Json | undefined): string {
  return json === undefined ? '(nothing)' : JSON.stringify(json);
}
