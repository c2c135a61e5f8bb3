import type { Candle } from '../domain/candle.ts';
import type { BotPosition, BotStatus, CandleMessage, MarketMessage, SystemEvent } from '../domain/event.ts';
import type { Fill } from '../domain/fill.ts';
import type { OrderEvent, OrderTerms } from '../domain/order.ts';
import { fillToJson, orderEventToJson, termsToJson } from '../domain/order-codec.ts';
import type { SignalRecord } from '../domain/signal.ts';
import type { EpochMs } from '../foundation/time.ts';

export { TIMEFRAMES, type Timeframe } from '../domain/timeframe.ts';
export type { BotStatus, Candle, CandleMessage, Fill, MarketMessage, SignalRecord, SystemEvent };

/**
 * A value of the domain as JSON carries it: exact numbers (prices, quantities and money of orders and fills) are plain
 * decimal text such as `"64999.9"`, times are milliseconds since 1970 in UTC, all else stays as it is.
 */
export type Wire<Value> = Value extends bigint
  ? string
  : Value extends EpochMs
    ? number
    : Value extends string | number | boolean | null | undefined
      ? Value
      : Value extends readonly (infer Item)[]
        ? readonly Wire<Item>[]
        : { readonly [Key in keyof Value]: Wire<Value[Key]> };

export type WireBotStatus = Wire<BotStatus>;
export type WirePosition = Wire<BotPosition>;
export type WireSignal = Wire<SignalRecord>;
export type WireOrder = Wire<OrderTerms>;
export type WireOrderEvent = Wire<OrderEvent>;
export type WireFill = Wire<Fill>;
export type WireCandle = Wire<Candle>;
export type WireCandleMessage = Wire<CandleMessage>;

/** The latest price of a symbol, where it came from, and by whose clock. */
export interface WirePrice {
  readonly symbol: string;
  readonly price: number;
  /** `null` where the price is the close of a candle. */
  readonly bid: number | null;
  readonly ask: number | null;
  /** `bybit`, `replay`, `aggregated:1m` …: never a mix of two. */
  readonly source: string;
  /** When the price was made, by the venue's clock. */
  readonly exchangeTime: number;
  /** When it reached us, by our clock. */
  readonly receivedAt: number;
}

/** What a bot owns and what it is worth; from its status. */
export interface WirePortfolio {
  readonly botId: string;
  readonly marketTime: number;
  readonly equity: number;
  readonly balance: number;
  readonly realisedProfit: number;
  readonly fees: number;
  readonly positions: readonly WirePosition[];
}

export function wireFill(fill: Fill): WireFill {
  return fillToJson(fill) as unknown as WireFill;
}

export function wireOrder(terms: OrderTerms): WireOrder {
  return termsToJson(terms) as unknown as WireOrder;
}

export function wireOrderEvent(event: OrderEvent): WireOrderEvent {
  return orderEventToJson(event) as unknown as WireOrderEvent;
}

export function wirePortfolio(status: BotStatus): WirePortfolio {
  const { botId, marketTime, equity, balance, realisedProfit, fees, positions } = status;
  return { botId, marketTime, equity, balance, realisedProfit, fees, positions };
}
