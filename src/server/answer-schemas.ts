import { z } from 'zod';
import type {
  AuditHeadAnswer,
  BotAnswer,
  BotsAnswer,
  CandlesAnswer,
  EquityAnswer,
  FillsAnswer,
  HealthAnswer,
  OrderEventsAnswer,
  OrdersAnswer,
  ReadyAnswer,
  SignalsAnswer,
  StatusAnswer,
} from '../protocol/answers.ts';
import { TIMEFRAMES } from '../protocol/wire.ts';
import { botStatus, candle, fill, order, orderEvent, price, signal } from './wire-schemas.ts';

/** The bodies of the routes' answers: every one passes through its schema on its way out. */

function page<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    offset: z.number().int(),
    limit: z.number().int(),
    nextOffset: z.number().int().nullable(),
  });
}

const health = z.enum(['ok', 'failed', 'no-answer']);
const bot = z.object({ botId: z.string(), status: botStatus.nullable() });

export const answers: {
  readonly health: z.ZodType<HealthAnswer>;
  readonly ready: z.ZodType<ReadyAnswer>;
  readonly status: z.ZodType<StatusAnswer>;
  readonly bots: z.ZodType<BotsAnswer>;
  readonly bot: z.ZodType<BotAnswer>;
  readonly signals: z.ZodType<SignalsAnswer>;
  readonly orders: z.ZodType<OrdersAnswer>;
  readonly orderEvents: z.ZodType<OrderEventsAnswer>;
  readonly fills: z.ZodType<FillsAnswer>;
  readonly equity: z.ZodType<EquityAnswer>;
  readonly candles: z.ZodType<CandlesAnswer>;
  readonly auditHead: z.ZodType<AuditHeadAnswer>;
} = {
  health: z.object({ alive: z.literal(true) }),
  ready: z.object({
    ready: z.boolean(),
    parts: z.object({ bus: health, store: health }),
  }),
  status: z.object({
    version: z.string(),
    protocolVersion: z.number().int(),
    time: z.number().int(),
    uptimeMs: z.number(),
    bots: z.array(bot),
    prices: z.array(
      z.object({
        symbol: z.string(),
        connected: z.boolean(),
        ageMs: z.number().nullable(),
        exchangeAgeMs: z.number().nullable(),
        stale: z.boolean(),
        volatility: z.number().nullable(),
        price: price.nullable(),
      }),
    ),
    connections: z.array(
      z.object({
        source: z.string(),
        transport: z.enum(['stream', 'poll']),
        isConnected: z.boolean(),
        sockets: z.number().int(),
        liveSockets: z.number().int(),
        reconnects: z.number().int(),
        staleTopics: z.array(z.string()),
        delayMs: z.number(),
        toldAgeMs: z.number(),
      }),
    ),
  }),
  bots: z.object({ bots: z.array(bot) }),
  bot,
  signals: page(signal),
  orders: page(order),
  orderEvents: page(orderEvent),
  fills: page(fill),
  equity: page(z.object({ time: z.number().int(), equity: z.number() })),
  candles: z.object({
    symbol: z.string(),
    timeframe: z.enum(TIMEFRAMES),
    candles: z.array(candle),
  }),
  auditHead: z.object({
    index: z.number().int(),
    hash: z.string(),
    recordedAt: z.number().int().nullable(),
  }),
};
