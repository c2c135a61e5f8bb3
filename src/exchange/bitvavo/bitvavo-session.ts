import { formatFixed } from '../../foundation/fixed-point.ts';
import type { SocketConnection, SocketRequest } from '../bybit/socket-connection.ts';
import type { ExchangeParts } from '../exchange-parts.ts';
import type { RecordedMarket } from '../market/market.ts';
import type { Print } from '../market/tape.ts';
import { candleStart } from '../market/tape-candles.ts';
import {
  candleRow,
  dayTicker,
  intervalOf,
  marketId,
  paddedPrice,
  refusal,
  snapshotLevels,
  tradeRow,
} from './bitvavo-messages.ts';
import { spotMarkets } from './bitvavo-routes.ts';

const CHANNELS = ['ticker', 'ticker24h', 'trades', 'book', 'candles'];
const BOOK_DEPTH = 200;

type Pair = [string, string];

/** What a market has told this socket so far. */
interface Told {
  bid?: string;
  ask?: string;
  last?: string;
  nonce: number;
  book?: { readonly bids: readonly Pair[]; readonly asks: readonly Pair[] };
}

/**
 * One socket of Bitvavo's public feed (v2). Its ticker tells what has changed and nothing else, without a number or a time; its
 * candles never say that they are closed; its book begins with differences, and the snapshot must be asked for.
 */
export class BitvavoSession {
  readonly #connection: SocketConnection;
  readonly #parts: ExchangeParts;
  /** `channel` or `candles/1m`, to market ids. */
  readonly #subscriptions = new Map<string, Set<string>>();
  readonly #told = new Map<string, Told>();

  constructor(connection: SocketConnection, parts: ExchangeParts) {
    this.#connection = connection;
    this.#parts = parts;
    connection.listen((request) => this.#handle(request));
    const stop = parts.listeners.add({ onPrint: (market, print) => this.#onPrint(market, print) });
    connection.onClose(stop);
  }

  #handle(request: SocketRequest): void {
    const action = String(request.action ?? '');
    this.#parts.counts.add(`WS bitvavo ${action}`);
    if (action === 'subscribe' || action === 'unsubscribe') this.#change(action, request.channels);
    else if (action === 'getBook') this.#sendBook(request);
    else if (action === 'getTime') {
      this.#connection.reply({ action, requestId: request.requestId, response: { time: this.#parts.clock.now() } });
    } else this.#connection.reply({ action, ...refusal(110, 'Invalid endpoint. Please check url and HTTP method.') });
  }

  #change(action: 'subscribe' | 'unsubscribe', channels: unknown): void {
    const wanted = Array.isArray(channels) ? channels.flatMap(readChannel) : [];
    const ids = spotMarkets(this.#parts).map(({ spec }) => marketId(spec));
    const stray = wanted.flatMap(({ markets }) => markets).find((id) => !ids.includes(id));
    if (wanted.length === 0 || stray !== undefined) {
      const reason = stray === undefined ? 'channels parameter is invalid.' : `market parameter ${stray} is invalid.`;
      this.#connection.reply({ action, ...refusal(205, reason) });
      return;
    }
    for (const { name, markets } of wanted) {
      const present = this.#subscriptions.get(name) ?? new Set<string>();
      this.#subscriptions.set(name, present);
      for (const id of markets) {
        if (action === 'subscribe') present.add(id);
        else present.delete(id);
      }
    }
    this.#connection.reply({ event: `${action}d`, subscriptions: this.#allSubscriptions() });
  }

  /** Every subscription of the socket, also those that were there before. */
  #allSubscriptions(): object {
    const all: Record<string, unknown> = {};
    for (const [name, ids] of this.#subscriptions) {
      const [channel, interval] = name.split('/') as [string, string | undefined];
      if (interval === undefined) all[channel] = [...ids];
      else all[channel] = { ...(all[channel] as object | undefined), [interval]: [...ids] };
    }
    return all;
  }

  #onPrint(market: RecordedMarket, print: Print): void {
    const spec = this.#parts.venue.spec('spot', market.symbol);
    if (spec === undefined) return;
    const id = marketId(spec);
    for (const [name, ids] of this.#subscriptions) {
      if (!ids.has(id)) continue;
      if (name === 'ticker') this.#sendTicker(market, id);
      else if (name === 'ticker24h') {
        const data = [dayTicker(market, spec, this.#parts.venue.book('spot', market.symbol, 1))];
        this.#send(name, id, { event: 'ticker24h', data });
      } else if (name === 'trades') this.#send(name, id, { event: 'trade', market: id, ...tradeRow(print, spec) });
      else if (name === 'book') this.#sendDifference(market, id);
      else this.#sendCandle(market, id, name.slice('candles/'.length));
    }
  }

  /** A frame for each side that has changed, and one for the price. */
  #sendTicker(market: RecordedMarket, id: string): void {
    const told = this.#toldOf(id);
    const { bids, asks } = this.#parts.venue.book('spot', market.symbol, 1);
    const [bid] = snapshotLevels(bids);
    const [ask] = snapshotLevels(asks);
    const last = formatFixed(market.lastPrint.price);
    if (bid !== undefined && told.bid !== bid.join()) {
      told.bid = bid.join();
      this.#send('ticker', id, { event: 'ticker', market: id, bestBid: bid[0], bestBidSize: bid[1] });
    }
    if (ask !== undefined && told.ask !== ask.join()) {
      told.ask = ask.join();
      this.#send('ticker', id, { event: 'ticker', market: id, bestAsk: ask[0], bestAskSize: ask[1] });
    }
    if (told.last !== last) {
      told.last = last;
      this.#send('ticker', id, { event: 'ticker', market: id, lastPrice: last });
    }
  }

  #sendCandle(market: RecordedMarket, id: string, interval: string): void {
    const kline = intervalOf(interval)!;
    const candle = this.#parts.candles.candle(market, kline, candleStart(kline, market.now()), market.now());
    if (candle !== undefined) {
      this.#send(`candles.${interval}`, id, { event: 'candle', market: id, interval, candle: [candleRow(candle)] });
    }
  }

