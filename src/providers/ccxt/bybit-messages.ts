import { candleWords, isFields, malformed, priceWords, time, tradeWords, type VenueMessage } from './venue-message.ts';

/**
 * Bybit v5, public streams. `kline.{interval}.{symbol}` says with `confirm` that a candle has closed; `tickers.{symbol}`
 * of contracts is a snapshot and then what changed; `orderbook.1.{symbol}` brings bid and ask of spot, whose tickers have
 * none; `publicTrade.{symbol}` brings every trade. Source: bybit-exchange/docs, docs/v5/websocket/public.
 */
export function readBybit(message: unknown): readonly VenueMessage[] {
  if (!isFields(message) || typeof message.topic !== 'string') return [];
  const { topic, data } = message;
  const exchangeTime = time(message.ts);
  const [channel, second, third] = topic.split('.');
  if (channel === 'kline') {
    if (!Array.isArray(data)) return [malformed('a kline', message)];
    return data.map((row: unknown) =>
      isFields(row) && typeof row.confirm === 'boolean'
        ? candleWords({
            ...{
              market: third,
              interval: second,
              openTime: row.start,
              endTime: row.end,
              isClosed: row.confirm,
              exchangeTime,
            },
            ...{ open: row.open, high: row.high, low: row.low, close: row.close, volume: row.volume },
          })
        : malformed('a kline', row),
    );
  }
  if (channel === 'publicTrade') {
    if (!Array.isArray(data)) return [malformed('trades', message)];
    return data.map((row: unknown) =>
      isFields(row)
        ? tradeWords({ market: row.s, time: row.T, price: row.p, quantity: row.v })
        : malformed('a trade', row),
    );
  }
  if (channel !== 'tickers' && channel !== 'orderbook') return [];
  if (!isFields(data)) return [malformed(`a message of ${channel}`, message)];
  if (channel === 'tickers') {
    const { lastPrice: last, bid1Price: bid, ask1Price: ask } = data;
    return [priceWords({ market: second, last, bid, ask, exchangeTime })];
  }
  return [priceWords({ market: third, bid: best(data.b), ask: best(data.a), exchangeTime })];
}

/** The price of the first level; none where the side is empty. */
function best(side: unknown): unknown {
  const level: unknown = Array.isArray(side) ? side[0] : undefined;
  return Array.isArray(level) ? level[0] : undefined;
}
