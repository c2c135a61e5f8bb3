import type { EventBus, Unsubscribe } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { Clock } from '../foundation/clock.ts';
import type { PriceStatus } from '../protocol/answers.ts';
import type { MarketUpdate } from '../protocol/messages.ts';
import type { CandleMessage, MarketMessage } from '../protocol/wire.ts';
import { Channel } from './channel.ts';
import type { PriceSource } from './server-options.ts';
import { candleMessage, price as priceSchema } from './wire-schemas.ts';

/** One symbol as the server tells it: its latest price, its newest candles, and the channel for both. */
export class MarketView {
  readonly symbol: string;
  readonly channel: Channel<MarketUpdate>;
  readonly #prices: PriceSource;
  /** By timeframe. */
  readonly #candles = new Map<string, CandleMessage>();

  /** `refresh`: resolves when {@link takeStored} was called with what the store has. */
  constructor(symbol: string, prices: PriceSource, refresh: () => Promise<void>, clock: Clock) {
    this.symbol = symbol;
    this.#prices = prices;
    this.channel = new Channel({ snapshot: () => this.#snapshot(), refresh }, clock);
  }

  subscribe(bus: EventBus): Promise<Unsubscribe> {
    return bus.subscribe(topics.market(this.symbol), ({ payload }) => this.#hear(payload));
  }

  takeStored(candle: CandleMessage): void {
    this.#take({ kind: 'candle', candle });
  }

  status(): PriceStatus {
    return this.#prices.status(this.symbol);
  }

  #snapshot(): Extract<MarketUpdate, { type: 'snapshot' }> {
    const price = this.#prices.price(this.symbol);
    return {
      type: 'snapshot',
      price: price === null ? null : priceSchema.parse(price),
      candles: [...this.#candles.values()].map((one) => candleMessage.parse(one)),
    };
  }

  /** A candle is told always; a price that is older than the one that is known, or repeats it, is no news. */
  #hear(message: MarketMessage): void {
    const isNews = this.#take(message);
    if (message.kind === 'candle') {
      this.channel.tell(() => ({ type: 'candle', candle: candleMessage.parse(message.candle) }));
    } else if (isNews) {
      this.channel.tell(() => ({ type: 'price', price: priceSchema.parse(this.#prices.price(this.symbol)) }), 'price');
    }
  }

  #take(message: MarketMessage): boolean {
    if (message.kind === 'candle') this.#takeCandle(message.candle);
    return this.#prices.take(message);
  }

  #takeCandle(candle: CandleMessage): void {
    const known = this.#candles.get(candle.timeframe);
    if (known && known.sequence > candle.sequence) return;
    this.#candles.set(candle.timeframe, candle);
  }
}
