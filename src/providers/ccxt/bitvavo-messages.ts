import { candleWords, isFields, malformed, priceWords, time, type VenueMessage } from './venue-message.ts';

/**
 * Bitvavo v2. A `candle` event comes after each trade and does not say whether the candle has closed; `ticker24h` has
 * last price, bid, ask and time. Source: Bitvavo API documentation, WebSocket subscriptions.
 */
export function readBitvavo(message: unknown): readonly VenueMessage[] {
  if (!isFields(message)) return [];
  if (message.event === 'candle') {
    const { market, interval, candle } = message;
    if (!Array.isArray(candle)) return [malformed('a candle', message)];
    return candle.map((row: unknown) => {
      if (!Array.isArray(row)) return malformed('a candle', row);
      const [openTime, open, high, low, close, volume]: readonly unknown[] = row;
      const parts = { openTime, open, high, low, close, volume };
      return candleWords({ market, interval, ...parts, isClosed: undefined, exchangeTime: undefined });
    });
  }
  if (message.event !== 'ticker24h') return [];
  const rows: unknown = message.data;
  if (!Array.isArray(rows)) return [malformed('a ticker', message)];
  return rows.map((row: unknown) =>
    isFields(row)
      ? priceWords({
          ...{ market: row.market, last: row.last, bid: row.bid, ask: row.ask },
          exchangeTime: time(row.timestamp),
        })
      : malformed('a ticker', row),
  );
}
