import type {
  BotStatus,
  CandleMessage,
  JournalEntry,
  MarketLogEntry,
  MarketMessage,
  SystemEvent,
} from '../domain/event.ts';
import type { Fill } from '../domain/fill.ts';
import { fillFromJson, fillToJson, journalEntryFromJson, journalEntryToJson } from '../domain/order-codec.ts';
import type { SignalRecord } from '../domain/signal.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import type { Json } from '../foundation/json.ts';
import { candleText, marketEntryText, marketMessageText } from './candle-text.ts';

/** How a payload is written as JSON and read back, where it holds exact numbers. */
export interface Codec<Payload> {
  encode(payload: Payload): Json;
  decode(json: Json): Payload;
  /** The text of `encode`, where it can be had for less. */
  text?(payload: Payload): string;
}

/** A channel for at-most-once fan-out, with the type of what it carries. */
export interface Topic<Payload> {
  readonly channel: string;
  readonly codec: Codec<Payload>;
}

/** A durable, ordered log, with the type of its entries. */
export interface Log<Entry> {
  readonly name: string;
  readonly codec: Codec<Entry>;
}

/** A command to a running system; `command.bot.start` and so on travel by the same bus as events. */
export interface BotCommand {
  readonly botId: string;
}

/** For payloads that are JSON as they are. */
function plainCodec<Payload>(): Codec<Payload> {
  return { encode: (payload) => payload as unknown as Json, decode: (json) => json as unknown as Payload };
}

const candleCodec: Codec<CandleMessage> = { ...plainCodec<CandleMessage>(), text: candleText };
const marketCodec: Codec<MarketMessage> = { ...plainCodec<MarketMessage>(), text: marketMessageText };
const fillCodec: Codec<Fill> = { encode: fillToJson, decode: fillFromJson };

function topic<Payload>(channel: string, codec: Codec<Payload> = plainCodec<Payload>()): Topic<Payload> {
  return { channel, codec };
}

/** Every channel of the system. The names are part of the contract with other programs. */
export const topics = {
  candle: (symbol: string, timeframe: Timeframe) => topic(`data:${symbol}:${timeframe}`, candleCodec),
  market: (symbol: string) => topic(`market_data:${symbol}`, marketCodec),
  botSignals: (botId: string) => topic<SignalRecord>(`bot_signals:${botId}`),
  tradeUpdates: (botId: string) => topic<Fill>(`trade_updates:${botId}`, fillCodec),
  botStatus: (botId: string) => topic<BotStatus>(`bot_status:${botId}`),
  systemEvents: topic<SystemEvent>('system_events'),
  command: (name: 'bot.start' | 'bot.stop') => topic<BotCommand>(`command.${name}`),
} as const;

/** Patterns for those who want a whole family of channels; `*` stands for anything. */
export const topicPatterns = {
  candles: topic('data:*', candleCodec),
  markets: topic('market_data:*', marketCodec),
  botSignals: topic<SignalRecord>('bot_signals:*'),
  tradeUpdates: topic<Fill>('trade_updates:*', fillCodec),
  botStatus: topic<BotStatus>('bot_status:*'),
} as const;

/** The durable logs. */
export const logs = {
  market: {
    name: 'log:market',
    codec: { ...plainCodec<MarketLogEntry>(), text: marketEntryText },
  } as Log<MarketLogEntry>,
  journal: {
    name: 'log:journal',
    codec: { encode: journalEntryToJson, decode: journalEntryFromJson },
  } as Log<JournalEntry>,
} as const;
