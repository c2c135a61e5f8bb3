/** What every side of the chain agrees on: the symbols, their candles, and the strategy that trades each of them. */
import { type Topic, topics } from '../../src/bus/topics.ts';
import type { CandleMessage } from '../../src/domain/event.ts';
import { type Instrument, instrument } from '../../src/domain/instrument.ts';
import type { OrderTerms } from '../../src/domain/order.ts';
import { termsFromJson, termsToJson } from '../../src/domain/order-codec.ts';
import type { SessionSpec, VenueFactory } from '../../src/engine/open-session.ts';
import { costPresets } from '../../src/execution/cost-models.ts';
import { MatchingEngine } from '../../src/execution/matching-engine.ts';
import { fixed, type Money } from '../../src/foundation/fixed-point.ts';
import { epochMs, MINUTE_MS } from '../../src/foundation/time.ts';
import { defaultLimits } from '../../src/risk/limits.ts';
import { type Decision, defineStrategy, type Market, Strategy } from '../../src/strategy/strategy.ts';

/** Where order requests go out: `orders:chain`, and its answers' channel in C too. */
export const orderTopic: Topic<OrderTerms> = {
  channel: 'orders:chain',
  codec: { encode: termsToJson, decode: termsFromJson },
};

const FIRST_OPEN_TIME = Date.UTC(2026, 0, 1);

export function symbolsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, number) => `S${String(number).padStart(3, '0')}USDT`);
}

export function candleTopic(symbol: string): Topic<CandleMessage> {
  return topics.candle(symbol, '1m');
}

/** The `sequence`-th candle of a symbol, 1 for the first: prices with as many digits as real ones. */
export function candleOf(symbol: string, sequence: number): CandleMessage {
  const openTime = FIRST_OPEN_TIME + (sequence - 1) * MINUTE_MS;
  const open = 60_000 + ((sequence * 7_919) % 100_000) / 100;
  const close = 60_000 + (((sequence + 1) * 7_919) % 100_000) / 100;
  return {
    symbol,
    timeframe: '1m',
    openTime: epochMs(openTime),
    closeTime: epochMs(openTime + MINUTE_MS),
    open,
    high: Math.max(open, close) + 1.25,
    low: Math.min(open, close) - 1.25,
    close,
    volume: 1_000 + (sequence % 977) * 0.001,
    sequence,
    watermark: epochMs(openTime),
    source: 'bybit',
    receivedAt: epochMs(openTime + MINUTE_MS + 137),
  };
}

/** Goes in and out at every candle: each decision is an order. */
class EveryCandle extends Strategy {
  private readonly symbol: string;

  constructor(market: Market) {
    super();
    this.symbol = market.window().feed.symbol;
  }

  override process(market: Market): Decision {
    const { symbol } = this;
    if (market.position(symbol) === 0) return { kind: 'enter', side: 'long', symbol, reason: 'flat' };
    return { kind: 'exit', symbol, reason: 'long' };
  }
}

export const everyCandle = defineStrategy({
  name: 'every-candle',
  title: 'Every candle',
  description: 'In at one candle, out at the next.',
  parameters: {},
  create: (_, market) => new EveryCandle(market),
});

function perpetual(symbol: string): Instrument {
  return instrument({
    symbol,
    baseCurrency: symbol.replace(/USDT$/, ''),
    quoteCurrency: 'USDT',
    tickSize: '0.01',
    stepSize: '0.001',
    minimumNotional: '5',
  });
}

/** A bot of one symbol, its limits those of the configuration but for the counts: this strategy trades without end. */
export function botSpec(symbol: string): SessionSpec {
  return {
    botId: `chain-${symbol}`,
    definition: everyCandle,
    parameters: {} as SessionSpec['parameters'],
    symbols: [symbol],
    timeframe: '1m',
    instruments: [perpetual(symbol)],
    currency: 'USDT',
    startingBalance: fixed<Money>('1000000000'),
    limits: {
      ...defaultLimits,
      dailyLossLimit: null,
      maximumTradesPerDay: 1_000_000_000,
      maximumOrdersPerMinute: 1_000_000_000,
    },
    sizing: { kind: 'percent-of-equity', fraction: 0.00001 },
    rates: new Map(),
  };
}

/** The matching engine, and before it hears of an order, `onOrder` does: that is the order request. */
export function announcingVenue(onOrder: (terms: OrderTerms) => void): VenueFactory {
  return (instruments, account, emit) => {
    const venue = new MatchingEngine({
      instruments,
      costs: costPresets['bybit-linear'],
      latencyMs: 0,
      seed: 1,
      account,
      emit,
    });
    const submit = venue.submit.bind(venue);
    venue.submit = (order, now) => {
      onOrder(order);
      submit(order, now);
    };
    return venue;
  };
}