  #sendDifference(market: RecordedMarket, id: string): void {
    const told = this.#toldOf(id);
    const before = told.book;
    const now = this.#readBook(market);
    told.book = now;
    if (before === undefined) return;
    const changes = { bids: differences(before.bids, now.bids), asks: differences(before.asks, now.asks) };
    if (changes.bids.length === 0 && changes.asks.length === 0) return;
    told.nonce += 1;
    this.#send('book', id, {
      event: 'book',
      market: id,
      nonce: told.nonce,
      ...changes,
      timestamp: market.now() * 1_000_000,
    });
  }

  #sendBook(request: SocketRequest): void {
    const id = String(request.market ?? '');
    const listed = spotMarkets(this.#parts).find(({ spec }) => marketId(spec) === id);
    const requestId = request.requestId;
    const named = { action: 'getBook', ...(requestId !== undefined && { requestId }) };
    if (listed === undefined) {
      this.#connection.reply({ ...named, ...refusal(205, `market parameter ${id} is invalid.`) });
      return;
    }
    const told = this.#toldOf(id);
    told.book ??= this.#readBook(listed.market);
    const timestamp = listed.market.now() * 1_000_000;
    this.#connection.reply({ ...named, response: { market: id, nonce: told.nonce, ...told.book, timestamp } });
  }

  #readBook(market: RecordedMarket): { readonly bids: readonly Pair[]; readonly asks: readonly Pair[] } {
    const { bids, asks } = this.#parts.venue.book('spot', market.symbol, BOOK_DEPTH);
    return { bids: snapshotLevels(bids), asks: snapshotLevels(asks) };
  }

  #toldOf(id: string): Told {
    const known = this.#told.get(id) ?? { nonce: 1_000 };
    this.#told.set(id, known);
    return known;
  }

  #send(channel: string, id: string, message: object): void {
    this.#connection.sendTopic(`bitvavo.${channel}.${id}`, JSON.stringify(message));
  }
}

/** `{ name, markets }` of a request; candles once for each interval. */
function readChannel(channel: unknown): { readonly name: string; readonly markets: readonly string[] }[] {
  if (typeof channel !== 'object' || channel === null) return [];
  const { name, markets, interval } = channel as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !CHANNELS.includes(name) || !Array.isArray(markets)) return [];
  const ids = markets.filter((id) => typeof id === 'string');
  if (name !== 'candles') return [{ name, markets: ids }];
  const intervals = Array.isArray(interval) ? interval : [interval];
  return intervals
    .filter((one) => typeof one === 'string' && intervalOf(one) !== undefined)
    .map((one) => ({ name: `candles/${String(one)}`, markets: ids }));
}

function differences(before: readonly Pair[], now: readonly Pair[]): Pair[] {
  const old = new Map(before);
  const present = new Map(now);
  const changed = now.filter(([price, size]) => old.get(price) !== size);
  const gone = before.filter(([price]) => !present.has(price)).map(([price]): Pair => [price, '0']);
  return [...changed, ...gone].map(([price, size]): Pair => [paddedPrice(price), size]);
}
