import type { EventBus, Unsubscribe } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { Clock } from '../foundation/clock.ts';
import type { PriceStatus } from '../protocol/answers.ts';
import type { MarketUpdate } from '../protocol/messages.ts';
import { type CandleMessage, type MarketMessage, type WirePrice, wirePrice } from '../protocol/wire.ts';
import { Channel } from './channel.ts';
import { candleMessage, price as priceSchema } from './wire-schemas.ts';

/** A market that was heard within this time is connected, however short its bars. */
const CONNECTED_WITHIN_MS = 90_000;

/** What is known of one symbol now (its latest price, its newest candles), and the channel that tells it. */
export class MarketView {
  readonly symbol: string;
  readonly channel: Channel<MarketUpdate>;
  readonly #clock: Clock;
  /** By timeframe. */
  readonly #candles = new Map<string, CandleMessage>();
  #price: WirePrice | undefined;
  #shortestBarMs = Number.POSITIVE_INFINITY;

  /** `refresh`: resolves when {@link takeStored} was called with what the store has. */
  constructor(symbol: string, refresh: () => Promise<void>, clock: Clock) {
    this.symbol = symbol;
    this.#clock = clock;
    this.channel = new Channel({ snapshot: () => this.#snapshot(), refresh }, clock);
  }

  subscribe(bus: EventBus): Promise<Unsubscribe> {
    return bus.subscribe(topics.market(this.symbol), ({ payload }) => this.#hear(payload));
  }

  takeStored(candle: CandleMessage): void {
    this.#take({ kind: 'candle', candle });
  }

  status(): PriceStatus {
    const ageMs = this.#price ? Math.max(0, this.#clock.now() - this.#price.receivedAt) : null;
    const patience = Number.isFinite(this.#shortestBarMs) ? 1.5 * this.#shortestBarMs : 0;
    return {
      symbol: this.symbol,
      connected: ageMs !== null && ageMs <= Math.max(CONNECTED_WITHIN_MS, patience),
      ageMs,
      price: this.#price ?? null,
    };
  }

  #snapshot(): Extract<MarketUpdate, { type: 'snapshot' }> {
    return {
      type: 'snapshot',
      price: this.#price ? priceSchema.parse(this.#price) : null,
      candles: [...this.#candles.values()].map((one) => candleMessage.parse(one)),
    };
  }

  #hear(message: MarketMessage): void {
    this.#take(message);
    this.channel.tell(
      () =>
        message.kind === 'candle'
          ? { type: 'candle', candle: candleMessage.parse(message.candle) }
          : { type: 'price', price: priceSchema.parse(wirePrice(message)) },
      message.kind === 'price' ? 'price' : undefined,
    );
  }

  /** The board moves forward only: a price that is older than the one on it changes nothing. */
  #take(message: MarketMessage): void {
    if (message.kind === 'candle') this.#takeCandle(message.candle);
    const price = wirePrice(message);
    if (this.#price === undefined || price.exchangeTime >= this.#price.exchangeTime) this.#price = price;
  }

  #takeCandle(candle: CandleMessage): void {
    const known = this.#candles.get(candle.timeframe);
    if (known && known.sequence > candle.sequence) return;
    this.#candles.set(candle.timeframe, candle);
    this.#shortestBarMs = Math.min(this.#shortestBarMs, candle.closeTime - candle.openTime);
  }
}
