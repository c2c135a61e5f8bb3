import { isFields, isoTime, malformed, priceWords, type VenueMessage } from './venue-message.ts';

/**
 * Coinbase: prices only, of the Advanced Trade feed (`{ channel: 'ticker', events }`) and of the Exchange feed
 * (`{ type: 'ticker' }`). Its candle channel knows five-minute candles alone and no closed flag: candles come from the
 * history. Source: Coinbase developer documentation, WebSocket channels of both feeds.
 */
export function readCoinbase(message: unknown): readonly VenueMessage[] {
  if (!isFields(message)) return [];
  if (message.type === 'ticker') {
    const { product_id: market, price: last, best_bid: bid, best_ask: ask } = message;
    return [priceWords({ market, last, bid, ask, exchangeTime: isoTime(message.time) })];
  }
  if (message.channel !== 'ticker' && message.channel !== 'ticker_batch') return [];
  const exchangeTime = isoTime(message.timestamp);
  const events: unknown = message.events;
  if (!Array.isArray(events)) return [malformed('a ticker', message)];
  return events.flatMap((event: unknown): readonly VenueMessage[] => {
    const tickers: unknown = isFields(event) ? event.tickers : undefined;
    if (!Array.isArray(tickers)) return [malformed('a ticker', event)];
    return tickers.map((ticker: unknown) =>
      isFields(ticker)
        ? priceWords({
            ...{ market: ticker.product_id, last: ticker.price, bid: ticker.best_bid, ask: ticker.best_ask },
            exchangeTime,
          })
        : malformed('a ticker', ticker),
    );
  });
}
