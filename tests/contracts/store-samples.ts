import type { BotStatus, CandleMessage, JournalEntry } from '../../src/domain/event.ts';
import type { Fill } from '../../src/domain/fill.ts';
import type { OrderEvent, OrderTerms } from '../../src/domain/order.ts';
import type { SignalRecord } from '../../src/domain/signal.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { epochMs, MINUTE_MS } from '../../src/foundation/time.ts';
import type { BotCommit, Lease } from '../../src/store/store.ts';

/** Sound domain values for tests of the store; `overrides` say what a test is about. */

export const START = 1_750_000_020_000;

/** The `index`-th minute candle of a symbol, with its sequence = `index`. */
export function sampleCandle(index: number, overrides: Partial<CandleMessage> = {}): CandleMessage {
  return {
    symbol: 'BTCUSDT',
    timeframe: '1m',
    openTime: epochMs(START + (index - 1) * MINUTE_MS),
    closeTime: epochMs(START + index * MINUTE_MS),
    open: 100 + index / 7,
    high: 101 + index / 7,
    low: 99 + index / 7,
    close: 100.5 + index / 7,
    volume: 12.25,
    sequence: index,
    watermark: epochMs(START + (index - 1) * MINUTE_MS),
    source: 'replay',
    receivedAt: epochMs(START + index * MINUTE_MS + 5),
    ...overrides,
  };
}

export function sampleSignal(botId: string, index: number, overrides: Partial<SignalRecord> = {}): SignalRecord {
  return {
    signalId: `${botId}-${START}-${index}`,
    botId,
    decisionTime: epochMs(START + index * MINUTE_MS),
    signal: { kind: 'enter', side: 'long', symbol: 'BTCUSDT', reason: 'the fast average crossed the slow one' },
    price: 65_000.1 + index,
    priceSource: 'candle:BTCUSDT:1m',
    priceAgeMs: 0,
    outcome: { kind: 'executed', clientOrderIds: [`${botId}-o${index}`] },
    ...overrides,
  };
}

export function sampleIntent(botId: string, index: number, overrides: Partial<OrderTerms> = {}): OrderTerms {
  return {
    clientOrderId: `${botId}-o${index}`,
    botId,
    signalId: `${botId}-${START}-${index}`,
    symbol: 'BTCUSDT',
    side: 'buy',
    quantity: { kind: 'units', quantity: fixed('0.001') },
    execution: { type: 'limit', limitPrice: fixed('64999.9'), postOnly: true },
    timeInForce: { kind: 'GTD', expiresAt: epochMs(START + 60 * MINUTE_MS) },
    reduceOnly: false,
    createdAt: epochMs(START + index * MINUTE_MS),
    ...overrides,
  };
}

export function sampleFill(botId: string, index: number, overrides: Partial<Fill> = {}): Fill {
  return {
    fillId: `${botId}-o${index}/1`,
    clientOrderId: `${botId}-o${index}`,
    botId,
    symbol: 'BTCUSDT',
    side: 'buy',
    price: fixed('64999.9'),
    quantity: fixed('0.001'),
    fee: fixed('0.0649999'),
    feeCurrency: 'USDT',
    liquidity: 'maker',
    time: epochMs(START + index * MINUTE_MS),
    ...overrides,
  };
}

export function sampleOrderEvents(botId: string, index: number): OrderEvent[] {
  const about = { clientOrderId: `${botId}-o${index}`, botId, symbol: 'BTCUSDT', time: epochMs(START + index) };
  return [
    { ...about, kind: 'submitted' },
    { ...about, kind: 'accepted' },
    { ...about, kind: 'triggered', price: fixed('65000.000000000001') },
    { ...about, kind: 'filled', fill: sampleFill(botId, index), complete: true },
    { ...about, kind: 'cancelled', reason: 'its sibling filled' },
    { ...about, kind: 'expired', reason: 'its time was over' },
    { ...about, kind: 'rejected', code: 'NOTIONAL_MINIMUM', reason: 'too small' },
    { ...about, kind: 'unknown', reason: 'no answer within 5,000 ms' },
  ];
}

export function sampleEntry(index: number, overrides: Partial<{ eventId: string }> = {}): JournalEntry {
  const time = epochMs(START + index);
  return {
    eventId: `event-${index}`,
    time,
    kind: 'system',
    event: { type: 'test', source: 'contract', time, details: { z: index, a: ['ü', 1e-7] } },
    ...overrides,
  };
}

export function sampleStatus(botId: string, overrides: Partial<BotStatus> = {}): BotStatus {
  return {
    botId,
    strategy: 'ema-cross',
    symbols: ['BTCUSDT'],
    lifecycle: 'running',
    reason: null,
    marketTime: epochMs(START),
    slices: 3,
    startingBalance: 10_000,
    equity: 10_000.1,
    balance: 9_000.2,
    realisedProfit: -0.3,
    fees: 0.1,
    fills: 1,
    roundTrips: 1,
    winningRoundTrips: 0,
    signals: 2,
    refusals: 0,
    positions: [
      { symbol: 'BTCUSDT', quantity: 0.001, averagePrice: 64_999.9, price: 65_000, unrealisedProfit: 0.0001 },
    ],
    ...overrides,
  };
}

/** The commit after `expectedRevision`, with nothing in it but what `overrides` give. */
export function sampleCommit(
  botId: string,
  lease: Lease,
  expectedRevision: number,
  overrides: Partial<BotCommit> = {},
): BotCommit {
  return {
    botId,
    lease,
    expectedRevision,
    state: { slices: expectedRevision },
    status: sampleStatus(botId),
    signals: [],
    intents: [],
    orderEvents: [],
    fills: [],
    equity: [],
    outbox: [],
    committedAt: epochMs(START + expectedRevision),
    ...overrides,
  };
}
