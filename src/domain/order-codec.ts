import { fixed, formatFixed, type Money, type Price, type Quantity } from '../foundation/fixed-point.ts';
import type { Json } from '../foundation/json.ts';
import type { JournalEntry } from './event.ts';
import type { Fill } from './fill.ts';
import type { Execution, OrderEvent, OrderQuantity, OrderTerms } from './order.ts';

/** Orders, fills and journal entries as JSON and back: exact numbers travel as plain decimal text. */

type Written<T> = {
  [K in keyof T]: T[K] extends bigint ? string : T[K] extends bigint | undefined ? string | undefined : T[K];
};

export function fillToJson(fill: Fill): Json {
  return {
    ...fill,
    price: formatFixed(fill.price),
    quantity: formatFixed(fill.quantity),
    fee: formatFixed(fill.fee),
  };
}

export function fillFromJson(json: Json): Fill {
  const written = json as unknown as Written<Fill>;
  return {
    ...written,
    price: fixed<Price>(written.price),
    quantity: fixed<Quantity>(written.quantity),
    fee: fixed<Money>(written.fee),
  } as Fill;
}

export function termsToJson(terms: OrderTerms): Json {
  const quantity: Json =
    terms.quantity.kind === 'units'
      ? { kind: 'units', quantity: formatFixed(terms.quantity.quantity) }
      : { ...terms.quantity };
  return { ...terms, quantity, execution: executionToJson(terms.execution), timeInForce: { ...terms.timeInForce } };
}

export function termsFromJson(json: Json): OrderTerms {
  const written = json as unknown as { quantity: Written<OrderQuantity>; execution: Json };
  const quantity =
    written.quantity.kind === 'units'
      ? { kind: 'units', quantity: fixed<Quantity>((written.quantity as unknown as { quantity: string }).quantity) }
      : written.quantity;
  return { ...written, quantity, execution: executionFromJson(written.execution) } as unknown as OrderTerms;
}

const priceFields = ['limitPrice', 'triggerPrice', 'distance'] as const;

function executionToJson(execution: Execution): Json {
  const json: Record<string, Json> = { ...execution } as unknown as Record<string, Json>;
  for (const field of priceFields) {
    if (field in json) json[field] = formatFixed(json[field] as unknown as bigint);
  }
  return json;
}

function executionFromJson(json: Json): Execution {
  const execution: Record<string, unknown> = { ...(json as Record<string, unknown>) };
  for (const field of priceFields) {
    if (field in execution) execution[field] = fixed<Price>(execution[field] as string);
  }
  return execution as unknown as Execution;
}

export function orderEventToJson(event: OrderEvent): Json {
  if (event.kind === 'filled') return { ...event, fill: fillToJson(event.fill) };
  if (event.kind === 'triggered') return { ...event, price: formatFixed(event.price) };
  return { ...event };
}

export function orderEventFromJson(json: Json): OrderEvent {
  const event = json as unknown as OrderEvent;
  if (event.kind === 'filled') return { ...event, fill: fillFromJson(event.fill as unknown as Json) };
  if (event.kind === 'triggered') return { ...event, price: fixed<Price>(event.price as unknown as string) };
  return event;
}

export function journalEntryToJson(entry: JournalEntry): Json {
  switch (entry.kind) {
    case 'order-intent':
      return { ...entry, terms: termsToJson(entry.terms) };
    case 'order-event':
      return { ...entry, event: orderEventToJson(entry.event) };
    case 'fill':
      return { ...entry, fill: fillToJson(entry.fill) };
    default:
      return entry as unknown as Json;
  }
}

export function journalEntryFromJson(json: Json): JournalEntry {
  const entry = json as unknown as JournalEntry;
  switch (entry.kind) {
    case 'order-intent':
      return { ...entry, terms: termsFromJson(entry.terms as unknown as Json) };
    case 'order-event':
      return { ...entry, event: orderEventFromJson(entry.event as unknown as Json) };
    case 'fill':
      return { ...entry, fill: fillFromJson(entry.fill as unknown as Json) };
    default:
      return entry;
  }
}
