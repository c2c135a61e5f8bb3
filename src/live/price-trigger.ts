import type { EventBus, Unsubscribe } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { MarketMessage } from '../domain/event.ts';
import type { EpochMs } from '../foundation/time.ts';

export type PriceMessage = Extract<MarketMessage, { kind: 'price' }>;

export interface PriceTriggerOptions {
  readonly bus: EventBus;
  readonly symbols: readonly string[];
  /** A symbol's price is decided on at most once in this time, in milliseconds of the venue's clock; `null`: never. */
  readonly minimumIntervalMs: number | null;
  /** Whether something waits for a price of the symbol that was told at `time`, whatever the interval. */
  readonly awaits: (symbol: string, time: EpochMs) => boolean;
  /** Hears every price, as it comes. */
  readonly onPrice: (price: PriceMessage) => void;
  /** There is something to {@link PriceTrigger.take}. */
  readonly wake: () => void;
}

export interface DuePrice {
  readonly price: PriceMessage;
  /** False: it was awaited, and the strategy is not asked. */
  readonly isDecidedOn: boolean;
}

/** What is known of the bars: a price counts between the last bar and the next. */
export interface BarTimes {
  /** Close time of the last bars that were decided on. */
  readonly last: number;
  /** When the next bars close: from then on they come first. */
  readonly next: number;
}

/**
 * The prices on which a bot decides between bars (S3-26, C11): of each symbol the latest, at most once an interval. A price
 * that came after the next bar's close waits for that bar, and is news no more when it has come; so bars and prices are
 * decided on in the order of the market's time, and no price is decided on while a bar is missing.
 */
export class PriceTrigger {
  readonly #options: PriceTriggerOptions;
  readonly #latest = new Map<string, DuePrice>();
  readonly #lastDecided = new Map<string, EpochMs>();
  #unsubscribe: Unsubscribe[] = [];

  constructor(options: PriceTriggerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { bus, symbols } = this.#options;
    for (const symbol of symbols) {
      this.#unsubscribe.push(await bus.subscribe(topics.market(symbol), ({ payload }) => this.#hear(payload)));
    }
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) await unsubscribe();
  }

  /** The prices that are due, in the order of their time; each is given once. */
  take({ last, next }: BarTimes): readonly DuePrice[] {
    if (this.#latest.size === 0) return [];
    const due: DuePrice[] = [];
    for (const [symbol, one] of this.#latest) {
      if (one.price.occurredAt >= next) continue;
      this.#latest.delete(symbol);
      if (one.price.occurredAt > last) due.push(one);
    }
    due.sort(({ price: one }, { price: other }) => {
      return one.occurredAt - other.occurredAt || (one.symbol < other.symbol ? -1 : 1);
    });
    for (const { price, isDecidedOn } of due) {
      if (isDecidedOn) this.#lastDecided.set(price.symbol, price.occurredAt);
    }
    return due;
  }

  #hear(message: MarketMessage): void {
    if (message.kind !== 'price') return;
    const { awaits, onPrice, minimumIntervalMs, wake } = this.#options;
    onPrice(message);
    const { symbol, occurredAt } = message;
    const before = this.#lastDecided.get(symbol) ?? Number.NEGATIVE_INFINITY;
    const isDecidedOn = minimumIntervalMs !== null && occurredAt >= before + minimumIntervalMs;
    if (!isDecidedOn && !awaits(symbol, occurredAt)) return;
    if (occurredAt <= (this.#latest.get(symbol)?.price.occurredAt ?? 0)) return;
    this.#latest.set(symbol, { price: message, isDecidedOn });
    wake();
  }
}
