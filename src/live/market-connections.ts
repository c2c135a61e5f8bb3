import type { SystemEvent } from '../domain/event.ts';
import type { MarketDataStatus, TopicStatus } from '../market/market-data.ts';

/** The event by which a collector tells how its provider is connected: its details are a {@link MarketDataStatus}. */
export const MARKET_STATUS = 'market.status';

/** How a provider is connected, as its collector told last. */
export interface MarketConnection {
  readonly source: string;
  /** How late the source is known to be, in milliseconds. */
  readonly delayMs: number;
  readonly transport: MarketDataStatus['transport'];
  /** Every socket is live; of a source without sockets, at least one of its topics is answered. */
  readonly isConnected: boolean;
  readonly sockets: number;
  readonly liveSockets: number;
  /** How often a socket was opened again. */
  readonly reconnects: number;
  /** `price ETHUSDT`, `candles BTCUSDT 1m`: subscriptions that bring nothing new. Requests stand in for them. */
  readonly staleTopics: readonly string[];
  /** Why a socket broke the last time. */
  readonly lastFailure: string | null;
  /** The venue's clock when it was told, in milliseconds since 1970. */
  readonly exchangeTime: number;
  /** When it was told, by the collector's clock. */
  readonly toldAt: number;
}

/** What every provider last told of its connections, by its name. Other events are passed over. */
export class MarketConnections {
  readonly #connections = new Map<string, MarketConnection>();

  /** Gives the connection where the event was about one, and news. */
  take(event: SystemEvent): MarketConnection | undefined {
    if (event.type !== MARKET_STATUS || !isStatus(event.details)) return undefined;
    const connection = summary(event.details, event.time);
    const known = this.#connections.get(connection.source);
    if (known !== undefined && known.toldAt > connection.toldAt) return undefined;
    this.#connections.set(connection.source, connection);
    return connection;
  }

  all(): readonly MarketConnection[] {
    return [...this.#connections.values()];
  }
}

function summary(status: MarketDataStatus, toldAt: number): MarketConnection {
  const { source, delayMs, transport, connections, topics, counts, exchangeTime } = status;
  const liveSockets = connections.filter(({ state }) => state === 'live').length;
  const staleTopics = topics.filter(({ state }) => state === 'stale').map(topicInWords);
  const failures = connections.map(({ lastFailure }) => lastFailure).filter((failure) => failure !== null);
  return {
    source,
    delayMs,
    transport,
    isConnected: connections.length > 0 ? liveSockets === connections.length : staleTopics.length < topics.length,
    sockets: connections.length,
    liveSockets,
    reconnects: counts.reconnects,
    staleTopics,
    lastFailure: failures.at(-1) ?? null,
    exchangeTime,
    toldAt,
  };
}

function topicInWords({ kind, symbol, timeframe }: TopicStatus): string {
  return timeframe === null ? `${kind} ${symbol}` : `${kind} ${symbol} ${timeframe}`;
}

/** Whether the details of an event, which may come from another program, have what is read of a status. */
function isStatus(details: unknown): details is MarketDataStatus {
  if (typeof details !== 'object' || details === null) return false;
  const { source, delayMs, exchangeTime, connections, topics, counts } = details as Readonly<Record<string, unknown>>;
  return (
    typeof source === 'string' &&
    typeof delayMs === 'number' &&
    typeof exchangeTime === 'number' &&
    Array.isArray(connections) &&
    Array.isArray(topics) &&
    typeof (counts as { readonly reconnects?: unknown } | null | undefined)?.reconnects === 'number'
  );
}
