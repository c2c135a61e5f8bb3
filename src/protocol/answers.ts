import type { LiveConnection } from './live-view.ts';
import type {
  Timeframe,
  WireBotStatus,
  WireCandle,
  WireFill,
  WireOrder,
  WireOrderEvent,
  WirePrice,
  WireSignal,
} from './wire.ts';

/** What the server answers over HTTP, as JSON. Every route only reads. */

/** GET /health: the process lives. */
export interface HealthAnswer {
  readonly alive: true;
}

export type PartHealth =
  | 'ok'
  /** It said no, or is closed. */
  | 'failed'
  /** It did not answer in time. */
  | 'no-answer';

/** GET /ready: 200 when every part answers, otherwise 503 with the same body. */
export interface ReadyAnswer {
  readonly ready: boolean;
  readonly parts: { readonly bus: PartHealth; readonly store: PartHealth };
}

/** GET /api/status */
export interface StatusAnswer {
  readonly version: string;
  readonly protocolVersion: number;
  /** The server's clock. */
  readonly time: number;
  /** Milliseconds since this server started. */
  readonly uptimeMs: number;
  readonly bots: readonly BotAnswer[];
  readonly prices: readonly PriceStatus[];
  /** How the providers are connected, as their collectors tell; empty where none does. */
  readonly connections: readonly LiveConnection[];
}

/** GET /api/bots */
export interface BotsAnswer {
  readonly bots: readonly BotAnswer[];
}

/** GET /api/bots/{botId} */
export interface BotAnswer {
  readonly botId: string;
  /** `null` while the bot has not committed anything yet. */
  readonly status: WireBotStatus | null;
}

/** The connection status of a symbol: its latest price and how old that is. */
export interface PriceStatus {
  readonly symbol: string;
  /** Whether the market still speaks: the price is not older than half as long again as its shortest bar, and 90 s. */
  readonly connected: boolean;
  /** Milliseconds since the price reached us, by our clock; a repeat of it does not make it younger. */
  readonly ageMs: number | null;
  /** Milliseconds since the price was made, by the venue's clock. */
  readonly exchangeAgeMs: number | null;
  /** One of the two is above `market.updateTimeout`, or there is no price. */
  readonly stale: boolean;
  /** Sample standard deviation of the log returns of the last 20 closed candles, for one bar; `null` before them. */
  readonly volatility: number | null;
  readonly price: WirePrice | null;
}

/** GET /api/bots/{botId}/{signals, orders, order-events, fills, equity} ?offset &limit: rows in the order of writing. */
export interface PageAnswer<Item> {
  readonly items: readonly Item[];
  readonly offset: number;
  readonly limit: number;
  /** The offset of the next page; `null` when this is the last. */
  readonly nextOffset: number | null;
}

export interface WireEquityPoint {
  readonly time: number;
  readonly equity: number;
}

export type SignalsAnswer = PageAnswer<WireSignal>;
/** What was asked of the venue; what became of it is in the order events, by `clientOrderId`. */
export type OrdersAnswer = PageAnswer<WireOrder>;
export type OrderEventsAnswer = PageAnswer<WireOrderEvent>;
export type FillsAnswer = PageAnswer<WireFill>;
export type EquityAnswer = PageAnswer<WireEquityPoint>;

/** GET /api/market/{symbol}/candles ?timeframe &count &until: the last candles that close at or before `until`. */
export interface CandlesAnswer {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Oldest first. */
  readonly candles: readonly WireCandle[];
}

/** GET /api/audit/head: note it elsewhere, and a tail that was cut off the audit log shows. */
export interface AuditHeadAnswer {
  /** The number of entries; 0 for an empty log. */
  readonly index: number;
  readonly hash: string;
  readonly recordedAt: number | null;
}

/** The body of every answer that is an error. */
export interface ErrorAnswer {
  readonly error: {
    readonly code: ErrorCode;
    /** For people; never an internal detail. */
    readonly message: string;
  };
}

export type ErrorCode =
  | 'BAD_REQUEST'
  | 'BAD_PARAMETER'
  | 'UNAUTHORISED'
  | 'HOST_REFUSED'
  | 'ORIGIN_REFUSED'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'REQUEST_TIMEOUT'
  | 'BODY_REFUSED'
  | 'ADDRESS_TOO_LONG'
  | 'UPGRADE_REQUIRED'
  | 'HEADERS_TOO_LARGE'
  | 'INTERNAL'
  | 'BUSY'
  | 'STORE_UNAVAILABLE'
  | 'STOPPING';
