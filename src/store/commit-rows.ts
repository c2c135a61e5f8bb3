import { createHash } from 'node:crypto';
import type { Fill } from '../domain/fill.ts';
import type { OrderEvent, OrderTerms } from '../domain/order.ts';
import { fillFromJson, journalEntryToJson, orderEventToJson, termsToJson } from '../domain/order-codec.ts';
import type { SignalRecord } from '../domain/signal.ts';
import { invariant } from '../foundation/errors.ts';
import type { Row } from './schema.ts';
import type { BotCommit } from './store.ts';
import { storedExact, storedFloat, storedJson, storedText, storedWhole } from './stored-values.ts';

/** The tables to which a commit adds rows, in the order in which they are written. */
export interface CommitRows {
  readonly signals: readonly Row<'signals'>[];
  readonly order_intents: readonly Row<'order_intents'>[];
  readonly order_events: readonly Row<'order_events'>[];
  readonly fills: readonly Row<'fills'>[];
  readonly equity: readonly Row<'equity'>[];
  readonly outbox: readonly Row<'outbox'>[];
}

/** Where a row stands: which bot's commit wrote it, and its place in that commit. */
interface Written {
  readonly bot_id: string;
  readonly revision: number;
  readonly place: number;
}

/** The rows that a commit adds. Throws where one is another bot's or holds a number that can't be stored. */
export function commitRows(commit: BotCommit): CommitRows {
  const { botId } = commit;
  const revision = commit.expectedRevision + 1;
  const written = (place: number, owner: string = botId): Written => {
    invariant(owner === botId, 'A commit holds what is of another bot', { botId, owner });
    return { bot_id: botId, revision, place };
  };
  return {
    signals: commit.signals.map((record, place) => signalRow(written(place, record.botId), record)),
    order_intents: commit.intents.map((terms, place) => intentRow(written(place, terms.botId), terms)),
    order_events: commit.orderEvents.map((event, place) => orderEventRow(written(place, event.botId), event)),
    fills: commit.fills.map((fill, place) => fillRow(written(place, fill.botId), fill)),
    equity: commit.equity.map((point, place) => ({
      ...written(place),
      time: storedWhole(point.time, 'equity time'),
      equity: storedFloat(point.equity, 'equity'),
    })),
    outbox: commit.outbox.map((entry, place) => ({
      ...written(place),
      event_id: entry.eventId,
      entry: storedJson(journalEntryToJson(entry), 'outbox entry'),
    })),
  };
}

/** The checkpoint that a commit leaves. Its digest tells the same commit, sent again, from another one. */
export function checkpointRow(commit: BotCommit): Row<'bot_checkpoints'> {
  const state = storedJson(commit.state, 'checkpoint state');
  const committedAt = storedWhole(commit.committedAt, 'committedAt');
  const counts = [commit.signals, commit.intents, commit.orderEvents, commit.fills, commit.equity, commit.outbox];
  const digest = createHash('sha256')
    .update(JSON.stringify([commit.expectedRevision, committedAt, ...counts.map((rows) => rows.length)]))
    .update(storedJson(commit.status, 'bot status'))
    .update(state)
    .digest('hex');
  return {
    bot_id: commit.botId,
    revision: commit.expectedRevision + 1,
    lease_token: commit.lease.token,
    committed_at: committedAt,
    digest,
    state,
  };
}

export function statusRow({ status, botId, committedAt }: BotCommit): Row<'bot_status'> {
  invariant(status.botId === botId, 'A commit holds what is of another bot', { botId, owner: status.botId });
  return {
    bot_id: botId,
    strategy: storedText(status.strategy),
    lifecycle: status.lifecycle,
    reason: status.reason === null ? null : storedText(status.reason),
    market_time: storedWhole(status.marketTime, 'marketTime'),
    equity: storedFloat(status.equity, 'equity'),
    balance: storedFloat(status.balance, 'balance'),
    realised_profit: storedFloat(status.realisedProfit, 'realisedProfit'),
    updated_at: storedWhole(committedAt, 'committedAt'),
    status: storedJson(status, 'bot status'),
  };
}

function signalRow(written: Written, record: SignalRecord): Row<'signals'> {
  const { signal, outcome } = record;
  return {
    ...written,
    signal_id: record.signalId,
    decision_time: storedWhole(record.decisionTime, 'decisionTime'),
    symbol: signal.symbol,
    kind: signal.kind,
    side: 'side' in signal ? signal.side : null,
    reason: storedText(signal.reason),
    price: storedFloat(record.price, 'price'),
    price_source: storedText(record.priceSource),
    price_age_ms: storedFloat(record.priceAgeMs, 'priceAgeMs'),
    outcome: outcome.kind,
    refusal_code: outcome.kind === 'refused' ? outcome.code : null,
    record: storedJson(record, 'signal'),
  };
}

function intentRow(written: Written, terms: OrderTerms): Row<'order_intents'> {
  const { quantity, execution } = terms;
  const optional = (value: bigint | undefined, what: string) => (value === undefined ? null : storedExact(value, what));
  return {
    ...written,
    client_order_id: terms.clientOrderId,
    signal_id: terms.signalId,
    symbol: terms.symbol,
    side: terms.side,
    type: execution.type,
    quantity: quantity.kind === 'units' ? storedExact(quantity.quantity, 'quantity') : null,
    equity_fraction: quantity.kind === 'units' ? null : storedFloat(quantity.fraction, 'fraction'),
    limit_price: optional('limitPrice' in execution ? execution.limitPrice : undefined, 'limitPrice'),
    trigger_price: optional('triggerPrice' in execution ? execution.triggerPrice : undefined, 'triggerPrice'),
    trailing_distance: optional('distance' in execution ? execution.distance : undefined, 'distance'),
    time_in_force: terms.timeInForce.kind,
    created_at: storedWhole(terms.createdAt, 'createdAt'),
    terms: storedJson(termsToJson(terms), 'order terms'),
  };
}

function orderEventRow(written: Written, event: OrderEvent): Row<'order_events'> {
  return {
    ...written,
    client_order_id: event.clientOrderId,
    symbol: event.symbol,
    kind: event.kind,
    time: storedWhole(event.time, 'order event time'),
    code: 'code' in event ? event.code : null,
    reason: 'reason' in event ? storedText(event.reason) : null,
    fill_id: event.kind === 'filled' ? event.fill.fillId : null,
    event: storedJson(orderEventToJson(event), 'order event'),
  };
}

function fillRow(written: Written, fill: Fill): Row<'fills'> {
  return {
    ...written,
    fill_id: fill.fillId,
    client_order_id: fill.clientOrderId,
    symbol: fill.symbol,
    side: fill.side,
    price: storedExact(fill.price, 'price'),
    quantity: storedExact(fill.quantity, 'quantity'),
    fee: storedExact(fill.fee, 'fee'),
    fee_currency: fill.feeCurrency,
    liquidity: fill.liquidity,
    time: storedWhole(fill.time, 'fill time'),
  };
}

/** The fill that {@link fillRow} wrote, from the exact columns. */
export function fillOf(row: Row<'fills'>): Fill {
  return fillFromJson({
    fillId: row.fill_id,
    clientOrderId: row.client_order_id,
    botId: row.bot_id,
    symbol: row.symbol,
    side: row.side,
    price: row.price,
    quantity: row.quantity,
    fee: row.fee,
    feeCurrency: row.fee_currency,
    liquidity: row.liquidity,
    time: row.time,
  });
}
