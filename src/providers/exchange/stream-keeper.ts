import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { type ExchangeConnection, ExchangeFailure, type Topic, topicName } from './exchange-connection.ts';
import { type BackoffTerms, backoffMs, ConnectionBudget } from './reconnect-pace.ts';

export interface StreamKeeperParts {
  readonly connection: ExchangeConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The stream broke: what comes next has a hole before it. */
  readonly onBroken: () => void;
  /** The first message since the last connection came. */
  readonly onLive: () => void;
}

export type StreamState = 'off' | 'connecting' | 'live' | 'down';

const RECONNECT_PACE: BackoffTerms = { firstMs: 300, longestMs: 30_000 };
const RATE_LIMIT_PACE: BackoffTerms = { firstMs: 10_000, longestMs: 300_000 };
/** A connection that held for so long was a good one: the next wait is short again. */
const STABLE_MS = 30_000;

/** Keeps the sockets of an exchange open and its topics subscribed: connects anew after a random, growing wait. */
export class StreamKeeper {
  readonly #parts: StreamKeeperParts;
  readonly #topics: readonly Topic[];
  readonly #budget: ConnectionBudget;
  #state: StreamState = 'off';
  #attempts = 0;
  #connections = 0;
  #lastHeard = 0;
  #liveSince = 0;
  #cancelWait: CancelTimer | undefined;
  readonly #resubscribing = new Set<string>();

  constructor(parts: StreamKeeperParts, topics: readonly Topic[]) {
    this.#parts = parts;
    this.#topics = topics;
    this.#budget = new ConnectionBudget(parts.clock, parts.connection.traits.connections);
  }

  get state(): StreamState {
    return this.#state;
  }

  /** How long the stream has been live; 0 while it is not. */
  get liveForMs(): number {
    return this.#state === 'live' ? this.#parts.clock.monotonic() - this.#liveSince : 0;
  }

  /** How often it connected. */
  get connections(): number {
    return this.#connections;
  }

  start(): void {
    if (this.#topics.length > 0) this.#connect();
  }

  stop(): void {
    this.#state = 'off';
    this.#cancelWait?.();
    this.#parts.connection.disconnect();
  }

  heard(): void {
    this.#lastHeard = this.#parts.clock.monotonic();
    if (this.#state !== 'connecting') return;
    this.#state = 'live';
    this.#liveSince = this.#lastHeard;
    this.#parts.onLive();
  }

  down(failure: ExchangeFailure): void {
    if (this.#state !== 'connecting' && this.#state !== 'live') return;
    const { clock, connection, random, logger } = this.#parts;
    if (this.#state === 'live' && clock.monotonic() - this.#liveSince >= STABLE_MS) this.#attempts = 0;
    this.#state = 'down';
    connection.disconnect();
    this.#parts.onBroken();
    const pace = failure.kind === 'rate-limited' ? RATE_LIMIT_PACE : RECONNECT_PACE;
    const wait = Math.max(backoffMs(this.#attempts++, pace, random), this.#budget.waitMs());
    logger.warn('the stream broke; connecting anew', {
      exchange: connection.traits.name,
      error: failure.message,
      waitMs: Math.round(wait),
      attempt: this.#attempts,
    });
    this.#cancelWait = clock.after(wait, () => this.#connect());
  }

  /** Called now and then. */
  check(): void {
    if (this.#state !== 'connecting' && this.#state !== 'live') return;
    const silence = this.#parts.clock.monotonic() - this.#lastHeard;
    if (silence < this.#parts.connection.traits.quietMs) return;
    this.down(new ExchangeFailure('network', `nothing came for ${Math.round(silence)} ms`));
  }

  /** One topic is silent while others are not: it alone is subscribed anew, or all where that is not possible. */
  async resubscribe(topic: Topic): Promise<void> {
    if (this.#state !== 'live' || this.#resubscribing.has(topicName(topic))) return;
    this.#resubscribing.add(topicName(topic));
    const connections = this.#connections;
    this.#parts.logger.warn('a topic fell silent; subscribing anew', { topic: topicName(topic) });
    const done = await this.#parts.connection.resubscribe(topic).catch(() => false);
    this.#resubscribing.delete(topicName(topic));
    if (done || connections !== this.#connections) return;
    this.down(new ExchangeFailure('network', `${topicName(topic)} is silent and can't be subscribed anew`));
  }

  #connect(): void {
    if (this.#state === 'off' && this.#connections > 0) return;
    const { clock, connection } = this.#parts;
    this.#budget.take();
    this.#connections += 1;
    this.#state = 'connecting';
    this.#lastHeard = clock.monotonic();
    connection.subscribe(this.#topics);
  }
}
