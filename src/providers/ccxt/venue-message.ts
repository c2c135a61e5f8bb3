import { type EpochMs, epochMs } from '../../foundation/time.ts';

/** A candle in an exchange's stream. Names are the exchange's own. */
export interface CandleWords {
  readonly kind: 'candle';
  readonly market: string;
  readonly interval: string;
  readonly openTime: EpochMs;
  /** The last millisecond of the interval, where the message says it. */
  readonly endTime?: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** What the exchange says; `undefined` where it says neither. */
  readonly isClosed: boolean | undefined;
  readonly exchangeTime: EpochMs | undefined;
}

/** A price in an exchange's stream. What is absent has not changed. */
export interface PriceWords {
  readonly kind: 'price';
  readonly market: string;
  readonly last?: number;
  readonly bid?: number;
  readonly ask?: number;
  readonly exchangeTime: EpochMs | undefined;
}

/** A trade in an exchange's stream. */
export interface TradeWords {
  readonly kind: 'trade';
  readonly market: string;
  readonly time: EpochMs;
  readonly price: number;
  /** In the exchange's own units. */
  readonly quantity: number;
}

/** What is of interest in a message of an exchange. */
export type VenueMessage =
  | CandleWords
  | PriceWords
  | TradeWords
  | { readonly kind: 'malformed'; readonly reason: string };

/** The reader of an exchange's messages: pure, never throws; what is of no interest gives nothing. */
export type ReadMessage = (message: unknown) => readonly VenueMessage[];

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const DECIMAL = /^-?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?$/;

/** A number, or a decimal number as text; `undefined` for anything else, such as `""`, `"0x10"`, `"1e400"`, NaN. */
export function decimal(value: unknown): number | undefined {
  const number = typeof value === 'string' ? (DECIMAL.test(value) ? Number(value) : Number.NaN) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Before 2001, or in microseconds: no time of ours. */
const EARLIEST = 1_000_000_000_000;
const LATEST = 10_000_000_000_000;

/** Milliseconds since 1970 as a number or as text. */
export function time(value: unknown): EpochMs | undefined {
  const number = decimal(value);
  return number !== undefined && Number.isInteger(number) && number >= EARLIEST && number < LATEST
    ? epochMs(number)
    : undefined;
}

/** An ISO 8601 time with a zone, such as `2021-04-17T16:43:37.123456Z`, in whole milliseconds. */
export function isoTime(value: unknown): EpochMs | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(value)) {
    return undefined;
  }
  return time(Date.parse(value));
}

/** The parts of a candle as an exchange writes them. */
export interface CandleParts {
  readonly market: unknown;
  readonly interval: unknown;
  readonly openTime: unknown;
  /** Where the exchange says it. */
  readonly endTime?: unknown;
  readonly open: unknown;
  readonly high: unknown;
  readonly low: unknown;
  readonly close: unknown;
  readonly volume: unknown;
  readonly isClosed: boolean | undefined;
  readonly exchangeTime: EpochMs | undefined;
}

export function candleWords(parts: CandleParts): VenueMessage {
  const { market, interval, isClosed, exchangeTime } = parts;
  const openTime = time(parts.openTime);
  const endTime = time(parts.endTime);
  const [open, high, low] = [decimal(parts.open), decimal(parts.high), decimal(parts.low)];
  const [close, volume] = [decimal(parts.close), decimal(parts.volume)];
  if (
    typeof market !== 'string' ||
    typeof interval !== 'string' ||
    openTime === undefined ||
    (endTime === undefined && parts.endTime !== undefined) ||
    open === undefined ||
    high === undefined ||
    low === undefined ||
    close === undefined ||
    volume === undefined
  ) {
    return malformed('a candle', parts);
  }
  return {
    ...{ kind: 'candle', market, interval, openTime, open, high, low, close, volume, isClosed, exchangeTime },
    ...(endTime !== undefined && { endTime }),
  };
}

/** The parts of a price as an exchange writes them; absent, `null` or an empty text is no news. */
export interface PriceParts {
  readonly market: unknown;
  readonly last?: unknown;
  readonly bid?: unknown;
  readonly ask?: unknown;
  readonly exchangeTime: EpochMs | undefined;
}

export function priceWords(parts: PriceParts): VenueMessage {
  const { market, exchangeTime } = parts;
  const read: { last?: number; bid?: number; ask?: number } = {};
  for (const side of ['last', 'bid', 'ask'] as const) {
    const given = parts[side];
    if (given === undefined || given === null || given === '') continue;
    const value = decimal(given);
    if (value === undefined) return malformed('a price', parts);
    read[side] = value;
  }
  return typeof market === 'string' ? { kind: 'price', market, ...read, exchangeTime } : malformed('a price', parts);
}

export function tradeWords(parts: Readonly<Record<'market' | 'time' | 'price' | 'quantity', unknown>>): VenueMessage {
  const [at, price, quantity] = [time(parts.time), decimal(parts.price), decimal(parts.quantity)];
  const { market } = parts;
  if (typeof market !== 'string' || at === undefined || price === undefined || quantity === undefined) {
    return malformed('a trade', parts);
  }
  return { kind: 'trade', market, time: at, price, quantity };
}

export function malformed(what: string, value: unknown): VenueMessage {
  return { kind: 'malformed', reason: `${what} with wrong fields: ${JSON.stringify(value)?.slice(0, 200)}` };
}
