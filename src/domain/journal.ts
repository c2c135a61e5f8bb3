import type { JournalEntry } from './event.ts';
import type { Fill } from './fill.ts';
import type { OrderTerms } from './order.ts';
import type { SignalRecord } from './signal.ts';

/** What the journal says of a row that a bot's tables have too: the one is made of the other, and can be held against it. */

export function signalEntry(record: SignalRecord): JournalEntry {
  return { kind: 'signal', eventId: `signal/${record.signalId}`, time: record.decisionTime, record };
}

export function intentEntry(terms: OrderTerms): JournalEntry {
  return { kind: 'order-intent', eventId: `intent/${terms.clientOrderId}`, time: terms.createdAt, terms };
}

export function fillEntry(botId: string, fill: Fill): JournalEntry {
  return { kind: 'fill', eventId: `fill/${botId}/${fill.fillId}`, time: fill.time, fill };
}
