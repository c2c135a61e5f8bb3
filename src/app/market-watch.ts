import type { MarketConnection } from '../live/market-connections.ts';
import type { BoardPrice, PriceBoard } from '../live/price-board.ts';
import type { LiveConnection, LivePrice } from '../protocol/live-view.ts';
import type { WirePrice } from '../protocol/wire.ts';
import type { PriceSource } from '../server/server-options.ts';

/** The price board as people and programs see it: in the terminal, and through the server. */

/** A collector that has not told of its connections for so long has gone, or can't. */
const TOLD_WITHIN_MS = 60_000;

export function livePrice(price: BoardPrice, board: PriceBoard): LivePrice {
  const { symbol, bid, ask, source, kind, occurredAt: marketTime, firstPrice, candles } = price;
  const { ageMs, exchangeAgeMs, isStale } = board.reading(symbol)!;
  const volatility = board.volatility(symbol) ?? null;
  const change = price.price / firstPrice - 1;
  const about = { symbol, price: price.price, bid, ask, source, kind, marketTime, candles };
  return { ...about, ageMs, exchangeAgeMs, isStale, volatility, change };
}

export function liveConnection(connection: MarketConnection, now: number): LiveConnection {
  const { source, transport, isConnected, sockets, liveSockets, reconnects, staleTopics, delayMs } = connection;
  const toldAgeMs = Math.max(0, now - connection.toldAt);
  const about = { source, transport, sockets, liveSockets, reconnects, staleTopics, delayMs, toldAgeMs };
  return { ...about, isConnected: isConnected && toldAgeMs <= TOLD_WITHIN_MS };
}

/** A price board that the server feeds. */
export function priceSource(board: PriceBoard, now: () => number): PriceSource {
  return {
    take: (message) => board.take(message),
    takeEvent: (event) => board.takeEvent(event),
    connections: () => board.connections().map((connection) => liveConnection(connection, now())),
    price: (symbol) => wirePrice(board.price(symbol)),
    status(symbol) {
      const reading = board.reading(symbol);
      return {
        symbol,
        connected: reading?.isConnected ?? false,
        ageMs: reading?.ageMs ?? null,
        exchangeAgeMs: reading?.exchangeAgeMs ?? null,
        stale: reading?.isStale ?? true,
        volatility: board.volatility(symbol) ?? null,
        price: wirePrice(board.price(symbol)),
      };
    },
  };
}

function wirePrice(price: BoardPrice | undefined): WirePrice | null {
  if (price === undefined) return null;
  const { symbol, bid, ask, source, occurredAt: exchangeTime, receivedAt } = price;
  return { symbol, price: price.price, bid, ask, source, exchangeTime, receivedAt };
}
