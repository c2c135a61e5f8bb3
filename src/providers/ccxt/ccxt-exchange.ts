import { invariant } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { isFields } from './venue-message.ts';

/** A socket of ccxt, as far as it is used here. */
export interface CcxtClient {
  readonly url: string;
  error: unknown;
  close(): unknown;
  send(message: unknown): Promise<unknown>;
  /** What is awaited under a name. */
  future(hash: string): Promise<unknown>;
  /** Called with each answer to a ping that the protocol of sockets knows. */
  onPong(): void;
  readonly connection?: { terminate?: () => void };
}

/**
 * What is used of an exchange of ccxt (4.5): its knowledge of addresses, markets, requests and subscriptions. Its answers
 * are `unknown` here, and checked where they are read.
 */
export interface CcxtExchange {
  urls: { api: unknown };
  options: Record<string, unknown>;
  has: Record<string, unknown>;
  timeframes: Readonly<Record<string, unknown>>;
  clients: Record<string, CcxtClient>;
  markets: unknown;
  readonly precisionMode: number;
  log: (...words: unknown[]) => void;
  /** Milliseconds until an unanswered request is given up. */
  timeout: number;
  streaming: Readonly<Record<string, unknown>>;
  loadMarkets(reload?: boolean): Promise<unknown>;
  loadHttpProxyAgent(): Promise<unknown>;
  fetchTime(): Promise<unknown>;
  fetchOHLCV(symbol: string, timeframe: string, since: number, limit: number): Promise<unknown>;
  fetchTicker(symbol: string): Promise<unknown>;
  fetchTickers(symbols: readonly string[]): Promise<unknown>;
  setMarketsFromExchange(other: CcxtExchange): unknown;
  watchOHLCVForSymbols(pairs: readonly (readonly [string, string])[]): Promise<unknown>;
  unWatchOHLCVForSymbols(pairs: readonly (readonly [string, string])[]): Promise<unknown>;
  watchTickers(symbols: readonly string[]): Promise<unknown>;
  unWatchTickers(symbols: readonly string[]): Promise<unknown>;
  watchTicker(symbol: string): Promise<unknown>;
  watchBidsAsks(symbols: readonly string[]): Promise<unknown>;
  watchTradesForSymbols(symbols: readonly string[]): Promise<unknown>;
  unWatchTradesForSymbols(symbols: readonly string[]): Promise<unknown>;
  close(): Promise<unknown>;
  /** The socket of an address, made where there is none. */
  client(url: string): CcxtClient;
  // What ccxt calls when something happens on a socket. Set on the instance before the first socket, they come first.
  handleMessage(client: CcxtClient, message: unknown): unknown;
  onError(client: CcxtClient, error: unknown): void;
  onClose(client: CcxtClient, error: unknown): void;
  calculateWsBackoffDelay(url: string): number;
}

const NEEDED = [
  'loadMarkets',
  'fetchTime',
  'fetchOHLCV',
  'fetchTicker',
  'fetchTickers',
  'setMarketsFromExchange',
  'watchTickers',
  'client',
  'handleMessage',
  'onClose',
];

/** A frame of an exchange is a few kilobytes; a bigger one than this ends the connection. */
const LARGEST_FRAME = 1024 * 1024;
/** So often a socket is pinged, on every exchange: one whose answers stop is dead well within half a minute. */
const PING_EVERY_MS = 8_000;

/**
 * Loads one exchange of ccxt, not all of them: 0.15 s and 30 MB instead of 0.6 s and 95 MB.
 *
 * @param baseUrl where it stands in for the exchange's hosts, such as `http://127.0.0.1:8080`: the paths stay
 * @param prepare what is set before the addresses are: a demo account has hosts of its own
 */
export async function loadCcxtExchange(
  id: string,
  options: Readonly<Record<string, unknown>>,
  baseUrl: string | null,
  logger: Logger,
  prepare: (exchange: CcxtExchange) => void = () => {},
): Promise<CcxtExchange> {
  const loaded: unknown = await import(new URL(`./src/pro/${id}.js`, import.meta.resolve('ccxt')).href);
  const Exchange: unknown = isFields(loaded) ? loaded.default : undefined;
  invariant(typeof Exchange === 'function', 'ccxt has no such exchange', { id });
  const made: unknown = Reflect.construct(Exchange, [
    {
      enableRateLimit: true,
      newUpdates: true,
      options: { ...options, ws: { options: { maxPayload: LARGEST_FRAME } } },
    },
  ]);
  invariant(isCcxtExchange(made), 'ccxt has changed: an exchange lacks what is used of it', { id, needed: NEEDED });
  made.log = (...words) => logger.debug('ccxt', { words: words.map(String).join(' ').slice(0, 500) });
  made.streaming = { ...made.streaming, keepAlive: PING_EVERY_MS };
  // Waits between connections are ours, by our clock and chance.
  made.calculateWsBackoffDelay = () => 0;
  // Coins are not needed to read a market, and some exchanges give them to customers only.
  made.has = { ...made.has, fetchCurrencies: false };
  catchLostSends(made);
  prepare(made);
  if (baseUrl !== null) {
    made.urls.api = redirected(made.urls.api, baseUrl);
    // Without it ccxt refuses sockets that are not encrypted.
    await made.loadHttpProxyAgent();
  }
  return made;
}

/**
 * ccxt sends a subscription when its pace allows, and nobody awaits that: where the socket ended meanwhile, the rejection
 * would end this process. Who lost the socket is told so by its end.
 */
function catchLostSends(exchange: CcxtExchange): void {
  const { client: clientOf } = exchange;
  const guarded = new WeakSet<CcxtClient>();
  exchange.client = (url) => {
    const client = clientOf.call(exchange, url);
    if (guarded.has(client)) return client;
    guarded.add(client);
    const { send } = client;
    client.send = (message) => {
      const sent = send.call(client, message);
      sent.catch(() => {});
      return sent;
    };
    return client;
  };
}

function isCcxtExchange(value: unknown): value is CcxtExchange {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return NEEDED.every((name) => typeof fields[name] === 'function') && isFields(fields.urls);
}

/** Every address of a tree of addresses, with another host. */
function redirected(addresses: unknown, baseUrl: string): unknown {
  if (typeof addresses === 'string') {
    const base = baseUrl.replace(/\/+$/, '');
    const isSocket = addresses.startsWith('ws');
    return addresses.replace(/^\w+:\/\/[^/]+/, isSocket ? base.replace(/^http/, 'ws') : base);
  }
  if (!isFields(addresses)) return addresses;
  return Object.fromEntries(Object.entries(addresses).map(([name, inner]) => [name, redirected(inner, baseUrl)]));
}
