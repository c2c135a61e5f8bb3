import type { EventBus } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { Logger } from '../foundation/logger.ts';
import type { MarketDataFeed, MarketDataStatus } from '../market/market-data.ts';
import { MARKET_STATUS } from './market-connections.ts';

export interface StatusTellerParts {
  readonly provider: MarketDataFeed;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 500;
const TELL_EVERY_MS = 5_000;

/** Tells how the provider is connected: every few seconds, and soon when the state of a connection or topic changes. */
export class MarketStatusTeller {
  readonly #parts: StatusTellerParts;
  #cancel: CancelTimer | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  #toldStates = '';
  #isTelling = false;

  constructor(parts: StatusTellerParts) {
    this.#parts = parts;
  }

  /** Of a provider that has no connections nothing is told. */
  start(): void {
    if (this.#parts.provider.status === undefined) return;
    this.#cancel = this.#parts.clock.every(LOOK_EVERY_MS, () => this.#look());
    this.#look();
  }

  stop(): void {
    this.#cancel?.();
  }

  #look(): void {
    const status = this.#parts.provider.status?.();
    if (status === undefined || this.#isTelling) return;
    const now = this.#parts.clock.monotonic();
    const states = statesOf(status);
    if (states === this.#toldStates && now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    this.#toldStates = states;
    void this.#tell(status);
  }

  /** One at a time: a bus that is slow gets the latest when it is ready. */
  async #tell(status: MarketDataStatus): Promise<void> {
    const { bus, clock, logger } = this.#parts;
    this.#isTelling = true;
    try {
      const details = status as unknown as Json;
      await bus.publish(topics.systemEvents, { type: MARKET_STATUS, source: 'collector', time: clock.now(), details });
    } catch (thrown) {
      logger.warn('the bus did not take the status of the market', { error: messageOf(thrown) });
    } finally {
      this.#isTelling = false;
    }
  }
}

/** What makes one status another for those who look on, in a text. */
function statesOf({ connections, topics: subscriptions }: MarketDataStatus): string {
  return JSON.stringify([connections.map(({ state }) => state), subscriptions.map(({ state }) => state)]);
}
