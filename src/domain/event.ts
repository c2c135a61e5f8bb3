import type { Json } from '../foundation/json.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { Candle, Feed } from './candle.ts';
import type { Fill } from './fill.ts';
import type { OrderEvent, OrderTerms } from './order.ts';
import type { SignalRecord } from './signal.ts';

/** A confirmed candle on its way from the collector to everyone. */
export interface CandleMessage extends Feed, Candle {
  /** 1, 2, 3 … within its feed, without a hole, across restarts: a jump shows a lost message. */
  readonly sequence: number;
  /** Every candle of any feed with `closeTime ≤ watermark` was sent before this one. */
  readonly watermark: EpochMs;
  /** `replay`, `bybit` …: which provider it came from; `aggregated:1m` when built here. */
  readonly source: string;
  /** When the collector had it (our clock); the venue's own time is `closeTime`. */
  readonly receivedAt: EpochMs;
  /** When it was given to the bus, in epoch milliseconds with fractions; where latencies are measured only, and not stored. */
  readonly publishedAt?: number;
}

/** An entry of the durable log of market data, in the order in which it must be processed. */
export type MarketLogEntry = MarketLogBase &
  (
    | {
        readonly kind: 'candle';
        readonly candle: CandleMessage;
        /** As the provider sent it; `null` for a candle that was built here. */
        readonly raw: string | null;
      }
    /** Every candle of any feed with `closeTime ≤ watermark` is in the log before this entry; `end`: no more will come. */
    | { readonly kind: 'watermark'; readonly watermark: EpochMs; readonly end: boolean }
  );

interface MarketLogBase {
  /** 1, 2, 3 … over the whole log, without a hole, across restarts: a jump shows that older entries are gone. */
  readonly index: number;
}

/** An entry of the durable journal: what must not be lost of what the system decided and did. */
export type JournalEntry = JournalBase &
  (
    | { readonly kind: 'signal'; readonly record: SignalRecord }
    | { readonly kind: 'order-intent'; readonly terms: OrderTerms }
    | { readonly kind: 'order-event'; readonly event: OrderEvent }
    | { readonly kind: 'fill'; readonly fill: Fill }
    | { readonly kind: 'bot-state'; readonly state: BotStatus }
    | { readonly kind: 'system'; readonly event: SystemEvent }
  );

interface JournalBase {
  /** Unique and the same in every attempt to write it, so that a repeated one is seen. */
  readonly eventId: string;
  readonly time: EpochMs;
}

/** What is told on `system_events`. */
export interface SystemEvent {
  readonly type: string;
  readonly source: string;
  readonly time: EpochMs;
  readonly details: Json;
}

export type BotLifecycle = 'starting' | 'running' | 'halted' | 'stopped' | 'finished' | 'failed';

/** A bot as others see it: told on each change of its portfolio and at least after every slice batch. */
export interface BotStatus {
  readonly botId: string;
  readonly strategy: string;
  readonly symbols: readonly string[];
  readonly lifecycle: BotLifecycle;
  /** Why, where `lifecycle` is halted, stopped or failed. */
  readonly reason: string | null;
  /** The close time of the last slice it processed. */
  readonly marketTime: EpochMs;
  readonly slices: number;
  readonly startingBalance: number;
  readonly equity: number;
  readonly balance: number;
  readonly realisedProfit: number;
  readonly fees: number;
  readonly fills: number;
  readonly roundTrips: number;
  readonly winningRoundTrips: number;
  readonly signals: number;
  readonly refusals: number;
  readonly positions: readonly BotPosition[];
}

export interface BotPosition {
  readonly symbol: string;
  readonly quantity: number;
  readonly averagePrice: number;
  readonly price: number;
  readonly unrealisedProfit: number;
}

/** What is told on `market_data:{symbol}`: candles of every timeframe and, where the provider has them, prices. */
export type MarketMessage =
  | { readonly kind: 'candle'; readonly candle: CandleMessage }
  | {
      readonly kind: 'price';
      readonly symbol: string;
      readonly price: number;
      readonly bid: number | null;
      readonly ask: number | null;
      readonly occurredAt: EpochMs;
      readonly receivedAt: EpochMs;
      readonly source: string;
    };
