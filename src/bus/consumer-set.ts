import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Consumer } from './event-bus.ts';

interface AbandonableConsumer extends Consumer {
  abandon(): Promise<void>;
}

const DEFAULT_CLOSE_WITHIN_MS = 5_000;

/** The consumers of one bus, so that closing it ends them all: in order where their handlers come back in time. */
export class ConsumerSet {
  readonly #consumers = new Set<AbandonableConsumer>();
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closeWithin: number;

  constructor(clock: Clock, logger: Logger, closeWithin = DEFAULT_CLOSE_WITHIN_MS) {
    this.#clock = clock;
    this.#logger = logger;
    this.#closeWithin = closeWithin;
  }

  add(consumer: AbandonableConsumer): Consumer {
    this.#consumers.add(consumer);
    return {
      stop: async () => {
        await consumer.stop();
        this.#consumers.delete(consumer);
      },
    };
  }

  async close(): Promise<void> {
    const left = new Set(this.#consumers);
    if (left.size === 0) return;
    const stopped = [...left].map(async (consumer) => {
      await consumer.stop();
      left.delete(consumer);
    });
    await this.#atMost(Promise.all(stopped));
    for (const consumer of left) {
      this.#logger.warn('A handler did not finish its batch before the bus closed; it stays unacknowledged');
      await consumer.abandon();
    }
    this.#consumers.clear();
  }

  /** Waits for `work`, no longer than the bus may take to close. */
  async #atMost(work: Promise<unknown>): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(this.#closeWithin, resolve);
      void work.finally(() => {
        cancel();
        resolve();
      });
    });
  }
}
