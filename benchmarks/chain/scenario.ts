/** What every side of the chain agrees on: the symbols, their candles, and the strategy that trades each of them. */
import { type Topic, topics } from '../../src/bus/topics.ts';
import type { ApprovedOrder } from '../../src/domain/approved-order.ts';
import type { CandleMessage } from '../../src/domain/event.ts';
import type { Fill } from '../../src/domain/fill.ts';
import { type Instrument, instrument } from '../../src/domain/instrument.ts';
import type { OrderEvent, OrderTerms } from '../../src/domain/order.ts';
import { termsFromJson, termsToJson } from '../../src/domain/order-codec.ts';
import type { SessionSpec } from '../../src/engine/open-session.ts';
import type { BarVenue } from '../../src/engine/trading-session.ts';
import { invariant } from '../../src/foundation/errors.ts';
import { fixed, type Money, type Price } from '../../src/foundation/fixed-point.ts';
import type { Json } from '../../src/foundation/json.ts';
import { type EpochMs, epochMs, MINUTE_MS } from '../../src/foundation/time.ts';
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

/**
 * An account outside, as a demo account is: `send` has the order request, and acceptance and fill come when `deliver`
 * is called, between two candles.
 */
export class OutsideVenue implements BarVenue {
  readonly #send: (terms: OrderTerms) => void;
  readonly #emit: (event: OrderEvent) => void;
  readonly #working: OrderTerms[] = [];
  readonly #prices = new Map<string, number>();
  #fills = 0;

  constructor(send: (terms: OrderTerms) => void, emit: (event: OrderEvent) => void) {
    this.#send = send;
    this.#emit = emit;
  }

  onBar(): void {}

  passBar(symbol: string, _: EpochMs, close: number): boolean {
    this.#prices.set(symbol, close);
    return true;
  }

  submit(order: ApprovedOrder): void {
    this.#send(order);
    this.#working.push(order);
  }

  cancel(): void {}

  snapshot(): Json {
    return null;
  }

  restore(): void {}

  /** What the account says of the orders that it was sent. */
  deliver(): void {
    for (const { clientOrderId, botId, symbol, side, quantity, createdAt } of this.#working.splice(0)) {
      invariant(quantity.kind === 'units', 'An order outside has a quantity', { clientOrderId });
      const base = { clientOrderId, botId, symbol, time: createdAt };
      const fill: Fill = {
        ...base,
        fillId: `${clientOrderId}/${++this.#fills}`,
        side,
        price: fixed<Price>(String(this.#prices.get(symbol)!)),
        quantity: quantity.quantity,
        fee: fixed<Money>('0.01'),
        feeCurrency: 'USDT',
        liquidity: 'taker',
      };
      this.#emit({ ...base, kind: 'accepted' });
      this.#emit({ ...base, kind: 'filled', fill, complete: true });
    }
  }
}

/** Tells candles and their orders apart: an order has the close time of its candle. */
export function sequenceOf({ createdAt }: OrderTerms): number {
  return (createdAt - FIRST_OPEN_TIME) / MINUTE_MS;
}
