import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { FaultBoard } from '../faults/fault-board.ts';
import type { CandleBoard } from '../market/candle-board.ts';
import type { Category } from '../market/instruments.ts';
import type { RecordedMarket } from '../market/market.ts';
import type { Print } from '../market/tape.ts';
import { isKlineInterval } from '../market/tape-candles.ts';
import type { Venue } from '../trading/venue.ts';
import { KlineChannel } from './kline-channel.ts';
import { BookChannel, TickerChannel, TradeChannel } from './market-channels.ts';
import type { Subscriber, TopicChannel } from './topic-channel.ts';

const DEPTHS: Readonly<Record<Category, readonly number[]>> = { linear: [1, 50, 200, 1000], spot: [1, 50, 200, 1000] };
const REPEAT_CHECK_MS = 1_000;

export interface PublicFeedParts {
  readonly clock: Clock;
  readonly markets: readonly RecordedMarket[];
  readonly venue: Venue;
  readonly candles: CandleBoard;
  readonly faults: FaultBoard;
}

/** The public topics: channels are made when somebody first asks for them, and fed by the markets. */
export class PublicFeed {
  readonly #parts: PublicFeedParts;
  readonly #channels = new Map<string, TopicChannel>();
  readonly #categoryOf = new Map<TopicChannel, Category>();
  readonly #bySymbol = new Map<string, TopicChannel[]>();
  readonly #stopRepeating: CancelTimer;

  constructor(parts: PublicFeedParts) {
    this.#parts = parts;
    this.#stopRepeating = parts.clock.every(REPEAT_CHECK_MS, () => {
      for (const channel of this.#channels.values()) if (channel instanceof BookChannel) channel.repeatBest();
    });
  }

  stop(): void {
    this.#stopRepeating();
  }

  /** `false` where there is no such topic. */
  isTopic(category: Category, topic: string): boolean {
    return this.#channel(category, topic) !== undefined;
  }

  subscribe(category: Category, topic: string, subscriber: Subscriber): void {
    this.#channel(category, topic)?.add(subscriber);
  }

  unsubscribe(category: Category, topic: string, subscriber: Subscriber): void {
    this.#channels.get(`${category}/${topic}`)?.remove(subscriber);
  }

  onPrint(market: RecordedMarket, print: Print): void {
    for (const channel of this.#heard(market)) {
      if (channel instanceof TradeChannel) channel.onPrint(print);
      else if (channel instanceof KlineChannel) channel.onPrint();
      else if (channel instanceof TickerChannel || channel instanceof BookChannel) channel.onMove();
    }
  }

  onMinute(market: RecordedMarket, end: number): void {
    for (const channel of this.#heard(market)) {
      if (channel instanceof KlineChannel) channel.onMinute(end);
    }
  }

  /** An account's order came into the book or left it. */
  onBook(market: RecordedMarket): void {
    for (const channel of this.#heard(market)) {
      if (channel instanceof TickerChannel || channel instanceof BookChannel) channel.onMove();
    }
  }

  /** Of what is not traded nothing is told. */
  #heard(market: RecordedMarket): readonly TopicChannel[] {
    const halted = market.specs.filter(({ status }) => status !== 'Trading').map(({ category }) => category);
    const all = this.#bySymbol.get(market.symbol) ?? [];
    return halted.length === 0 ? all : all.filter((channel) => !halted.includes(this.#categoryOf.get(channel)!));
  }

  #channel(category: Category, topic: string): TopicChannel | undefined {
    const key = `${category}/${topic}`;
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    const symbol = topic.slice(topic.lastIndexOf('.') + 1);
    const channel = this.#make(category, topic, symbol);
    if (channel === undefined) return undefined;
    this.#channels.set(key, channel);
    this.#categoryOf.set(channel, category);
    this.#bySymbol.set(symbol, [...(this.#bySymbol.get(symbol) ?? []), channel]);
    return channel;
  }

  #make(category: Category, topic: string, symbol: string): TopicChannel | undefined {
    const { markets, venue, candles, faults, clock } = this.#parts;
    const market = markets.find((one) => one.symbol === symbol);
    const spec = venue.spec(category, symbol);
    if (market === undefined || spec === undefined) return undefined;
    const [kind, detail] = topic.split('.');
    const parts = { market, spec, bookOf: (depth: number) => venue.book(category, symbol, depth) };
    if (topic === `publicTrade.${symbol}`) return new TradeChannel(topic, parts);
    if (topic === `tickers.${symbol}`) return new TickerChannel(topic, parts);
    if (topic !== `${kind}.${detail}.${symbol}`) return undefined;
    if (kind === 'orderbook' && DEPTHS[category].includes(Number(detail))) {
      return new BookChannel(topic, Number(detail), parts);
    }
    if (kind === 'kline' && isKlineInterval(detail!)) {
      return new KlineChannel(topic, { market, interval: detail, candles, faults, clock });
    }
    return undefined;
  }
}
