import type { Log, Topic } from '../../src/bus/topics.ts';
import type { Fill } from '../../src/domain/fill.ts';
import type { Execution, OrderTerms } from '../../src/domain/order.ts';
import { fixed, type Money, type Price, type Quantity } from '../../src/foundation/fixed-point.ts';
import type { Json } from '../../src/foundation/json.ts';
import { epochMs } from '../../src/foundation/time.ts';

/** Topics, logs and payloads of the bus contract. */

export function numbersTopic(channel: string): Topic<number> {
  return { channel, codec: { encode: (value) => value, decode: (json) => json as number } };
}

export function jsonTopic(channel: string): Topic<Json> {
  return { channel, codec: { encode: (value) => value, decode: (json) => json } };
}

export function numbersLog(name: string): Log<number> {
  return { name, codec: { encode: (value) => value, decode: (json) => json as number } };
}

export function jsonLog(name: string): Log<Json> {
  return { name, codec: { encode: (value) => value, decode: (json) => json } };
}

/** 1 … `count`. */
export function numbers(count: number, from = 1): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** Its exact numbers are beyond what a float64 holds. */
export const exactFill: Fill = {
  fillId: 'x-1/1',
  clientOrderId: 'x-1',
  botId: 'bot',
  symbol: 'BTCUSDT',
  side: 'sell',
  price: fixed<Price>('123456789012345678.123456789012'),
  quantity: fixed<Quantity>('0.000000000001'),
  fee: fixed<Money>('-9007199254740993.000000000001'),
  feeCurrency: 'USDT',
  liquidity: 'maker',
  time: epochMs(1_750_761_060_000),
};

const price = fixed<Price>('98765432109876543.210987654321');

const executions: readonly Execution[] = [
  { type: 'market' },
  { type: 'limit', limitPrice: price, postOnly: true },
  { type: 'stop', triggerPrice: price },
  { type: 'stop', triggerPrice: price, limitPrice: price },
  { type: 'take-profit', triggerPrice: price, limitPrice: price },
  { type: 'trailing-stop', distance: price },
];

/** Order terms of every kind of execution and quantity. */
export const exactTerms: readonly OrderTerms[] = executions.map((execution, index) => ({
  clientOrderId: `x-${index}`,
  botId: 'bot',
  signalId: `bot-1-${index}`,
  symbol: 'BTCUSDT',
  side: 'buy',
  quantity:
    index === 0
      ? { kind: 'equity-fraction', fraction: 1 / 3 }
      : { kind: 'units', quantity: fixed<Quantity>('9007199254740993.000000000001') },
  execution,
  timeInForce: index === 1 ? { kind: 'GTD', expiresAt: epochMs(1_750_761_060_001) } : { kind: 'GTC' },
  reduceOnly: false,
  createdAt: epochMs(1_750_761_060_000),
}));
