import type { BotStatus } from '../../../src/domain/event.ts';
import type { Fill } from '../../../src/domain/fill.ts';
import { fixed, type Money, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { LiveView } from '../../../src/protocol/live-view.ts';

const now = epochMs(Date.UTC(2025, 4, 6, 12, 34));

export function botStatus(changes: Partial<BotStatus> = {}): BotStatus {
  return {
    botId: 'trend',
    strategy: 'moving-average-cross',
    symbols: ['BTCUSDT'],
    lifecycle: 'running',
    reason: null,
    marketTime: now,
    slices: 500,
    startingBalance: 10_000,
    equity: 10_040,
    balance: 9_100,
    realisedProfit: 50,
    fees: 20,
    fills: 5,
    roundTrips: 2,
    winningRoundTrips: 1,
    signals: 8,
    refusals: 3,
    positions: [{ symbol: 'BTCUSDT', quantity: 0.01, averagePrice: 93_000, price: 94_000, unrealisedProfit: 10 }],
    ...changes,
  };
}

export function fill(changes: Partial<Fill> = {}): Fill {
  return {
    fillId: 'trend-1/1',
    clientOrderId: 'trend-1',
    botId: 'trend',
    symbol: 'BTCUSDT',
    side: 'buy',
    price: fixed<Price>('93000.5'),
    quantity: fixed<Quantity>('0.01'),
    fee: fixed<Money>('0.5'),
    feeCurrency: 'USDT',
    liquidity: 'taker',
    time: now,
    ...changes,
  };
}

export function liveView(changes: Partial<LiveView> = {}): LiveView {
  return {
    source: 'replay',
    account: null,
    speed: 600,
    progress: 0.25,
    marketTime: now,
    elapsedMs: 10_000,
    prices: [
      {
        symbol: 'BTCUSDT',
        price: 94_000.1,
        bid: 94_000,
        ask: 94_000.2,
        source: 'bybit',
        kind: 'quote',
        marketTime: now,
        ageMs: 340,
        exchangeAgeMs: 420,
        isStale: false,
        volatility: 0.00087,
        change: 0.0123,
        candles: 1_000,
      },
      {
        symbol: 'ETHUSDT',
        price: 1_800,
        bid: null,
        ask: null,
        source: 'bybit',
        kind: 'close',
        marketTime: now,
        ageMs: 120_000,
        exchangeAgeMs: 121_000,
        isStale: true,
        volatility: null,
        change: -0.02,
        candles: 1_000,
      },
    ],
    connections: [],
    bots: [botStatus()],
    lastFills: [fill(), fill({ side: 'sell' })],
    equity: Array.from({ length: 200 }, (_, index) => 10_000 + Math.sin(index / 9) * 50),
    events: ['something happened'],
    ...changes,
  };
}
