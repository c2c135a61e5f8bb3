import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { isPattern, redisGlob } from './channel-pattern.ts';
import type { RespConnection } from './resp-connection.ts';
import type { Subscription } from './subscription.ts';

/** Who listens to what, on a connection of its own; it subscribes anew whenever the connection comes back. */
export class RedisSubscriber {
  readonly #connection: RespConnection;
  readonly #prefix: string;
  readonly #logger: Logger;
  /** By the name that Redis knows, patterns apart. */
  readonly #channels = new Map<string, Set<Subscription>>();
  readonly #patterns = new Map<string, Set<Subscription>>();

  constructor(connection: RespConnection, prefix: string, logger: Logger) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#logger = logger;
    connection.onMessages({
      message: (channel, text) => this.#deliver(this.#channels.get(channel), channel, text),
      patternMessage: (pattern, channel, text) => this.#deliver(this.#patterns.get(pattern), channel, text),
    });
    connection.onReady(() => void this.#renew());
  }

  async add(subscription: Subscription): Promise<void> {
    const { name, listeners, pattern } = this.#place(subscription);
    const known = listeners.get(name);
    if (known) known.add(subscription);
    else listeners.set(name, new Set([subscription]));
    await this.#connection.request((connection) => connection.command(pattern ? 'PSUBSCRIBE' : 'SUBSCRIBE', name));
  }

  async remove(subscription: Subscription): Promise<void> {
    subscription.cancel();
    const { name, listeners, pattern } = this.#place(subscription);
    const left = listeners.get(name);
    left?.delete(subscription);
    if (left?.size !== 0) return;
    listeners.delete(name);
    // Where the connection is away, it comes back without this one.
    if (!this.#connection.isReady) return;
    await this.#connection.command(pattern ? 'PUNSUBSCRIBE' : 'UNSUBSCRIBE', name).catch(() => {});
  }

  close(): void {
    for (const listeners of [this.#channels, this.#patterns]) {
      for (const subscriptions of listeners.values()) for (const subscription of subscriptions) subscription.cancel();
    }
    this.#connection.close();
  }

  #place({ channel }: Subscription) {
    const pattern = isPattern(channel);
    const name = pattern ? redisGlob(this.#prefix) + redisGlob(channel) : this.#prefix + channel;
    return { name, pattern, listeners: pattern ? this.#patterns : this.#channels };
  }

  #deliver(subscriptions: ReadonlySet<Subscription> | undefined, channel: string, text: string): void {
    if (!subscriptions) return;
    const name = this.#prefix === '' ? channel : channel.slice(this.#prefix.length);
    for (const subscription of subscriptions) subscription.deliver(name, text);
  }

  async #renew(): Promise<void> {
    const again: Promise<unknown>[] = [];
    for (const name of this.#channels.keys()) again.push(this.#connection.command('SUBSCRIBE', name));
    for (const name of this.#patterns.keys()) again.push(this.#connection.command('PSUBSCRIBE', name));
    try {
      await Promise.all(again);
    } catch (error) {
      this.#logger.warn('Subscribing again failed', { error: messageOf(error) });
    }
  }
}
