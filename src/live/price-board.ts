import type { EventBus, Unsubscribe } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { MarketMessage } from '../domain/event.ts';
import type { Clock } from '../foundation/clock.ts';
import type { EpochMs } from '../foundation/time.ts';

/** The latest price of a symbol: what it is, where it came from, and how old it is. */
export interface BoardPrice {
  readonly symbol: string;
  readonly price: number;
  readonly source: string;
  /** When the price was made, by the venue's clock. */
  readonly occurredAt: EpochMs;
  /** When it reached us. */
  readonly receivedAt: EpochMs;
  readonly firstPrice: number;
  /** Candles of any timeframe so far. */
  readonly candles: number;
}

/** The latest price of every symbol, fed by `market_data:{symbol}`. */
export class PriceBoard {
  readonly #bus: EventBus;
  readonly #clock: Clock;
  readonly #prices = new Map<string, BoardPrice>();
  readonly #unsubscribe: Unsubscribe[] = [];

  constructor(bus: EventBus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  async start(symbols: readonly string[]): Promise<void> {
    for (const symbol of symbols) {
      this.#unsubscribe.push(await this.#bus.subscribe(topics.market(symbol), ({ payload }) => this.#take(payload)));
    }
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) await unsubscribe();
  }

  price(symbol: string): BoardPrice | undefined {
    return this.#prices.get(symbol);
  }

  /** Milliseconds since the price reached us; `undefined` while there is none. */
  priceAgeMs(symbol: string): number | undefined {
    const found = this.#prices.get(symbol);
    return found && Math.max(0, this.#clock.now() - found.receivedAt);
  }

  all(): readonly BoardPrice[] {
    return [...this.#prices.values()];
  }

  #take(message: MarketMessage): void {
    const isCandle = message.kind === 'candle';
    const symbol = isCandle ? message.candle.symbol : message.symbol;
    const occurredAt = isCandle ? message.candle.closeTime : message.occurredAt;
    const known = this.#prices.get(symbol);
    if (known && occurredAt < known.occurredAt) return;
    const price = isCandle ? message.candle.close : message.price;
    this.#prices.set(symbol, {
      symbol,
      price,
      source: isCandle ? message.candle.source : message.source,
      occurredAt,
      receivedAt: isCandle ? message.candle.receivedAt : message.receivedAt,
      firstPrice: known?.firstPrice ?? price,
      candles: (known?.candles ?? 0) + (isCandle ? 1 : 0),
    });
  }
}
