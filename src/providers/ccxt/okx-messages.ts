import { candleWords, isFields, malformed, priceWords, time, type VenueMessage } from './venue-message.ts';

/** What counts as volume of a candle: the unit of base is the sixth field for spot, the seventh for contracts. */
const BASE_VOLUME = { spot: 5, perpetual: 6 } as const;

/**
 * OKX v5, public and business streams. The last field of a candle, `confirm`, is "1" once it has closed; the messages of
 * candles carry no time of sending. Source: OKX API guide, candlesticks channel and tickers channel.
 */
export function readOkx(message: unknown): readonly VenueMessage[] {
  if (!isFields(message) || !isFields(message.arg) || !('data' in message)) return [];
  const { channel, instId } = message.arg;
  if (typeof channel !== 'string') return [];
  if (channel === 'tickers') {
    return rows(message.data, message, (row) =>
      isFields(row)
        ? priceWords({ market: instId, last: row.last, bid: row.bidPx, ask: row.askPx, exchangeTime: time(row.ts) })
        : malformed('a ticker', row),
    );
  }
  if (!channel.startsWith('candle')) return [];
  const interval = channel.slice('candle'.length);
  const volumeField =
    typeof instId === 'string' && instId.split('-').length > 2 ? BASE_VOLUME.perpetual : BASE_VOLUME.spot;
  return rows(message.data, message, (row) => {
    if (!Array.isArray(row)) return malformed('a candle', row);
    const confirm: unknown = row[8];
    if (confirm !== '0' && confirm !== '1') return malformed('a candle', row);
    const [openTime, open, high, low, close]: readonly unknown[] = row;
    const volume: unknown = row[volumeField];
    const parts = { openTime, open, high, low, close, volume };
    return candleWords({ market: instId, interval, ...parts, isClosed: confirm === '1', exchangeTime: undefined });
  });
}

function rows(data: unknown, message: unknown, read: (row: unknown) => VenueMessage): readonly VenueMessage[] {
  return Array.isArray(data) ? data.map(read) : [malformed('a message', message)];
}
