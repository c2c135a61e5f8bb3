import { candleWords, isFields, malformed, priceWords, time, tradeWords, type VenueMessage } from './venue-message.ts';

/**
 * Binance, spot and USDⓈ-M: single streams and combined ones (`{ stream, data }`). `kline` says with `k.x` that a candle
 * has closed; `24hrTicker` has last price, bid and ask; `bookTicker` of spot has no time and no event name.
 * Source: binance-spot-api-docs, web-socket-streams.md.
 */
export function readBinance(message: unknown): readonly VenueMessage[] {
  if (!isFields(message)) return [];
  const event = isFields(message.data) && typeof message.stream === 'string' ? message.data : message;
  const exchangeTime = time(event.E);
  if (event.e === 'kline') {
    const { k } = event;
    if (!isFields(k) || typeof k.x !== 'boolean') return [malformed('a kline', event)];
    return [
      candleWords({
        ...{ market: k.s, interval: k.i, openTime: k.t, endTime: k.T, isClosed: k.x, exchangeTime },
        ...{ open: k.o, high: k.h, low: k.l, close: k.c, volume: k.v },
      }),
    ];
  }
  if (event.e === '24hrTicker') {
    return [priceWords({ market: event.s, last: event.c, bid: event.b, ask: event.a, exchangeTime })];
  }
  if (event.e === 'trade') return [tradeWords({ market: event.s, time: event.T, price: event.p, quantity: event.q })];
  const isBookTicker =
    event.e === 'bookTicker' || (event.e === undefined && 'u' in event && 'B' in event && 'A' in event);
  return isBookTicker ? [priceWords({ market: event.s, bid: event.b, ask: event.a, exchangeTime })] : [];
}
