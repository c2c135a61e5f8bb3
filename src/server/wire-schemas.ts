import { z } from 'zod';
import {
  TIMEFRAMES,
  type WireBotStatus,
  type WireCandle,
  type WireCandleMessage,
  type WireFill,
  type WireOrder,
  type WireOrderEvent,
  type WirePortfolio,
  type WirePosition,
  type WirePrice,
  type WireSignal,
} from '../protocol/wire.ts';

/*
 * The parts of which answers and messages are made. What leaves the server is what these name and nothing else: a field
 * that is added to the domain stays inside until it is added here too. The compiler holds each against the protocol.
 */

const time = z.number().int();
/** Plain decimal text of an exact number. */
const exact = z.string().regex(/^-?\d+(\.\d+)?$/);
const side = z.enum(['buy', 'sell']);
const maybe = z.exactOptional;

const position = z.object({
  symbol: z.string(),
  quantity: z.number(),
  averagePrice: z.number(),
  price: z.number(),
  unrealisedProfit: z.number(),
}) satisfies z.ZodType<WirePosition>;

export const botStatus = z.object({
  botId: z.string(),
  strategy: z.string(),
  symbols: z.array(z.string()),
  lifecycle: z.enum(['starting', 'running', 'halted', 'stopped', 'finished', 'failed']),
  reason: z.string().nullable(),
  marketTime: time,
  slices: z.number(),
  startingBalance: z.number(),
  equity: z.number(),
  balance: z.number(),
  realisedProfit: z.number(),
  fees: z.number(),
  fills: z.number(),
  roundTrips: z.number(),
  winningRoundTrips: z.number(),
  signals: z.number(),
  refusals: z.number(),
  positions: z.array(position),
}) satisfies z.ZodType<WireBotStatus>;

export const portfolio = z.object({
  botId: z.string(),
  marketTime: time,
  equity: z.number(),
  balance: z.number(),
  realisedProfit: z.number(),
  fees: z.number(),
  positions: z.array(position),
}) satisfies z.ZodType<WirePortfolio>;

export const price = z.object({
  symbol: z.string(),
  price: z.number(),
  bid: z.number().nullable(),
  ask: z.number().nullable(),
  source: z.string(),
  exchangeTime: time,
  receivedAt: time,
}) satisfies z.ZodType<WirePrice>;

const bar = {
  openTime: time,
  closeTime: time,
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
};

export const candle = z.object(bar) satisfies z.ZodType<WireCandle>;

export const candleMessage = z.object({
  symbol: z.string(),
  timeframe: z.enum(TIMEFRAMES),
  ...bar,
  sequence: z.number(),
  watermark: time,
  source: z.string(),
  receivedAt: time,
}) satisfies z.ZodType<WireCandleMessage>;

const about = { symbol: z.string(), reason: z.string() };

const wish = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('enter'),
    ...about,
    side: z.enum(['long', 'short']),
    limitPrice: maybe(z.number()),
    stopPrice: maybe(z.number()),
    stopLoss: maybe(z.number()),
    takeProfit: maybe(z.number()),
    trailingDistance: maybe(z.number()),
    strength: maybe(z.number()),
  }),
  z.object({ kind: z.literal('exit'), ...about }),
  z.object({ kind: z.literal('target'), ...about, weight: z.number() }),
  z.object({
    kind: z.literal('quote'),
    ...about,
    bidPrice: maybe(z.number()),
    askPrice: maybe(z.number()),
    quantity: z.number(),
  }),
  z.object({
    kind: z.literal('order'),
    ...about,
    side,
    quantity: z.number(),
    type: z.enum(['market', 'limit', 'stop', 'take-profit', 'trailing-stop']),
    limitPrice: maybe(z.number()),
    triggerPrice: maybe(z.number()),
    trailingDistance: maybe(z.number()),
    timeInForce: maybe(z.enum(['GTC', 'IOC', 'FOK'])),
    expiresAt: maybe(time),
    postOnly: maybe(z.boolean()),
    reduceOnly: maybe(z.boolean()),
    oneCancelsOther: maybe(z.string()),
  }),
]);

export const signal = z.object({
  signalId: z.string(),
  botId: z.string(),
  decisionTime: time,
  signal: wish,
  price: z.number(),
  priceSource: z.string(),
  priceAgeMs: z.number(),
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('executed'), clientOrderIds: z.array(z.string()) }),
    z.object({ kind: z.literal('ignored'), why: z.string() }),
    z.object({ kind: z.literal('refused'), code: z.string(), message: z.string() }),
  ]),
}) satisfies z.ZodType<WireSignal>;

const triggered = { triggerPrice: exact, limitPrice: maybe(exact) };

export const order = z.object({
  clientOrderId: z.string(),
  botId: z.string(),
  signalId: z.string(),
  symbol: z.string(),
  side,
  quantity: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('units'), quantity: exact }),
    z.object({ kind: z.literal('equity-fraction'), fraction: z.number() }),
  ]),
  execution: z.discriminatedUnion('type', [
    z.object({ type: z.literal('market') }),
    z.object({ type: z.literal('limit'), limitPrice: exact, postOnly: z.boolean() }),
    z.object({ type: z.literal('stop'), ...triggered }),
    z.object({ type: z.literal('take-profit'), ...triggered }),
    z.object({ type: z.literal('trailing-stop'), distance: exact }),
  ]),
  timeInForce: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('GTC') }),
    z.object({ kind: z.literal('IOC') }),
    z.object({ kind: z.literal('FOK') }),
    z.object({ kind: z.literal('GTD'), expiresAt: time }),
  ]),
  reduceOnly: z.boolean(),
  oneCancelsOther: maybe(z.string()),
  after: maybe(z.string()),
  createdAt: time,
}) satisfies z.ZodType<WireOrder>;

export const fill = z.object({
  fillId: z.string(),
  clientOrderId: z.string(),
  botId: z.string(),
  symbol: z.string(),
  side,
  price: exact,
  quantity: exact,
  fee: exact,
  feeCurrency: z.string(),
  liquidity: z.enum(['maker', 'taker']),
  time,
}) satisfies z.ZodType<WireFill>;

const ofOrder = { clientOrderId: z.string(), botId: z.string(), symbol: z.string(), time };

export const orderEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('submitted'), ...ofOrder }),
  z.object({ kind: z.literal('accepted'), ...ofOrder }),
  z.object({ kind: z.literal('triggered'), ...ofOrder, price: exact }),
  z.object({ kind: z.literal('filled'), ...ofOrder, fill, complete: z.boolean() }),
  z.object({ kind: z.literal('cancelled'), ...ofOrder, reason: z.string() }),
  z.object({ kind: z.literal('expired'), ...ofOrder, reason: z.string() }),
  z.object({ kind: z.literal('rejected'), ...ofOrder, code: z.string(), reason: z.string() }),
  z.object({ kind: z.literal('unknown'), ...ofOrder, reason: z.string() }),
]) satisfies z.ZodType<WireOrderEvent>;
