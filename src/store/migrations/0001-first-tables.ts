import type { Migration } from './migration.ts';

/** Rows of one commit: which commit wrote them, and their place in it. */
const written = { bot_id: 'text', revision: 'whole', place: 'whole' } as const;
const writingOrder = ['bot_id', 'revision', 'place'] as const;

export const firstTables: Migration = {
  version: 1,
  name: 'first tables',
  async up(build) {
    await build.createTable('raw_messages', {
      columns: {
        symbol: 'text',
        timeframe: 'text',
        close_time: 'whole',
        revision: 'whole',
        sequence: 'whole',
        source: 'text',
        received_at: 'whole',
        raw: 'text',
      },
      primaryKey: ['symbol', 'timeframe', 'close_time', 'revision'],
    });
    await build.createTable('candles', {
      columns: {
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
      primaryKey: ['symbol', 'timeframe', 'close_time', 'revision'],
    });
    await build.createIndex('candles', ['symbol', 'timeframe', 'sequence']);
    await build.createTable('signals', {
      columns: {
        ...written,
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
      primaryKey: writingOrder,
      unique: ['bot_id', 'signal_id'],
    });
    await build.createTable('order_intents', {
      columns: {
        ...written,
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
      primaryKey: writingOrder,
      unique: ['bot_id', 'client_order_id'],
    });
    await build.createTable('order_events', {
      columns: {
        ...written,
        client_order_id: 'text',
        symbol: 'text',
        kind: 'text',
        time: 'whole',
        code: 'text?',
        reason: 'text?',
        fill_id: 'text?',
        event: 'json',
      },
      primaryKey: writingOrder,
    });
    await build.createTable('fills', {
      columns: {
        ...written,
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
      primaryKey: writingOrder,
      unique: ['bot_id', 'fill_id'],
    });
    await build.createTable('equity', {
      columns: { ...written, time: 'whole', equity: 'float' },
      primaryKey: writingOrder,
    });
    await build.createTable('bot_checkpoints', {
      columns: {
        bot_id: 'text',
        revision: 'whole',
        lease_token: 'whole',
        committed_at: 'whole',
        digest: 'text',
        state: 'json',
      },
      primaryKey: ['bot_id'],
    });
    await build.createTable('bot_status', {
      columns: {
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
      primaryKey: ['bot_id'],
    });
    await build.createTable('outbox', {
      columns: { ...written, event_id: 'text', entry: 'json' },
      primaryKey: writingOrder,
      unique: ['bot_id', 'event_id'],
    });
    await build.createTable('leases', {
      columns: { name: 'text', owner: 'text', token: 'whole', expires_at: 'whole' },
      primaryKey: ['name'],
    });
    await build.createTable('audit_log', {
      columns: {
        entry_index: 'whole',
        event_id: 'text',
        recorded_at: 'whole',
        entry: 'text',
        previous_hash: 'text',
        hash: 'text',
      },
      primaryKey: ['entry_index'],
      unique: ['event_id'],
    });
  },
};
