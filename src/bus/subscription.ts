import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Message } from './event-bus.ts';
import { decodePayload } from './event-codec.ts';
import type { Topic } from './topics.ts';

/** One listener of one topic: what fails in it is told to the logger and to nobody else. */
export class Subscription {
  /** A channel or a pattern. */
  readonly channel: string;
  readonly #deliver: (channel: string, text: string) => unknown;
  readonly #logger: Logger;
  #active = true;

  private constructor(channel: string, deliver: (channel: string, text: string) => unknown, logger: Logger) {
    this.channel = channel;
    this.#deliver = deliver;
    this.#logger = logger;
  }

  static of<Payload>(
    topic: Topic<Payload>,
    handler: (message: Message<Payload>) => void,
    logger: Logger,
  ): Subscription {
    const { codec } = topic;
    return new Subscription(
      topic.channel,
      (channel, text) => handler({ channel, payload: decodePayload(codec, text) }),
      logger,
    );
  }

  /** Decodes and calls the handler, unless it was cancelled meanwhile. Never throws. */
  deliver(channel: string, text: string): void {
    if (!this.#active) return;
    try {
      const result = this.#deliver(channel, text);
      // An async function is a handler too, as far as the type can see.
      if (result instanceof Promise) result.catch((error: unknown) => this.#report(channel, error));
    } catch (error) {
      this.#report(channel, error);
    }
  }

  cancel(): void {
    this.#active = false;
  }

  #report(channel: string, error: unknown): void {
    this.#logger.error('A handler of a bus message failed', { channel, error: messageOf(error) });
  }
}
