import type { EventBus } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { MarketMessage } from '../domain/event.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';

type PriceMessage = Extract<MarketMessage, { kind: 'price' }>;

/** Gives prices to the bus. While one of a symbol is under way only the latest of those that follow is kept: news or nothing. */
export class PricePublisher {
  readonly #bus: EventBus;
  readonly #logger: Logger;
  /** Symbols whose price is being published, each with the one that is to follow. */
  readonly #next = new Map<string, PriceMessage | null>();
  #stopped = false;

  constructor({ bus, logger }: { readonly bus: EventBus; readonly logger: Logger }) {
    this.#bus = bus;
    this.#logger = logger;
  }

  publish(message: PriceMessage): void {
    const { symbol } = message;
    const isUnderWay = this.#next.has(symbol);
    this.#next.set(symbol, isUnderWay ? message : null);
    if (isUnderWay || this.#stopped) return;
    this.#bus
      .publish(topics.market(symbol), message)
      .catch((thrown: unknown) => {
        this.#logger.warn('the bus did not take a price', { symbol, error: messageOf(thrown) });
      })
      .finally(() => {
        const next = this.#next.get(symbol);
        this.#next.delete(symbol);
        if (next) this.publish(next);
      });
  }

  stop(): void {
    this.#stopped = true;
  }
}
