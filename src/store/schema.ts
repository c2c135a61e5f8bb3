import type { ColumnKind, NullableKind } from './migrations/column-kind.ts';

/**
 * The tables as the newest migration leaves them (a test holds the two together): the names and kinds of their columns,
 * for typed queries and for writing in batches.
 *
 * Rows that a bot's commit writes carry the commit's `revision` and their `place` in it: that is the order of writing.
 */
export const tables = {
  raw_messages: {
    symbol: 'text',
    timeframe: 'text',
    close_time: 'whole',
    revision: 'whole',
    sequence: 'whole',
    source: 'text',
    received_at: 'whole',
    raw: 'text',
  },
  candles: {
    symbol: 'text',
    timeframe: 'text',
    close_time: 'whole',
    revision: 'whole',
    sequence: 'whole',
    open_time: 'whole',
    open: 'float',
    high: 'float',
    low: 'float',
    close: 'float',
    volume: 'float',
    watermark: 'whole',
    source: 'text',
    received_at: 'whole',
  },
  signals: {
    bot_id: 'text',
    revision: 'whole',
    place: 'whole',
    signal_id: 'text',
    decision_time: 'whole',
    symbol: 'text',
    kind: 'text',
    side: 'text?',
    reason: 'text',
    price: 'float',
    price_source: 'text',
    price_age_ms: 'float',
    outcome: 'text',
    refusal_code: 'text?',
    record: 'json',
  },
  order_intents: {
    bot_id: 'text',
    revision: 'whole',
    place: 'whole',
    client_order_id: 'text',
    signal_id: 'text',
    symbol: 'text',
    side: 'text',
    type: 'text',
    quantity: 'exact?',
    equity_fraction: 'float?',
    limit_price: 'exact?',
    trigger_price: 'exact?',
    trailing_distance: 'exact?',
    time_in_force: 'text',
    created_at: 'whole',
    terms: 'json',
  },
  order_events: {
    bot_id: 'text',
    revision: 'whole',
    place: 'whole',
    client_order_id: 'text',
    symbol: 'text',
    kind: 'text',
    time: 'whole',
    code: 'text?',
    reason: 'text?',
    fill_id: 'text?',
    event: 'json',
  },
  fills: {
    bot_id: 'text',
    revision: 'whole',
    place: 'whole',
    fill_id: 'text',
    client_order_id: 'text',
    symbol: 'text',
    side: 'text',
    price: 'exact',
    quantity: 'exact',
    fee: 'exact',
    fee_currency: 'text',
    liquidity: 'text',
    time: 'whole',
  },
  equity: {
    bot_id: 'text',
    revision: 'whole',
    place: 'whole',
    time: 'whole',
    equity: 'float',
  },
  bot_checkpoints: {
    bot_id: 'text',
    revision: 'whole',
    lease_token: 'whole',
    committed_at: 'whole',
    digest: 'text',
    state: 'json',
  },
  bot_status: {
    bot_id: 'text',
    strategy: 'text',
    lifecycle: 'text',
    reason: 'text?',
    market_time: 'whole',
    equity: 'float',
    balance: 'float',
    realised_profit: 'float',
    updated_at: 'whole',
    status: 'json',
  },
  outbox: {
    bot_id: 'text',
    revision: 'whole',
    place: 'whole',
    event_id: 'text',
    entry: 'json',
  },
  leases: {
    name: 'text',
    owner: 'text',
    token: 'whole',
    expires_at: 'whole',
  },
  audit_log: {
    entry_index: 'whole',
    event_id: 'text',
    recorded_at: 'whole',
    entry: 'text',
    previous_hash: 'text',
    hash: 'text',
  },
  sweeps: {
    id: 'text',
    plan: 'json',
    chunks: 'whole',
    created_at: 'whole',
    cancelled: 'whole',
  },
  sweep_chunks: {
    sweep_id: 'text',
    chunk: 'whole',
    content: 'bytes',
  },
  datasets: {
    hash: 'text',
    size: 'whole',
  },
  dataset_parts: {
    hash: 'text',
    part: 'whole',
    content: 'bytes',
  },
  latencies: {
    process: 'text',
    stage: 'text',
    window_start: 'whole',
    histogram: 'json',
  },
  schema_migrations: {
    version: 'whole',
    name: 'text',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnKind | NullableKind>>>>;

export type TableName = keyof typeof tables;

/** `exact` numbers and `json` are text here; `whole` and `float` are numbers. */
interface ValueOf {
  text: string;
  whole: number;
  float: number;
  exact: string;
  json: string;
  bytes: Uint8Array;
}

type Value<Kind> = Kind extends `${infer Bare extends ColumnKind}?`
  ? ValueOf[Bare] | null
  : Kind extends ColumnKind
    ? ValueOf[Kind]
    : never;

/** A row of a table. */
export type Row<Name extends TableName> = {
  [Column in keyof (typeof tables)[Name]]: Value<(typeof tables)[Name][Column]>;
};

/** All tables, as Kysely wants them. */
export type Tables = { [Name in TableName]: Row<Name> };

/** The columns of a table, in their order, with their kinds. */
export function columnsOf(table: TableName): readonly (readonly [name: string, kind: ColumnKind])[] {
  return Object.entries(tables[table]).map(([name, kind]) => [name, kind.replace('?', '') as ColumnKind]);
}
